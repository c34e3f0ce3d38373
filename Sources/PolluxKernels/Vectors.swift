/// Eight lanes, the width in which all kernels work: two AVX2 registers of 64-bit lanes.
typealias Words = SIMD8<UInt32>
typealias Doubles = SIMD8<Double>
typealias Longs = SIMD8<Int64>

@inline(__always)
func loadWords(_ source: UnsafeRawPointer) -> Words {
    source.loadUnaligned(as: Words.self)
}

@inline(__always)
func storeWords(_ words: Words, _ target: UnsafeMutableRawPointer) {
    target.storeBytes(of: words, as: Words.self)
}

@inline(__always)
func loadDoubles(_ source: UnsafePointer<Double>) -> Doubles {
    UnsafeRawPointer(source).loadUnaligned(as: Doubles.self)
}

@inline(__always)
func storeDoubles(_ doubles: Doubles, _ target: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(target).storeBytes(of: doubles, as: Doubles.self)
}

@inline(__always)
func loadLongs(_ source: UnsafePointer<Int64>) -> Longs {
    UnsafeRawPointer(source).loadUnaligned(as: Longs.self)
}

@inline(__always)
func storeLongs(_ longs: Longs, _ target: UnsafeMutablePointer<Int64>) {
    UnsafeMutableRawPointer(target).storeBytes(of: longs, as: Longs.self)
}

/// Significant bits of an integer's size.
@inline(__always)
func bitLength(_ integer: Int64) -> Int {
    64 &- integer.magnitude.leadingZeroBitCount
}

/// 1.5 * 2^52: adding it moves an integer below 2^51 in size into the low mantissa bits.
let roundingShift = 0x1.8p52
let roundingShiftBits: Int64 = 0x4338_0000_0000_0000

/// Exact doubles of integers below 2^51 in size; anything else gives some double.
@inline(__always)
func doubles(of longs: Longs) -> Doubles {
    let shifted = longs &+ Longs(repeating: roundingShiftBits)
    return unsafeBitCast(shifted, to: Doubles.self) - Doubles(repeating: roundingShift)
}

@inline(__always)
func lesser(_ first: SIMD4<Double>, _ second: SIMD4<Double>) -> SIMD4<Double> {
    first.replacing(with: second, where: second .< first)
}

@inline(__always)
func greater(_ first: SIMD4<Double>, _ second: SIMD4<Double>) -> SIMD4<Double> {
    first.replacing(with: second, where: second .> first)
}

/// A divisor as the sum of a reciprocal and what that lacks, to 106 bits together.
struct Divisor {
    let divisor: Double
    private let reciprocal: SIMD4<Double>
    private let rest: SIMD4<Double>

    @inline(__always)
    init(_ value: Double) {
        divisor = value
        let high = 1 / value
        reciprocal = SIMD4(repeating: high)
        rest = SIMD4(repeating: (1.0).addingProduct(-high, value) / value)
    }

    /// Correctly rounded `numerator / divisor`: one multiplication and one fused step.
    ///
    /// Before its one rounding the result is wrong by at most 2^-105 of its size. A quotient of an
    /// integer by m * 10^e is at least 2^-53 / odd part of the divisor, 2^-96, away from what lies
    /// halfway between two doubles, so it rounds to the same side. Holds for the divisors of
    /// storage-format/encodings.md §5.3 and numerators below 2^51.
    @inline(__always)
    func divide(_ numerator: SIMD4<Double>) -> SIMD4<Double> {
        (numerator * rest).addingProduct(numerator, reciprocal)
    }

    /// The same for eight numerators.
    @inline(__always)
    func divide(_ numerators: Doubles) -> Doubles {
        Doubles(
            lowHalf: divide(numerators.lowHalf), highHalf: divide(numerators.highHalf))
    }
}

/// Words of two vectors in a new order, one instruction each.
///
/// They are written word by word, and in words and pairs in turn: through several steps in lanes of
/// one width the compiler follows each single word, and makes of them many instructions.
extension Words {
    /// In each half, words 0 and 1 of both in turn.
    @inline(__always)
    func lowWords(with other: Self) -> Self {
        Self(self[0], other[0], self[1], other[1], self[4], other[4], self[5], other[5])
    }

    /// In each half, words 2 and 3 of both in turn.
    @inline(__always)
    func highWords(with other: Self) -> Self {
        Self(self[2], other[2], self[3], other[3], self[6], other[6], self[7], other[7])
    }

    @inline(__always)
    var pairs: SIMD4<UInt64> { unsafeBitCast(self, to: SIMD4<UInt64>.self) }

    /// In each half, words 0 and 1 of both.
    @inline(__always)
    func lowPairs(with other: Self) -> Self {
        let (first, second) = (pairs, other.pairs)
        return unsafeBitCast(SIMD4(first[0], second[0], first[2], second[2]), to: Self.self)
    }

    /// In each half, words 2 and 3 of both.
    @inline(__always)
    func highPairs(with other: Self) -> Self {
        let (first, second) = (pairs, other.pairs)
        return unsafeBitCast(SIMD4(first[1], second[1], first[3], second[3]), to: Self.self)
    }
}
