import PolluxServer

/// Messages about a sentence in a terminal that is narrower than the sentence.
enum NarrowMessage {
    private static let margin = "  | "

    /// The message with its words wrapped, and of each line of the sentence the part around its
    /// marks; the rest of that line is an ellipsis.
    static func fitted(_ message: String, to width: Int) -> String {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        guard width > 20, lines.contains(where: { visible($0) > width }) else { return message }
        var result: [String] = []
        var index = 0
        while index < lines.count {
            let line = lines[index]
            if index + 1 < lines.count, isMarked(line, by: lines[index + 1]) {
                result += snippet(line, lines[index + 1], width)
                index += 2
            } else {
                result += wrapped(line, width)
                index += 1
            }
        }
        return result.joined(separator: "\n")
    }

    private static func visible(_ line: String) -> Int {
        TextWidth.of(Terminal.withoutColours(line))
    }

    /// Whether a line is the sentence and the next one holds nothing but marks, and perhaps a word
    /// of advice after them.
    private static func isMarked(_ line: String, by next: String) -> Bool {
        guard line.hasPrefix(margin), next.hasPrefix(margin) else { return false }
        let first = next.dropFirst(margin.count).first { $0 != " " }
        return first == "^" || first == "~"
    }

    private static func snippet(_ line: String, _ next: String, _ width: Int) -> [String] {
        let source = Array(line.dropFirst(margin.count))
        let below = next.dropFirst(margin.count)
        let marks = Array(below.prefix { [" ", "^", "~"].contains($0) })
        let advice = String(below.dropFirst(marks.count))
        let room = width - margin.count
        let first = marks.firstIndex(of: "^") ?? marks.firstIndex(of: "~") ?? 0
        let end = (marks.lastIndex(of: "^") ?? first) + 1
        // Marks beyond the edge move to a third of the line, so that what precedes them is seen.
        let begin = end <= room ? 0 : max(0, min(first - room / 3, source.count - room))
        var shown = Array(source.dropFirst(begin).prefix(room))
        if begin > 0, !shown.isEmpty { shown[0] = "…" }
        if begin + room < source.count, !shown.isEmpty { shown[shown.count - 1] = "…" }
        var under = String(marks.dropFirst(begin).prefix(room))
        while under.last == " " { under.removeLast() }
        var result = [margin + String(shown)]
        if advice.isEmpty { return result + [margin + under] }
        if under.count + 1 + visible(advice) <= room {
            return result + [margin + under + " " + advice]
        }
        result.append(margin + under)
        return result + wrapped(margin + advice, width)
    }

    /// A line in several, each behind the margin that it begins with.
    private static func wrapped(_ line: String, _ width: Int) -> [String] {
        guard visible(line) > width else { return [line] }
        let margin = ["  | ", "  = "].first { line.hasPrefix($0) } ?? ""
        let following = margin == "  = " ? "    " : margin
        let words = String(line.dropFirst(margin.count).drop { $0 == " " })
        let lines = TextWidth.wrapped(words, to: width - margin.count, measure: visible)
        return lines.split(separator: "\n").enumerated().map { index, line in
            (index == 0 ? margin : following) + line
        }
    }
}
