/// Running sums over blocks of 1,024 words in lane order: row r of lane j is value 32*j + r.
///
/// In this order the sums inside lanes are plain vector additions from row to row, and only the 32
/// totals are added up one by one.
public enum PrefixSums {
    /// Replaces differences by running sums (wrapping), keeping the lane order.
    ///
    /// `rows` holds 1,024 words.
    public static func sum(_ rows: UnsafeMutablePointer<UInt32>) {
        let place = UnsafeMutableRawPointer(rows)
        withOffsets(rows) { offset0, offset1, offset2, offset3 in
            var row = place
            for _ in 0..<32 {
                storeWords(loadWords(row) &+ offset0, row)
                storeWords(loadWords(row + 32) &+ offset1, row + 32)
                storeWords(loadWords(row + 64) &+ offset2, row + 64)
                storeWords(loadWords(row + 96) &+ offset3, row + 96)
                row += 128
            }
        }
    }

    /// Running sums of differences in lane order, written in natural order as doubles:
    /// `(base + factor * Int32(sum)) / divisor`.
    ///
    /// Destroys `rows`.
    ///
    /// `rows` holds 1,024 words, `values` has room for 1,024 doubles.
    public static func sum(
        _ rows: UnsafeMutablePointer<UInt32>, base: Double, factor: Double, divisor: Double,
        into values: UnsafeMutablePointer<Double>
    ) {
        // The sums are signed: shift them by 2^31 into unsigned words and take it off the base.
        let bases = Doubles(repeating: base - 0x1p31 * factor)
        let factors = Doubles(repeating: factor)
        let scale = Divisor(divisor)
        let bias = Words(repeating: 0x8000_0000)
        withOffsets(rows) { offset0, offset1, offset2, offset3 in
            let offsets = (offset0 &+ bias, offset1 &+ bias, offset2 &+ bias, offset3 &+ bias)
            forEachTile(rows, offsets) { index, words in
                let numerators = bases.addingProduct(doubles(of: words), factors)
                storeDoubles(scale.divide(numerators), values + index)
            }
        }
    }

    /// Running sums of differences in lane order, written in natural order as integers:
    /// `base + factor * Int32(sum)`, wrapping.
    ///
    /// Destroys `rows`.
    ///
    /// `rows` holds 1,024 words, `values` has room for 1,024 integers.
    public static func sum(
        _ rows: UnsafeMutablePointer<UInt32>, base: Int64, factor: Int64,
        into values: UnsafeMutablePointer<Int64>
    ) {
        let bases = Longs(repeating: base &- (1 &<< 31) &* factor)
        let factors = Longs(repeating: factor)
        let bias = Words(repeating: 0x8000_0000)
        withOffsets(rows) { offset0, offset1, offset2, offset3 in
            let offsets = (offset0 &+ bias, offset1 &+ bias, offset2 &+ bias, offset3 &+ bias)
            if factor == 1 {
                forEachTile(rows, offsets) { index, words in
                    storeLongs(bases &+ Longs(truncatingIfNeeded: words), values + index)
                }
            } else {
                forEachTile(rows, offsets) { index, words in
                    let longs = Longs(truncatingIfNeeded: words)
                    storeLongs(bases &+ longs &* factors, values + index)
                }
            }
        }
    }

    /// Sums inside lanes, then the four vectors of what precedes each lane.
    @inline(__always)
    private static func withOffsets(
        _ rows: UnsafeMutablePointer<UInt32>, _ body: (Words, Words, Words, Words) -> Void
    ) {
        var row = UnsafeMutableRawPointer(rows)
        var sum0 = loadWords(row)
        var sum1 = loadWords(row + 32)
        var sum2 = loadWords(row + 64)
        var sum3 = loadWords(row + 96)
        for _ in 1..<32 {
            row += 128
            sum0 &+= loadWords(row)
            sum1 &+= loadWords(row + 32)
            sum2 &+= loadWords(row + 64)
            sum3 &+= loadWords(row + 96)
            storeWords(sum0, row)
            storeWords(sum1, row + 32)
            storeWords(sum2, row + 64)
            storeWords(sum3, row + 96)
        }
        var total: UInt32 = 0
        let offset0 = exclusive(sum0, &total)
        let offset1 = exclusive(sum1, &total)
        let offset2 = exclusive(sum2, &total)
        let offset3 = exclusive(sum3, &total)
        body(offset0, offset1, offset2, offset3)
    }

    @inline(__always)
    private static func exclusive(_ totals: Words, _ total: inout UInt32) -> Words {
        var offsets = Words()
        for lane in 0..<8 {
            offsets[lane] = total
            total &+= totals[lane]
        }
        return offsets
    }

    /// Turns tiles of 8 rows by 8 lanes into runs of 8 consecutive values.
    @inline(__always)
    private static func forEachTile(
        _ rows: UnsafeMutablePointer<UInt32>, _ offsets: (Words, Words, Words, Words),
        _ body: (_ index: Int, Words) -> Void
    ) {
        tiles(rows, lane: 0, offsets.0, body)
        tiles(rows, lane: 8, offsets.1, body)
        tiles(rows, lane: 16, offsets.2, body)
        tiles(rows, lane: 24, offsets.3, body)
    }

    @inline(__always)
    private static func tiles(
        _ rows: UnsafeMutablePointer<UInt32>, lane: Int, _ offset: Words,
        _ body: (_ index: Int, Words) -> Void
    ) {
        for tile in 0..<4 {
            let place = UnsafeRawPointer(rows) + (tile &* 8 &* 32 &+ lane) &* 4
            let (a0, a4) = interleave(loadWords(place), loadWords(place + 512))
            let (a1, a5) = interleave(loadWords(place + 128), loadWords(place + 640))
            let (a2, a6) = interleave(loadWords(place + 256), loadWords(place + 768))
            let (a3, a7) = interleave(loadWords(place + 384), loadWords(place + 896))
            // Rows are now (0,4) (1,5) (2,6) (3,7) in lane pairs: low lanes in a0..a3.
            let (b0, b1) = interleave(a0, a2)
            let (b2, b3) = interleave(a1, a3)
            let (b4, b5) = interleave(a4, a6)
            let (b6, b7) = interleave(a5, a7)
            let (c0, c1) = interleave(b0, b2)
            let (c2, c3) = interleave(b1, b3)
            let (c4, c5) = interleave(b4, b6)
            let (c6, c7) = interleave(b5, b7)
            let index = lane &* 32 &+ tile &* 8
            body(index, c0 &+ Words(repeating: offset[0]))
            body(index &+ 32, c1 &+ Words(repeating: offset[1]))
            body(index &+ 64, c2 &+ Words(repeating: offset[2]))
            body(index &+ 96, c3 &+ Words(repeating: offset[3]))
            body(index &+ 128, c4 &+ Words(repeating: offset[4]))
            body(index &+ 160, c5 &+ Words(repeating: offset[5]))
            body(index &+ 192, c6 &+ Words(repeating: offset[6]))
            body(index &+ 224, c7 &+ Words(repeating: offset[7]))
        }
    }

    /// a0 b0 a1 b1 … a7 b7 in two vectors.
    @inline(__always)
    private static func interleave(_ first: Words, _ second: Words) -> (Words, Words) {
        var both = SIMD16<UInt32>()
        both.evenHalf = first
        both.oddHalf = second
        return (both.lowHalf, both.highHalf)
    }
}
