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
        for value in values where value != first {
            let (difference, overflow) = value.subtractingReportingOverflow(first)
            if overflow { return }
            if divisor == 0 || difference.magnitude % divisor != 0 {
                divisor = Self.divisor(divisor, difference.magnitude)
                if divisor == 1 { return }
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
        let odd = factor >> shift
        var inverse = odd
        for _ in 0..<6 { inverse = inverse &* (2 &- odd &* inverse) }
        return values.map { (($0 &- offset) &>> shift) &* inverse }
    }

    private static func divisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
