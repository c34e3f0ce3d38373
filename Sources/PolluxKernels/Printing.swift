/// Quotients as programs print them with 15 digits (storage-format/encodings.md §5.3).
public enum Printing {
    /// 10^e from e = -3 on; from 1 on they are exact.
    private static let powers: [Double] = [
        1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
        1e14, 1e15, 1e16, 1e17,
    ]

    /// Sizes with as many digits before the point: `lower ..< upper`.
    private struct Decade {
        var lower: Double
        var upper: Double
        /// 10 to the number of digits behind the point.
        var power: Double

        /// The decade of a size; nil when printing does not change it.
        init?(of size: Double) {
            guard size >= 1e-3, size < 1e15 else { return nil }
            var place = 0
            while size >= Printing.powers[place &+ 1] { place &+= 1 }
            lower = Printing.powers[place]
            upper = Printing.powers[place &+ 1]
            power = Printing.powers[20 &- place]
        }
    }

    /// The double nearest to the decimal of 15 significant digits nearest to `value`.
    public static func printed(_ value: Double) -> Double {
        guard let decade = Decade(of: value.magnitude) else { return value }
        let shifted = value * decade.power + roundingShift
        return (shifted - roundingShift) / decade.power
    }

    /// Replaces each value by what it reads as after printing.
    public static func printAll(_ values: UnsafeMutablePointer<Double>, count: Int) {
        guard count > 0 else { return }
        var decade = Decade(of: values[0].magnitude)
        var scale = Divisor(decade?.power ?? 1)
        var index = 0
        while index &+ 8 <= count {
            let eight = loadDoubles(values + index)
            if let held = decade, let printed = printed(eight, held, scale) {
                storeDoubles(printed, values + index)
            } else {
                for place in index..<(index &+ 8) { values[place] = printed(values[place]) }
                if let other = Decade(of: values[index &+ 7].magnitude) {
                    (decade, scale) = (other, Divisor(other.power))
                }
            }
            index &+= 8
        }
        while index < count {
            values[index] = printed(values[index])
            index &+= 1
        }
    }

    /// Eight values of one decade, `scale` being its power; nil when one is of another.
    @inline(__always)
    private static func printed(
        _ values: Doubles, _ decade: Decade, _ scale: Divisor
    ) -> Doubles? {
        let bits = unsafeBitCast(values, to: Longs.self) & Longs(repeating: .max)
        let sizes = unsafeBitCast(bits, to: Doubles.self)
        let others =
            (sizes .< Doubles(repeating: decade.lower))
            .| (sizes .>= Doubles(repeating: decade.upper))
        guard !any(others) else { return nil }
        let shift = Doubles(repeating: roundingShift)
        return scale.divide(values * Doubles(repeating: decade.power) + shift - shift)
    }
}
