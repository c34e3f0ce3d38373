/// The window of bits in which a double differs from the one before, as the next ones find it
/// (storage-format/encodings.md §5, Gorilla).
public struct XorWindow {
    private var previous: UInt64 = 0
    private var leading = 64
    private var trailing = 0

    /// Before the first value.
    public init() {}

    /// How many bits the next `count` values take.
    public mutating func bitCount(of values: UnsafePointer<Double>, count: Int) -> Int {
        var (previous, leading, trailing) = (previous, leading, trailing)
        defer { (self.previous, self.leading, self.trailing) = (previous, leading, trailing) }
        var bits = 0
        for row in 0..<count {
            let mixed = values[row].bitPattern ^ previous
            previous = values[row].bitPattern
            // Whether a window is new is hard to foresee: there is no branch.
            let isSame = mixed == 0
            let zeros = isSame ? 64 : Swift.min(mixed.leadingZeroBitCount, 31)
            let ending = mixed.trailingZeroBitCount
            let isNew = (zeros < leading ? 1 : 0) | (ending < trailing ? 1 : 0)
            leading = isNew != 0 ? zeros : leading
            trailing = isNew != 0 ? ending : trailing
            bits &+= 11 &* isNew &+ (isSame ? 1 : 66 &- leading &- trailing)
        }
        return bits
    }
}
