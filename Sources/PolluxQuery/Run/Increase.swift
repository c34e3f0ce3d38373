/// What a counter rose by: exactly where its values are whole numbers (S23).
struct Increase: Hashable, Sendable {
    private(set) var value: Double
    /// The same as a whole number of 64 bits; nil where it is none, or not known exactly.
    private(set) var whole: Int64?

    /// None at all.
    static let zero = Increase(exactly: 0)

    init(_ value: Double) { self.value = value }

    init(exactly whole: Int128) {
        value = Double(whole)
        self.whole = Int64(exactly: whole)
    }

    static func + (left: Increase, right: Increase) -> Increase {
        guard let one = left.whole, let other = right.whole else {
            return Increase(left.value + right.value)
        }
        return Increase(exactly: Int128(one) + Int128(other))
    }
}
