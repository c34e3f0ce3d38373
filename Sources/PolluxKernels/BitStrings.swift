/// Numbers of equal width one after the other, lowest bit first.
public enum BitStrings {
    /// Reads `count` numbers and adds `reference`, wrapping.
    ///
    /// `source` holds `(count * width + 7) / 8` bytes, of which none behind is read; width is
    /// 1...64; `values` has room for `count`.
    public static func read(
        _ source: UnsafeRawPointer, count: Int, width: Int, reference: Int64,
        into values: UnsafeMutablePointer<Int64>
    ) {
        let mask = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- width)
        let byteCount = (count &* width &+ 7) &>> 3
        var index = 0
        if width <= 15 {
            // Four of them, from a bit of the first byte on, are in one word.
            let steps = SIMD4<UInt64>(0, 1, 2, 3) &* UInt64(truncatingIfNeeded: width)
            let (masks, references) = (SIMD4(repeating: mask), SIMD4(repeating: reference))
            while index &+ 4 <= count, (index &* width) &>> 3 &+ 8 <= byteCount {
                let bit = index &* width
                let word = (source + bit &>> 3).loadUnaligned(as: UInt64.self)
                let shifts = steps &+ UInt64(truncatingIfNeeded: bit & 7)
                let numbers = (SIMD4(repeating: word) &>> shifts) & masks
                UnsafeMutableRawPointer(values + index).storeBytes(
                    of: unsafeBitCast(numbers, to: SIMD4<Int64>.self) &+ references,
                    as: SIMD4<Int64>.self)
                index &+= 4
            }
        }
        guard byteCount >= 8 else {
            var word: UInt64 = 0
            for place in 0..<byteCount {
                let byte = (source + place).load(as: UInt8.self)
                word |= UInt64(byte) &<< UInt64(truncatingIfNeeded: 8 &* place)
            }
            for index in 0..<count {
                let bits = word &>> UInt64(truncatingIfNeeded: index &* width)
                values[index] = reference &+ Int64(bitPattern: bits & mask)
            }
            return
        }
        while index < count {
            // The last word begins earlier, so that it ends with the last byte.
            let bit = index &* width
            let first = Swift.min(bit &>> 3, byteCount &- 8)
            let shift = bit &- 8 &* first
            var bits =
                (source + first).loadUnaligned(as: UInt64.self)
                &>> UInt64(truncatingIfNeeded: shift)
            if shift &+ width > 64 {
                let next = (source + first + 8).load(as: UInt8.self)
                bits |= UInt64(next) &<< UInt64(truncatingIfNeeded: 64 &- shift)
            }
            values[index] = reference &+ Int64(bitPattern: bits & mask)
            index &+= 1
        }
    }
}
