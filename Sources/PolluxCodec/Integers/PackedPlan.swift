internal import PolluxKernels

/// How one block will be packed, with its exact size.
struct PackedPlan {
    var width: Int
    var reference: Int64
    var isWide: Bool
    var byteCount: Int
    /// Whether there are numbers that the width cannot hold.
    var hasExceptions = false

    /// Plans a block of numbers that were already differenced, and lie in `range`.
    ///
    /// Two references are tried: the least number, with exceptions above; and one that centres the
    /// range on the middle of a few of the numbers, with exceptions on both sides. `needsWide` is
    /// set when running sums would not fit 32 bits. `words` has room for two blocks.
    init(
        _ values: UnsafePointer<Int64>, count: Int, range: (least: Int64, greatest: Int64),
        needsWide: Bool, headByteCount: Int, _ words: UnsafeMutablePointer<UInt32>
    ) {
        let (least, greatest) = range
        let span = UInt64(bitPattern: greatest &- least)
        let full = bitLength(span)
        width = full
        reference = least
        byteCount = TailBits.byteCount(count: count, width: full)
        isWide = false
        if full > 0 {
            let centre = Self.middle(values, count: count)
            let found = BitLengths.best(
                of: values, count: count, from: least, to: greatest, around: centre, words)
            if found.low.byteCount < byteCount { (width, byteCount) = found.low }
            if found.centred.byteCount < byteCount {
                (width, byteCount) = found.centred
                reference = width == 0 ? centre : centre &- (1 << Int64(width - 1))
            }
            hasExceptions =
                reference > least
                || width < 64 && UInt64(bitPattern: greatest &- reference) >> UInt64(width) != 0
        }
        isWide = needsWide || width > 32
        let zigzag = UInt64(bitPattern: (reference << 1) ^ (reference >> 63))
        byteCount += 1 + headByteCount + varintByteCount(bits: bitLength(zigzag))
    }

    /// The median of up to 15 numbers spread over the block.
    private static func middle(_ values: UnsafePointer<Int64>, count: Int) -> Int64 {
        if count >= 15 { return IntegerLoops.median(of: values, count: count) }
        var few = (0..<count).map { values[$0] }
        few.sort()
        return few[count / 2]
    }
}

/// How many numbers of a block need how many bits, and the width that follows from it.
private enum BitLengths {
    typealias Found = (width: Int, byteCount: Int)

    /// The widths with the fewest bytes, exceptions included.
    ///
    /// Lengths are those of the distances above the least, `low`, or of the zigzag distances from
    /// the centre. A number of b bits costs an exception of one byte for its place and a zigzag
    /// number of b - width + 1 bits; a signed one's sign is a bit already.
    static func best(
        of values: UnsafePointer<Int64>, count: Int, from least: Int64, to greatest: Int64,
        around centre: Int64, _ words: UnsafeMutablePointer<UInt32>
    ) -> (low: Found, centred: Found) {
        let full = bitLength(UInt64(bitPattern: greatest &- least))
        let reach = max(
            UInt64(bitPattern: centre &- least), UInt64(bitPattern: greatest &- centre))
        guard full <= 32, reach < 1 << 31, count <= ColumnLimits.blockCount else {
            return bestOfWide(values, count: count, from: least, around: centre)
        }
        let zigzag = words + ColumnLimits.blockCount
        let zigzagBits = bitLength(2 * reach)
        let size = BitCounts.WordSize(bits: max(full, zigzagBits))
        BitCounts.distances(values, count: count, reference: least, size: size, into: words)
        BitCounts.zigzag(words, count: count, shift: least &- centre, size: size, into: zigzag)
        let low = best(of: words, count: count, size, upTo: full, isSigned: false)
        return (
            low,
            best(
                of: zigzag, count: count, size, upTo: zigzagBits, isSigned: true,
                below: low.byteCount)
        )
    }

    /// Counts what is asked for, once.
    private static func best(
        of words: UnsafePointer<UInt32>, count: Int, _ size: BitCounts.WordSize,
        upTo limit: Int, isSigned: Bool, below bound: Int = .max
    ) -> Found {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 33) { counted in
            counted.initialize(repeating: -1)
            return best(count: count, upTo: limit, isSigned: isSigned, below: bound) { bits in
                if counted[bits] < 0 {
                    counted[bits] = Int32(
                        BitCounts.count(words, count: count, bits: bits, size: size))
                }
                return Int(counted[bits])
            }
        }
    }

    private static func bestOfWide(
        _ values: UnsafePointer<Int64>, count: Int, from least: Int64, around centre: Int64
    ) -> (low: Found, centred: Found) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 65) { counts in
            let atLeast = counts.baseAddress.unsafelyUnwrapped
            func bestOfCounts(isSigned: Bool, below bound: Int = .max) -> Found {
                let longest = (0...64).last { atLeast[$0] > 0 } ?? 0
                // From here on: how many numbers have so many bits or more.
                for bits in stride(from: 63, through: 0, by: -1) {
                    atLeast[bits] += atLeast[bits + 1]
                }
                return best(count: count, upTo: longest, isSigned: isSigned, below: bound) {
                    Int(atLeast[$0])
                }
            }
            IntegerLoops.countBitLengths(values, count: count, above: least, into: atLeast)
            let low = bestOfCounts(isSigned: false)
            IntegerLoops.countBitLengths(values, count: count, centre: centre, into: atLeast)
            return (low, bestOfCounts(isSigned: true, below: low.byteCount))
        }
    }

    /// The narrowest of the widths with the fewest bytes, or `bound` bytes where none has fewer;
    /// `atLeast` counts the numbers with so many bits or more, and none has more than `limit`.
    ///
    /// From the greatest width down, exceptions only become more: soon they cost more than all.
    /// Of the widths below one, each number with more bits costs two bytes, and nearly one for
    /// each seven widths that the others win an eighth of a byte.
    private static func best(
        count: Int, upTo limit: Int, isSigned: Bool, below bound: Int, _ atLeast: (Int) -> Int
    ) -> Found {
        let whole = TailBits.byteCount(count: count, width: limit)
        var best = (width: limit, byteCount: min(bound, whole))
        for width in stride(from: limit - 1, through: 0, by: -1) {
            var bytes = TailBits.byteCount(count: count, width: width)
            if bytes >= bound { continue }
            let exceptionCount = atLeast(width + 1)
            let rest = max(0, width - (isSigned ? 6 : 5))
            let least = min(count * rest / 8, exceptionCount * rest / 7)
            if 2 * exceptionCount + least > best.byteCount { break }
            if bytes + 2 * exceptionCount > best.byteCount { continue }
            // The place, then a byte for each seven bits that the high part has begun.
            var exceptionBytes = 2 * exceptionCount
            var bits = width + 7 + (isSigned && width > 0 ? 1 : 0)
            while bits <= limit {
                exceptionBytes += atLeast(bits)
                bits += 7
            }
            bytes +=
                exceptionBytes + varintByteCount(bits: bitLength(UInt64(exceptionCount)))
                + varintByteCount(bits: bitLength(UInt64(exceptionBytes)))
            if bytes <= best.byteCount { best = (width, bytes) }
        }
        return best
    }
}
