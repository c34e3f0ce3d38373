internal import PolluxKernels

/// How one block will be packed, with its exact size.
struct PackedPlan {
    var width: Int
    var reference: Int64
    var isWide: Bool
    var byteCount: Int

    /// Plans a block of numbers that were already differenced.
    ///
    /// Two references are tried: the least number, with exceptions above; and one that centres the
    /// range on the middle of a few of the numbers, with exceptions on both sides. `needsWide` is
    /// set when running sums would not fit 32 bits.
    init(_ values: UnsafePointer<Int64>, count: Int, needsWide: Bool, headByteCount: Int) {
        let (least, greatest) = IntegerLoops.range(values, count: count)
        let span = UInt64(bitPattern: greatest &- least)
        let full = bitLength(span)
        width = full
        reference = least
        byteCount = TailBits.byteCount(count: count, width: full)
        isWide = false
        if full > 0 {
            var histogram = BitLengths()
            histogram.count(values, count, above: least)
            let low = histogram.best(count: count, upTo: full, isSigned: false)
            if low.byteCount < byteCount {
                (width, byteCount) = low
            }
            let centre = Self.middle(values, count: count)
            histogram = BitLengths()
            histogram.count(values, count, around: centre)
            let centred = histogram.best(count: count, upTo: 63, isSigned: true)
            if centred.byteCount < byteCount {
                (width, byteCount) = centred
                reference = width == 0 ? centre : centre &- (1 << Int64(width - 1))
            }
        }
        isWide = needsWide || width > 32
        let zigzag = UInt64(bitPattern: (reference << 1) ^ (reference >> 63))
        byteCount += 1 + headByteCount + varintByteCount(bits: bitLength(zigzag))
    }

    /// The median of up to 15 numbers spread over the block.
    private static func middle(_ values: UnsafePointer<Int64>, count: Int) -> Int64 {
        let taken = min(15, count)
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: 15) { few in
            for index in 0..<taken {
                let value = values[index * count / taken]
                var place = index
                while place > 0, few[place - 1] > value {
                    few[place] = few[place - 1]
                    place -= 1
                }
                few[place] = value
            }
            return few[taken / 2]
        }
    }
}

/// How many numbers of a block need how many bits.
private struct BitLengths {
    private var counts = InlineArray<65, UInt32>(repeating: 0)

    mutating func count(_ values: UnsafePointer<Int64>, _ count: Int, above least: Int64) {
        withUnsafeMutableBytes(of: &counts) { bytes in
            let pointer = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt32.self)
            IntegerLoops.countBitLengths(values, count: count, above: least, into: pointer)
        }
    }

    mutating func count(_ values: UnsafePointer<Int64>, _ count: Int, around centre: Int64) {
        withUnsafeMutableBytes(of: &counts) { bytes in
            let pointer = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt32.self)
            IntegerLoops.countBitLengths(values, count: count, centre: centre, into: pointer)
        }
    }

    /// The width with the fewest bytes, exceptions included.
    ///
    /// A number of b bits costs an exception of one byte for its place and a zigzag number of
    /// b - width + 1 bits; `isSigned` counts are of zigzag numbers, whose sign is a bit already.
    func best(count: Int, upTo limit: Int, isSigned: Bool) -> (width: Int, byteCount: Int) {
        var best = (width: 64, byteCount: Int.max)
        for width in 0...limit {
            var bytes = TailBits.byteCount(count: count, width: width)
            if bytes >= best.byteCount { break }
            var exceptionCount = 0
            var exceptionBytes = 0
            for bits in (width + 1)..<65 where counts[bits] != 0 {
                exceptionCount += Int(counts[bits])
                let high = bits - width + (isSigned && width > 0 ? 0 : 1)
                exceptionBytes += Int(counts[bits]) * (1 + (high + 6) / 7)
            }
            if exceptionCount > 0 {
                bytes +=
                    exceptionBytes + varintByteCount(bits: bitLength(UInt64(exceptionCount)))
                    + varintByteCount(bits: bitLength(UInt64(exceptionBytes)))
            }
            if bytes < best.byteCount { best = (width, bytes) }
        }
        return best
    }
}
