/// Doubles to integers over a divisor and back (storage-format/encodings.md §5).
public enum Scaling {
    /// Splits doubles into `n = round(x * divisor)` and the distance of x from n / divisor.
    ///
    /// Distances are differences of bit patterns.
    ///
    /// Where x * divisor is not below 2^51 in size, n is 0 and the distance is `Int64.min`, as it
    /// is for -0.0. Returns how many distances are not zero. All pointers hold `count` elements.
    public static func split(
        _ values: UnsafePointer<Double>, count: Int, divisor: Double,
        integers: UnsafeMutablePointer<Int64>, distances: UnsafeMutablePointer<Int64>
    ) -> Int {
        let scale = Divisor(divisor)
        var hits = Longs()
        var index = 0
        while index &+ 8 <= count {
            let (whole, distance) = split(loadDoubles(values + index), scale)
            storeLongs(whole, integers + index)
            storeLongs(distance, distances + index)
            hits &-= unsafeBitCast(distance .== Longs(), to: Longs.self)
            index &+= 8
        }
        var missCount = index &- Int(hits.wrappedSum())
        while index < count {
            let (whole, distance) = split(Doubles(repeating: values[index]), scale)
            integers[index] = whole[0]
            distances[index] = distance[0]
            if distance[0] != 0 { missCount &+= 1 }
            index &+= 1
        }
        return missCount
    }

    /// The integers of `split` alone; returns whether all distances are zero.
    public static func integers(
        of values: UnsafePointer<Double>, count: Int, divisor: Double,
        into integers: UnsafeMutablePointer<Int64>
    ) -> Bool {
        let scale = Divisor(divisor)
        var distances = Longs()
        var index = 0
        while index &+ 8 <= count {
            let (whole, distance) = split(loadDoubles(values + index), scale)
            storeLongs(whole, integers + index)
            distances |= distance
            index &+= 8
        }
        while index < count {
            let (whole, distance) = split(Doubles(repeating: values[index]), scale)
            integers[index] = whole[0]
            distances |= distance
            index &+= 1
        }
        return distances == Longs()
    }

    @inline(__always)
    private static func split(_ values: Doubles, _ scale: Divisor) -> (Longs, Longs) {
        let products = values * Doubles(repeating: scale.divisor)
        let shifted = products + Doubles(repeating: roundingShift)
        let rounded = shifted - Doubles(repeating: roundingShift)
        var whole = unsafeBitCast(shifted, to: Longs.self) &- Longs(repeating: roundingShiftBits)
        let quotients = unsafeBitCast(scale.divide(rounded), to: Longs.self)
        var distance = unsafeBitCast(values, to: Longs.self) &- quotients
        let limit = Doubles(repeating: 0x1p51)
        let fits = (products .< limit) .& (products .> -limit)
        whole.replace(with: Longs(), where: .!fits)
        distance.replace(with: Longs(repeating: .min), where: .!fits)
        return (whole, distance)
    }

    /// The most bits of a distance that is counted; what is further away counts as an exception.
    public static let distanceBits = 20

    /// Whether more than `most` of `count` doubles are further than `distance` from integers over
    /// the divisor.
    ///
    /// What is too large for the scale, and -0.0, is, unless `butTooLarge`.
    public static func misses(
        more most: Int, of values: UnsafePointer<Double>, count: Int, divisor: Double,
        by distance: Int64, butTooLarge: Bool
    ) -> Bool {
        let scale = Divisor(divisor)
        // Distances on either side as those above the lowest, compared as if without signs.
        let lowest = Longs(repeating: distance &- .min)
        let limit = Longs(repeating: 2 &* distance &- .min)
        var missCount = 0
        var index = 0
        while index < count {
            // Of the last few what is missing is 0, which no scale misses.
            var eight = Doubles()
            if index &+ 8 <= count {
                eight = loadDoubles(values + index)
            } else {
                for lane in 0..<(count &- index) { eight[lane] = values[index &+ lane] }
            }
            let found = split(eight, scale).1
            var isFar = (found &+ lowest) .> limit
            if butTooLarge { isFar .&= found .!= Longs(repeating: .min) }
            missCount &-= Int(unsafeBitCast(isFar, to: Longs.self).wrappedSum())
            if missCount > most { return true }
            index &+= 8
        }
        return false
    }

    /// Bits of steps between the first and the second of each pair of split values, of distances
    /// and of exceptions: what is too large for the scale, or further away than `distanceBits`.
    public static func pairBits(
        _ integers: UnsafePointer<Int64>, _ distances: UnsafePointer<Int64>, count: Int
    ) -> Int {
        var previous: Int64 = 0
        var stepBits = 0
        var otherBits = 0
        for index in 0..<count {
            let distance = distances[index]
            // What is too large for the scale has no integer.
            guard distance != .min else {
                otherBits &+= 64
                continue
            }
            let integer = integers[index]
            if index & 1 == 1 { stepBits &+= bitLength(integer &- previous) }
            previous = integer
            guard distance != 0 else { continue }
            let bits = bitLength(distance)
            otherBits &+= bits > distanceBits ? 64 : bits &+ 1
        }
        return 2 &* stepBits &+ otherBits
    }

    /// `values[i] = integers[i] / divisor`, correctly rounded, for integers below 2^51 in size.
    ///
    /// Both pointers hold `count` elements and may be the same memory.
    public static func join(
        _ integers: UnsafePointer<Int64>, count: Int, divisor: Double,
        into values: UnsafeMutablePointer<Double>
    ) {
        let scale = Divisor(divisor)
        var index = 0
        while index &+ 8 <= count {
            storeDoubles(scale.divide(doubles(of: loadLongs(integers + index))), values + index)
            index &+= 8
        }
        while index < count {
            values[index] = scale.divide(doubles(of: Longs(repeating: integers[index])))[0]
            index &+= 1
        }
    }

    /// `distances[i] = values[i] - others[i]` in bit patterns, wrapping; returns how many are not
    /// zero.
    public static func distances(
        _ values: UnsafePointer<Double>, from others: UnsafePointer<Double>, count: Int,
        into distances: UnsafeMutablePointer<Int64>
    ) -> Int {
        var missCount = 0
        for index in 0..<count {
            let distance = Int64(
                bitPattern: values[index].bitPattern &- others[index].bitPattern)
            distances[index] = distance
            missCount &+= distance != 0 ? 1 : 0
        }
        return missCount
    }

    /// Moves each double by a distance in bit patterns, wrapping.
    public static func move(
        _ values: UnsafeMutablePointer<Double>, by distances: UnsafePointer<Int64>, count: Int
    ) {
        for index in 0..<count {
            let bits = Int64(bitPattern: values[index].bitPattern) &+ distances[index]
            values[index] = Double(bitPattern: UInt64(bitPattern: bits))
        }
    }

    /// `integers[i] += round(sibling[i] * divisor)`, wrapping; 0 where not below 2^51 in size.
    ///
    /// With `sign` -1 it is taken off instead.
    public static func addRounded(
        _ sibling: UnsafePointer<Double>, count: Int, divisor: Double, sign: Int64,
        to integers: UnsafeMutablePointer<Int64>
    ) {
        for index in 0..<count {
            let product = sibling[index] * divisor
            guard product < 0x1p51, product > -0x1p51 else { continue }
            let shifted = (product + roundingShift).bitPattern
            let whole = Int64(bitPattern: shifted) &- roundingShiftBits
            integers[index] = integers[index] &+ whole &* sign
        }
    }
}
