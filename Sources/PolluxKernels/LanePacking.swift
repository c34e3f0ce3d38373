/// Packing of 1,024 numbers of up to 32 bits in 32 interleaved lanes.
///
/// storage-format/encodings.md §4.
///
/// A block is 32 rows of 32 lanes; the packed form is `width` rows of 32 little-endian words, and
/// row r of a lane holds bits r*width ..< (r+1)*width of that lane's bit string.
public enum LanePacking {
    /// Packs 1,024 words, row by row, keeping the low `width` bits of each.
    ///
    /// `rows` holds 1,024 words; `target` has room for `width * 128` bytes; width is 1...32.
    public static func pack(
        _ rows: UnsafePointer<UInt32>, width: Int, into target: UnsafeMutableRawPointer
    ) {
        let mask = Words(repeating: UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width))
        for group in 0..<4 {
            var held = Words()
            var filled = 0
            var word = target + group &* 32
            var row = UnsafeRawPointer(rows) + group &* 32
            for _ in 0..<32 {
                let value = loadWords(row) & mask
                row += 128
                held |= value &<< Words(repeating: UInt32(truncatingIfNeeded: filled))
                filled &+= width
                if filled >= 32 {
                    storeWords(held, word)
                    word += 128
                    filled &-= 32
                    let used = width &- filled
                    held =
                        filled == 0
                        ? Words()
                        : value &>> Words(repeating: UInt32(truncatingIfNeeded: used))
                }
            }
        }
    }

    /// Unpacks 1,024 words, row by row, adding `reference` with wrapping.
    ///
    /// `source` holds `width * 128` bytes; `rows` has room for 1,024 words; width is 0...32.
    public static func unpack(
        _ source: UnsafeRawPointer, width: Int, adding reference: UInt32,
        into rows: UnsafeMutablePointer<UInt32>
    ) {
        let target = UnsafeMutableRawPointer(rows)
        let added = Words(repeating: reference)
        var lanes = LaneRows(source, width: width)
        for row in 0..<32 {
            let (words0, words1, words2, words3) = lanes.next()
            let place = target + row &* 128
            storeWords(words0 &+ added, place)
            storeWords(words1 &+ added, place + 32)
            storeWords(words2 &+ added, place + 64)
            storeWords(words3 &+ added, place + 96)
        }
    }

    /// Unpacks 1,024 numbers in natural order into integers: `base + factor * word`, wrapping.
    ///
    /// `source` holds `width * 128` bytes; `values` has room for 1,024 integers; width is 0...32.
    public static func unpack(
        _ source: UnsafeRawPointer, width: Int, base: Int64, factor: Int64,
        into values: UnsafeMutablePointer<Int64>
    ) {
        let bases = Longs(repeating: base)
        var lanes = LaneRows(source, width: width)
        if factor == 1 {
            for row in 0..<32 {
                let (words0, words1, words2, words3) = lanes.next()
                let place = values + row &* 32
                storeLongs(bases &+ Longs(truncatingIfNeeded: words0), place)
                storeLongs(bases &+ Longs(truncatingIfNeeded: words1), place + 8)
                storeLongs(bases &+ Longs(truncatingIfNeeded: words2), place + 16)
                storeLongs(bases &+ Longs(truncatingIfNeeded: words3), place + 24)
            }
            return
        }
        let factors = Longs(repeating: factor)
        for row in 0..<32 {
            let (words0, words1, words2, words3) = lanes.next()
            let place = values + row &* 32
            storeLongs(bases &+ Longs(truncatingIfNeeded: words0) &* factors, place)
            storeLongs(bases &+ Longs(truncatingIfNeeded: words1) &* factors, place + 8)
            storeLongs(bases &+ Longs(truncatingIfNeeded: words2) &* factors, place + 16)
            storeLongs(bases &+ Longs(truncatingIfNeeded: words3) &* factors, place + 24)
        }
    }

    /// Unpacks 1,024 differences in lane order as running sums down each lane.
    ///
    /// `source` holds `width * 128` bytes; `rows` has room for 1,024 words; width is 0...32.
    /// `reference` is added to each difference. All wraps modulo 2^32.
    public static func unpackLaneSums(
        _ source: UnsafeRawPointer, width: Int, adding reference: UInt32,
        into rows: UnsafeMutablePointer<UInt32>
    ) {
        let target = UnsafeMutableRawPointer(rows)
        let added = Words(repeating: reference)
        var sum0 = Words()
        var sum1 = Words()
        var sum2 = Words()
        var sum3 = Words()
        var lanes = LaneRows(source, width: width)
        for row in 0..<32 {
            let (words0, words1, words2, words3) = lanes.next()
            let place = target + row &* 128
            sum0 &+= words0 &+ added
            sum1 &+= words1 &+ added
            sum2 &+= words2 &+ added
            sum3 &+= words3 &+ added
            storeWords(sum0, place)
            storeWords(sum1, place + 32)
            storeWords(sum2, place + 64)
            storeWords(sum3, place + 96)
        }
    }

    /// Unpacks 1,024 numbers in natural order into doubles: `(base + factor * word) / divisor`.
    ///
    /// `source` holds `width * 128` bytes; `values` has room for 1,024 doubles; width is 0...32.
    /// All intermediate integers must be below 2^51 in size, else the doubles mean nothing.
    public static func unpack(
        _ source: UnsafeRawPointer, width: Int, base: Int64, factor: Int64, divisor: Double,
        into values: UnsafeMutablePointer<Double>
    ) {
        if factor != 1 {
            let scaling = LinearWords(base: base, factor: factor, divisor: divisor)
            unpack(source, width: width, scaling, into: values)
        } else if divisor == 1 {
            let scaling = ShiftedWords(base: base, factor: factor, divisor: divisor)
            unpack(source, width: width, scaling, into: values)
        } else {
            let scaling = DividedWords(base: base, factor: factor, divisor: divisor)
            unpack(source, width: width, scaling, into: values)
        }
    }

    @inline(__always)
    private static func unpack<Scaling: WordScaling>(
        _ source: UnsafeRawPointer, width: Int, _ scaling: Scaling,
        into values: UnsafeMutablePointer<Double>
    ) {
        var lanes = LaneRows(source, width: width)
        for row in 0..<32 {
            let (words0, words1, words2, words3) = lanes.next()
            let place = values + row &* 32
            scaling.store(words0, place)
            scaling.store(words1, place + 8)
            scaling.store(words2, place + 16)
            scaling.store(words3, place + 24)
        }
    }
}

/// The rows of a packed block one after the other: four vectors of eight words each.
struct LaneRows {
    private let source: UnsafeRawPointer
    private let width: Int
    private let mask: Words
    private var bit = 0

    /// `source` holds `width * 128` bytes; width is 0...32.
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
    mutating func next() -> (Words, Words, Words, Words) {
        // A block of width 0 has no bytes: nothing may be read.
        guard width != 0 else { return (Words(), Words(), Words(), Words()) }
        let word = source + (bit &>> 5) &* 128
        let shift = bit & 31
        bit &+= width
        let down = Words(repeating: UInt32(truncatingIfNeeded: shift))
        var words0 = loadWords(word) &>> down
        var words1 = loadWords(word + 32) &>> down
        var words2 = loadWords(word + 64) &>> down
        var words3 = loadWords(word + 96) &>> down
        if shift &+ width > 32 {
            let up = Words(repeating: UInt32(truncatingIfNeeded: 32 &- shift))
            words0 |= loadWords(word + 128) &<< up
            words1 |= loadWords(word + 160) &<< up
            words2 |= loadWords(word + 192) &<< up
            words3 |= loadWords(word + 224) &<< up
        }
        return (words0 & mask, words1 & mask, words2 & mask, words3 & mask)
    }
}
