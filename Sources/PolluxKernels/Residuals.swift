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

    /// The rows whose distance from `reference` has more than `width` bits, in order.
    ///
    /// `rows` has room for `count`, which is at most 65,536; `width` is 0...63. Returns how many.
    public static func outliers(
        _ values: UnsafePointer<Int64>, count: Int, reference: Int64, width: Int,
        into rows: UnsafeMutablePointer<UInt16>
    ) -> Int {
        let references = Longs(repeating: reference)
        let down = SIMD8<UInt64>(repeating: UInt64(truncatingIfNeeded: width))
        var found = 0
        var index = 0
        while index &+ 8 <= count {
            let distances = unsafeBitCast(
                loadLongs(values + index) &- references, to: SIMD8<UInt64>.self)
            let high = distances &>> down
            if (high.lowHalf | high.highHalf) != SIMD4<UInt64>() {
                for lane in 0..<8 {
                    rows[found] = UInt16(truncatingIfNeeded: index &+ lane)
                    if high[lane] != 0 { found &+= 1 }
                }
            }
            index &+= 8
        }
        while index < count {
            let distance = UInt64(bitPattern: values[index] &- reference)
            if distance &>> UInt64(truncatingIfNeeded: width) != 0 {
                rows[found] = UInt16(truncatingIfNeeded: index)
                found &+= 1
            }
            index &+= 1
        }
        return found
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
