/// A packed block of 1,024 numbers of a column, and what its words are counted from.
public struct WideBlock {
    let packed: UnsafeRawPointer
    let base: Int64
    let width: Int
    let reference: UInt32

    /// Numbers of `width` bits, 0...32, in as many times 128 bytes.
    ///
    /// Only differences have a `reference`.
    @inline(__always)
    public init(
        _ packed: UnsafeRawPointer, width: Int, base: Int64, adding reference: UInt32 = 0
    ) {
        self.packed = packed
        self.base = base
        self.width = width
        self.reference = reference
    }
}

/// The sum of blocks, and the least and greatest of their integers, `base + factor * word`.
public struct WideTotal {
    /// Sums of blocks, each in the order of storage-format/encodings.md §10, added in order.
    public var sum: Double
    /// The least integer; `Int64.max` when extremes were never asked for.
    public var least = Int64.max
    /// The greatest integer; `Int64.min` when extremes were never asked for.
    public var greatest = Int64.min

    /// Goes on from the sum of the blocks before.
    @inline(__always)
    public init(from sum: Double) {
        self.sum = sum
    }
}

/// Blocks in order, with what they have in common.
struct WideColumn {
    private let blocks: UnsafeBufferPointer<WideBlock>
    let factor: Int64
    private let divisor: WideDivisor

    @inline(__always)
    init(_ blocks: UnsafeBufferPointer<WideBlock>, factor: Int64, divisor: Double) {
        self.blocks = blocks
        self.factor = factor
        self.divisor = WideDivisor(divisor)
    }

    @inline(__always)
    func scaling<Scaling: WideScaling>(_ block: WideBlock, _: Scaling.Type) -> Scaling {
        Scaling(base: block.base, factor: factor, divisor: divisor)
    }

    @inline(__always)
    var count: Int { blocks.count }

    @inline(__always)
    subscript(_ index: Int) -> WideBlock {
        blocks.baseAddress.unsafelyUnwrapped[index]
    }

    @inline(__always)
    func forEach(_ body: (WideBlock) -> Void) {
        guard var place = blocks.baseAddress else { return }
        for _ in 0..<blocks.count {
            body(place.pointee)
            place += 1
        }
    }
}
