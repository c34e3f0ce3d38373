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
        let (offset0, offset1, offset2, offset3) = offsets(rows + 31 &* 32, from: 0)
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
        let (offset0, offset1, offset2, offset3) = offsets(rows + 31 &* 32, from: bias)
        tiles(rows, lane: 0, offset0, words)
        tiles(rows, lane: 8, offset1, words)
        tiles(rows, lane: 16, offset2, words)
        tiles(rows, lane: 24, offset3, words)
    }

    /// What precedes each lane: `bias` and the totals of the lanes before it.
    @inline(__always)
    static func offsets(
        _ totals: UnsafePointer<UInt32>, from bias: UInt32
    ) -> (Words, Words, Words, Words) {
        let last = UnsafeRawPointer(totals)
        var total = bias
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
    ///
    /// Words and then pairs change places within halves of vectors, then halves do.
    @inline(__always)
    private static func tiles(
        _ rows: UnsafePointer<UInt32>, lane: Int, _ offset: Words,
        _ words: UnsafeMutablePointer<UInt32>
    ) {
        for tile in 0..<4 {
            let place = UnsafeRawPointer(rows) + (tile &* 8 &* 32 &+ lane) &* 4
            let target = UnsafeMutableRawPointer(words + (lane &* 32 &+ tile &* 8))
            let rows0 = fourRows(place, offset)
            let rows4 = fourRows(place + 512, offset)
            store(rows0.0, rows4.0, target)
            store(rows0.1, rows4.1, target + 128)
            store(rows0.2, rows4.2, target + 256)
            store(rows0.3, rows4.3, target + 384)
        }
    }

    /// Four rows: vector k has them of lane k in its low half, of lane k + 4 in its high half.
    @inline(__always)
    private static func fourRows(
        _ place: UnsafeRawPointer, _ offset: Words
    ) -> (Words, Words, Words, Words) {
        let row0 = loadWords(place) &+ offset
        let row1 = loadWords(place + 128) &+ offset
        let row2 = loadWords(place + 256) &+ offset
        let row3 = loadWords(place + 384) &+ offset
        let low01 = row0.lowWords(with: row1)
        let low23 = row2.lowWords(with: row3)
        let high01 = row0.highWords(with: row1)
        let high23 = row2.highWords(with: row3)
        return (
            low01.lowPairs(with: low23), low01.highPairs(with: low23),
            high01.lowPairs(with: high23), high01.highPairs(with: high23)
        )
    }

    /// Writes eight values of a lane, and of the lane 4 behind it.
    @inline(__always)
    private static func store(
        _ rows0: Words, _ rows4: Words, _ target: UnsafeMutableRawPointer
    ) {
        storeWords(Words(lowHalf: rows0.lowHalf, highHalf: rows4.lowHalf), target)
        storeWords(Words(lowHalf: rows0.highHalf, highHalf: rows4.highHalf), target + 512)
    }
}
