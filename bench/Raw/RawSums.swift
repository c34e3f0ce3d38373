/// The fastest sum over doubles in memory that this processor can do: what fused sums are held to.
///
/// Compiled for AVX-512: call it only where `CPUFeatures.isWide`.
public enum RawSums {
    /// The sum of `count` doubles, a multiple of 32, in an order that suits the processor.
    ///
    /// Four running sums of eight doubles: additions wait for memory and not for each other.
    @inline(never)
    public static func wide(_ values: UnsafePointer<Double>, count: Int) -> Double {
        var sum0 = SIMD8<Double>()
        var sum1 = SIMD8<Double>()
        var sum2 = SIMD8<Double>()
        var sum3 = SIMD8<Double>()
        var place = UnsafeRawPointer(values)
        for _ in 0..<(count &>> 5) {
            sum0 += place.loadUnaligned(as: SIMD8<Double>.self)
            sum1 += (place + 64).loadUnaligned(as: SIMD8<Double>.self)
            sum2 += (place + 128).loadUnaligned(as: SIMD8<Double>.self)
            sum3 += (place + 192).loadUnaligned(as: SIMD8<Double>.self)
            place += 256
        }
        var all = (sum0 + sum1) + (sum2 + sum3)
        return fold(&all)
    }

    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    private static func fold(_ sums: inout SIMD8<Double>) -> Double {
        let four = sums.lowHalf + sums.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
