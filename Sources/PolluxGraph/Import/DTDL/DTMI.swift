/// A digital twin model identifier: `dtmi:com:example:Machine;1`.
struct DTMI: Hashable {
    /// The segments behind `dtmi`.
    var segments: [String]
    /// The version behind the semicolon; empty when there is none.
    var version: String

    /// Reads an identifier; nil when it is none.
    init?(_ text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts[0].hasPrefix("dtmi:") else { return nil }
        segments = parts[0].dropFirst(5).split(separator: ":", omittingEmptySubsequences: false)
            .map(String.init)
        version = parts.count == 2 ? String(parts[1]) : ""
        guard !segments.isEmpty, segments.allSatisfy(DTMI.isSegment) else { return nil }
        guard parts.count == 1 || DTMI.isVersion(parts[1]) else { return nil }
    }

    /// The identifier without its version: two versions describe one type.
    var unversioned: String { "dtmi:" + segments.joined(separator: ":") }

    /// The identifier as written.
    var text: String { unversioned + (version.isEmpty ? "" : ";" + version) }

    /// Whether a segment begins with `_`, which only systems may write.
    var isSystem: Bool { segments.contains { $0.hasPrefix("_") } }

    private static func isSegment(_ segment: String) -> Bool {
        let bytes = Array(segment.utf8)
        guard let first = bytes.first, let last = bytes.last, last != UInt8(ascii: "_") else {
            return false
        }
        guard isLetter(first) || first == UInt8(ascii: "_") else { return false }
        return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// Major of at most nine digits, minor of at most six, no zero in front, and no minor 0.
    private static func isVersion(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return false }
        for (index, part) in parts.enumerated() {
            guard !part.isEmpty, part.utf8.allSatisfy(isDigit), part.first != "0",
                part.count <= (index == 0 ? 9 : 6)
            else { return false }
        }
        return true
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// Whether a text can be the name of an element: a letter, then letters, digits and `_`, not
    /// ending in `_`.
    static func isName(_ name: String) -> Bool {
        isSegment(name) && !name.hasPrefix("_") && name.utf8.count <= 512
    }

    /// A name as an element may have it: other characters become `_`.
    static func name(from text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isPlain =
                scalar.isASCII && (isLetter(UInt8(scalar.value)) || isDigit(UInt8(scalar.value)))
            result += isPlain ? String(scalar) : "_"
        }
        while result.hasSuffix("_") { result.removeLast() }
        guard let first = result.utf8.first, isLetter(first) else { return "x" + result }
        return result
    }
}
