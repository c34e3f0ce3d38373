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

/// Doubles whose mantissa holds a 32-bit number exactly: 2^52 + word, minus 2^52.
@inline(__always)
func doubles(of words: Words) -> Doubles {
    let wide = SIMD8<UInt64>(truncatingIfNeeded: words) | SIMD8(repeating: 0x4330_0000_0000_0000)
    return unsafeBitCast(wide, to: Doubles.self) - Doubles(repeating: 0x1p52)
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

/// A divisor with its reciprocal; `divide` gives the correctly rounded quotient without dividing.
struct Divisor {
    let divisor: Doubles
    let reciprocal: Doubles

    @inline(__always)
    init(_ value: Double) {
        divisor = Doubles(repeating: value)
        reciprocal = Doubles(repeating: 1 / value)
    }

    /// Correctly rounded `numerator / divisor` (Markstein): one multiplication, two fused steps.
    ///
    /// Exact for the divisors of storage-format/encodings.md §5 and numerators below 2^51.
    @inline(__always)
    func divide(_ numerator: Doubles) -> Doubles {
        let quotient = numerator * reciprocal
        let rest = numerator.addingProduct(-quotient, divisor)
        return quotient.addingProduct(rest, reciprocal)
    }
}
