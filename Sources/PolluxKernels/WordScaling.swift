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

/// 1,024 words in natural order to values.
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
}
