/// Multiples of a number, told and divided without dividing.
public struct Multiples {
    private let inverse: UInt64
    private let shift: UInt64
    private let limit: UInt64

    /// The multiples of `divisor`, which is at least 1.
    public init(of divisor: UInt64) {
        shift = UInt64(divisor.trailingZeroBitCount)
        limit = UInt64.max / divisor
        // The inverse of the odd part modulo 2^64.
        let odd = divisor &>> shift
        var inverse = odd
        for _ in 0..<6 { inverse = inverse &* (2 &- odd &* inverse) }
        self.inverse = inverse
    }

    /// The first of the rows `first..<count` whose distance above `origin` is not a multiple;
    /// `count` where there is none.
    public func firstOther(
        among values: UnsafePointer<Int64>, from first: Int, count: Int, origin: Int64
    ) -> Int {
        // A multiple times the inverse is the quotient; of all others it is greater than any
        // quotient, once the bits that shifting would lose are the highest.
        let origins = Longs(repeating: origin)
        let inverses = SIMD8<UInt64>(repeating: inverse)
        let down = SIMD8<UInt64>(repeating: shift)
        let up = SIMD8<UInt64>(repeating: (64 &- shift) & 63)
        let limits = SIMD8<UInt64>(repeating: limit)
        var row = first
        while row &+ 8 <= count {
            let distances = loadLongs(values + row) &- origins
            let products = unsafeBitCast(distances, to: SIMD8<UInt64>.self) &* inverses
            let quotients = products &>> down | products &<< up
            if any(quotients .> limits) { break }
            row &+= 8
        }
        while row < count {
            let product = UInt64(bitPattern: values[row] &- origin) &* inverse
            if product &>> shift | product &<< ((64 &- shift) & 63) > limit { break }
            row &+= 1
        }
        return row
    }

    /// `quotients[i] = (values[i] - origin) / divisor`, where each is a multiple.
    public func quotients(
        of values: UnsafePointer<Int64>, count: Int, origin: Int64,
        into quotients: UnsafeMutablePointer<Int64>
    ) {
        let shift = Int64(truncatingIfNeeded: shift)
        let inverse = Int64(bitPattern: inverse)
        var row = 0
        while row &+ 8 <= count {
            let distances = loadLongs(values + row) &- Longs(repeating: origin)
            let odd = distances &>> Longs(repeating: shift)
            storeLongs(odd &* Longs(repeating: inverse), quotients + row)
            row &+= 8
        }
        while row < count {
            quotients[row] = ((values[row] &- origin) &>> shift) &* inverse
            row &+= 1
        }
    }
}
