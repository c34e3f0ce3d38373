import PolluxServer

/// What a session looks like on a terminal of some size: lines and the cursor.
struct EditFrame: Hashable {
    private(set) var lines: [[StyledText]] = [[]]
    private(set) var cursorRow = 0
    private(set) var cursorColumn = 0

    /// The most choices shown at once.
    private static let menuHeight = 8

    private var width: Int
    private var column = 0

    /// Lays a session out.
    ///
    /// Ghost text is left out without colours, where it could not be told from what was written.
    /// `isFinal` leaves out everything that only helps writing.
    init(
        _ session: EditSession, columns: Int, rows: Int, hasColours: Bool, isFinal: Bool = false
    ) {
        // The last column stays free: a full line would wrap on some terminals and not on others.
        width = max(4, columns - 1)
        if let search = session.search, !isFinal {
            append("search `\(search.wanted)`: ", .dim)
        } else {
            append(width < 24 ? "> " : "pollux> ", .prompt)
        }
        let mark = width < 24 ? ". " : "   ...> "
        var styles = EditFrame.styles(session)
        for (index, character) in session.buffer.characters.enumerated() {
            if index == session.buffer.cursor { markCursor() }
            guard character == "\n" else {
                append(character, styles.removeFirst())
                continue
            }
            breakLine()
            append(mark, .prompt)
            styles.removeFirst()
        }
        if session.buffer.isAtEnd { markCursor() }
        guard !isFinal else { return }
        if hasColours, let ghost = session.ghost {
            let hint = session.buffer.isEmpty ? "   (Tab takes this)" : ""
            append(ghost.replacing("\n", with: " ") + hint, .dim)
        }
        if let menu = session.menu { appendMenu(menu, hasColours: hasColours) }
        clip(to: max(1, rows - 1))
    }

    /// The lines as text, for tests and terminals without styles.
    var text: String { lines.map(\.plain).joined(separator: "\n") }

    private mutating func markCursor() {
        if column >= width { breakLine() }
        cursorRow = lines.count - 1
        cursorColumn = column
    }

    private mutating func breakLine() {
        lines.append([])
        column = 0
    }

    private mutating func append(_ text: String, _ style: TextStyle) {
        for character in text { append(character, style) }
    }

    private mutating func append(_ character: Character, _ style: TextStyle) {
        let size = TextWidth.of(String(character))
        if column + size > width { breakLine() }
        column += size
        let last = lines.count - 1
        if lines[last].last?.style == style {
            lines[last][lines[last].count - 1].text.append(character)
        } else {
            lines[last].append(StyledText(String(character), style))
        }
    }

    private mutating func appendMenu(_ menu: EditSession.Menu, hasColours: Bool) {
        let all = menu.choices.all
        let first = min(
            max(0, (menu.selected ?? 0) - EditFrame.menuHeight + 1),
            max(0, all.count - EditFrame.menuHeight))
        let shown = all[first..<min(all.count, first + EditFrame.menuHeight)]
        let room = shown.map { TextWidth.of($0.text) }.max() ?? 0
        for (offset, choice) in shown.enumerated() {
            let isChosen = first + offset == menu.selected
            breakLine()
            append(isChosen && !hasColours ? "> " : "  ", .plain)
            let gap = String(repeating: " ", count: room - TextWidth.of(choice.text))
            let label = TextWidth.cut(choice.text + gap, to: width - 3)
            append(label, isChosen ? .chosen : .plain)
            let left = width - column - 3
            if !choice.detail.isEmpty, left > 4 {
                append("  " + TextWidth.cut(choice.detail, to: left), .dim)
            }
        }
        if all.count > shown.count {
            breakLine()
            append(TextWidth.cut("  … \(all.count) in all", to: width - 1), .dim)
        }
    }

    /// Keeps the lines around the cursor when there are more than the screen has.
    private mutating func clip(to height: Int) {
        guard lines.count > height else { return }
        let start = min(max(0, cursorRow - height + 1), lines.count - height)
        lines = Array(lines[start..<(start + height)])
        cursorRow -= start
    }

    /// One style for each character of the text.
    private static func styles(_ session: EditSession) -> [TextStyle] {
        let text = session.buffer.text
        var bytes = [TextStyle](repeating: .plain, count: text.utf8.count)
        for (range, style) in session.advice.styles(of: text) {
            for index in range.clamped(to: 0..<bytes.count) { bytes[index] = style }
        }
        var offset = 0
        return session.buffer.characters.map { character in
            defer { offset += character.utf8.count }
            return offset < bytes.count ? bytes[offset] : .plain
        }
    }
}
