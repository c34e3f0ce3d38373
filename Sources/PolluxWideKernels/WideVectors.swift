/// Registers of 512 bits: sixteen words, eight pairs of words or double-width words, eight doubles.
typealias WideWords = SIMD16<UInt32>
typealias WidePairs = SIMD8<UInt64>
typealias WideDoubles = SIMD8<Double>

@inline(__always)
func loadWords(_ source: UnsafeRawPointer) -> WideWords {
    source.loadUnaligned(as: WideWords.self)
}

@inline(__always)
func storeWords(_ words: WideWords, _ target: UnsafeMutableRawPointer) {
    target.storeBytes(of: words, as: WideWords.self)
}

extension WideWords {
    @inline(__always)
    var pairs: WidePairs { unsafeBitCast(self, to: WidePairs.self) }
}

extension WidePairs {
    @inline(__always)
    var words: WideWords { unsafeBitCast(self, to: WideWords.self) }

    /// The low word of each pair, double-width.
    @inline(__always)
    var lowWords: Self { self & Self(repeating: 0xFFFF_FFFF) }

    /// The high word of each pair, double-width.
    @inline(__always)
    var highWords: Self { self &>> Self(repeating: 32) }
}

@inline(__always)
func lesser(_ first: WideWords, _ second: WideWords) -> WideWords {
    first.replacing(with: second, where: second .< first)
}

@inline(__always)
func greater(_ first: WideWords, _ second: WideWords) -> WideWords {
    first.replacing(with: second, where: second .> first)
}

/// 1.5 * 2^52: adding it moves an integer below 2^51 in size into the low mantissa bits.
let roundingShift = 0x1.8p52
let roundingShiftBits: UInt64 = 0x4338_0000_0000_0000

/// Words to doubles, `(base + factor * word) / divisor`, rounded where PolluxKernels rounds, so
/// that results are the same to the last bit; integers in between are below 2^51 in size.
///
/// Single numbers are kept and not vectors of them: those the compiler would cut up.
protocol WideScaling {
    init(base: Int64, factor: Int64, divisor: WideDivisor)
    func doubles(_ words: WidePairs) -> WideDoubles
}

/// `base + word`.
struct ShiftedWideWords: WideScaling {
    /// What is taken off words with the bits that make them doubles: all of it is exact.
    private let shift: Double

    @inline(__always)
    init(base: Int64) {
        shift = roundingShift - Double(base)
    }

    /// Factor and divisor are 1.
    @inline(__always)
    init(base: Int64, factor: Int64, divisor: WideDivisor) {
        self.init(base: base)
    }

    @inline(__always)
    func doubles(_ words: WidePairs) -> WideDoubles {
        let shifted = words | WidePairs(repeating: roundingShiftBits)
        return unsafeBitCast(shifted, to: WideDoubles.self) - WideDoubles(repeating: shift)
    }
}

/// `(base + word) / divisor`.
struct DividedWideWords: WideScaling {
    private let words: ShiftedWideWords
    private let divisor: WideDivisor

    /// The factor is 1.
    @inline(__always)
    init(base: Int64, factor: Int64, divisor: WideDivisor) {
        words = ShiftedWideWords(base: base)
        self.divisor = divisor
    }

    @inline(__always)
    func doubles(_ words: WidePairs) -> WideDoubles {
        divisor.divide(self.words.doubles(words))
    }
}

/// `(base + factor * word) / divisor`.
struct LinearWideWords: WideScaling {
    private let base: Double
    private let factor: Double
    private let divisor: WideDivisor

    @inline(__always)
    init(base: Int64, factor: Int64, divisor: WideDivisor) {
        self.base = Double(base)
        self.factor = Double(factor)
        self.divisor = divisor
    }

    @inline(__always)
    func doubles(_ words: WidePairs) -> WideDoubles {
        let plain = ShiftedWideWords(base: 0).doubles(words)
        return divisor.divide(
            WideDoubles(repeating: base).addingProduct(plain, WideDoubles(repeating: factor)))
    }
}

/// The divisor of PolluxKernels: a reciprocal and what that lacks.
struct WideDivisor {
    private let reciprocal: Double
    private let rest: Double

    @inline(__always)
    init(_ value: Double) {
        reciprocal = 1 / value
        rest = (1.0).addingProduct(-reciprocal, value) / value
    }

    /// Correctly rounded quotients.
    @inline(__always)
    func divide(_ numerators: WideDoubles) -> WideDoubles {
        (numerators * WideDoubles(repeating: rest))
            .addingProduct(numerators, WideDoubles(repeating: reciprocal))
    }
}
