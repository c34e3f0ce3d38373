/// How few bits bytes need when each is coded by how often it occurs.
enum ByteEntropy {
    /// Bits for the bytes `words[i] >> shift`, to a few parts in a thousand.
    ///
    /// O(count).
    static func bits(_ words: UnsafePointer<UInt64>, count: Int, shift: Int) -> Double {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 512) { counts in
            counts.initialize(repeating: 0)
            let shift = UInt64(shift)
            // Two tables, so that equal neighbours do not wait for each other.
            for index in 0..<count {
                let byte = Int(truncatingIfNeeded: (words[index] &>> shift) & 255)
                counts[byte &+ (index & 1) &* 256] &+= 1
            }
            let all = log2(Double(count))
            var bits = 0.0
            for byte in 0..<256 {
                let occurrences = Double(counts[byte] &+ counts[byte + 256])
                if occurrences > 0 { bits += occurrences * (all - log2(occurrences)) }
            }
            return bits
        }
    }

    /// The logarithm to base 2 of a positive number, within 0.008.
    private static func log2(_ value: Double) -> Double {
        let rest = value.significand - 1
        return Double(value.exponent) + rest * (1.3465 - 0.3465 * rest)
    }
}
