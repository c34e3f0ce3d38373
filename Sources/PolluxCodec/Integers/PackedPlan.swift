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
            let low = BitLengths.best(
                of: values, count: count, from: least, upTo: full, isSigned: false)
            if low.byteCount < byteCount { (width, byteCount) = low }
            let centre = Self.middle(values, count: count)
            let centred = BitLengths.best(
                of: values, count: count, from: centre, upTo: 63, isSigned: true)
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

/// How many numbers of a block need how many bits, and the width that follows from it.
private enum BitLengths {
    /// The width with the fewest bytes, exceptions included.
    ///
    /// Lengths are those of the distances above `origin`, or of the zigzag distances from it when
    /// `isSigned`. A number of b bits costs an exception of one byte for its place and a zigzag
    /// number of b - width + 1 bits; a signed one's sign is a bit already.
    static func best(
        of values: UnsafePointer<Int64>, count: Int, from origin: Int64, upTo limit: Int,
        isSigned: Bool
    ) -> (width: Int, byteCount: Int) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 65) { counts in
            let atLeast = counts.baseAddress.unsafelyUnwrapped
            if isSigned {
                IntegerLoops.countBitLengths(values, count: count, centre: origin, into: atLeast)
            } else {
                IntegerLoops.countBitLengths(values, count: count, above: origin, into: atLeast)
            }
            // From here on: how many numbers have so many bits or more.
            for bits in stride(from: 63, through: 0, by: -1) { atLeast[bits] += atLeast[bits + 1] }
            return best(UnsafePointer(atLeast), count: count, upTo: limit, isSigned: isSigned)
        }
    }

    private static func best(
        _ atLeast: UnsafePointer<UInt32>, count: Int, upTo limit: Int, isSigned: Bool
    ) -> (width: Int, byteCount: Int) {
        var best = (width: 64, byteCount: Int.max)
        for width in 0...limit {
            var bytes = TailBits.byteCount(count: count, width: width)
            if bytes >= best.byteCount { break }
            let exceptionCount = width < 64 ? Int(atLeast[width + 1]) : 0
            if exceptionCount > 0 {
                // The place, then a byte for each seven bits that the high part has begun.
                var exceptionBytes = 2 * exceptionCount
                var bits = width + 7 + (isSigned && width > 0 ? 1 : 0)
                while bits <= 64, atLeast[bits] > 0 {
                    exceptionBytes += Int(atLeast[bits])
                    bits += 7
                }
                bytes +=
                    exceptionBytes + varintByteCount(bits: bitLength(UInt64(exceptionCount)))
                    + varintByteCount(bits: bitLength(UInt64(exceptionBytes)))
            }
            if bytes < best.byteCount { best = (width, bytes) }
        }
        return best
    }
}
