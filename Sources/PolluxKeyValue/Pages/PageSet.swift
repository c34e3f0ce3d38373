/// A set of page numbers, a bit each.
struct PageSet {
    private var words: [UInt64]

    /// An empty set for the pages up to `last`.
    init(last: UInt64) {
        words = [UInt64](repeating: 0, count: Int(last / 64) + 1)
    }

    /// Adds a page and tells whether it is new.
    mutating func insert(_ page: UInt64) -> Bool {
        let bit: UInt64 = 1 << (page % 64)
        defer { words[Int(page / 64)] |= bit }
        return words[Int(page / 64)] & bit == 0
    }
}
