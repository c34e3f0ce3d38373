public import PolluxKernels

/// Sums over blocks of differences in lane order: row r of lane j is number 32*j + r.
///
/// All running sums wrap modulo 2^32.
public enum WideLanes {
    /// How many words of scratch `add` over blocks needs: two blocks, at addresses whose low twelve
    /// bits differ, as loads from one would else wait for stores to the other.
    public static var scratchCount: Int { 2 &* 1024 &+ 16 }

    /// Adds the sums of `(base + factor * word) / divisor` over blocks, the words being the running
    /// sums of packed differences, each plus the block's reference, from `bias` on.
    ///
    /// `scratch` has room for `scratchCount` words. All integers are below 2^51 in size, else sums
    /// mean nothing.
    @inline(never)
    public static func add(
        _ blocks: UnsafeBufferPointer<SumBlock>, from bias: UInt32, factor: Int64,
        divisor: Double, wantsExtremes: Bool, scratch: UnsafeMutablePointer<UInt32>,
        to total: inout SumTotal
    ) {
        let column = WideColumn(blocks, factor: factor, divisor: divisor)
        switch (factor != 1, wantsExtremes) {
        case (false, false):
            add(column, DividedWideWords.self, NoExtremes.self, bias, scratch, &total)
        case (false, true):
            add(column, DividedWideWords.self, AllExtremes.self, bias, scratch, &total)
        case (true, false):
            add(column, LinearWideWords.self, NoExtremes.self, bias, scratch, &total)
        case (true, true):
            add(column, LinearWideWords.self, AllExtremes.self, bias, scratch, &total)
        }
    }

    /// While a block is scaled and added up, each addition waiting for the one before, the next is
    /// unpacked.
    @inline(never)
    private static func add<Scaling: WideScaling, Extremes: WideExtremes>(
        _ column: WideColumn, _: Scaling.Type, _: Extremes.Type, _ bias: UInt32,
        _ scratch: UnsafeMutablePointer<UInt32>, _ total: inout SumTotal
    ) {
        guard column.count > 0 else { return }
        var lanes = scratch
        var other = scratch + (1024 &+ 16)
        var extremes = Extremes()
        var first = WideUnpacking(column[0], into: lanes)
        for _ in 0..<8 { first.step() }
        for index in 1..<max(column.count, 1) {
            let scaling = column.scaling(column[index &- 1], Scaling.self)
            var next = WideUnpacking(column[index], into: other)
            var sums = WideLaneSums()
            var walk = WideWalk(lanes, from: bias)
            for _ in 0..<8 {
                next.step()
                let rows = walk.next()
                extremes.add(rows)
                sums.add(rows, scaling)
            }
            extremes.endBlock(scaling)
            sums.fold(into: &total)
            (lanes, other) = (other, lanes)
        }
        let scaling = column.scaling(column[column.count &- 1], Scaling.self)
        add(lanes, bias, scaling, &extremes, &total)
        extremes.fold(into: &total)
    }

    /// The same of 32 rows of running sums within lanes.
    ///
    /// `rows` holds 1,024 words, and `scratch` has room for as many elsewhere.
    @inline(never)
    public static func add(
        rows: UnsafePointer<UInt32>, from bias: UInt32, base: Int64, factor: Int64,
        divisor: Double, wantsExtremes: Bool, scratch: UnsafeMutablePointer<UInt32>,
        to total: inout SumTotal
    ) {
        var source = UnsafeRawPointer(rows)
        var target = UnsafeMutableRawPointer(scratch)
        for _ in 0..<8 {
            store(
                loadWords(source), loadWords(source + 128), loadWords(source + 256),
                loadWords(source + 384), target)
            store(
                loadWords(source + 64), loadWords(source + 192), loadWords(source + 320),
                loadWords(source + 448), target + 4 &* WideFourLanes.byteCount)
            source += 512
            target += 64
        }
        let divisor = WideDivisor(divisor)
        if factor != 1 {
            let scaling = LinearWideWords(base: base, factor: factor, divisor: divisor)
            add(scratch, bias, scaling, wantsExtremes, &total)
        } else {
            let scaling = DividedWideWords(base: base, factor: 1, divisor: divisor)
            add(scratch, bias, scaling, wantsExtremes, &total)
        }
    }

    @inline(__always)
    private static func add<Scaling: WideScaling>(
        _ lanes: UnsafePointer<UInt32>, _ bias: UInt32, _ scaling: Scaling, _ wantsExtremes: Bool,
        _ total: inout SumTotal
    ) {
        if wantsExtremes {
            var extremes = AllExtremes()
            add(lanes, bias, scaling, &extremes, &total)
            extremes.fold(into: &total)
        } else {
            var extremes = NoExtremes()
            add(lanes, bias, scaling, &extremes, &total)
        }
    }

    /// Sixteen lanes of four rows, written as four vectors of four lanes each: row k of the four is
    /// in quarter k.
    @inline(__always)
    fileprivate static func store(
        _ row0: WideWords, _ row1: WideWords, _ row2: WideWords, _ row3: WideWords,
        _ target: UnsafeMutableRawPointer
    ) {
        let low01 = row0.lowHalves(with: row1).pairs
        let low23 = row2.lowHalves(with: row3).pairs
        let high01 = row0.highHalves(with: row1).pairs
        let high23 = row2.highHalves(with: row3).pairs
        storeWords(low01.evenQuarters(with: low23).words, target)
        let step = WideFourLanes.byteCount
        storeWords(low01.oddQuarters(with: low23).words, target + step)
        storeWords(high01.evenQuarters(with: high23).words, target + 2 &* step)
        storeWords(high01.oddQuarters(with: high23).words, target + 3 &* step)
    }

    @inline(__always)
    private static func add<Scaling: WideScaling, Extremes: WideExtremes>(
        _ lanes: UnsafePointer<UInt32>, _ bias: UInt32, _ scaling: Scaling,
        _ extremes: inout Extremes, _ total: inout SumTotal
    ) {
        var sums = WideLaneSums()
        var walk = WideWalk(lanes, from: bias)
        for _ in 0..<8 {
            let rows = walk.next()
            extremes.add(rows)
            sums.add(rows, scaling)
        }
        extremes.endBlock(scaling)
        sums.fold(into: &total)
    }
}

/// A block of differences becoming running sums within lanes, four rows at a time.
private struct WideUnpacking {
    private var rows: WideRows
    private let added: WideWords
    private var sum0 = WideWords()
    private var sum1 = WideWords()
    private var target: UnsafeMutableRawPointer

    @inline(__always)
    init(_ block: SumBlock, into target: UnsafeMutablePointer<UInt32>) {
        rows = WideRows(block.packed, width: block.width)
        added = WideWords(repeating: block.reference)
        self.target = UnsafeMutableRawPointer(target)
    }

    /// The next four rows; call it 8 times.
    @inline(__always)
    mutating func step() {
        let words0 = rows.next()
        let row0 = (sum0 &+ (words0.0 &+ added), sum1 &+ (words0.1 &+ added))
        let words1 = rows.next()
        let row1 = (row0.0 &+ (words1.0 &+ added), row0.1 &+ (words1.1 &+ added))
        let words2 = rows.next()
        let row2 = (row1.0 &+ (words2.0 &+ added), row1.1 &+ (words2.1 &+ added))
        let words3 = rows.next()
        sum0 = row2.0 &+ (words3.0 &+ added)
        sum1 = row2.1 &+ (words3.1 &+ added)
        WideLanes.store(row0.0, row1.0, row2.0, sum0, target)
        WideLanes.store(row0.1, row1.1, row2.1, sum1, target + 4 &* WideFourLanes.byteCount)
        target += 64
    }
}

/// Lanes four at a time, each going on from the one before.
private struct WideWalk {
    private var source: UnsafeRawPointer
    /// What precedes the next lane: the totals of the lanes before it.
    private var offset: UInt32

    @inline(__always)
    init(_ lanes: UnsafePointer<UInt32>, from bias: UInt32) {
        source = UnsafeRawPointer(lanes)
        offset = bias
    }

    /// The next four lanes; call it 8 times.
    @inline(__always)
    mutating func next() -> WideFourLanes {
        // Row 31 of four lanes is the last quarter.
        let totals = (source + (WideFourLanes.byteCount &- 16))
            .assumingMemoryBound(to: UInt32.self)
        let offset1 = offset &+ totals[0]
        let offset2 = offset1 &+ totals[1]
        let offset3 = offset2 &+ totals[2]
        let rows = WideFourLanes(
            source, first: UInt64(offset) | UInt64(offset1) &<< 32,
            second: UInt64(offset2) | UInt64(offset3) &<< 32)
        offset = offset3 &+ totals[3]
        source += WideFourLanes.byteCount
        return rows
    }
}

/// 32 rows of four lanes: four vectors of eight rows of the first two, and of the second two.
///
/// In each pair the low word is the first of two lanes'. Within a vector rows stand in the order 0,
/// 4, 1, 5, 2, 6, 3, 7.
private struct WideFourLanes {
    static let byteCount = 512

    let first0: WideWords
    let first8: WideWords
    let first16: WideWords
    let first24: WideWords
    let second0: WideWords
    let second8: WideWords
    let second16: WideWords
    let second24: WideWords

    /// Eight vectors, each of four rows of four lanes; the offsets are added to each pair.
    @inline(__always)
    init(_ source: UnsafeRawPointer, first: UInt64, second: UInt64) {
        let low = WidePairs(repeating: first).words
        let high = WidePairs(repeating: second).words
        let (rows0, rows4) = (loadWords(source), loadWords(source + 64))
        let (rows8, rows12) = (loadWords(source + 128), loadWords(source + 192))
        let (rows16, rows20) = (loadWords(source + 256), loadWords(source + 320))
        let (rows24, rows28) = (loadWords(source + 384), loadWords(source + 448))
        first0 = rows0.lowPairs(with: rows4) &+ low
        first8 = rows8.lowPairs(with: rows12) &+ low
        first16 = rows16.lowPairs(with: rows20) &+ low
        first24 = rows24.lowPairs(with: rows28) &+ low
        second0 = rows0.highPairs(with: rows4) &+ high
        second8 = rows8.highPairs(with: rows12) &+ high
        second16 = rows16.highPairs(with: rows20) &+ high
        second24 = rows24.highPairs(with: rows28) &+ high
    }
}

extension WideExtremes {
    @inline(__always)
    fileprivate mutating func add(_ rows: WideFourLanes) {
        add(rows.first0, rows.first8)
        add(rows.first16, rows.first24)
        add(rows.second0, rows.second8)
        add(rows.second16, rows.second24)
    }
}

/// Sixteen running sums over lanes: those of the rows 0 to 7, and of 8 to 15, modulo 16.
private struct WideLaneSums {
    private var rows0 = WideDoubles()
    private var rows8 = WideDoubles()

    @inline(__always)
    init() {}

    /// Adds the 32 rows of four lanes, one lane after the other.
    @inline(__always)
    mutating func add<Scaling: WideScaling>(_ rows: WideFourLanes, _ scaling: Scaling) {
        add(rows.first0, rows.first8, rows.first16, rows.first24, scaling)
        add(rows.second0, rows.second8, rows.second16, rows.second24, scaling)
    }

    /// Adds the 32 rows of the first of two lanes, then of the second.
    @inline(__always)
    private mutating func add<Scaling: WideScaling>(
        _ first0: WideWords, _ first8: WideWords, _ second0: WideWords, _ second8: WideWords,
        _ scaling: Scaling
    ) {
        rows0 += scaling.doubles(first0.pairs.lowShifted)
        rows8 += scaling.doubles(first8.pairs.lowShifted)
        rows0 += scaling.doubles(second0.pairs.lowShifted)
        rows8 += scaling.doubles(second8.pairs.lowShifted)
        rows0 += scaling.doubles(first0.pairs.highShifted)
        rows8 += scaling.doubles(first8.pairs.highShifted)
        rows0 += scaling.doubles(second0.pairs.highShifted)
        rows8 += scaling.doubles(second8.pairs.highShifted)
    }

    /// Sum j takes in sum j + 8, then j + 4, then j + 2, and sum 0 at last sum 1.
    ///
    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func fold(into total: inout SumTotal) {
        let eight = rows0 + rows8
        // Rows 0 to 3, and 4 to 7.
        let four = eight.evenHalf + eight.oddHalf
        let two = four.lowHalf + four.highHalf
        total.sum += two[0] + two[1]
    }
}

/// Words as doubles, each more by `roundingShift`.
extension WidePairs {
    /// The low word of each pair.
    @inline(__always)
    fileprivate var lowShifted: WideDoubles { shifted(self & Self(repeating: 0xFFFF_FFFF)) }

    /// The high word of each pair.
    @inline(__always)
    fileprivate var highShifted: WideDoubles { shifted(self &>> Self(repeating: 32)) }

    @inline(__always)
    private func shifted(_ words: Self) -> WideDoubles {
        unsafeBitCast(words | Self(repeating: roundingShift.bitPattern), to: WideDoubles.self)
    }
}

/// Words of two vectors in a new order, one instruction each.
///
/// They are written word by word, and from step to step in words or pairs in turn: through several
/// steps in lanes of one width the compiler follows each single word, and makes of them many
/// instructions.
extension WideWords {
    /// In each quarter, words 0 and 1 of both.
    @inline(__always)
    fileprivate func lowPairs(with other: Self) -> Self {
        Self(
            self[0], self[1], other[0], other[1], self[4], self[5], other[4], other[5],
            self[8], self[9], other[8], other[9], self[12], self[13], other[12], other[13])
    }

    /// In each quarter, words 2 and 3 of both.
    @inline(__always)
    fileprivate func highPairs(with other: Self) -> Self {
        Self(
            self[2], self[3], other[2], other[3], self[6], self[7], other[6], other[7],
            self[10], self[11], other[10], other[11], self[14], self[15], other[14], other[15])
    }

    @inline(__always)
    fileprivate func lowHalves(with other: Self) -> Self {
        Self(lowHalf: lowHalf, highHalf: other.lowHalf)
    }

    @inline(__always)
    fileprivate func highHalves(with other: Self) -> Self {
        Self(lowHalf: highHalf, highHalf: other.highHalf)
    }
}

extension WidePairs {
    /// Quarters 0 and 2 of both.
    @inline(__always)
    fileprivate func evenQuarters(with other: Self) -> Self {
        Self(self[0], self[1], self[4], self[5], other[0], other[1], other[4], other[5])
    }

    /// Quarters 1 and 3 of both.
    @inline(__always)
    fileprivate func oddQuarters(with other: Self) -> Self {
        Self(self[2], self[3], self[6], self[7], other[2], other[3], other[6], other[7])
    }
}
