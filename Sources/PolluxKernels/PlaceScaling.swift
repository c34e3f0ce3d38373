/// Words as doubles where they stand, each more by `roundingShift`: one instruction sets the high
/// bits beside them.
extension Words {
    private static var high: Self { Self(repeating: 0x4338_0000) }

    /// Words 0 and 1 of each half.
    @inline(__always)
    var lowShifted: SIMD4<Double> {
        unsafeBitCast(lowWords(with: Self.high), to: SIMD4<Double>.self)
    }

    /// Words 2 and 3 of each half.
    @inline(__always)
    var highShifted: SIMD4<Double> {
        unsafeBitCast(highWords(with: Self.high), to: SIMD4<Double>.self)
    }

    /// The first word of each pair.
    @inline(__always)
    var evenShifted: SIMD4<Double> {
        let high = Self.high
        return unsafeBitCast(
            Self(self[0], high[1], self[2], high[3], self[4], high[5], self[6], high[7]),
            to: SIMD4<Double>.self)
    }

    /// The second word of each pair.
    @inline(__always)
    var oddShifted: SIMD4<Double> {
        let down = pairs &>> SIMD4(repeating: 32)
        return unsafeBitCast(
            down | SIMD4(repeating: roundingShift.bitPattern), to: SIMD4<Double>.self)
    }
}

/// Words to doubles, `(base + factor * word) / divisor`, rounded where `WordScaling` rounds.
///
/// So results are the same to the last bit; integers in between are below 2^51 in size.
///
/// Single numbers are kept and not vectors of them: those the compiler would cut up.
protocol PlaceScaling {
    init(base: Int64, factor: Int64, divisor: Double)

    /// `base + factor * word`; `shifted` are words, each more by `roundingShift`.
    func integers(_ shifted: SIMD4<Double>) -> SIMD4<Double>

    /// The same divided.
    func doubles(_ shifted: SIMD4<Double>) -> SIMD4<Double>
}

/// `base + word`.
struct ShiftedPlaces: PlaceScaling {
    /// What is taken off words with the bits that make them doubles: all of it is exact.
    private let shift: Double

    /// Factor and divisor are 1.
    @inline(__always)
    init(base: Int64, factor: Int64, divisor: Double) {
        shift = roundingShift - Double(base)
    }

    @inline(__always)
    func integers(_ shifted: SIMD4<Double>) -> SIMD4<Double> {
        shifted - SIMD4(repeating: shift)
    }

    @inline(__always)
    func doubles(_ shifted: SIMD4<Double>) -> SIMD4<Double> { integers(shifted) }
}

/// `(base + word) / divisor`.
struct DividedPlaces: PlaceScaling {
    private let words: ShiftedPlaces
    private let divisor: Divisor

    /// The factor is 1.
    @inline(__always)
    init(base: Int64, factor: Int64, divisor: Double) {
        words = ShiftedPlaces(base: base, factor: 1, divisor: 1)
        self.divisor = Divisor(divisor)
    }

    @inline(__always)
    func integers(_ shifted: SIMD4<Double>) -> SIMD4<Double> { words.integers(shifted) }

    @inline(__always)
    func doubles(_ shifted: SIMD4<Double>) -> SIMD4<Double> { divisor.divide(integers(shifted)) }
}

/// `(base + factor * word) / divisor`.
struct LinearPlaces: PlaceScaling {
    private let base: Double
    private let factor: Double
    private let divisor: Divisor

    @inline(__always)
    init(base: Int64, factor: Int64, divisor: Double) {
        self.base = Double(base)
        self.factor = Double(factor)
        self.divisor = Divisor(divisor)
    }

    @inline(__always)
    func integers(_ shifted: SIMD4<Double>) -> SIMD4<Double> {
        let plain = shifted - SIMD4(repeating: roundingShift)
        return SIMD4(repeating: base).addingProduct(plain, SIMD4(repeating: factor))
    }

    @inline(__always)
    func doubles(_ shifted: SIMD4<Double>) -> SIMD4<Double> { divisor.divide(integers(shifted)) }
}
