internal import PolluxKernels

/// What all numbers of a column have in common: `value = offset + factor * number`.
struct SharedFactor {
    /// The greatest common divisor of all differences; at least 1.
    private(set) var factor: Int64 = 1
    /// The rest that all values leave when divided by the factor.
    private(set) var offset: Int64 = 0

    /// None but 1.
    init() {}

    /// Finds the factor of `values`; gives up (factor 1) where differences overflow.
    ///
    /// `range` is theirs, where it is known.
    init(_ values: UnsafeBufferPointer<Int64>, range: NumberRanges.Range? = nil) {
        guard let base = values.baseAddress, let first = values.first else { return }
        let (least, greatest) = range ?? IntegerLoops.range(base, count: values.count)
        if least.subtractingReportingOverflow(first).overflow { return }
        if greatest.subtractingReportingOverflow(first).overflow { return }
        var divisor = UInt64(bitPattern: greatest &- least)
        guard divisor > 1 else { return }
        var row = 0
        while true {
            row = Multiples(of: divisor).firstOther(
                among: base, from: row, count: values.count, origin: least)
            guard row < values.count else { break }
            divisor = Self.divisor(divisor, UInt64(bitPattern: values[row] &- least))
            if divisor == 1 { return }
        }
        guard divisor <= UInt64(Int64.max) else { return }
        let candidate = Int64(divisor)
        let rest = first % candidate
        let offset = rest < 0 ? rest + candidate : rest
        if least.subtractingReportingOverflow(offset).overflow { return }
        factor = candidate
        self.offset = offset
    }

    /// The numbers over the factor.
    func numbers(of values: UnsafeBufferPointer<Int64>) -> [Int64] {
        guard factor > 1 else { return Array(values) }
        return [Int64](unsafeUninitializedCapacity: values.count) { target, count in
            count = values.count
            guard let base = values.baseAddress, let target = target.baseAddress else { return }
            Multiples(of: UInt64(factor)).quotients(
                of: base, count: count, origin: offset, into: target)
        }
    }

    private static func divisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
