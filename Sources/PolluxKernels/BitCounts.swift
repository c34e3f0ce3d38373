/// How many of a block's numbers need how many bits, counted as words of 32 bits.
public enum BitCounts {
    /// `words[i]` = the low word of `values[i] - reference`; zeros fill up the last eight.
    ///
    /// `words` has room for `count` words, rounded up to a multiple of 8.
    public static func distances(
        _ values: UnsafePointer<Int64>, count: Int, reference: Int64,
        into words: UnsafeMutablePointer<UInt32>
    ) {
        let references = Longs(repeating: reference)
        var index = 0
        while index &+ 8 <= count {
            let longs = loadLongs(values + index) &- references
            storeWords(Words(truncatingIfNeeded: longs), UnsafeMutableRawPointer(words + index))
            index &+= 8
        }
        guard index < count else { return }
        let end = index &+ 8
        while index < count {
            words[index] = UInt32(truncatingIfNeeded: values[index] &- reference)
            index &+= 1
        }
        while index < end {
            words[index] = 0
            index &+= 1
        }
    }

    /// `zigzag[i]` = `words[i] + shift`, read as signed, to a zigzag number; zeros fill up the last
    /// eight.
    ///
    /// Both have room for `count` words, rounded up to a multiple of 8.
    public static func zigzag(
        _ words: UnsafePointer<UInt32>, count: Int, shift: UInt32,
        into zigzag: UnsafeMutablePointer<UInt32>
    ) {
        let shifts = Words(repeating: shift)
        var index = 0
        while index < count {
            let moved = loadWords(words + index) &+ shifts
            let signs = Words() &- (moved &>> Words(repeating: 31))
            let folded = (moved &<< Words(repeating: 1)) ^ signs
            storeWords(folded, UnsafeMutableRawPointer(zigzag + index))
            index &+= 8
        }
        for rest in count..<Swift.max(count, index) { zigzag[rest] = 0 }
    }

    /// How many of `count` words have `bits` bits or more; bits are 1...32.
    ///
    /// Words up to a multiple of 8 are read, and those behind `count` are zeros.
    public static func count(
        _ words: UnsafePointer<UInt32>, count: Int, bits: Int
    ) -> Int {
        let below = Words(repeating: UInt32(truncatingIfNeeded: (1 &<< (bits &- 1)) &- 1))
        // Masks are -1 where a word is not above, and add up to how many are not.
        var found0 = SIMD8<Int32>()
        var found1 = found0
        var found2 = found0
        var found3 = found0
        var index = 0
        while index &+ 32 <= count {
            found0 &+= mask(words + index, below)
            found1 &+= mask(words + (index &+ 8), below)
            found2 &+= mask(words + (index &+ 16), below)
            found3 &+= mask(words + (index &+ 24), below)
            index &+= 32
        }
        while index < count {
            found0 &+= mask(words + index, below)
            index &+= 8
        }
        let others = ((found0 &+ found1) &+ (found2 &+ found3)).wrappedSum()
        return index &+ Int(others)
    }

    @inline(__always)
    private static func mask(_ words: UnsafePointer<UInt32>, _ below: Words) -> SIMD8<Int32> {
        unsafeBitCast(loadWords(words) .<= below, to: SIMD8<Int32>.self)
    }
}
