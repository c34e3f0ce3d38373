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

    /// `values[i] |= plane[i] << shift`; with `isFirst` whatever was there is replaced.
    public static func spread(
        _ plane: UnsafePointer<UInt8>, count: Int, shift: Int, isFirst: Bool,
        into values: UnsafeMutablePointer<UInt64>
    ) {
        if isFirst {
            spread(plane, count, shift, keeps: false, values)
        } else {
            spread(plane, count, shift, keeps: true, values)
        }
    }

    @inline(__always)
    private static func spread(
        _ plane: UnsafePointer<UInt8>, _ count: Int, _ shift: Int, keeps: Bool,
        _ values: UnsafeMutablePointer<UInt64>
    ) {
        let up = UInt64(truncatingIfNeeded: shift)
        var index = 0
        while index &+ 8 <= count {
            let bytes = UnsafeRawPointer(plane + index).loadUnaligned(as: SIMD8<UInt8>.self)
            let place = UnsafeMutableRawPointer(values + index)
            let old = keeps ? place.loadUnaligned(as: SIMD8<UInt64>.self) : SIMD8()
            let new = old | (SIMD8<UInt64>(truncatingIfNeeded: bytes) &<< SIMD8(repeating: up))
            place.storeBytes(of: new, as: SIMD8<UInt64>.self)
            index &+= 8
        }
        while index < count {
            values[index] = (keeps ? values[index] : 0) | (UInt64(plane[index]) &<< up)
            index &+= 1
        }
    }

    /// Zigzag differences to what they lead to from `start`: `base + factor * sum`, in place.
    ///
    /// A part that the nearest cache holds at a time: only the sums have to wait for each other.
    public static func sumZigzag(
        _ values: UnsafeMutablePointer<Int64>, count: Int, start: Int64, base: Int64, factor: Int64
    ) {
        var sum = base &+ factor &* start
        for first in stride(from: 0, to: count, by: 1024) {
            let part = values + first
            let length = Swift.min(1024, count &- first)
            undoZigzag(part, count: length)
            if factor != 1 {
                for index in 0..<length { part[index] = part[index] &* factor }
            }
            for index in 0..<length {
                sum &+= part[index]
                part[index] = sum
            }
        }
    }

    private static func undoZigzag(_ values: UnsafeMutablePointer<Int64>, count: Int) {
        for index in 0..<count {
            let bits = UInt64(bitPattern: values[index])
            values[index] = Int64(bitPattern: bits &>> 1) ^ (0 &- Int64(bitPattern: bits & 1))
        }
    }

    /// Differences as zigzag numbers, the first from `previous`.
    ///
    /// Both pointers hold `count` elements, at least one, and must not overlap. Returns all bits
    /// that are set in any.
    public static func zigzagDifferences(
        _ values: UnsafePointer<Int64>, count: Int, previous: Int64,
        into zigzag: UnsafeMutablePointer<Int64>
    ) -> UInt64 {
        zigzag[0] = folded(Longs(repeating: values[0] &- previous))[0]
        var all = Longs(repeating: zigzag[0])
        var index = 1
        while index &+ 8 <= count {
            let eight = folded(loadLongs(values + index) &- loadLongs(values + (index &- 1)))
            storeLongs(eight, zigzag + index)
            all |= eight
            index &+= 8
        }
        while index < count {
            zigzag[index] = folded(Longs(repeating: values[index] &- values[index &- 1]))[0]
            all[0] |= zigzag[index]
            index &+= 1
        }
        let halves = all.lowHalf | all.highHalf
        let quarters = halves.lowHalf | halves.highHalf
        return UInt64(bitPattern: quarters[0] | quarters[1])
    }

    @inline(__always)
    private static func folded(_ longs: Longs) -> Longs {
        (longs &+ longs) ^ unsafeBitCast(longs .< Longs(), to: Longs.self)
    }
}
