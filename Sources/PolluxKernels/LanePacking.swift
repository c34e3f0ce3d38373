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
        forEachRow(source, width: width) { row, words0, words1, words2, words3 in
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
        if factor == 1 {
            forEachRow(source, width: width) { row, words0, words1, words2, words3 in
                let place = values + row &* 32
                storeLongs(bases &+ Longs(truncatingIfNeeded: words0), place)
                storeLongs(bases &+ Longs(truncatingIfNeeded: words1), place + 8)
                storeLongs(bases &+ Longs(truncatingIfNeeded: words2), place + 16)
                storeLongs(bases &+ Longs(truncatingIfNeeded: words3), place + 24)
            }
            return
        }
        let factors = Longs(repeating: factor)
        forEachRow(source, width: width) { row, words0, words1, words2, words3 in
            let place = values + row &* 32
            storeLongs(bases &+ Longs(truncatingIfNeeded: words0) &* factors, place)
            storeLongs(bases &+ Longs(truncatingIfNeeded: words1) &* factors, place + 8)
            storeLongs(bases &+ Longs(truncatingIfNeeded: words2) &* factors, place + 16)
            storeLongs(bases &+ Longs(truncatingIfNeeded: words3) &* factors, place + 24)
        }
    }

    /// Unpacks 1,024 numbers in natural order into doubles: `(base + factor * word) / divisor`.
    ///
    /// `source` holds `width * 128` bytes; `values` has room for 1,024 doubles; width is 0...32.
    /// All intermediate integers must be below 2^51 in size, else the doubles mean nothing.
    public static func unpack(
        _ source: UnsafeRawPointer, width: Int, base: Double, factor: Double, divisor: Double,
        into values: UnsafeMutablePointer<Double>
    ) {
        let bases = Doubles(repeating: base)
        let factors = Doubles(repeating: factor)
        if divisor == 1 {
            forEachRow(source, width: width) { row, words0, words1, words2, words3 in
                let place = values + row &* 32
                storeDoubles(bases.addingProduct(doubles(of: words0), factors), place)
                storeDoubles(bases.addingProduct(doubles(of: words1), factors), place + 8)
                storeDoubles(bases.addingProduct(doubles(of: words2), factors), place + 16)
                storeDoubles(bases.addingProduct(doubles(of: words3), factors), place + 24)
            }
            return
        }
        let scale = Divisor(divisor)
        forEachRow(source, width: width) { row, words0, words1, words2, words3 in
            let place = values + row &* 32
            storeDoubles(
                scale.divide(bases.addingProduct(doubles(of: words0), factors)), place)
            storeDoubles(
                scale.divide(bases.addingProduct(doubles(of: words1), factors)), place + 8)
            storeDoubles(
                scale.divide(bases.addingProduct(doubles(of: words2), factors)), place + 16)
            storeDoubles(
                scale.divide(bases.addingProduct(doubles(of: words3), factors)), place + 24)
        }
    }

    /// Sum, minimum and maximum of what `unpack` into doubles would give, without writing it.
    ///
    /// `source` holds `width * 128` bytes; width is 0...32.
    public static func aggregate(
        _ source: UnsafeRawPointer, width: Int, base: Double, factor: Double, divisor: Double
    ) -> BlockAggregate {
        let bases = Doubles(repeating: base)
        let factors = Doubles(repeating: factor)
        let scale = Divisor(divisor)
        var sums = Accumulators()
        if divisor == 1 {
            forEachRow(source, width: width) { _, words0, words1, words2, words3 in
                sums.add(
                    bases.addingProduct(doubles(of: words0), factors),
                    bases.addingProduct(doubles(of: words1), factors))
                sums.add(
                    bases.addingProduct(doubles(of: words2), factors),
                    bases.addingProduct(doubles(of: words3), factors))
            }
            return sums.folded
        }
        forEachRow(source, width: width) { _, words0, words1, words2, words3 in
            sums.add(
                scale.divide(bases.addingProduct(doubles(of: words0), factors)),
                scale.divide(bases.addingProduct(doubles(of: words1), factors)))
            sums.add(
                scale.divide(bases.addingProduct(doubles(of: words2), factors)),
                scale.divide(bases.addingProduct(doubles(of: words3), factors)))
        }
        return sums.folded
    }

    /// Calls `body` with the four vectors of each row; inlined into each kernel.
    @inline(__always)
    private static func forEachRow(
        _ source: UnsafeRawPointer, width: Int,
        _ body: (_ row: Int, Words, Words, Words, Words) -> Void
    ) {
        if width == 0 {
            for row in 0..<32 { body(row, Words(), Words(), Words(), Words()) }
            return
        }
        let mask = Words(repeating: UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width))
        var bit = 0
        for row in 0..<32 {
            let word = source + (bit &>> 5) &* 128
            let shift = bit & 31
            let down = Words(repeating: UInt32(truncatingIfNeeded: shift))
            if shift &+ width <= 32 {
                body(
                    row, (loadWords(word) &>> down) & mask, (loadWords(word + 32) &>> down) & mask,
                    (loadWords(word + 64) &>> down) & mask, (loadWords(word + 96) &>> down) & mask)
            } else {
                let up = Words(repeating: UInt32(truncatingIfNeeded: 32 &- shift))
                body(
                    row,
                    ((loadWords(word) &>> down) | (loadWords(word + 128) &<< up)) & mask,
                    ((loadWords(word + 32) &>> down) | (loadWords(word + 160) &<< up)) & mask,
                    ((loadWords(word + 64) &>> down) | (loadWords(word + 192) &<< up)) & mask,
                    ((loadWords(word + 96) &>> down) | (loadWords(word + 224) &<< up)) & mask)
            }
            bit &+= width
        }
    }
}
