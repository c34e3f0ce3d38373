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
        var misses = Longs()
        var index = 0
        while index &+ 8 <= count {
            let (whole, distance) = split(loadDoubles(values + index), scale)
            storeLongs(whole, integers + index)
            storeLongs(distance, distances + index)
            misses.replace(with: misses &+ 1, where: distance .!= Longs())
            index &+= 8
        }
        var missCount = Int(misses.wrappedSum())
        while index < count {
            let (whole, distance) = split(Doubles(repeating: values[index]), scale)
            integers[index] = whole[0]
            distances[index] = distance[0]
            if distance[0] != 0 { missCount &+= 1 }
            index &+= 1
        }
        return missCount
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
