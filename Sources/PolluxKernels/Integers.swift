/// Loops over 64-bit integers that encoders and decoders share; all arithmetic wraps.
public enum IntegerLoops {
    /// Least and greatest of `count` integers, at least one.
    public static func range(
        _ values: UnsafePointer<Int64>, count: Int
    ) -> (least: Int64, greatest: Int64) {
        var least = Longs(repeating: values[0])
        var greatest = least
        var index = 0
        while index &+ 8 <= count {
            let longs = loadLongs(values + index)
            least.replace(with: longs, where: longs .< least)
            greatest.replace(with: longs, where: longs .> greatest)
            index &+= 8
        }
        var low = least.min()
        var high = greatest.max()
        while index < count {
            low = Swift.min(low, values[index])
            high = Swift.max(high, values[index])
            index &+= 1
        }
        return (low, high)
    }

    /// `differences[i] = values[i] - values[i-1]`, with `previous` before the first.
    ///
    /// Both pointers hold `count` elements and must not overlap.
    public static func differences(
        _ values: UnsafePointer<Int64>, count: Int, previous: Int64,
        into differences: UnsafeMutablePointer<Int64>
    ) {
        guard count > 0 else { return }
        differences[0] = values[0] &- previous
        var index = 1
        while index &+ 8 <= count {
            let longs = loadLongs(values + index) &- loadLongs(values + (index &- 1))
            storeLongs(longs, differences + index)
            index &+= 8
        }
        while index < count {
            differences[index] = values[index] &- values[index &- 1]
            index &+= 1
        }
    }

    /// `distances[i] = values[i] - reference`.
    ///
    /// Both pointers hold `count` elements.
    public static func distances(
        _ values: UnsafePointer<Int64>, count: Int, reference: Int64,
        into distances: UnsafeMutablePointer<Int64>
    ) {
        var index = 0
        while index &+ 8 <= count {
            storeLongs(
                loadLongs(values + index) &- Longs(repeating: reference), distances + index)
            index &+= 8
        }
        while index < count {
            distances[index] = values[index] &- reference
            index &+= 1
        }
    }

    /// `values[i] = first + i * step`, wrapping.
    public static func fill(
        _ values: UnsafeMutablePointer<Int64>, count: Int, first: Int64, step: Int64
    ) {
        var index = 0
        var eight = line(first, step)
        let advance = Longs(repeating: step &* 8)
        while index &+ 8 <= count {
            storeLongs(eight, values + index)
            eight &+= advance
            index &+= 8
        }
        while index < count {
            values[index] = first &+ Int64(index) &* step
            index &+= 1
        }
    }

    /// `values[i] += first + i * step`, wrapping.
    public static func addLine(
        _ values: UnsafeMutablePointer<Int64>, count: Int, first: Int64, step: Int64
    ) {
        var index = 0
        var eight = line(first, step)
        let advance = Longs(repeating: step &* 8)
        while index &+ 8 <= count {
            storeLongs(loadLongs(values + index) &+ eight, values + index)
            eight &+= advance
            index &+= 8
        }
        while index < count {
            values[index] = values[index] &+ first &+ Int64(index) &* step
            index &+= 1
        }
    }

    @inline(__always)
    private static func line(_ first: Int64, _ step: Int64) -> Longs {
        var eight = Longs()
        for lane in 0..<8 { eight[lane] = first &+ Int64(lane) &* step }
        return eight
    }

    /// Running sums in place, starting from `start`.
    public static func runningSums(
        _ values: UnsafeMutablePointer<Int64>, count: Int, start: Int64
    ) {
        var sum = start
        for index in 0..<count {
            sum &+= values[index]
            values[index] = sum
        }
    }

    /// `values[i] = base + factor * values[i]` in place.
    public static func scale(
        _ values: UnsafeMutablePointer<Int64>, count: Int, base: Int64, factor: Int64
    ) {
        if factor == 1 && base == 0 { return }
        for index in 0..<count { values[index] = base &+ factor &* values[index] }
    }

    /// Replaces indices by the 64-bit words of `levels` at those places, all of which exist.
    public static func replaceIndices(
        _ indices: UnsafeMutablePointer<Int64>, count: Int, by levels: UnsafeRawPointer
    ) {
        for row in 0..<count {
            let place = 8 &* Int(truncatingIfNeeded: indices[row])
            indices[row] = levels.loadUnaligned(fromByteOffset: place, as: Int64.self)
        }
    }

    /// The median of 15 numbers spread over `count`, which is 15 at least.
    ///
    /// Each is compared with all: that has no branches to foresee, as sorting has.
    public static func median(of values: UnsafePointer<Int64>, count: Int) -> Int64 {
        var low = Longs()
        var high = Longs(repeating: .max)
        for index in 0..<8 { low[index] = values[index &* count / 15] }
        for index in 8..<15 { high[index &- 8] = values[index &* count / 15] }
        // For each number, how many of them are less, and how many are not greater.
        var (lessLow, lessHigh, upToLow, upToHigh) = (Longs(), Longs(), Longs(), Longs())
        for index in 0..<15 {
            let all = Longs(repeating: index < 8 ? low[index] : high[index &- 8])
            lessLow &-= unsafeBitCast(all .< low, to: Longs.self)
            lessHigh &-= unsafeBitCast(all .< high, to: Longs.self)
            upToLow &-= unsafeBitCast(all .<= low, to: Longs.self)
            upToHigh &-= unsafeBitCast(all .<= high, to: Longs.self)
        }
        let seven = Longs(repeating: 7)
        let isLow = (lessLow .<= seven) .& (upToLow .> seven)
        let isHigh = (lessHigh .<= seven) .& (upToHigh .> seven)
        var medians = Longs(repeating: .min).replacing(with: low, where: isLow)
        medians.replace(with: high, where: isHigh)
        return medians.max()
    }

    /// How many of `count` values differ from the one before.
    public static func changes(_ values: UnsafePointer<Int64>, count: Int) -> Int {
        var index = 1
        var eight = Longs()
        while index &+ 8 <= count {
            let isNew = loadLongs(values + index) .!= loadLongs(values + (index &- 1))
            eight.replace(with: eight &+ 1, where: isNew)
            index &+= 8
        }
        var changes = Int(eight.wrappedSum())
        while index < count {
            if values[index] != values[index &- 1] { changes &+= 1 }
            index &+= 1
        }
        return changes
    }

    /// The number of values whose zigzag distance from `centre` has b bits, for b from 0 to 64.
    ///
    /// `histogram` holds 65 counts.
    public static func countBitLengths(
        _ values: UnsafePointer<Int64>, count: Int, centre: Int64,
        into histogram: UnsafeMutablePointer<UInt32>
    ) {
        countBitLengths(count, histogram) { index in
            let distance = values[index] &- centre
            return UInt64(bitPattern: (distance &<< 1) ^ (distance &>> 63))
        }
    }

    /// The number of values whose distance above `least` has b bits, for b from 0 to 64.
    ///
    /// `histogram` holds 65 counts.
    public static func countBitLengths(
        _ values: UnsafePointer<Int64>, count: Int, above least: Int64,
        into histogram: UnsafeMutablePointer<UInt32>
    ) {
        countBitLengths(count, histogram) { UInt64(bitPattern: values[$0] &- least) }
    }

    /// Four histograms in turn: neighbours mostly have the same length, and would wait for it.
    @inline(__always)
    private static func countBitLengths(
        _ count: Int, _ histogram: UnsafeMutablePointer<UInt32>, _ number: (Int) -> UInt64
    ) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 &* 65) { parts in
            let part0 = parts.baseAddress.unsafelyUnwrapped
            part0.initialize(repeating: 0, count: 4 &* 65)
            let part1 = part0 + 65
            let part2 = part1 + 65
            let part3 = part2 + 65
            var index = 0
            while index &+ 4 <= count {
                part0[64 &- number(index).leadingZeroBitCount] &+= 1
                part1[64 &- number(index &+ 1).leadingZeroBitCount] &+= 1
                part2[64 &- number(index &+ 2).leadingZeroBitCount] &+= 1
                part3[64 &- number(index &+ 3).leadingZeroBitCount] &+= 1
                index &+= 4
            }
            while index < count {
                part0[64 &- number(index).leadingZeroBitCount] &+= 1
                index &+= 1
            }
            for bits in 0..<65 {
                histogram[bits] = part0[bits] &+ part1[bits] &+ part2[bits] &+ part3[bits]
            }
        }
    }

    /// Low words of `values[i] - reference` for a block of 1,024, in natural order.
    public static func words(
        _ values: UnsafePointer<Int64>, reference: Int64, shift: Int,
        into rows: UnsafeMutablePointer<UInt32>
    ) {
        let down = UInt64(truncatingIfNeeded: shift)
        for index in 0..<1024 {
            let distance = UInt64(bitPattern: values[index] &- reference) &>> down
            rows[index] = UInt32(truncatingIfNeeded: distance)
        }
    }

    /// Low words of `values[i] - reference` for a block of 1,024, in lane order.
    public static func wordsInLaneOrder(
        _ values: UnsafePointer<Int64>, reference: Int64, shift: Int,
        into rows: UnsafeMutablePointer<UInt32>
    ) {
        let down = SIMD4(repeating: UInt64(truncatingIfNeeded: shift))
        let references = SIMD4(repeating: UInt64(bitPattern: reference))
        let words = SIMD4<UInt64>(repeating: 0xFFFF_FFFF)
        @inline(__always)
        func four(_ row: Int) -> SIMD4<UInt64> {
            let longs = UnsafeRawPointer(values + row).loadUnaligned(as: SIMD4<UInt64>.self)
            return (longs &- references) &>> down
        }
        @inline(__always)
        func two(_ row: Int) -> SIMD4<UInt64> {
            (four(row) & words) | (four(row &+ 32) &<< SIMD4(repeating: 32))
        }
        // Four rows of four lanes at a time, two lanes in each word.
        for lane in stride(from: 0, to: 32, by: 4) {
            for row in stride(from: 0, to: 32, by: 4) {
                let first = lane &* 32 &+ row
                let (low, high) = (two(first), two(first &+ 64))
                let target = UnsafeMutableRawPointer(rows + (row &* 32 &+ lane))
                for place in 0..<4 {
                    target.storeBytes(
                        of: SIMD2(low[place], high[place]), toByteOffset: 128 &* place,
                        as: SIMD2<UInt64>.self)
                }
            }
        }
    }

    /// Joins the low and high words of 1,024 wide numbers into integers in natural order.
    ///
    /// `high` may be nil; `isLaneOrder` tells in which order the words stand.
    public static func join(
        low: UnsafePointer<UInt32>, high: UnsafePointer<UInt32>?, isLaneOrder: Bool,
        reference: Int64, into values: UnsafeMutablePointer<Int64>
    ) {
        for index in 0..<1024 {
            let place = isLaneOrder ? (index & 31) &* 32 &+ index &>> 5 : index
            var bits = UInt64(low[place])
            if let high { bits |= UInt64(high[place]) &<< 32 }
            values[index] = reference &+ Int64(bitPattern: bits)
        }
    }
}
