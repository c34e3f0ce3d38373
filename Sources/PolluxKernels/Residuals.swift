/// Differences of neighbours with their range, for planning; all arithmetic wraps.
public enum Residuals {
    /// `residuals[i] = values[i] - values[i-1]`, with `previous` before the first.
    ///
    /// Both pointers hold `count` elements, at least one, and must not overlap. Returns the least
    /// and the greatest residual.
    public static func first(
        _ values: UnsafePointer<Int64>, count: Int, previous: Int64,
        into residuals: UnsafeMutablePointer<Int64>
    ) -> (least: Int64, greatest: Int64) {
        residuals[0] = values[0] &- previous
        var range = Range(residuals[0])
        var index = 1
        while index &+ 8 <= count {
            let longs = loadLongs(values + index) &- loadLongs(values + (index &- 1))
            storeLongs(longs, residuals + index)
            range.add(longs)
            index &+= 8
        }
        while index < count {
            residuals[index] = values[index] &- values[index &- 1]
            range.add(residuals[index])
            index &+= 1
        }
        return range.joined()
    }

    /// `residuals[i] = values[i] - 2 * values[i-1] + values[i-2]`, with `previous` before the
    /// first and `step` between that and the one before.
    ///
    /// Both pointers hold `count` elements, at least one, and must not overlap. Returns the least
    /// and the greatest residual.
    public static func second(
        _ values: UnsafePointer<Int64>, count: Int, previous: Int64, step: Int64,
        into residuals: UnsafeMutablePointer<Int64>
    ) -> (least: Int64, greatest: Int64) {
        let firstStep = values[0] &- previous
        residuals[0] = firstStep &- step
        var range = Range(residuals[0])
        guard count > 1 else { return range.joined() }
        residuals[1] = values[1] &- values[0] &- firstStep
        range.add(residuals[1])
        var index = 2
        while index &+ 8 <= count {
            let middle = loadLongs(values + (index &- 1))
            let longs =
                (loadLongs(values + index) &- middle)
                &- (middle &- loadLongs(values + (index &- 2)))
            storeLongs(longs, residuals + index)
            range.add(longs)
            index &+= 8
        }
        while index < count {
            residuals[index] =
                (values[index] &- values[index &- 1])
                &- (values[index &- 1] &- values[index &- 2])
            range.add(residuals[index])
            index &+= 1
        }
        return range.joined()
    }

    /// Bits of 256 numbers, of their differences and of their second ones, as distances from one
    /// among them.
    ///
    /// Half are taken of the first `reach` values and half of as many in the middle; `reach` is
    /// 130 up to `count`.
    public static func sampledBits(
        _ values: UnsafePointer<Int64>, count: Int, reach: Int
    ) -> (Int, Int, Int) {
        var bits = (0, 0, 0)
        let step = (reach &- 2) / 128
        for first in [0, (count &- reach) / 2] {
            @inline(__always)
            func residuals(_ row: Int) -> (Int64, Int64, Int64) {
                let delta = values[row] &- values[row &- 1]
                return (values[row], delta, delta &- values[row &- 1] &+ values[row &- 2])
            }
            let centre = residuals(first &+ max(2, reach / 2))
            for place in 0..<128 {
                let residual = residuals(first &+ 2 &+ step &* place)
                bits.0 &+= bitLength(residual.0 &- centre.0)
                bits.1 &+= bitLength(residual.1 &- centre.1)
                bits.2 &+= bitLength(residual.2 &- centre.2)
            }
        }
        return bits
    }

    /// The rows of values outside `least ... least + span`, in order.
    ///
    /// `rows` has room for `count`. Returns how many.
    public static func outliers(
        _ values: UnsafePointer<Int64>, count: Int, least: Int64, span: UInt64,
        into rows: UnsafeMutablePointer<UInt32>
    ) -> Int {
        // Moved by half of all numbers, what is too far above is too great as a signed one as well.
        let origins = Longs(repeating: least &- .min)
        let spans = Longs(repeating: Int64(bitPattern: span) &- .min)
        return self.rows(from: 0, count: count, rows) { index in
            let isFar = (loadLongs(values + index) &- origins) .> spans
            return unsafeBitCast(isFar, to: Longs.self)
        } holds: {
            UInt64(bitPattern: values[$0] &- least) > span
        }
    }

    /// The rows, from the second on, whose values differ from the one before, in order.
    ///
    /// `rows` has room for `count`, which is at least one. Returns how many.
    public static func changes(
        _ values: UnsafePointer<Int64>, count: Int, into rows: UnsafeMutablePointer<UInt32>
    ) -> Int {
        self.rows(from: 1, count: count, rows) { index in
            let isNew = loadLongs(values + index) .!= loadLongs(values + (index &- 1))
            return unsafeBitCast(isNew, to: Longs.self)
        } holds: {
            values[$0] != values[$0 &- 1]
        }
    }

    /// The rows of which something holds; `eight` gives -1 for each of eight rows where it does.
    ///
    /// Which rows is hard to foresee: there is a branch for each that is found, not for each row.
    @inline(__always)
    private static func rows(
        from first: Int, count: Int, _ rows: UnsafeMutablePointer<UInt32>,
        eight: (Int) -> Longs, holds: (Int) -> Bool
    ) -> Int {
        var found = 0
        var index = first
        while index &+ 8 <= count {
            // A bit of each lane's byte for each eight rows. How many there are must not be known
            // when this is compiled, or it is cut into single lanes.
            let eights = Swift.min(8, (count &- index) &>> 3)
            var (low, high, bit) = (SIMD4<Int64>(), SIMD4<Int64>(), SIMD4<Int64>(repeating: 1))
            for part in 0..<eights {
                let holding = eight(index &+ 8 &* part)
                low |= holding.lowHalf & bit
                high |= holding.highHalf & bit
                bit &+= bit
            }
            let bytes = (low &<< SIMD4(0, 8, 16, 24)) | (high &<< SIMD4(32, 40, 48, 56))
            let halves = bytes.lowHalf | bytes.highHalf
            var bits = transposed(UInt64(bitPattern: halves[0] | halves[1]))
            while bits != 0 {
                rows[found] = UInt32(
                    truncatingIfNeeded: index &+ bits.trailingZeroBitCount)
                found &+= 1
                bits &= bits &- 1
            }
            index &+= 8 &* eights
        }
        while index < count {
            rows[found] = UInt32(truncatingIfNeeded: index)
            if holds(index) { found &+= 1 }
            index &+= 1
        }
        return found
    }

    /// Bit b of byte a becomes bit a of byte b.
    @inline(__always)
    private static func transposed(_ bits: UInt64) -> UInt64 {
        var bits = bits
        for (shift, mask) in [
            (7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0x0000_0000_F0F0_F0F0),
        ] as [(UInt64, UInt64)] {
            let swapped = (bits ^ (bits &>> shift)) & mask
            bits ^= swapped ^ (swapped &<< shift)
        }
        return bits
    }

    /// Least and greatest of what was added.
    private struct Range {
        private var leasts: Longs
        private var greatests: Longs
        private var least: Int64
        private var greatest: Int64

        @inline(__always)
        init(_ value: Int64) {
            (least, greatest) = (value, value)
            leasts = Longs(repeating: value)
            greatests = leasts
        }

        @inline(__always)
        mutating func add(_ longs: Longs) {
            leasts.replace(with: longs, where: longs .< leasts)
            greatests.replace(with: longs, where: longs .> greatests)
        }

        @inline(__always)
        mutating func add(_ value: Int64) {
            least = Swift.min(least, value)
            greatest = Swift.max(greatest, value)
        }

        @inline(__always)
        func joined() -> (least: Int64, greatest: Int64) {
            (Swift.min(least, leasts.min()), Swift.max(greatest, greatests.max()))
        }
    }
}
