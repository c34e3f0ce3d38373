/// Sum, minimum and maximum of up to 1,024 doubles.
public struct BlockAggregate {
    /// The sum, as storage-format/encodings.md §10 defines it for plain values or for packed ones.
    public var sum: Double
    /// The least number; +infinity when every value is not-a-number.
    public var minimum: Double
    /// The greatest number; -infinity when every value is not-a-number.
    public var maximum: Double

    /// What a block adds up to.
    public init(sum: Double, minimum: Double, maximum: Double) {
        self.sum = sum
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// Aggregates over plain doubles (storage-format/encodings.md §10).
public enum Aggregates {
    /// The sum of `count` doubles, at most 1,024.
    @inline(never)
    public static func sum(_ values: UnsafePointer<Double>, count: Int) -> Double {
        var running = RunningAggregate<NoDoubles>()
        running.add(values, count: count)
        return running.sum()
    }

    /// Sum, minimum and maximum of `count` doubles, at most 1,024.
    @inline(never)
    public static func block(_ values: UnsafePointer<Double>, count: Int) -> BlockAggregate {
        var running = RunningAggregate<AllDoubles>()
        running.add(values, count: count)
        let sum = running.sum()
        return BlockAggregate(
            sum: sum, minimum: running.extremes.minimum(), maximum: running.extremes.maximum())
    }
}

/// Sixteen running sums, value i belonging to sum i mod 16, and what is found out about extremes.
private struct RunningAggregate<Extremes: DoubleExtremes> {
    private var sum0 = SIMD4<Double>()
    private var sum4 = SIMD4<Double>()
    private var sum8 = SIMD4<Double>()
    private var sum12 = SIMD4<Double>()
    var extremes = Extremes()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ values: UnsafePointer<Double>, count: Int) {
        var place = UnsafeRawPointer(values)
        for _ in 0..<(count &>> 4) {
            Self.add(load(place), &sum0, &extremes)
            Self.add(load(place + 32), &sum4, &extremes)
            Self.add(load(place + 64), &sum8, &extremes)
            Self.add(load(place + 96), &sum12, &extremes)
            place += 128
        }
        let fours = (count & 15) &>> 2
        if fours > 0 { Self.add(load(place), &sum0, &extremes) }
        if fours > 1 { Self.add(load(place + 32), &sum4, &extremes) }
        if fours > 2 { Self.add(load(place + 64), &sum8, &extremes) }
        let few = count & 3
        guard few > 0 else { return }
        let last = values + (count &- few)
        // A value once more changes no extreme, and zeros no sum: none of these is -0.0.
        let second = few > 1 ? last[1] : last[0]
        let third = few > 2 ? last[2] : last[0]
        extremes.add(SIMD4(last[0], second, third, last[0]))
        let rest = SIMD4(last[0], few > 1 ? second : 0, few > 2 ? third : 0, 0)
        switch fours {
        case 0: sum0 += rest
        case 1: sum4 += rest
        case 2: sum8 += rest
        default: sum12 += rest
        }
    }

    @inline(__always)
    private func load(_ place: UnsafeRawPointer) -> SIMD4<Double> {
        place.loadUnaligned(as: SIMD4<Double>.self)
    }

    @inline(__always)
    private static func add(
        _ values: SIMD4<Double>, _ sum: inout SIMD4<Double>, _ extremes: inout Extremes
    ) {
        sum += values
        extremes.add(values)
    }

    /// Sum j takes in sum j + 8, then j + 4, then j + 2, and sum 0 at last sum 1.
    ///
    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func sum() -> Double {
        let four = (sum0 + sum8) + (sum4 + sum12)
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}

/// What is found out about the least and greatest of doubles.
private protocol DoubleExtremes {
    init()
    mutating func add(_ values: SIMD4<Double>)
}

/// Nobody asks for them.
private struct NoDoubles: DoubleExtremes {
    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ values: SIMD4<Double>) {}
}

private struct AllDoubles: DoubleExtremes {
    private var least = SIMD4<Double>(repeating: .infinity)
    private var greatest = SIMD4<Double>(repeating: -.infinity)

    @inline(__always)
    init() {}

    /// A comparison with not-a-number is false, so it never replaces a number.
    @inline(__always)
    mutating func add(_ values: SIMD4<Double>) {
        least = lesser(least, values)
        greatest = greater(greatest, values)
    }

    /// Not inlined and by address, as sums; neither lane is a not-a-number.
    @inline(never)
    mutating func minimum() -> Double {
        min(min(least[0], least[1]), min(least[2], least[3]))
    }

    /// As `minimum`.
    @inline(never)
    mutating func maximum() -> Double {
        max(max(greatest[0], greatest[1]), max(greatest[2], greatest[3]))
    }
}
