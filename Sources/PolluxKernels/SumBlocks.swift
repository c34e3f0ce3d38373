/// A packed block of 1,024 numbers of a column, and what its words are counted from.
public struct SumBlock {
    /// As many times 128 bytes as numbers have bits.
    public let packed: UnsafeRawPointer
    /// What the word 0 stands for.
    public let base: Int64
    /// Bits a number, 0...32.
    public let width: Int
    /// What is added to each difference; 0 in blocks of other numbers.
    public let reference: UInt32

    /// Only differences have a `reference`.
    @inlinable @inline(__always)
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
public struct SumTotal {
    /// Sums of blocks, each in the order of storage-format/encodings.md §10, added in order.
    public var sum: Double
    /// The least integer; `Int64.max` when extremes were never asked for.
    public var least = Int64.max
    /// The greatest integer; `Int64.min` when extremes were never asked for.
    public var greatest = Int64.min

    /// Goes on from the sum of the blocks before.
    @inlinable @inline(__always)
    public init(from sum: Double) {
        self.sum = sum
    }

    /// Takes in the least and greatest integer of blocks, as doubles, which hold them exactly.
    ///
    /// What no writer stores is cut, or the conversion would not be defined.
    public mutating func add(least: Double, greatest: Double) {
        self.least = min(self.least, Self.integer(least))
        self.greatest = max(self.greatest, Self.integer(greatest))
    }

    @inline(__always)
    private static func integer(_ value: Double) -> Int64 {
        Int64(max(-0x1p62, min(value, 0x1p62)))
    }
}
