/// How much of a column are values that come again in the same sequence.
enum Repeats {
    /// The share of rows that end three values in a row that stood in a row before, nearly.
    ///
    /// Of a long column its middle is looked at, `limit` rows of it.
    static func share(of column: UnsafeBufferPointer<Int64>, limit: Int = 3072) -> Double {
        let skipped = max(0, column.count - limit) / 2
        let values = UnsafeBufferPointer(rebasing: column.dropFirst(skipped).dropLast(skipped))
        let count = values.count
        guard count >= 16 else { return 0 }
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 4096) { seen in
            seen.initialize(repeating: 0)
            var again = 0
            for row in 2..<count {
                var mixed = UInt64(bitPattern: values[row]) &* 0x9E37_79B9_7F4A_7C15
                mixed = (mixed ^ UInt64(bitPattern: values[row - 1])) &* 0xC2B2_AE3D_27D4_EB4F
                mixed = (mixed ^ UInt64(bitPattern: values[row - 2])) &* 0x1656_67B1_9E37_79F9
                let slot = Int(truncatingIfNeeded: mixed >> 52)
                let mark = UInt16(truncatingIfNeeded: mixed >> 32) | 1
                if seen[slot] == mark { again += 1 }
                seen[slot] = mark
            }
            return Double(again) / Double(count)
        }
    }
}
