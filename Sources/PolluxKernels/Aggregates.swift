/// Sum, minimum and maximum of up to 1,024 doubles.
public struct BlockAggregate {
    /// The sum in the order of storage-format/encodings.md §10.
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

/// Sixteen running sums, minima and maxima: value i of a block belongs to number i mod 16.
struct Accumulators {
    var sum0 = Doubles()
    var sum1 = Doubles()
    var least = Doubles(repeating: .infinity)
    var greatest = Doubles(repeating: -.infinity)

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ values0: Doubles, _ values1: Doubles) {
        sum0 += values0
        sum1 += values1
        // A comparison with not-a-number is false, so it never replaces a number.
        least.replace(with: values0, where: values0 .< least)
        least.replace(with: values1, where: values1 .< least)
        greatest.replace(with: values0, where: values0 .> greatest)
        greatest.replace(with: values1, where: values1 .> greatest)
    }

    /// Compares the first `count` lanes and returns them with zeros behind them, which leave a sum
    /// as it is.
    @inline(__always)
    mutating func chosen(_ values: Doubles, _ count: Int) -> Doubles {
        let isIn = Accumulators.lanes .< Longs(repeating: Int64(count))
        least.replace(with: values, where: isIn .& (values .< least))
        greatest.replace(with: values, where: isIn .& (values .> greatest))
        return Doubles().replacing(with: values, where: isIn)
    }

    /// The first `count` lanes, with zeros behind them.
    @inline(__always)
    static func first(_ count: Int, of values: Doubles) -> Doubles {
        Doubles().replacing(with: values, where: lanes .< Longs(repeating: Int64(count)))
    }

    private static let lanes = Longs(0, 1, 2, 3, 4, 5, 6, 7)

    @inline(__always)
    var folded: BlockAggregate {
        let eight = sum0 + sum1
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        // Neither holds a not-a-number, which would need the slower `min()` and `max()`.
        var low = least.lowHalf
        low.replace(with: least.highHalf, where: least.highHalf .< low)
        var high = greatest.lowHalf
        high.replace(with: greatest.highHalf, where: greatest.highHalf .> high)
        let (low0, low1) = (low.lowHalf, low.highHalf)
        let (high0, high1) = (high.lowHalf, high.highHalf)
        let (least0, least1) = (min(low0[0], low1[0]), min(low0[1], low1[1]))
        let (greatest0, greatest1) = (max(high0[0], high1[0]), max(high0[1], high1[1]))
        return BlockAggregate(
            sum: two[0] + two[1], minimum: min(least0, least1), maximum: max(greatest0, greatest1))
    }
}

/// Aggregates over plain doubles, in the same order as those over packed blocks.
public enum Aggregates {
    /// The sum of `count` doubles, at most 1,024.
    public static func sum(_ values: UnsafePointer<Double>, count: Int) -> Double {
        var sum0 = Doubles()
        var sum1 = Doubles()
        var index = 0
        while index &+ 16 <= count {
            sum0 += loadDoubles(values + index)
            sum1 += loadDoubles(values + (index &+ 8))
            index &+= 16
        }
        if index &+ 8 <= count {
            sum0 += loadDoubles(values + index)
            index &+= 8
            if index < count {
                sum1 += Accumulators.first(count &- index, of: rest(values, from: index, count))
            }
        } else if index < count {
            sum0 += Accumulators.first(count &- index, of: rest(values, from: index, count))
        }
        let eight = sum0 + sum1
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }

    /// Sum, minimum and maximum of `count` doubles, at most 1,024.
    public static func block(_ values: UnsafePointer<Double>, count: Int) -> BlockAggregate {
        var running = Accumulators()
        var index = 0
        while index &+ 16 <= count {
            running.add(loadDoubles(values + index), loadDoubles(values + (index &+ 8)))
            index &+= 16
        }
        guard index < count else { return running.folded }
        if count &- index < 8 {
            running.sum0 += running.chosen(rest(values, from: index, count), count &- index)
        } else {
            running.sum0 += running.chosen(loadDoubles(values + index), 8)
            index &+= 8
            guard index < count else { return running.folded }
            running.sum1 += running.chosen(rest(values, from: index, count), count &- index)
        }
        return running.folded
    }

    /// The last values, seven at most, from lane 0 on; what lies in the lanes behind means nothing.
    @inline(__always)
    private static func rest(
        _ values: UnsafePointer<Double>, from index: Int, _ count: Int
    ) -> Doubles {
        guard count >= 8 else {
            var few = Doubles()
            for lane in 0..<(count &- index) { few[lane] = values[index &+ lane] }
            return few
        }
        // The last eight values, moved down: one load that waits is cheaper than seven of a lane.
        var room = (loadDoubles(values + (count &- 8)), Doubles())
        return withUnsafeBytes(of: &room) { bytes in
            bytes.loadUnaligned(
                fromByteOffset: (8 &- (count &- index)) &* 8, as: Doubles.self)
        }
    }
}
