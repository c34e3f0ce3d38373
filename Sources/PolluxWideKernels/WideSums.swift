public import PolluxKernels

/// Sums over packed blocks of 1,024 numbers, for processors with AVX-512.
///
/// All integers, `base + factor * word`, are below 2^51 in size, else sums mean nothing.
public enum WideSums {
    /// Adds the sums of `(base + factor * word) / divisor` over blocks packed in natural order.
    ///
    /// Each block holds `width * 128` bytes; widths are 0...32.
    @inline(never)
    public static func add(
        _ blocks: UnsafeBufferPointer<SumBlock>, factor: Int64, divisor: Double,
        wantsExtremes: Bool, to total: inout SumTotal
    ) {
        let column = WideColumn(blocks, factor: factor, divisor: divisor)
        guard column.count > 0 else { return }
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
        _ column: WideColumn, _: Scaling.Type, _ wantsExtremes: Bool, _ total: inout SumTotal
    ) {
        if wantsExtremes {
            add(column, Scaling.self, AllExtremes.self, &total)
        } else {
            add(column, Scaling.self, NoExtremes.self, &total)
        }
    }

    /// Each row is unpacked before the one before it is added up.
    @inline(never)
    private static func add<Scaling: WideScaling, Extremes: WideExtremes>(
        _ column: WideColumn, _: Scaling.Type, _: Extremes.Type, _ total: inout SumTotal
    ) {
        var extremes = Extremes()
        column.forEach { block in
            let scaling = column.scaling(block, Scaling.self)
            var sums = WideSixteen()
            var rows = WideRows(block.packed, width: block.width)
            var words = rows.next()
            for _ in 1..<32 {
                let next = rows.next()
                extremes.add(words.0, words.1)
                sums.add(words.0, words.1, scaling)
                words = next
            }
            extremes.add(words.0, words.1)
            sums.add(words.0, words.1, scaling)
            extremes.endBlock(scaling)
            sums.fold(into: &total)
        }
        extremes.fold(into: &total)
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
    mutating func fold(into total: inout SumTotal) {
        let low4 = low.lowHalf + low.highHalf
        let high4 = high.lowHalf + high.highHalf
        let low2 = low4.lowHalf + low4.highHalf
        let high2 = high4.lowHalf + high4.highHalf
        let two = low2 + high2
        total.sum += two[0] + two[1]
    }
}

/// What is found out about the least and greatest of a column.
protocol WideExtremes {
    init()

    /// Takes in words of a block.
    mutating func add(_ first: WideWords, _ second: WideWords)

    /// The words so far stand for this; those that follow may stand for something else.
    mutating func endBlock<Scaling: WideScaling>(_ scaling: Scaling)

    /// Takes in the least and greatest of at least one block.
    mutating func fold(into total: inout SumTotal)
}

/// Nobody asks for them.
struct NoExtremes: WideExtremes {
    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ first: WideWords, _ second: WideWords) {}

    @inline(__always)
    mutating func endBlock<Scaling: WideScaling>(_ scaling: Scaling) {}

    @inline(__always)
    mutating func fold(into total: inout SumTotal) {}
}

/// Words while a block lasts, then integers as doubles, which hold them exactly.
struct AllExtremes: WideExtremes {
    private var leastWords = WideWords(repeating: .max)
    private var greatestWords = WideWords()
    private var least = WideDoubles(repeating: .infinity)
    private var greatest = WideDoubles(repeating: -.infinity)

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ first: WideWords, _ second: WideWords) {
        leastWords = lesser(leastWords, lesser(first, second))
        greatestWords = greater(greatestWords, greater(first, second))
    }

    /// Not inlined and by address, as sums.
    @inline(never)
    mutating func endBlock<Scaling: WideScaling>(_ scaling: Scaling) {
        least = lesser(least, scaling.integers(leastWords.lowShifted))
        least = lesser(least, scaling.integers(leastWords.highShifted))
        greatest = greater(greatest, scaling.integers(greatestWords.lowShifted))
        greatest = greater(greatest, scaling.integers(greatestWords.highShifted))
        leastWords = WideWords(repeating: .max)
        greatestWords = WideWords()
    }

    /// Not inlined and by address, as sums.
    ///
    /// Without `min()` and `max()` of vectors: the compiler makes functions of them that the linker
    /// could take for those of other rooms.
    @inline(never)
    mutating func fold(into total: inout SumTotal) {
        for lane in 0..<8 { total.add(least: least[lane], greatest: greatest[lane]) }
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
