/// How few bits bytes need when each is coded by how often it occurs.
public enum ByteCounts {
    /// Bits for the bytes `words[i] >> shift`, to a few parts in a thousand.
    ///
    /// Of 4,096 and more, four in sixteen are counted and stand for the others.
    public static func bits(_ words: UnsafePointer<UInt64>, count: Int, shift: Int) -> Double {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 &* 256) { counts in
            let table0 = counts.baseAddress.unsafelyUnwrapped
            table0.initialize(repeating: 0, count: 4 &* 256)
            // Tables in turn, so that equal neighbours do not wait for each other.
            let (table1, table2, table3) = (table0 + 256, table0 + 512, table0 + 768)
            let down = UInt64(truncatingIfNeeded: shift)
            var index = 0
            let step = count < 4096 ? 4 : 16
            while index &+ step <= count {
                table0[Int(truncatingIfNeeded: (words[index] &>> down) & 255)] &+= 1
                table1[Int(truncatingIfNeeded: (words[index &+ 1] &>> down) & 255)] &+= 1
                table2[Int(truncatingIfNeeded: (words[index &+ 2] &>> down) & 255)] &+= 1
                table3[Int(truncatingIfNeeded: (words[index &+ 3] &>> down) & 255)] &+= 1
                index &+= step
            }
            let rest = count &- index
            while index < count {
                table0[Int(truncatingIfNeeded: (words[index] &>> down) & 255)] &+= 1
                index &+= 1
            }
            let taken = (count &- rest) / (step / 4) &+ rest
            let all = SIMD8<Float>(repeating: logarithm(SIMD8(repeating: Float(taken)))[0])
            var bits = SIMD8<Float>()
            for place in stride(from: 0, to: 256, by: 8) {
                let sums =
                    loadWords(table0 + place) &+ loadWords(table1 + place)
                    &+ loadWords(table2 + place) &+ loadWords(table3 + place)
                let occurrences = SIMD8<Float>(unsafeBitCast(sums, to: SIMD8<Int32>.self))
                bits += occurrences * (all - logarithm(occurrences))
            }
            return Double(bits.sum()) * Double(count) / Double(taken)
        }
    }

    /// The logarithm to base 2 of numbers from 1 on, within 0.008; of 0 it is some number.
    @inline(__always)
    private static func logarithm(_ values: SIMD8<Float>) -> SIMD8<Float> {
        let bits = unsafeBitCast(values, to: SIMD8<Int32>.self)
        let exponents = (bits &>> SIMD8(repeating: 23)) &- SIMD8(repeating: 127)
        let mantissas = (bits & SIMD8(repeating: 0x7F_FFFF)) | SIMD8(repeating: 0x3F80_0000)
        let rests = unsafeBitCast(mantissas, to: SIMD8<Float>.self) - SIMD8(repeating: 1)
        let curve = SIMD8(repeating: 1.3465) - rests * SIMD8(repeating: Float(0.3465))
        return SIMD8<Float>(exponents) + rests * curve
    }
}
