/// Sums over packed blocks of 1,024 numbers, straight from their bits.
///
/// All integers, `base + factor * word`, are below 2^51 in size, else sums mean nothing.
public enum PackedSums {
    /// Adds the sums of `(base + factor * word) / divisor` over blocks packed in natural order.
    ///
    /// Each block holds `width * 128` bytes; widths are 0...32.
    @inline(never)
    public static func add(
        _ blocks: UnsafeBufferPointer<SumBlock>, factor: Int64, divisor: Double,
        wantsExtremes: Bool, to total: inout SumTotal
    ) {
        let column = SumColumn(blocks, factor: factor, divisor: divisor)
        if factor != 1 {
            add(column, LinearPlaces.self, wantsExtremes, &total)
        } else if divisor == 1 {
            add(column, ShiftedPlaces.self, wantsExtremes, &total)
        } else {
            add(column, DividedPlaces.self, wantsExtremes, &total)
        }
    }

    /// What an integer, below 2^51 in size, stands for.
    public static func value(of integer: Int64, divisor: Double) -> Double {
        DividedWords(base: integer, factor: 1, divisor: divisor).doubles(SIMD4())[0]
    }

    @inline(__always)
    private static func add<Scaling: PlaceScaling>(
        _ column: SumColumn, _: Scaling.Type, _ wantsExtremes: Bool, _ total: inout SumTotal
    ) {
        if wantsExtremes {
            add(column, Scaling.self, AllExtremes.self, &total)
        } else {
            add(column, Scaling.self, NoExtremes.self, &total)
        }
    }

    @inline(never)
    private static func add<Scaling: PlaceScaling, Extremes: SumExtremes>(
        _ column: SumColumn, _: Scaling.Type, _: Extremes.Type, _ total: inout SumTotal
    ) {
        guard column.count > 0 else { return }
        var extremes = Extremes()
        for index in 0..<column.count {
            let block = column[index]
            let scaling = column.scaling(block, Scaling.self)
            var sums = RowSums()
            var rows = LaneRows(block.packed, width: block.width)
            for _ in 0..<32 {
                let (words0, words1, words2, words3) = rows.next()
                extremes.add(words0, words1)
                sums.add(words0, words1, scaling)
                extremes.add(words2, words3)
                sums.add(words2, words3, scaling)
            }
            extremes.endBlock(scaling)
            sums.fold(into: &total)
        }
        extremes.fold(into: &total)
    }
}

/// Blocks in order, with what they have in common.
struct SumColumn {
    private let blocks: UnsafeBufferPointer<SumBlock>
    private let factor: Int64
    private let divisor: Double

    @inline(__always)
    init(_ blocks: UnsafeBufferPointer<SumBlock>, factor: Int64, divisor: Double) {
        self.blocks = blocks
        self.factor = factor
        self.divisor = divisor
    }

    @inline(__always)
    func scaling<Scaling: PlaceScaling>(_ block: SumBlock, _: Scaling.Type) -> Scaling {
        Scaling(base: block.base, factor: factor, divisor: divisor)
    }

    @inline(__always)
    var count: Int { blocks.count }

    @inline(__always)
    subscript(_ index: Int) -> SumBlock {
        blocks.baseAddress.unsafelyUnwrapped[index]
    }
}

/// Sixteen running sums: those of words 0 and 1 of each half of a vector, and of words 2 and 3, for
/// the first and the second of two vectors.
private struct RowSums {
    private var low0 = SIMD4<Double>()
    private var high0 = SIMD4<Double>()
    private var low1 = SIMD4<Double>()
    private var high1 = SIMD4<Double>()

    @inline(__always)
    init() {}

    /// Adds sixteen scaled words, each to the sum of its place.
    @inline(__always)
    mutating func add<Scaling: PlaceScaling>(
        _ first: Words, _ second: Words, _ scaling: Scaling
    ) {
        low0 += scaling.doubles(first.lowShifted)
        high0 += scaling.doubles(first.highShifted)
        low1 += scaling.doubles(second.lowShifted)
        high1 += scaling.doubles(second.highShifted)
    }

    /// Sum j takes in sum j + 8, then j + 4, then j + 2, and sum 0 at last sum 1.
    ///
    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func fold(into total: inout SumTotal) {
        let low = low0 + low1
        let high = high0 + high1
        let two = (low.lowHalf + low.highHalf) + (high.lowHalf + high.highHalf)
        total.sum += two[0] + two[1]
    }
}
