/// Sums over packed blocks of 1,024 numbers, straight from their bits.
///
/// All integers, `base + factor * word`, are below 2^51 in size, else sums mean nothing.
public enum PackedSums {
    /// The sum of `(base + factor * word) / divisor` in the order of
    /// storage-format/encodings.md §10.
    ///
    /// `source` holds `width * 128` bytes, packed in natural order; width is 0...32.
    public static func sum(
        _ source: UnsafeRawPointer, width: Int, base: Int64, factor: Int64, divisor: Double
    ) -> Double {
        if factor != 1 {
            let scaling = LinearWords(base: base, factor: factor, divisor: divisor)
            return sum(source, width, scaling)
        }
        if divisor == 1 {
            return sum(source, width, ShiftedWords(base: base, factor: factor, divisor: divisor))
        }
        return sum(source, width, DividedWords(base: base, factor: factor, divisor: divisor))
    }

    /// The least and greatest word of a block.
    ///
    /// A loop of its own, though it unpacks once more: with sums in it, the compiler cuts the
    /// comparisons into halves, as the doubles need them, which takes twice the time.
    @inline(never)
    public static func range(
        _ source: UnsafeRawPointer, width: Int
    ) -> (least: UInt32, greatest: UInt32) {
        var least = Words(repeating: .max)
        var greatest = Words()
        var lanes = LaneRows(source, width: width)
        for _ in 0..<32 {
            let (words0, words1, words2, words3) = lanes.next()
            least = lesser(least, lesser(lesser(words0, words1), lesser(words2, words3)))
            greatest = greater(
                greatest, greater(greater(words0, words1), greater(words2, words3)))
        }
        return fold(&least, &greatest)
    }

    /// What an integer, below 2^51 in size, stands for.
    public static func value(of integer: Int64, divisor: Double) -> Double {
        DividedWords(base: integer, factor: 1, divisor: divisor).doubles(SIMD4())[0]
    }

    /// Value i of the block belongs to sum i mod 16.
    @inline(__always)
    private static func sum<Scaling: WordScaling>(
        _ source: UnsafeRawPointer, _ width: Int, _ scaling: Scaling
    ) -> Double {
        var sum0 = SIMD4<Double>()
        var sum1 = SIMD4<Double>()
        var sum2 = SIMD4<Double>()
        var sum3 = SIMD4<Double>()
        var lanes = LaneRows(source, width: width)
        for _ in 0..<32 {
            let (words0, words1, words2, words3) = lanes.next()
            sum0 += scaling.doubles(words0.lowHalf)
            sum1 += scaling.doubles(words0.highHalf)
            sum2 += scaling.doubles(words1.lowHalf)
            sum3 += scaling.doubles(words1.highHalf)
            sum0 += scaling.doubles(words2.lowHalf)
            sum1 += scaling.doubles(words2.highHalf)
            sum2 += scaling.doubles(words3.lowHalf)
            sum3 += scaling.doubles(words3.highHalf)
        }
        var four = (sum0 + sum2) + (sum1 + sum3)
        return fold(&four)
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
