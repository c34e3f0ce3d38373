/// What all numbers of a column have in common: `value = offset + factor * number`.
struct SharedFactor {
    /// The greatest common divisor of all differences; at least 1.
    private(set) var factor: Int64 = 1
    /// The rest that all values leave when divided by the factor.
    private(set) var offset: Int64 = 0

    /// Finds the factor of `values`; gives up (factor 1) where differences overflow.
    init(_ values: UnsafeBufferPointer<Int64>) {
        guard let first = values.first else { return }
        var divisor: UInt64 = 0
        var test = Divisibility(by: 1)
        for value in values where value != first {
            let (difference, overflow) = value.subtractingReportingOverflow(first)
            if overflow { return }
            if divisor == 0 || !test.holds(for: difference.magnitude) {
                divisor = Self.divisor(divisor, difference.magnitude)
                if divisor == 1 { return }
                test = Divisibility(by: divisor)
            }
        }
        guard divisor > 1, divisor <= UInt64(Int64.max) else { return }
        let candidate = Int64(divisor)
        let rest = first % candidate
        let base = rest < 0 ? rest + candidate : rest
        let least = values.min() ?? first
        if least.subtractingReportingOverflow(base).overflow { return }
        factor = candidate
        offset = base
    }

    /// The numbers over the factor.
    ///
    /// Every division is exact, so it is a shift and a multiplication by the inverse modulo 2^64.
    func numbers(of values: UnsafeBufferPointer<Int64>) -> [Int64] {
        guard factor > 1 else { return Array(values) }
        let shift = Int64(factor.trailingZeroBitCount)
        let inverse = Int64(bitPattern: Divisibility.inverse(UInt64(factor) >> UInt64(shift)))
        return values.map { (($0 &- offset) &>> shift) &* inverse }
    }

    private static func divisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}

/// Whether numbers are multiples of another, without dividing.
private struct Divisibility {
    private let inverse: UInt64
    private let shift: UInt64
    private let limit: UInt64

    init(by divisor: UInt64) {
        shift = UInt64(divisor.trailingZeroBitCount)
        inverse = Self.inverse(divisor >> shift)
        limit = UInt64.max / divisor
    }

    /// A multiple times the inverse is the quotient; of all others it is greater than any quotient,
    /// once the bits that shifting would lose are the highest.
    @inline(__always)
    func holds(for number: UInt64) -> Bool {
        let product = number &* inverse
        return product &>> shift | product &<< (64 &- shift) <= limit
    }

    /// The inverse of an odd number modulo 2^64.
    static func inverse(_ odd: UInt64) -> UInt64 {
        var inverse = odd
        for _ in 0..<6 { inverse = inverse &* (2 &- odd &* inverse) }
        return inverse
    }
}
