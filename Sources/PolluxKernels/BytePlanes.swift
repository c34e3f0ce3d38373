/// Bytes of 64-bit numbers gathered into planes and spread again (storage-format/encodings.md §6).
public enum BytePlanes {
    /// `plane[i]` = byte number `index` of `values[i]`, byte 0 being the lowest.
    public static func gather(
        _ values: UnsafePointer<UInt64>, count: Int, shift: Int,
        into plane: UnsafeMutablePointer<UInt8>
    ) {
        let down = UInt64(truncatingIfNeeded: shift)
        for index in 0..<count {
            plane[index] = UInt8(truncatingIfNeeded: values[index] &>> down)
        }
    }

    /// `values[i] |= plane[i] << shift`.
    public static func spread(
        _ plane: UnsafePointer<UInt8>, count: Int, shift: Int,
        into values: UnsafeMutablePointer<UInt64>
    ) {
        let up = UInt64(truncatingIfNeeded: shift)
        var index = 0
        let ups = SIMD8<UInt64>(repeating: up)
        while index &+ 8 <= count {
            let bytes = UnsafeRawPointer(plane + index).loadUnaligned(as: SIMD8<UInt8>.self)
            let place = UnsafeMutableRawPointer(values + index)
            let old = place.loadUnaligned(as: SIMD8<UInt64>.self)
            let new = old | (SIMD8<UInt64>(truncatingIfNeeded: bytes) &<< ups)
            place.storeBytes(of: new, as: SIMD8<UInt64>.self)
            index &+= 8
        }
        while index < count {
            values[index] |= UInt64(plane[index]) &<< up
            index &+= 1
        }
    }

    /// Zigzag numbers back to signed ones in place.
    public static func undoZigzag(_ values: UnsafeMutablePointer<Int64>, count: Int) {
        for index in 0..<count {
            let bits = UInt64(bitPattern: values[index])
            values[index] = Int64(bitPattern: bits &>> 1) ^ (0 &- Int64(bitPattern: bits & 1))
        }
    }

    /// Zigzag differences to what they lead to from `start`: `base + factor * sum`, in place.
    ///
    /// One pass, and compiled here: a sum of integers waits for nothing but itself.
    @inline(never)
    public static func sumZigzag(
        _ values: UnsafeMutablePointer<Int64>, count: Int, start: Int64, base: Int64, factor: Int64
    ) {
        var sum = start
        for index in 0..<count {
            let bits = UInt64(bitPattern: values[index])
            sum &+= Int64(bitPattern: bits &>> 1) ^ (0 &- Int64(bitPattern: bits & 1))
            values[index] = base &+ factor &* sum
        }
    }

    /// Signed numbers to zigzag ones in place.
    public static func zigzag(_ values: UnsafeMutablePointer<Int64>, count: Int) {
        for index in 0..<count {
            values[index] = (values[index] &<< 1) ^ (values[index] &>> 63)
        }
    }
}
