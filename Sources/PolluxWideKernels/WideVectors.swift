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
}

/// 1.5 * 2^52: a word in its lowest bits makes it that much more.
let roundingShift = 0x1.8p52
let roundingShiftHigh: UInt32 = 0x4338_0000

/// Words in a new order, one instruction each, which any vector unit of the processor takes: shifts
/// and masks are more, and shifts take the units that additions need.
extension WideWords {
    /// In each quarter, word 0 of both, then word 1 of both.
    @inline(__always)
    func lowWords(with other: Self) -> Self {
        Self(
            self[0], other[0], self[1], other[1], self[4], other[4], self[5], other[5],
            self[8], other[8], self[9], other[9], self[12], other[12], self[13], other[13])
    }

    /// In each quarter, word 2 of both, then word 3 of both.
    @inline(__always)
    func highWords(with other: Self) -> Self {
        Self(
            self[2], other[2], self[3], other[3], self[6], other[6], self[7], other[7],
            self[10], other[10], self[11], other[11], self[14], other[14], self[15], other[15])
    }

    /// Words 0 and 1 of each quarter as doubles, each more by `roundingShift`.
    @inline(__always)
    var lowShifted: WideDoubles {
        unsafeBitCast(
            lowWords(with: Self(repeating: roundingShiftHigh)), to: WideDoubles.self)
    }

    /// The same of words 2 and 3.
    @inline(__always)
    var highShifted: WideDoubles {
        unsafeBitCast(
            highWords(with: Self(repeating: roundingShiftHigh)), to: WideDoubles.self)
    }
}

@inline(__always)
func lesser(_ first: WideWords, _ second: WideWords) -> WideWords {
    first.replacing(with: second, where: second .< first)
}

@inline(__always)
func greater(_ first: WideWords, _ second: WideWords) -> WideWords {
    first.replacing(with: second, where: second .> first)
}

@inline(__always)
func lesser(_ first: WideDoubles, _ second: WideDoubles) -> WideDoubles {
    first.replacing(with: second, where: second .< first)
}

@inline(__always)
func greater(_ first: WideDoubles, _ second: WideDoubles) -> WideDoubles {
    first.replacing(with: second, where: second .> first)
}

/// Words to doubles, `(base + factor * word) / divisor`, rounded where PolluxKernels rounds, so
/// that results are the same to the last bit; integers in between are below 2^51 in size.
///
/// Single numbers are kept and not vectors of them: those the compiler would cut up.
protocol WideScaling {
    init(base: Int64, factor: Int64, divisor: WideDivisor)

    /// `base + factor * word`; `shifted` are words, each more by `roundingShift`.
    func integers(_ shifted: WideDoubles) -> WideDoubles

    /// The same divided.
    func doubles(_ shifted: WideDoubles) -> WideDoubles
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
    func integers(_ shifted: WideDoubles) -> WideDoubles {
        shifted - WideDoubles(repeating: shift)
    }

    @inline(__always)
    func doubles(_ shifted: WideDoubles) -> WideDoubles { integers(shifted) }
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
    func integers(_ shifted: WideDoubles) -> WideDoubles { words.integers(shifted) }

    @inline(__always)
    func doubles(_ shifted: WideDoubles) -> WideDoubles { divisor.divide(integers(shifted)) }
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
    func integers(_ shifted: WideDoubles) -> WideDoubles {
        let plain = ShiftedWideWords(base: 0).integers(shifted)
        return WideDoubles(repeating: base).addingProduct(plain, WideDoubles(repeating: factor))
    }

    @inline(__always)
    func doubles(_ shifted: WideDoubles) -> WideDoubles { divisor.divide(integers(shifted)) }
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
