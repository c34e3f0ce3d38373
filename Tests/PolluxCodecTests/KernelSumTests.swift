import PolluxCodec
import PolluxKernels
import PolluxTestKit
import Testing

/// Sums straight from packed bits are exact: those of the unpacked words, one by one.
@Suite struct KernelSumTests {
    /// A block of packed words.
    private struct Block {
        let packed: [UInt8]
        let width: Int

        init(width: Int, _ random: inout Seed) {
            self.width = width
            let kind = random.next() % 4
            let words = (0..<1024).map { row -> UInt32 in
                switch kind {
                case 0: return .max
                case 1: return row % 3 == 0 ? .max : 0
                default: return UInt32(truncatingIfNeeded: random.next())
                }
            }
            var packed = [UInt8](repeating: 0, count: width * 128)
            if width > 0 {
                packed.withUnsafeMutableBytes {
                    LanePacking.pack(words, width: width, into: $0.baseAddress.unsafelyUnwrapped)
                }
            }
            self.packed = packed
        }

        func withPacked<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
            // Of exactly its size, so that the address sanitizer sees what is read behind it.
            let exact = UnsafeMutableRawPointer.allocate(
                byteCount: max(1, packed.count), alignment: 1)
            defer { exact.deallocate() }
            packed.withUnsafeBytes {
                exact.copyMemory(
                    from: $0.baseAddress ?? UnsafeRawPointer(exact), byteCount: packed.count)
            }
            return body(exact)
        }

        func words(_ unpack: (UnsafeRawPointer, UnsafeMutablePointer<UInt32>) -> Void) -> [UInt32] {
            [UInt32](unsafeUninitializedCapacity: 1024) { words, count in
                withPacked { unpack($0, words.baseAddress.unsafelyUnwrapped) }
                count = 1024
            }
        }

        /// The words as they are packed.
        var plain: [UInt32] {
            words { LanePacking.unpack($0, width: width, adding: 0, into: $1) }
        }

        /// The sums within lanes.
        func rows(_ reference: UInt32) -> [UInt32] {
            words { LanePacking.unpackLaneSums($0, width: width, adding: reference, into: $1) }
        }
    }

    /// What words add up to by the letter.
    private static func defined(_ words: [UInt32], _ wantsExtremes: Bool) -> WordTotal {
        WordTotal(
            sum: words.reduce(0) { $0 + UInt64($1) },
            least: wantsExtremes ? words.min() ?? .max : .max,
            greatest: wantsExtremes ? words.max() ?? 0 : 0)
    }

    private static func forEachBlock(_ seed: UInt64, _ body: (Block, inout Seed) -> Void) {
        var random = Seed(seed)
        for width in 0...32 {
            for _ in 0..<12 { body(Block(width: width, &random), &random) }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func packed(_ seed: UInt64) {
        Self.forEachBlock(seed) { block, _ in
            let words = block.plain
            for extremes in [false, true] {
                let found = block.withPacked {
                    PackedSums.total($0, width: block.width, wantsExtremes: extremes)
                }
                #expect(found == Self.defined(words, extremes), "width \(block.width)")
            }
        }
    }

    /// Running sums down the lanes, from lane to lane, by the letter.
    private static func running(
        _ differences: [UInt32], _ reference: UInt32, _ bias: UInt32
    ) -> [UInt32] {
        var sum = bias
        return (0..<1024).map { row in
            sum &+= differences[row % 32 * 32 + row / 32] &+ reference
            return sum
        }
    }

    @Test(arguments: [7, 8, 9] as [UInt64]) func lanes(_ seed: UInt64) {
        Self.forEachBlock(seed) { block, random in
            let (reference, bias) = (UInt32(truncatingIfNeeded: random.next()), UInt32(1) << 31)
            let rows = block.rows(reference)
            let words = block.words { PrefixSums.joinLanes(rows, adding: bias, into: $1) }
            let defined = Self.running(block.plain, reference, bias)
            #expect(words == defined, "width \(block.width)")
            for extremes in [false, true] {
                #expect(
                    LaneSums.total(rows, wantsExtremes: extremes)
                        == Self.defined(defined, extremes), "width \(block.width)")
            }
        }
    }

    /// What is added up while it is unpacked: all that is small, to the very end of it.
    @Test(arguments: [10, 11, 12] as [UInt64]) func smallDifferences(_ seed: UInt64) {
        var random = Seed(seed)
        for width in 0...18 {
            for round in 0..<12 {
                let block = Block(width: width, &random)
                let reference: Int64 =
                    switch round % 4 {
                    case 0: 1 << 18
                    case 1: -1 << 18
                    case 2: -(1 << Int64(max(0, width - 1)))
                    default: Int64(random.next() % (1 << 19)) - 1 << 18
                    }
                #expect(LaneSums.isSmall(width: width, reference: reference))
                let added = UInt32(truncatingIfNeeded: reference)
                let words = Self.running(block.plain, added, 1 << 31)
                for extremes in [false, true] {
                    var scratch = [UInt32](repeating: 7, count: 32)
                    let found = block.withPacked {
                        LaneSums.total(
                            $0, width: width, adding: added, wantsExtremes: extremes,
                            scratch: &scratch)
                    }
                    #expect(
                        found == Self.defined(words, extremes),
                        "width \(width), reference \(reference)")
                }
            }
        }
        for reference in [(1 << 18) + 1, -(1 << 18) - 1, .max, .min] as [Int64] {
            #expect(!LaneSums.isSmall(width: 3, reference: reference))
        }
        #expect(!LaneSums.isSmall(width: 19, reference: 0))
    }

    /// How many numbers have so many bits, beside their lengths one by one.
    @Test(arguments: [13, 14] as [UInt64]) func bitCounts(_ seed: UInt64) {
        var random = Seed(seed)
        for count in [1, 7, 8, 31, 32, 100, 1000, 1024] {
            let least = Int64(bitPattern: random.next()) >> 2
            let size = random.next() % 31
            let values = (0..<count).map { _ in least + Int64(random.next() >> (33 + size)) }
            let centre = values[count / 2]
            let reach = values.map { ($0 - centre).magnitude }.max() ?? 0
            let span = UInt64((values.max() ?? 0) - least)
            let longest = 64 - max(span, 2 * reach).leadingZeroBitCount
            let wordSize = BitCounts.WordSize(bits: longest)
            let room = (count + 31) / 32 * 32
            var words = [UInt32](repeating: .max, count: room)
            var zigzag = words
            BitCounts.distances(
                values, count: count, reference: least, size: wordSize, into: &words)
            BitCounts.zigzag(
                words, count: count, shift: least &- centre, size: wordSize, into: &zigzag)
            let above = values.map { 64 - ($0 - least).leadingZeroBitCount }
            let around = values.map { value in
                let distance = value - centre
                return 64 - ((distance << 1) ^ (distance >> 63)).leadingZeroBitCount
            }
            for bits in 1...max(1, longest) {
                #expect(
                    BitCounts.count(words, count: count, bits: bits, size: wordSize)
                        == above.count { $0 >= bits })
                #expect(
                    BitCounts.count(zigzag, count: count, bits: bits, size: wordSize)
                        == around.count { $0 >= bits })
            }
        }
    }
}
