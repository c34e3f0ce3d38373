/// Sums over packed blocks of 1,024 numbers, straight from their bits.
public enum PackedSums {
    /// Adds up the words of a block packed in natural order.
    ///
    /// `packed` holds `width * 128` bytes; width is 0...32.
    public static func total(
        _ packed: UnsafeRawPointer, width: Int, wantsExtremes: Bool
    ) -> WordTotal {
        switch (width <= 27, wantsExtremes) {
        case (true, false): total(packed, width, NarrowSums.self, NoExtremes.self)
        case (true, true): total(packed, width, NarrowSums.self, AllExtremes.self)
        case (false, false): total(packed, width, PairSums.self, NoExtremes.self)
        case (false, true): total(packed, width, PairSums.self, AllExtremes.self)
        }
    }

    @inline(never)
    private static func total<Sums: WordSums, Extremes: WordExtremes>(
        _ packed: UnsafeRawPointer, _ width: Int, _: Sums.Type, _: Extremes.Type
    ) -> WordTotal {
        var sums = Sums()
        var extremes = Extremes()
        var rows = LaneRows(packed, width: width)
        for _ in 0..<32 {
            let words = rows.next()
            sums.add(words)
            extremes.add(words)
        }
        let found = extremes.found()
        return WordTotal(sum: sums.sum(), least: found.least, greatest: found.greatest)
    }
}
