extension RandomAccessCollection {
    /// The first index behind the elements at the beginning for which a condition holds; of a
    /// collection in which it holds for a beginning only, such as `< limit` for ascending numbers.
    ///
    /// O(log count).
    @inlinable
    public func endOfPrefix(where holds: (Element) -> Bool) -> Index {
        var low = startIndex
        var rest = count
        while rest > 0 {
            let half = rest / 2
            let middle = index(low, offsetBy: half)
            if holds(self[middle]) {
                low = index(after: middle)
                rest -= half + 1
            } else {
                rest = half
            }
        }
        return low
    }
}
