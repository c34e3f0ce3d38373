extension Diagnostic {
    /// The message as people read it: code, sentence, the line with carets, suggestions, notes.
    ///
    /// Lines end with `\n`; colours are ANSI sequences. Control characters of the source are shown
    /// as blanks, so that a text cannot write to the terminal.
    public func render(colour: Bool = false) -> String {
        let paint = Paint(isOn: colour)
        var result: String
        switch kind {
        case .error: result = paint.red("error[\(code.text)]") + ": " + paint.bold(message) + "\n"
        case .emptyResult: result = paint.bold("0 rows: " + message) + "\n"
        }
        let line = lineBounds()
        let shown = printable(line.text(in: source))
        guard !shown.isEmpty else { return result + noteLines() }
        let position = range.start(in: source)
        if source.utf8.contains(0x0A) { result += "  | (line \(position.line))\n" }
        result += "  | " + shown + "\n"
        var marks = marks(in: line)
        if kind == .error || !suggestions.isEmpty {
            let indent = String(repeating: " ", count: marks.count + 1)
            var labels = suggestions.prefix(3).map { printable($0.label) }
            if !labels.isEmpty { marks += " " + paint.green(labels.removeFirst()) }
            result += "  | " + marks + "\n"
            for label in labels { result += "  | " + indent + paint.green(label) + "\n" }
        }
        return result + noteLines()
    }

    /// The whole text with the likeliest correction put in; nil where there is none to put in.
    public var corrected: String? {
        guard let suggestion = suggestions.first, let replacement = suggestion.replacement else {
            return nil
        }
        let place = suggestion.range ?? range
        let bytes = Array(source.utf8)
        guard place.lower >= 0, place.upper <= bytes.count else { return nil }
        return String(decoding: bytes[..<place.lower], as: UTF8.self) + replacement
            + String(decoding: bytes[place.upper...], as: UTF8.self)
    }

    private func noteLines() -> String {
        notes.map { "  = " + printable($0) + "\n" }.joined()
    }

    /// The line of the source that holds the start of `range`, without its end.
    private func lineBounds() -> SourceRange {
        let bytes = Array(source.utf8)
        var start = min(max(range.lower, 0), bytes.count)
        var end = start
        while start > 0, bytes[start - 1] != 0x0A { start -= 1 }
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        return SourceRange(start, end)
    }

    /// `~` and `^` below the characters they mean, without blanks at the end.
    private func marks(in line: SourceRange) -> String {
        var marks: [Character] = []
        func mark(_ part: SourceRange, _ sign: Character) {
            guard part.lower >= line.lower, part.lower <= line.upper else { return }
            let start = SourceRange(line.lower, part.lower).text(in: source).count
            let clipped = SourceRange(part.lower, min(part.upper, line.upper))
            let count = max(1, clipped.text(in: source).count)
            while marks.count < start + count { marks.append(" ") }
            for index in start..<(start + count) { marks[index] = sign }
        }
        for part in secondaryRanges { mark(part, "~") }
        mark(range, "^")
        return String(marks)
    }

    private func printable(_ text: String) -> String {
        String(
            text.map { character in
                character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
                    ? " " : character
            })
    }
}

/// ANSI colours, or none.
private struct Paint {
    let isOn: Bool

    func red(_ text: String) -> String { painted(text, "1;31") }
    func green(_ text: String) -> String { painted(text, "32") }
    func bold(_ text: String) -> String { painted(text, "1") }

    private func painted(_ text: String, _ sequence: String) -> String {
        isOn ? "\u{1B}[\(sequence)m\(text)\u{1B}[0m" : text
    }
}
