/// Sums over blocks of differences in lane order: row r of lane j is number 32*j + r.
///
/// All running sums wrap modulo 2^32.
public enum LaneSums {
    /// How many words of scratch `add` needs.
    public static var scratchCount: Int { 1024 }

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
        let column = SumColumn(blocks, factor: factor, divisor: divisor)
        switch (factor != 1, wantsExtremes) {
        case (false, false):
            add(column, DividedPlaces.self, NoExtremes.self, bias, scratch, &total)
        case (false, true):
            add(column, DividedPlaces.self, AllExtremes.self, bias, scratch, &total)
        case (true, false):
            add(column, LinearPlaces.self, NoExtremes.self, bias, scratch, &total)
        case (true, true):
            add(column, LinearPlaces.self, AllExtremes.self, bias, scratch, &total)
        }
    }

    @inline(never)
    private static func add<Scaling: PlaceScaling, Extremes: SumExtremes>(
        _ column: SumColumn, _: Scaling.Type, _: Extremes.Type, _ bias: UInt32,
        _ scratch: UnsafeMutablePointer<UInt32>, _ total: inout SumTotal
    ) {
        guard column.count > 0 else { return }
        var extremes = Extremes()
        for index in 0..<column.count {
            let block = column[index]
            var unpacking = LaneUnpacking(block, into: scratch)
            for _ in 0..<16 { unpacking.step() }
            let scaling = column.scaling(block, Scaling.self)
            var sums = PairSums()
            var walk = PairWalk(scratch, from: bias)
            for _ in 0..<16 { sums.add(walk.next(), scaling, &extremes) }
            extremes.endBlock(scaling)
            sums.fold(into: &total)
        }
        extremes.fold(into: &total)
    }
}

/// A block of differences becoming running sums within lanes, two rows at a time.
///
/// What is written has the lanes in pairs of 256 bytes: row 0 of both, row 1 of both, and so on.
private struct LaneUnpacking {
    private var rows: LaneRows
    private let added: Words
    private var sum0 = Words()
    private var sum1 = Words()
    private var sum2 = Words()
    private var sum3 = Words()
    private var target: UnsafeMutableRawPointer

    @inline(__always)
    init(_ block: SumBlock, into target: UnsafeMutablePointer<UInt32>) {
        rows = LaneRows(block.packed, width: block.width)
        added = Words(repeating: block.reference)
        self.target = UnsafeMutableRawPointer(target)
    }

    /// The next two rows; call it 16 times.
    @inline(__always)
    mutating func step() {
        let even = rows.next()
        let even0 = sum0 &+ (even.0 &+ added)
        let even1 = sum1 &+ (even.1 &+ added)
        let even2 = sum2 &+ (even.2 &+ added)
        let even3 = sum3 &+ (even.3 &+ added)
        let odd = rows.next()
        sum0 = even0 &+ (odd.0 &+ added)
        sum1 = even1 &+ (odd.1 &+ added)
        sum2 = even2 &+ (odd.2 &+ added)
        sum3 = even3 &+ (odd.3 &+ added)
        Self.store(even0, sum0, target)
        Self.store(even1, sum1, target + 4 &* PairRows.byteCount)
        Self.store(even2, sum2, target + 8 &* PairRows.byteCount)
        Self.store(even3, sum3, target + 12 &* PairRows.byteCount)
        target += 16
    }

    /// Two rows of eight lanes, which are four pairs.
    @inline(__always)
    private static func store(_ row0: Words, _ row1: Words, _ target: UnsafeMutableRawPointer) {
        let low = row0.lowPairs(with: row1)
        let high = row0.highPairs(with: row1)
        let step = PairRows.byteCount
        target.storeBytes(of: low.lowHalf, as: SIMD4<UInt32>.self)
        (target + step).storeBytes(of: high.lowHalf, as: SIMD4<UInt32>.self)
        (target + 2 &* step).storeBytes(of: low.highHalf, as: SIMD4<UInt32>.self)
        (target + 3 &* step).storeBytes(of: high.highHalf, as: SIMD4<UInt32>.self)
    }
}

/// The 32 rows of two lanes, and what precedes both.
private struct PairRows {
    static let byteCount = 256

    let place: UnsafeRawPointer
    /// What precedes the first lane and the second, four times.
    let offsets: Words

    /// Four rows of both lanes.
    @inline(__always)
    subscript(_ row: Int) -> Words { loadWords(place + row &* 8) &+ offsets }
}

/// Pairs of lanes, each going on from the one before.
private struct PairWalk {
    private var place: UnsafeRawPointer
    /// What precedes the next lane: the totals of the lanes before it.
    private var offset: UInt32

    @inline(__always)
    init(_ lanes: UnsafePointer<UInt32>, from bias: UInt32) {
        place = UnsafeRawPointer(lanes)
        offset = bias
    }

    /// The next two lanes; call it 16 times.
    @inline(__always)
    mutating func next() -> PairRows {
        // Row 31 of both.
        let totals = (place + (PairRows.byteCount &- 8)).assumingMemoryBound(to: UInt32.self)
        let second = offset &+ totals[0]
        let both = SIMD4(repeating: UInt64(offset) | UInt64(second) &<< 32)
        let rows = PairRows(place: place, offsets: unsafeBitCast(both, to: Words.self))
        offset = second &+ totals[1]
        place += PairRows.byteCount
        return rows
    }
}

/// Sixteen running sums: those of rows 0 to 3, 4 to 7, 8 to 11 and 12 to 15, modulo 16.
private struct PairSums {
    private var rows0 = SIMD4<Double>()
    private var rows4 = SIMD4<Double>()
    private var rows8 = SIMD4<Double>()
    private var rows12 = SIMD4<Double>()

    @inline(__always)
    init() {}

    /// Adds the 32 rows of two lanes, one lane after the other.
    @inline(__always)
    mutating func add<Scaling: PlaceScaling, Extremes: SumExtremes>(
        _ rows: PairRows, _ scaling: Scaling, _ extremes: inout Extremes
    ) {
        Self.add(rows[0], rows[16], scaling, &extremes, &rows0)
        Self.add(rows[4], rows[20], scaling, &extremes, &rows4)
        Self.add(rows[8], rows[24], scaling, &extremes, &rows8)
        Self.add(rows[12], rows[28], scaling, &extremes, &rows12)
    }

    /// Four rows of the first lane and the four 16 behind them, then the same of the second.
    @inline(__always)
    private static func add<Scaling: PlaceScaling, Extremes: SumExtremes>(
        _ near: Words, _ far: Words, _ scaling: Scaling, _ extremes: inout Extremes,
        _ sum: inout SIMD4<Double>
    ) {
        extremes.add(near, far)
        sum += scaling.doubles(near.evenShifted)
        sum += scaling.doubles(far.evenShifted)
        sum += scaling.doubles(near.oddShifted)
        sum += scaling.doubles(far.oddShifted)
    }

    /// Sum j takes in sum j + 8, then j + 4, then j + 2, and sum 0 at last sum 1.
    ///
    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func fold(into total: inout SumTotal) {
        let four = (rows0 + rows8) + (rows4 + rows12)
        let two = four.lowHalf + four.highHalf
        total.sum += two[0] + two[1]
    }
}
