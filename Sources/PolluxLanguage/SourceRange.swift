/// A stretch of the source text, as UTF-8 offsets, half-open.
public struct SourceRange: Hashable, Sendable {
    /// The offset of the first byte.
    public var lower: Int
    /// The offset after the last byte.
    public var upper: Int

    /// The bytes from `lower` up to, not including, `upper`.
    public init(_ lower: Int, _ upper: Int) {
        self.lower = lower
        self.upper = max(lower, upper)
    }

    /// The range of a node that was not read from a text.
    public static let none = SourceRange(0, 0)

    /// Whether it holds no byte.
    public var isEmpty: Bool { lower == upper }

    /// The smallest range that holds both.
    public func union(_ other: SourceRange) -> SourceRange {
        SourceRange(min(lower, other.lower), max(upper, other.upper))
    }

    /// The words it stands for; offsets outside the text or inside a character are moved back.
    public func text(in source: String) -> String {
        let utf8 = source.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: min(max(lower, 0), utf8.count))
        let end = utf8.index(utf8.startIndex, offsetBy: min(max(upper, 0), utf8.count))
        return String(source[start..<max(start, end)])
    }

    /// Where it begins, in lines and characters.
    public func start(in source: String) -> SourcePosition {
        SourcePosition(offset: lower, in: source)
    }
}

/// A place in a text as people count: line and column from 1, columns in characters.
public struct SourcePosition: Hashable, Sendable {
    /// The line, from 1.
    public var line: Int
    /// The column in characters, from 1.
    public var column: Int

    /// A place by its numbers, both from 1.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The place of a UTF-8 offset; O(offset).
    ///
    /// An offset beyond the text gives the place after it.
    public init(offset: Int, in source: String) {
        var lineStart = 0
        var line = 1
        var position = 0
        for byte in source.utf8 {
            if position >= offset { break }
            position += 1
            if byte == 0x0A {
                line += 1
                lineStart = position
            }
        }
        self.line = line
        self.column = SourceRange(lineStart, position).text(in: source).count + 1
    }
}

/// A property that equality overlooks, so that trees are equal whatever text they were read from.
@propertyWrapper
public struct Overlooked<Value: Sendable>: Hashable, Sendable {
    /// The value itself.
    public var wrappedValue: Value

    /// A value that takes no part in comparisons.
    public init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }

    /// Always true.
    public static func == (left: Overlooked, right: Overlooked) -> Bool { true }

    /// Adds nothing.
    public func hash(into hasher: inout Hasher) {}
}
