/// Running sums over blocks of 1,024 words in lane order: row r of lane j is value 32*j + r.
///
/// In this order the sums inside lanes are plain vector additions from row to row, and only the 32
/// totals are added up one by one. All sums wrap modulo 2^32.
public enum PrefixSums {
    /// Replaces differences by running sums within each lane.
    ///
    /// `rows` holds 1,024 words.
    public static func sumLanes(_ rows: UnsafeMutablePointer<UInt32>) {
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
    }

    /// Makes the sums of each lane go on from the lane before; the lane order stays.
    ///
    /// `rows` holds the sums within lanes.
    public static func joinLanes(_ rows: UnsafeMutablePointer<UInt32>) {
        let (offset0, offset1, offset2, offset3) = offsets(rows)
        var row = UnsafeMutableRawPointer(rows)
        for _ in 0..<32 {
            storeWords(loadWords(row) &+ offset0, row)
            storeWords(loadWords(row + 32) &+ offset1, row + 32)
            storeWords(loadWords(row + 64) &+ offset2, row + 64)
            storeWords(loadWords(row + 96) &+ offset3, row + 96)
            row += 128
        }
    }

    /// Joins the lanes, adds `bias` and writes the sums in natural order.
    ///
    /// `rows` holds the sums within lanes, `words` has room for 1,024 words elsewhere.
    public static func joinLanes(
        _ rows: UnsafePointer<UInt32>, adding bias: UInt32,
        into words: UnsafeMutablePointer<UInt32>
    ) {
        let (offset0, offset1, offset2, offset3) = offsets(rows)
        let added = Words(repeating: bias)
        tiles(rows, lane: 0, offset0 &+ added, words)
        tiles(rows, lane: 8, offset1 &+ added, words)
        tiles(rows, lane: 16, offset2 &+ added, words)
        tiles(rows, lane: 24, offset3 &+ added, words)
    }

    /// What precedes each lane: the totals of the lanes before it.
    @inline(__always)
    private static func offsets(
        _ rows: UnsafePointer<UInt32>
    ) -> (Words, Words, Words, Words) {
        let last = UnsafeRawPointer(rows) + 31 &* 128
        var total: UInt32 = 0
        let offset0 = exclusive(loadWords(last), &total)
        let offset1 = exclusive(loadWords(last + 32), &total)
        let offset2 = exclusive(loadWords(last + 64), &total)
        let offset3 = exclusive(loadWords(last + 96), &total)
        return (offset0, offset1, offset2, offset3)
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
    private static func tiles(
        _ rows: UnsafePointer<UInt32>, lane: Int, _ offset: Words,
        _ words: UnsafeMutablePointer<UInt32>
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
            let target = UnsafeMutableRawPointer(words + (lane &* 32 &+ tile &* 8))
            storeWords(c0 &+ Words(repeating: offset[0]), target)
            storeWords(c1 &+ Words(repeating: offset[1]), target + 128)
            storeWords(c2 &+ Words(repeating: offset[2]), target + 256)
            storeWords(c3 &+ Words(repeating: offset[3]), target + 384)
            storeWords(c4 &+ Words(repeating: offset[4]), target + 512)
            storeWords(c5 &+ Words(repeating: offset[5]), target + 640)
            storeWords(c6 &+ Words(repeating: offset[6]), target + 768)
            storeWords(c7 &+ Words(repeating: offset[7]), target + 896)
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
