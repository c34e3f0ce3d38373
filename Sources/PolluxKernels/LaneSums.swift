/// Sums over blocks of differences in lane order: row r of lane j is number 32*j + r.
///
/// What is added up are running sums, from 2^31 on: words that ascend as the signed sums do.
public enum LaneSums {
    /// Where running sums begin.
    @inlinable public static var bias: UInt32 { 0x8000_0000 }

    /// Whether no running sum of a block can leave 32 bits, nor what those of four lanes add up to,
    /// whatever the block's bytes: then differences are added up as they are unpacked.
    public static func isSmall(width: Int, reference: Int64) -> Bool {
        width <= 18 && reference.magnitude <= 1 << 18
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
        let back = Words(repeating: bias)
        let added = Words(repeating: reference)
        // Each lane for itself, from 2^31 on; 32 times that is nothing more in a sum of words.
        var running = (back, back, back, back)
        var within = back
        var lanes = (Extremes(), Extremes(), Extremes(), Extremes())
        var rows = LaneRows(packed, width: width)
        for _ in 0..<32 {
            let words = rows.next()
            running.0 &+= words.0 &+ added
            running.1 &+= words.1 &+ added
            running.2 &+= words.2 &+ added
            running.3 &+= words.3 &+ added
            within &+= (running.0 &+ running.1) &+ (running.2 &+ running.3)
            lanes.0.add(running.0)
            lanes.1.add(running.1)
            lanes.2.add(running.2)
            lanes.3.add(running.3)
        }
        storeWords(running.0 &- back, scratch)
        storeWords(running.1 &- back, scratch + 8)
        storeWords(running.2 &- back, scratch + 16)
        storeWords(running.3 &- back, scratch + 24)
        let offsets = PrefixSums.offsets(scratch, from: bias)
        var extremes = Extremes()
        extremes.add(lanes.0, plus: offsets.0 &- back)
        extremes.add(lanes.1, plus: offsets.1 &- back)
        extremes.add(lanes.2, plus: offsets.2 &- back)
        extremes.add(lanes.3, plus: offsets.3 &- back)
        let found = extremes.found()
        var before = PairSums()
        before.add(offsets)
        var inLanes = PairSums()
        inLanes.add(within)
        return WordTotal(
            sum: 32 &* before.sum() &+ inLanes.sum() &- 8 &* UInt64(bias), least: found.least,
            greatest: found.greatest)
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
