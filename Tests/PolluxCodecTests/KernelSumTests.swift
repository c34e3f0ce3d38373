import PolluxCodec
import PolluxKernels
import PolluxTestKit
import PolluxWideKernels
import Testing

/// Sums straight from packed bits are those of storage-format/encodings.md §10 over the decoded
/// values, to the last bit, with vectors of either width.
@Suite struct KernelSumTests {
    /// The kernels that this processor has.
    private enum Vectors {
        case narrow, wide

        static var all: [Vectors] { CPUFeatures.isWide ? [.narrow, .wide] : [.narrow] }

        func add(_ blocks: [SumBlock], _ like: Block, _ extremes: Bool, to total: inout SumTotal) {
            blocks.withUnsafeBufferPointer { blocks in
                switch self {
                case .narrow:
                    PackedSums.add(
                        blocks, factor: like.factor, divisor: like.divisor,
                        wantsExtremes: extremes, to: &total)
                case .wide:
                    WideSums.add(
                        blocks, factor: like.factor, divisor: like.divisor,
                        wantsExtremes: extremes, to: &total)
                }
            }
        }

        func addLanes(
            _ blocks: [SumBlock], from bias: UInt32, _ like: Block, _ extremes: Bool,
            to total: inout SumTotal
        ) {
            let size = self == .wide ? WideLanes.scratchCount : LaneSums.scratchCount
            var scratch = [UInt32](repeating: 0, count: size)
            blocks.withUnsafeBufferPointer { blocks in
                switch self {
                case .narrow:
                    LaneSums.add(
                        blocks, from: bias, factor: like.factor, divisor: like.divisor,
                        wantsExtremes: extremes, scratch: &scratch, to: &total)
                case .wide:
                    WideLanes.add(
                        blocks, from: bias, factor: like.factor, divisor: like.divisor,
                        wantsExtremes: extremes, scratch: &scratch, to: &total)
                }
            }
        }
    }

    /// A block of packed numbers, and what they stand for.
    private struct Block {
        let packed: [UInt8]
        let width: Int
        let base: Int64
        private(set) var factor: Int64
        private(set) var divisor: Double

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
            base = Int64(bitPattern: random.next()) >> 24
            factor = [1, 1, 1, 5, 1000][Int(random.next() % 5)]
            divisor = [1, 10, 100, 7000, 1e9, 3, 1024][Int(random.next() % 7)]
        }

        func scaled(_ factor: Int64, _ divisor: Double) -> Block {
            var block = self
            block.factor = factor
            block.divisor = divisor
            return block
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

        /// What the words add up to by the letter.
        func defined(_ words: [UInt32]) -> SumTotal {
            let values = [Double](unsafeUninitializedCapacity: 1024) { values, count in
                WordBlock.scale(
                    words, base: base, factor: factor, divisor: divisor,
                    into: values.baseAddress.unsafelyUnwrapped)
                count = 1024
            }
            var sums = [Double](repeating: 0, count: 16)
            for (row, value) in values.enumerated() { sums[row % 16] += value }
            for half in [8, 4, 2, 1] {
                for place in 0..<half { sums[place] += sums[place + half] }
            }
            return total(sums[0], least: words.min() ?? 0, greatest: words.max() ?? 0)
        }

        /// A sum with what the least and greatest word stand for.
        func total(_ sum: Double, least: UInt32, greatest: UInt32) -> SumTotal {
            var total = SumTotal(from: sum)
            total.least = base + factor * Int64(least)
            total.greatest = base + factor * Int64(greatest)
            return total
        }
    }

    private static func check(
        _ found: SumTotal, _ defined: SumTotal, _ extremes: Bool, _ width: Int
    ) {
        #expect(found.sum.bitPattern == defined.sum.bitPattern, "width \(width)")
        guard extremes else { return }
        #expect(found.least == defined.least && found.greatest == defined.greatest)
    }

    private static func forEachBlock(_ seed: UInt64, _ body: (Block, inout Seed) -> Void) {
        var random = Seed(seed)
        for width in 0...32 {
            for _ in 0..<12 { body(Block(width: width, &random), &random) }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func packed(_ seed: UInt64) {
        Self.forEachBlock(seed) { block, _ in
            let words = block.words {
                LanePacking.unpack($0, width: block.width, adding: 0, into: $1)
            }
            let defined = block.defined(words)
            for (vectors, extremes) in Self.ways {
                var found = SumTotal(from: 0)
                block.withPacked {
                    let table = [SumBlock($0, width: block.width, base: block.base)]
                    vectors.add(table, block, extremes, to: &found)
                }
                Self.check(found, defined, extremes, block.width)
            }
        }
    }

    /// Each kernel, without least and greatest and with.
    private static var ways: [(Vectors, Bool)] {
        Vectors.all.flatMap { [($0, false), ($0, true)] }
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
            let differences = block.words {
                LanePacking.unpack($0, width: block.width, adding: 0, into: $1)
            }
            let rows = block.words {
                LanePacking.unpackLaneSums(
                    $0, width: block.width, adding: reference, into: $1)
            }
            let words = block.words { PrefixSums.joinLanes(rows, adding: bias, into: $1) }
            #expect(words == Self.running(differences, reference, bias), "width \(block.width)")
        }
    }

    @Test(arguments: [10, 11, 12] as [UInt64]) func laneSums(_ seed: UInt64) {
        Self.forEachBlock(seed) { block, random in
            let (reference, bias) = (UInt32(truncatingIfNeeded: random.next()), UInt32(1) << 31)
            let differences = block.words {
                LanePacking.unpack($0, width: block.width, adding: 0, into: $1)
            }
            let rows = block.words {
                LanePacking.unpackLaneSums(
                    $0, width: block.width, adding: reference, into: $1)
            }
            let defined = block.defined(Self.running(differences, reference, bias))
            for (vectors, extremes) in Self.ways {
                var found = SumTotal(from: 0)
                block.withPacked {
                    let table = [
                        SumBlock($0, width: block.width, base: block.base, adding: reference)
                    ]
                    vectors.addLanes(table, from: bias, block, extremes, to: &found)
                }
                Self.check(found, defined, extremes, block.width)
                guard vectors == .wide else { continue }
                var scratch = [UInt32](repeating: 0, count: 1024)
                var ofRows = SumTotal(from: 0)
                WideLanes.add(
                    rows: rows, from: bias, base: block.base, factor: block.factor,
                    divisor: block.divisor, wantsExtremes: extremes, scratch: &scratch,
                    to: &ofRows)
                Self.check(ofRows, defined, extremes, block.width)
            }
        }
    }

    /// Columns of up to seven blocks, small differences and great ones: what one block leaves behind
    /// does not reach the next.
    @Test(arguments: [15, 16] as [UInt64]) func columns(_ seed: UInt64) {
        var random = Seed(seed)
        for round in 0..<120 {
            let blocks = (0..<(1 + round % 7)).map { _ in
                Block(width: Int(random.next() % (round % 2 == 0 ? 33 : 12)), &random)
            }
            let references = blocks.map { _ in
                round % 3 == 0
                    ? UInt32(truncatingIfNeeded: random.next())
                    : UInt32(truncatingIfNeeded: Int64(random.next() % 4001) - 2000)
            }
            let (factor, divisor, bias) = (blocks[0].factor, blocks[0].divisor, UInt32(1) << 31)
            var packed: [UnsafeMutableBufferPointer<UInt8>] = []
            defer { for bytes in packed { bytes.deallocate() } }
            var table: [SumBlock] = []
            var plain = SumTotal(from: 0.5)
            var running = SumTotal(from: 0.5)
            for (block, reference) in zip(blocks, references) {
                let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(
                    capacity: max(1, block.packed.count))
                _ = bytes.update(fromContentsOf: block.packed)
                packed.append(bytes)
                table.append(
                    SumBlock(
                        UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped), width: block.width,
                        base: block.base, adding: reference))
                let words = block.words {
                    LanePacking.unpack($0, width: block.width, adding: 0, into: $1)
                }
                let alike = block.scaled(factor, divisor)
                plain.add(alike.defined(words))
                running.add(alike.defined(Self.running(words, reference, bias)))
            }
            let like = blocks[0]
            for (vectors, extremes) in Self.ways {
                var found = SumTotal(from: 0.5)
                vectors.add(table, like, extremes, to: &found)
                Self.check(found, plain, extremes, like.width)
                found = SumTotal(from: 0.5)
                vectors.addLanes(table, from: bias, like, extremes, to: &found)
                Self.check(found, running, extremes, like.width)
            }
        }
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

extension SumTotal {
    /// Takes in what follows.
    fileprivate mutating func add(_ next: SumTotal) {
        sum += next.sum
        least = min(least, next.least)
        greatest = max(greatest, next.greatest)
    }
}
