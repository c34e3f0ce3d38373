/// Sums over packed blocks of 1,024 numbers, for processors with AVX-512.
///
/// All integers, `base + factor * word`, are below 2^51 in size, else sums mean nothing.
public enum WideSums {
    /// Adds the sums of `(base + factor * word) / divisor` over blocks packed in natural order.
    ///
    /// Each block holds `width * 128` bytes; widths are 0...32.
    @inline(never)
    public static func add(
        _ blocks: UnsafeBufferPointer<WideBlock>, factor: Int64, divisor: Double,
        wantsExtremes: Bool, to total: inout WideTotal
    ) {
        let column = WideColumn(blocks, factor: factor, divisor: divisor)
        if factor != 1 {
            add(column, LinearWideWords.self, wantsExtremes, &total)
        } else if divisor == 1 {
            add(column, ShiftedWideWords.self, wantsExtremes, &total)
        } else {
            add(column, DividedWideWords.self, wantsExtremes, &total)
        }
    }

    @inline(__always)
    private static func add<Scaling: WideScaling>(
        _ column: WideColumn, _: Scaling.Type, _ wantsExtremes: Bool, _ total: inout WideTotal
    ) {
        if wantsExtremes {
            column.forEach { block in
                let scaling = column.scaling(block, Scaling.self)
                var sums = WideSixteen()
                var rows = WideRows(block.packed, width: block.width)
                var extremes = WideExtremes()
                var (words0, words1) = rows.next()
                for _ in 1..<32 {
                    let next = rows.next()
                    sums.add(words0, words1, scaling)
                    extremes.add(words0, words1)
                    (words0, words1) = next
                }
                sums.add(words0, words1, scaling)
                extremes.add(words0, words1)
                sums.fold(into: &total)
                extremes.fold(from: block.base, factor: column.factor, into: &total)
            }
        } else {
            column.forEach { block in
                let scaling = column.scaling(block, Scaling.self)
                var sums = WideSixteen()
                var rows = WideRows(block.packed, width: block.width)
                var (words0, words1) = rows.next()
                for _ in 1..<32 {
                    let next = rows.next()
                    sums.add(words0, words1, scaling)
                    (words0, words1) = next
                }
                sums.add(words0, words1, scaling)
                sums.fold(into: &total)
            }
        }
    }
}

/// Sixteen running sums: those of words 0 and 1 of each quarter of a vector, and of words 2 and 3.
struct WideSixteen {
    private var low = WideDoubles()
    private var high = WideDoubles()

    @inline(__always)
    init() {}

    /// Adds the scaled words of a row, each to the sum of its place.
    @inline(__always)
    mutating func add<Scaling: WideScaling>(
        _ first: WideWords, _ second: WideWords, _ scaling: Scaling
    ) {
        low += scaling.doubles(first.lowShifted)
        high += scaling.doubles(first.highShifted)
        low += scaling.doubles(second.lowShifted)
        high += scaling.doubles(second.highShifted)
    }

    /// Sum j takes in sum j + 8, then j + 4, then j + 2, and sum 0 at last sum 1.
    ///
    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func fold(into total: inout WideTotal) {
        let low4 = low.lowHalf + low.highHalf
        let high4 = high.lowHalf + high.highHalf
        let low2 = low4.lowHalf + low4.highHalf
        let high2 = high4.lowHalf + high4.highHalf
        let two = low2 + high2
        total.sum += two[0] + two[1]
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

    /// Takes in the least and greatest of what the words stand for.
    ///
    /// Not inlined and by address, as sums.
    @inline(never)
    mutating func fold(from base: Int64, factor: Int64, into total: inout WideTotal) {
        total.least = Swift.min(total.least, base &+ factor &* Int64(least.min()))
        total.greatest = Swift.max(total.greatest, base &+ factor &* Int64(greatest.max()))
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
