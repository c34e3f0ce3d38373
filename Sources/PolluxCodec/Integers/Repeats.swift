/// How much of a column are values that come again in the same sequence.
enum Repeats {
    /// Whether more than this share of rows end three values in a row that stood in a row before,
    /// nearly.
    ///
    /// Of a long column its middle is looked at.
    static func areMore(
        than share: Double, of column: UnsafeBufferPointer<Int64>
    ) -> Bool {
        let skipped = max(0, column.count - 3072) / 2
        let values = UnsafeBufferPointer(rebasing: column.dropFirst(skipped).dropLast(skipped))
        let count = values.count
        guard count >= 16 else { return false }
        let most = Int(share * Double(count))
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 4096) { seen in
            seen.initialize(repeating: 0)
            var again = 0
            var row = 2
            // Now and then it is clear what the rest will not change.
            while row < count, again <= most, again + count - row > most {
                let end = min(row + 64, count)
                while row < end {
                    var mixed = UInt64(bitPattern: values[row]) &* 0x9E37_79B9_7F4A_7C15
                    mixed = (mixed ^ UInt64(bitPattern: values[row &- 1])) &* 0xC2B2_AE3D_27D4_EB4F
                    mixed = (mixed ^ UInt64(bitPattern: values[row &- 2])) &* 0x1656_67B1_9E37_79F9
                    let slot = Int(truncatingIfNeeded: mixed &>> 52)
                    let mark = UInt16(truncatingIfNeeded: mixed &>> 32) | 1
                    again &+= seen[slot] == mark ? 1 : 0
                    seen[slot] = mark
                    row &+= 1
                }
            }
            return again > most
        }
    }
}
