/// A pattern of `like`: `*` stands for any text, `?` for one character; case matters as in names.
public struct NamePattern: Hashable, Sendable {
    private let pattern: [Character]

    /// A pattern from its text.
    public init(_ text: String) {
        pattern = Array(text)
    }

    /// The text before the first wildcard: what every name that fits begins with.
    public var prefix: String {
        String(pattern.prefix { $0 != "*" && $0 != "?" })
    }

    /// Whether a name fits.
    ///
    /// Time grows with the product of the lengths at worst, never faster.
    public func fits(_ name: String) -> Bool {
        let text = Array(name)
        var at = 0
        var inPattern = 0
        var star = -1
        var mark = 0
        while at < text.count {
            if inPattern < pattern.count, pattern[inPattern] == "*" {
                star = inPattern
                mark = at
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == "?" || pattern[inPattern] == text[at]
            {
                inPattern += 1
                at += 1
            } else if star >= 0 {
                inPattern = star + 1
                mark += 1
                at = mark
            } else {
                return false
            }
        }
        while inPattern < pattern.count, pattern[inPattern] == "*" { inPattern += 1 }
        return inPattern == pattern.count
    }
}
