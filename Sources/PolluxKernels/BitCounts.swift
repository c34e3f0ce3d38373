/// How many of a block's numbers need how many bits, counted as words as narrow as they allow.
///
/// All functions read and write words up to a multiple of 32; what is behind `count` is zeros.
public enum BitCounts {
    /// The size of a word.
    public enum WordSize: Sendable {
        case one, two, four

        /// The size for zigzag numbers of so many bits, at most 32.
        public init(bits: Int) {
            self = bits <= 8 ? .one : bits <= 16 ? .two : .four
        }
    }

    /// `words[i]` = the low word of `values[i] - reference`.
    ///
    /// `words` has room for `count` words of 4 bytes, rounded up to a multiple of 32.
    public static func distances(
        _ values: UnsafePointer<Int64>, count: Int, reference: Int64, size: WordSize,
        into words: UnsafeMutableRawPointer
    ) {
        switch size {
        case .one:
            distances(values, count, reference, words) { SIMD8<UInt8>(truncatingIfNeeded: $0) }
        case .two:
            distances(values, count, reference, words) { SIMD8<UInt16>(truncatingIfNeeded: $0) }
        case .four: distances(values, count, reference, words) { Words(truncatingIfNeeded: $0) }
        }
    }

    @inline(__always)
    private static func distances<Eight: SIMD>(
        _ values: UnsafePointer<Int64>, _ count: Int, _ reference: Int64,
        _ words: UnsafeMutableRawPointer, _ narrow: (Longs) -> Eight
    ) where Eight.Scalar: FixedWidthInteger {
        let size = MemoryLayout<Eight.Scalar>.size
        let references = Longs(repeating: reference)
        var index = 0
        while index &+ 8 <= count {
            let longs = loadLongs(values + index) &- references
            (words + index &* size).storeBytes(of: narrow(longs), as: Eight.self)
            index &+= 8
        }
        let end = (count &+ 31) & ~31
        while index < end {
            let distance = index < count ? values[index] &- reference : 0
            (words + index &* size).storeBytes(
                of: Eight.Scalar(truncatingIfNeeded: distance), as: Eight.Scalar.self)
            index &+= 1
        }
    }

    /// `zigzag[i]` = `words[i] + shift`, read as signed, to a zigzag number.
    public static func zigzag(
        _ words: UnsafeRawPointer, count: Int, shift: Int64, size: WordSize,
        into zigzag: UnsafeMutableRawPointer
    ) {
        switch size {
        case .one:
            let shifts = SIMD16<UInt8>(repeating: .init(truncatingIfNeeded: shift))
            fold(words, count, zigzag) { (bytes: SIMD16<UInt8>) in
                let moved = bytes &+ shifts
                // There are no shifts of bytes: those of words, and a mask, do the same.
                let words = unsafeBitCast(moved, to: SIMD4<UInt32>.self) &>> SIMD4(repeating: 7)
                let tops = words & SIMD4(repeating: 0x0101_0101)
                let signs = SIMD16<UInt8>() &- unsafeBitCast(tops, to: SIMD16<UInt8>.self)
                return (moved &+ moved) ^ signs
            }
        case .two:
            let shifts = SIMD16<UInt16>(repeating: .init(truncatingIfNeeded: shift))
            fold(words, count, zigzag) { (pairs: SIMD16<UInt16>) in
                let moved = pairs &+ shifts
                let words = unsafeBitCast(moved, to: Words.self) &>> Words(repeating: 15)
                let tops = words & Words(repeating: 0x0001_0001)
                return (moved &+ moved) ^ (SIMD16() &- unsafeBitCast(tops, to: SIMD16.self))
            }
        case .four:
            let shifts = Words(repeating: .init(truncatingIfNeeded: shift))
            fold(words, count, zigzag) { (words: Words) in
                let moved = words &+ shifts
                return (moved &+ moved) ^ (Words() &- (moved &>> Words(repeating: 31)))
            }
        }
    }

    @inline(__always)
    private static func fold<Vector: SIMD>(
        _ words: UnsafeRawPointer, _ count: Int, _ zigzag: UnsafeMutableRawPointer,
        _ folded: (Vector) -> Vector
    ) where Vector.Scalar: FixedWidthInteger {
        let size = MemoryLayout<Vector.Scalar>.size
        let end = count &* size
        var place = 0
        while place < end {
            let vector = (words + place).loadUnaligned(as: Vector.self)
            (zigzag + place).storeBytes(of: folded(vector), as: Vector.self)
            place &+= MemoryLayout<Vector>.size
        }
        var index = count
        while index & 31 != 0 {
            (zigzag + index &* size).storeBytes(of: 0, as: Vector.Scalar.self)
            index &+= 1
        }
    }

    /// How many of `count` words, at most 4,064, have `bits` bits or more; bits are 1 up to a
    /// word's.
    public static func count(
        _ words: UnsafeRawPointer, count: Int, bits: Int, size: WordSize
    ) -> Int {
        let below = UInt32(truncatingIfNeeded: (1 &<< (bits &- 1)) &- 1)
        switch size {
        case .one:
            // Masks are -1 where a word is not above, and add up to how many are not.
            let limit = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: below))
            var found0 = SIMD16<Int8>()
            var found1 = found0
            var index = 0
            while index < count {
                let low = (words + index).loadUnaligned(as: SIMD16<UInt8>.self)
                let high = (words + index + 16).loadUnaligned(as: SIMD16<UInt8>.self)
                found0 &+= unsafeBitCast(low .<= limit, to: SIMD16<Int8>.self)
                found1 &+= unsafeBitCast(high .<= limit, to: SIMD16<Int8>.self)
                index &+= 32
            }
            // Each byte counts 127 at most, and is added to its neighbours in wider words.
            let counts0 = unsafeBitCast(SIMD16<Int8>() &- found0, to: SIMD2<UInt64>.self)
            let counts1 = unsafeBitCast(SIMD16<Int8>() &- found1, to: SIMD2<UInt64>.self)
            let even = SIMD2<UInt64>(repeating: 0x00FF_00FF_00FF_00FF)
            let eight = SIMD2<UInt64>(repeating: 8)
            let pairs =
                (counts0 & even) &+ ((counts0 &>> eight) & even)
                &+ (counts1 & even) &+ ((counts1 &>> eight) & even)
            return index &- Int(((pairs[0] &+ pairs[1]) &* 0x0001_0001_0001_0001) &>> 48)
        case .two:
            let limit = SIMD16<UInt16>(repeating: UInt16(truncatingIfNeeded: below))
            var found0 = SIMD16<Int16>()
            var found1 = found0
            var index = 0
            while index < count {
                let place = words + 2 &* index
                let low = place.loadUnaligned(as: SIMD16<UInt16>.self)
                let high = (place + 32).loadUnaligned(as: SIMD16<UInt16>.self)
                found0 &+= unsafeBitCast(low .<= limit, to: SIMD16<Int16>.self)
                found1 &+= unsafeBitCast(high .<= limit, to: SIMD16<Int16>.self)
                index &+= 32
            }
            let sums = unsafeBitCast(SIMD16<Int16>() &- (found0 &+ found1), to: SIMD4<UInt64>.self)
            let all = (sums[0] &+ sums[1]) &+ (sums[2] &+ sums[3])
            return index &- Int((all &* 0x0001_0001_0001_0001) &>> 48)
        case .four: return self.count(words, count, Words(repeating: below))
        }
    }

    private static func count(_ words: UnsafeRawPointer, _ count: Int, _ below: Words) -> Int {
        var found0 = SIMD8<Int32>()
        var found1 = found0
        var found2 = found0
        var found3 = found0
        var index = 0
        while index < count {
            let place = words + 4 &* index
            found0 &+= mask(place, below)
            found1 &+= mask(place + 32, below)
            found2 &+= mask(place + 64, below)
            found3 &+= mask(place + 96, below)
            index &+= 32
        }
        return index &+ Int(((found0 &+ found1) &+ (found2 &+ found3)).wrappedSum())
    }

    @inline(__always)
    private static func mask(_ words: UnsafeRawPointer, _ below: Words) -> SIMD8<Int32> {
        unsafeBitCast(loadWords(words) .<= below, to: SIMD8<Int32>.self)
    }
}
