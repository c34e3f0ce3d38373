/// Sums over blocks of differences in lane order: row r of lane j is number 32*j + r.
///
/// What is added up are running sums, from 2^31 on: words that ascend as the signed sums do.
public enum LaneSums {
    /// Where running sums begin.
    fileprivate static var bias: UInt32 { 0x8000_0000 }

    /// Whether no running sum of a block can leave 32 bits, nor what those of a lane add up to,
    /// whatever the block's bytes: then differences are added up as they are unpacked.
    public static func isSmall(width: Int, reference: Int64) -> Bool {
        width <= 20 && reference.magnitude <= 1 << 20
    }

    /// Adds up the running sums of a block's differences, each plus the `reference`.
    ///
    /// `packed` holds `width * 128` bytes, `scratch` has room for 32 words; the block `isSmall`.
    public static func total(
        _ packed: UnsafeRawPointer, width: Int, adding reference: UInt32, wantsExtremes: Bool,
        scratch: UnsafeMutablePointer<UInt32>
    ) -> WordTotal {
        wantsExtremes
            ? total(packed, width, reference, AllExtremes.self, scratch)
            : total(packed, width, reference, NoExtremes.self, scratch)
    }

    @inline(never)
    private static func total<Extremes: WordExtremes>(
        _ packed: UnsafeRawPointer, _ width: Int, _ reference: UInt32, _: Extremes.Type,
        _ scratch: UnsafeMutablePointer<UInt32>
    ) -> WordTotal {
        // Sixteen lanes at a time: what is kept of them fits into registers.
        let low = LanePair<Extremes>(HalfRows(packed, width: width), reference, scratch)
        let high = LanePair<Extremes>(
            HalfRows(packed + 64, width: width), reference, scratch + 16)
        let offsets = PrefixSums.offsets(scratch, from: bias)
        var before = PairSums()
        before.add(offsets)
        var within = PairSums()
        within.add((low.total0, low.total1, high.total0, high.total1))
        var extremes = Extremes()
        let back = Words(repeating: bias)
        extremes.add(low.extremes0, plus: offsets.0 &- back)
        extremes.add(low.extremes1, plus: offsets.1 &- back)
        extremes.add(high.extremes0, plus: offsets.2 &- back)
        extremes.add(high.extremes1, plus: offsets.3 &- back)
        let found = extremes.found()
        // Each lane's sum is kept as a word, too, which is 2^31 more than it is.
        return WordTotal(
            sum: 32 &* before.sum() &+ within.sum() &- 32 &* UInt64(bias),
            least: found.least, greatest: found.greatest)
    }

    /// Adds up the words that the running sums of a block stand for, modulo 2^32: those within the
    /// lane and the totals of the lanes before.
    ///
    /// `rows` holds the sums within lanes, as `LanePacking.unpackLaneSums` leaves them.
    public static func total(
        _ rows: UnsafePointer<UInt32>, wantsExtremes: Bool
    ) -> WordTotal {
        wantsExtremes ? total(rows, AllExtremes.self) : total(rows, NoExtremes.self)
    }

    @inline(never)
    private static func total<Extremes: WordExtremes>(
        _ rows: UnsafePointer<UInt32>, _: Extremes.Type
    ) -> WordTotal {
        let offsets = PrefixSums.offsets(rows + 31 &* 32, from: bias)
        var sums = PairSums()
        var extremes = Extremes()
        var row = UnsafeRawPointer(rows)
        for _ in 0..<32 {
            let words = (
                loadWords(row) &+ offsets.0, loadWords(row + 32) &+ offsets.1,
                loadWords(row + 64) &+ offsets.2, loadWords(row + 96) &+ offsets.3
            )
            sums.add(words)
            extremes.add(words)
            row += 128
        }
        let found = extremes.found()
        return WordTotal(sum: sums.sum(), least: found.least, greatest: found.greatest)
    }
}

/// What the running sums of sixteen lanes add up to, each lane from 2^31 on.
private struct LanePair<Extremes: WordExtremes> {
    /// Sums of the 32 rows of each lane, 2^31 more than they are: 32 times 2^31 are no more.
    let total0: Words
    let total1: Words
    let extremes0: Extremes
    let extremes1: Extremes

    /// Writes what the differences of each lane add up to.
    @inline(__always)
    init(_ rows: HalfRows, _ reference: UInt32, _ ends: UnsafeMutablePointer<UInt32>) {
        var rows = rows
        let added = Words(repeating: reference)
        let bias = Words(repeating: LaneSums.bias)
        var (running0, running1) = (bias, bias)
        var (total0, total1) = (bias, bias)
        var (extremes0, extremes1) = (Extremes(), Extremes())
        for _ in 0..<32 {
            let (words0, words1) = rows.next()
            running0 &+= words0 &+ added
            running1 &+= words1 &+ added
            total0 &+= running0
            total1 &+= running1
            extremes0.add(running0)
            extremes1.add(running1)
        }
        storeWords(running0 &- bias, ends)
        storeWords(running1 &- bias, ends + 8)
        (self.total0, self.total1) = (total0, total1)
        (self.extremes0, self.extremes1) = (extremes0, extremes1)
    }
}

/// The rows of sixteen lanes one after the other.
private struct HalfRows {
    private let source: UnsafeRawPointer
    private let width: Int
    private let mask: Words
    private var bit = 0

    /// `source` is that of a block, or 64 bytes behind; width is 0...32.
    @inline(__always)
    init(_ source: UnsafeRawPointer, width: Int) {
        self.source = source
        self.width = width
        mask =
            width == 0
            ? Words() : Words(repeating: UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width))
    }

    /// The next row; call it 32 times.
    @inline(__always)
    mutating func next() -> (Words, Words) {
        // A block of width 0 has no bytes: nothing may be read.
        guard width != 0 else { return (Words(), Words()) }
        let word = source + (bit &>> 5) &* 128
        let shift = bit & 31
        bit &+= width
        let down = Words(repeating: UInt32(truncatingIfNeeded: shift))
        var words0 = loadWords(word) &>> down
        var words1 = loadWords(word + 32) &>> down
        if shift &+ width > 32 {
            let up = Words(repeating: UInt32(truncatingIfNeeded: 32 &- shift))
            words0 |= loadWords(word + 128) &<< up
            words1 |= loadWords(word + 160) &<< up
        }
        return (words0 & mask, words1 & mask)
    }
}
