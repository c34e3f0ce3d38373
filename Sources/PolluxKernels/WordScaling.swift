/// Words of packed blocks to doubles: `(base + factor * word) / divisor`, ascending in the word.
///
/// All integers in between are below 2^51 in size, else the doubles mean nothing. Vectors of
/// doubles are as wide as registers here: wider ones, kept over a loop, the compiler cuts up badly.
protocol WordScaling {
    init(base: Int64, factor: Int64, divisor: Double)
    func doubles(_ words: SIMD4<UInt32>) -> SIMD4<Double>
}

/// With factor 1 the base is added to the bits that make a word a double.
@inline(__always)
private func doubles(_ words: SIMD4<UInt32>, shiftedBase: SIMD4<Int64>) -> SIMD4<Double> {
    let wide = SIMD4<Int64>(truncatingIfNeeded: words) &+ shiftedBase
    return unsafeBitCast(wide, to: SIMD4<Double>.self) - SIMD4(repeating: roundingShift)
}

/// `base + word`.
struct ShiftedWords: WordScaling {
    private let base: SIMD4<Int64>

    @inline(__always)
    init(base: Int64, factor: Int64, divisor: Double) {
        self.base = SIMD4(repeating: base &+ roundingShiftBits)
    }

    @inline(__always)
    func doubles(_ words: SIMD4<UInt32>) -> SIMD4<Double> {
        PolluxKernels.doubles(words, shiftedBase: base)
    }
}

/// `(base + word) / divisor`.
struct DividedWords: WordScaling {
    private let base: SIMD4<Int64>
    private let divisor: Divisor

    @inline(__always)
    init(base: Int64, factor: Int64, divisor: Double) {
        self.base = SIMD4(repeating: base &+ roundingShiftBits)
        self.divisor = Divisor(divisor)
    }

    @inline(__always)
    func doubles(_ words: SIMD4<UInt32>) -> SIMD4<Double> {
        divisor.divide(PolluxKernels.doubles(words, shiftedBase: base))
    }
}

/// `(base + factor * word) / divisor`.
struct LinearWords: WordScaling {
    private let base: SIMD4<Double>
    private let factor: SIMD4<Double>
    private let divisor: Divisor

    @inline(__always)
    init(base: Int64, factor: Int64, divisor: Double) {
        self.base = SIMD4(repeating: Double(base))
        self.factor = SIMD4(repeating: Double(factor))
        self.divisor = Divisor(divisor)
    }

    @inline(__always)
    func doubles(_ words: SIMD4<UInt32>) -> SIMD4<Double> {
        let plain = PolluxKernels.doubles(words, shiftedBase: SIMD4(repeating: roundingShiftBits))
        return divisor.divide(base.addingProduct(plain, factor))
    }
}

extension WordScaling {
    /// Eight words to doubles in place.
    @inline(__always)
    func store(_ words: Words, _ target: UnsafeMutablePointer<Double>) {
        let place = UnsafeMutableRawPointer(target)
        place.storeBytes(of: doubles(words.lowHalf), as: SIMD4<Double>.self)
        (place + 32).storeBytes(of: doubles(words.highHalf), as: SIMD4<Double>.self)
    }
}

@inline(__always)
private func lesser(_ first: Words, _ second: Words) -> Words {
    first.replacing(with: second, where: second .< first)
}

@inline(__always)
private func greater(_ first: Words, _ second: Words) -> Words {
    first.replacing(with: second, where: second .> first)
}

/// The least and greatest of eight words each.
///
/// Not inlined and by address, as the sums below: seeing single words, the compiler would cut the
/// comparisons of the whole loop into halves.
@inline(never)
private func fold(_ least: inout Words, _ greatest: inout Words) -> (UInt32, UInt32) {
    (least.min(), greatest.max())
}

/// Four sums in halves.
///
/// Not inlined and by address: seeing the halves, the compiler would keep the sums of the whole
/// loop in vectors of two, which takes twice the instructions.
@inline(never)
private func fold(_ four: inout SIMD4<Double>) -> Double {
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}

/// 1,024 words in natural order to values and sums.
public enum WordBlock {
    /// `values[i] = (base + factor * words[i]) / divisor`, for 1,024 words.
    ///
    /// All intermediate integers must be below 2^51 in size, else the doubles mean nothing.
    public static func scale(
        _ words: UnsafePointer<UInt32>, base: Int64, factor: Int64, divisor: Double,
        into values: UnsafeMutablePointer<Double>
    ) {
        if factor != 1 {
            scale(words, LinearWords(base: base, factor: factor, divisor: divisor), values)
        } else if divisor == 1 {
            scale(words, ShiftedWords(base: base, factor: factor, divisor: divisor), values)
        } else {
            scale(words, DividedWords(base: base, factor: factor, divisor: divisor), values)
        }
    }

    /// Sum, minimum and maximum of what `scale` would give for 1,024 words.
    public static func aggregate(
        _ words: UnsafePointer<UInt32>, base: Int64, factor: Int64, divisor: Double
    ) -> BlockAggregate {
        if factor != 1 {
            return aggregate(words, LinearWords(base: base, factor: factor, divisor: divisor))
        }
        if divisor == 1 {
            return aggregate(words, ShiftedWords(base: base, factor: factor, divisor: divisor))
        }
        return aggregate(words, DividedWords(base: base, factor: factor, divisor: divisor))
    }

    /// `values[i] = base + factor * words[i]`, wrapping, for 1,024 words.
    public static func scale(
        _ words: UnsafePointer<UInt32>, base: Int64, factor: Int64,
        into values: UnsafeMutablePointer<Int64>
    ) {
        let bases = Longs(repeating: base)
        let factors = Longs(repeating: factor)
        let source = UnsafeRawPointer(words)
        if factor == 1 {
            for index in 0..<128 {
                let longs = Longs(truncatingIfNeeded: loadWords(source + index &* 32))
                storeLongs(bases &+ longs, values + index &* 8)
            }
        } else {
            for index in 0..<128 {
                let longs = Longs(truncatingIfNeeded: loadWords(source + index &* 32))
                storeLongs(bases &+ longs &* factors, values + index &* 8)
            }
        }
    }

    @inline(__always)
    private static func scale<Scaling: WordScaling>(
        _ words: UnsafePointer<UInt32>, _ scaling: Scaling, _ values: UnsafeMutablePointer<Double>
    ) {
        let source = UnsafeRawPointer(words)
        for index in 0..<128 {
            scaling.store(loadWords(source + index &* 32), values + index &* 8)
        }
    }

    /// Two loops over words that stay in the first cache: with both in one, the compiler cuts the
    /// comparisons into halves, as the doubles need them, which takes twice the time.
    @inline(__always)
    private static func aggregate<Scaling: WordScaling>(
        _ words: UnsafePointer<UInt32>, _ scaling: Scaling
    ) -> BlockAggregate {
        let (least, greatest) = range(words)
        let sum = sum(words, scaling)
        // Scaling ascends, so the words tell which value is least.
        return BlockAggregate(
            sum: sum, minimum: scaling.doubles(SIMD4(repeating: least))[0],
            maximum: scaling.doubles(SIMD4(repeating: greatest))[0])
    }

    /// The least and greatest of 1,024 words.
    @inline(never)
    private static func range(_ words: UnsafePointer<UInt32>) -> (least: UInt32, greatest: UInt32) {
        let source = UnsafeRawPointer(words)
        var least0 = Words(repeating: .max)
        var least1 = least0
        var greatest0 = Words()
        var greatest1 = greatest0
        for pair in 0..<64 {
            let words0 = loadWords(source + pair &* 64)
            let words1 = loadWords(source + (pair &* 64 &+ 32))
            least0 = lesser(least0, words0)
            least1 = lesser(least1, words1)
            greatest0 = greater(greatest0, words0)
            greatest1 = greater(greatest1, words1)
        }
        least0 = lesser(least0, least1)
        greatest0 = greater(greatest0, greatest1)
        return fold(&least0, &greatest0)
    }

    /// The sum of 1,024 scaled words: value i belongs to sum i mod 16 of
    /// storage-format/encodings.md §10.
    @inline(__always)
    private static func sum<Scaling: WordScaling>(
        _ words: UnsafePointer<UInt32>, _ scaling: Scaling
    ) -> Double {
        var sum0 = SIMD4<Double>()
        var sum1 = SIMD4<Double>()
        var sum2 = SIMD4<Double>()
        var sum3 = SIMD4<Double>()
        let source = UnsafeRawPointer(words)
        for row in 0..<64 {
            let place = source + row &* 64
            sum0 += scaling.doubles(place.loadUnaligned(as: SIMD4<UInt32>.self))
            sum1 += scaling.doubles((place + 16).loadUnaligned(as: SIMD4<UInt32>.self))
            sum2 += scaling.doubles((place + 32).loadUnaligned(as: SIMD4<UInt32>.self))
            sum3 += scaling.doubles((place + 48).loadUnaligned(as: SIMD4<UInt32>.self))
        }
        var four = (sum0 + sum2) + (sum1 + sum3)
        return fold(&four)
    }
}
