/// The sum of 1,024 numbers of a block, and the least and greatest of their words.
public struct WideSum {
    /// The sum in the order of storage-format/encodings.md §10.
    public var sum: Double
    /// The least word; meaningless unless extremes were asked for.
    public var least: UInt32
    /// The greatest word; meaningless unless extremes were asked for.
    public var greatest: UInt32

    /// A sum with the least and greatest word.
    public init(sum: Double, least: UInt32, greatest: UInt32) {
        self.sum = sum
        self.least = least
        self.greatest = greatest
    }
}

/// Sums over packed blocks of 1,024 numbers, for processors with AVX-512.
///
/// All integers, `base + factor * word`, are below 2^51 in size, else sums mean nothing.
public enum WideSums {
    /// The sum of `(base + factor * word) / divisor` over a block packed in natural order.
    ///
    /// `source` holds `width * 128` bytes; width is 0...32.
    @inline(never)
    public static func packed(
        _ source: UnsafeRawPointer, width: Int, base: Int64, factor: Int64, divisor: Double,
        wantsExtremes: Bool
    ) -> WideSum {
        var result = WideSum(sum: 0, least: 0, greatest: 0)
        if factor != 1 {
            let scaling = LinearWideWords(base: base, factor: factor, divisor: divisor)
            sum(source, width, scaling, wantsExtremes, &result)
        } else if divisor == 1 {
            sum(source, width, ShiftedWideWords(base: base), wantsExtremes, &result)
        } else {
            let scaling = DividedWideWords(base: base, divisor: divisor)
            sum(source, width, scaling, wantsExtremes, &result)
        }
        return result
    }

    @inline(__always)
    private static func sum<Scaling: WideScaling>(
        _ source: UnsafeRawPointer, _ width: Int, _ scaling: Scaling, _ wantsExtremes: Bool,
        _ result: inout WideSum
    ) {
        var sums = WideSixteen()
        var rows = WideRows(source, width: width)
        if wantsExtremes {
            var extremes = WideExtremes()
            for _ in 0..<32 {
                let (words0, words1) = rows.next()
                sums.add(words0, scaling)
                sums.add(words1, scaling)
                extremes.add(words0, words1)
            }
            extremes.fold(into: &result)
        } else {
            for _ in 0..<32 {
                let (words0, words1) = rows.next()
                sums.add(words0, scaling)
                sums.add(words1, scaling)
            }
        }
        sums.fold(into: &result)
    }
}

/// Sixteen running sums: those of even numbers, and those of odd ones.
///
/// So apart, words become double-width by a mask or a shift, and stay in their places.
struct WideSixteen {
    private var even = WideDoubles()
    private var odd = WideDoubles()

    @inline(__always)
    init() {}

    /// Adds sixteen scaled words, each to the sum of its place.
    @inline(__always)
    mutating func add<Scaling: WideScaling>(_ words: WideWords, _ scaling: Scaling) {
        even += scaling.doubles(words.pairs.lowWords)
        odd += scaling.doubles(words.pairs.highWords)
    }

    /// Sum j takes in sum j + 8, then j + 4, then j + 2, and sum 0 at last sum 1.
    ///
    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func fold(into result: inout WideSum) {
        let even4 = even.lowHalf + even.highHalf
        let odd4 = odd.lowHalf + odd.highHalf
        let even2 = even4.lowHalf + even4.highHalf
        let odd2 = odd4.lowHalf + odd4.highHalf
        result.sum = (even2[0] + even2[1]) + (odd2[0] + odd2[1])
    }
}

/// The least and greatest words so far, of sixteen places.
struct WideExtremes {
    var least = WideWords(repeating: .max)
    var greatest = WideWords()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ first: WideWords, _ second: WideWords) {
        least = lesser(least, lesser(first, second))
        greatest = greater(greatest, greater(first, second))
    }

    /// Not inlined and by address, as sums.
    @inline(never)
    mutating func fold(into result: inout WideSum) {
        result.least = least.min()
        result.greatest = greatest.max()
    }
}

/// The rows of a packed block one after the other: two vectors of sixteen words each.
struct WideRows {
    private let source: UnsafeRawPointer
    private let width: Int
    private let mask: WideWords
    private var bit = 0

    /// `source` holds `width * 128` bytes; width is 0...32.
    @inline(__always)
    init(_ source: UnsafeRawPointer, width: Int) {
        self.source = source
        self.width = width
        mask =
            width == 0
            ? WideWords()
            : WideWords(repeating: UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width))
    }

    /// The next row; call it 32 times.
    @inline(__always)
    mutating func next() -> (WideWords, WideWords) {
        // A block of width 0 has no bytes: nothing may be read.
        guard width != 0 else { return (WideWords(), WideWords()) }
        let word = source + (bit &>> 5) &* 128
        let shift = bit & 31
        bit &+= width
        let down = WideWords(repeating: UInt32(truncatingIfNeeded: shift))
        var words0 = loadWords(word) &>> down
        var words1 = loadWords(word + 64) &>> down
        if shift &+ width > 32 {
            let up = WideWords(repeating: UInt32(truncatingIfNeeded: 32 &- shift))
            words0 |= loadWords(word + 128) &<< up
            words1 |= loadWords(word + 192) &<< up
        }
        return (words0 & mask, words1 & mask)
    }
}
