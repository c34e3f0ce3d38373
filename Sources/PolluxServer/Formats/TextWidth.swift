/// How many columns of a terminal a text takes.
public enum TextWidth {
    /// Columns: two for the wide characters of East Asian scripts and most pictures.
    public static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    /// The text without what would move the cursor or change colours.
    public static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? " " : scalar) }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 32 || (127..<160).contains(scalar.value)
    }

    /// The text, cut with `…` when it is wider.
    public static func cut(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        var result = ""
        var used = 0
        for character in text {
            guard used + of(character) < width else { break }
            result.append(character)
            used += of(character)
        }
        return result + "…"
    }

    /// The text with its lines broken between words; a word wider than a line is left whole.
    ///
    /// - Parameter measure: the columns of a part of a line.
    public static func wrapped(
        _ text: String, to width: Int, measure: (String) -> Int = { of($0) }
    ) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard measure(String(line)) > width else { return String(line) }
            let indent = String(line.prefix { $0 == " " })
            var lines: [String] = []
            var current = indent
            for word in line.split(separator: " ") {
                let isFirst = current == indent
                if !isFirst, measure(current) + 1 + measure(String(word)) > width {
                    lines.append(current)
                    current = indent + word
                } else {
                    current += (isFirst ? "" : " ") + word
                }
            }
            return (lines + [current]).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
