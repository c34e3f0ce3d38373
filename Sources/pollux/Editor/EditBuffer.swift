/// The text being written and the cursor in it, in characters as people see them.
struct EditBuffer: Hashable, Sendable {
    private(set) var characters: [Character] = []
    /// The number of characters before the cursor.
    private(set) var cursor = 0
    /// What the last deletion of more than a character took.
    private(set) var killed = ""
    private var undone: [(characters: [Character], cursor: Int)] = []

    static func == (left: EditBuffer, right: EditBuffer) -> Bool {
        left.characters == right.characters && left.cursor == right.cursor
    }
    func hash(into hasher: inout Hasher) {
        hasher.combine(characters)
        hasher.combine(cursor)
    }

    var text: String { String(characters) }
    var textBeforeCursor: String { String(characters[..<cursor]) }
    var isEmpty: Bool { characters.isEmpty }
    var isAtEnd: Bool { cursor == characters.count }

    /// The line the cursor is in, and how many there are.
    var line: (index: Int, count: Int) {
        let before = characters[..<cursor].count { $0 == "\n" }
        return (before, characters.count { $0 == "\n" } + 1)
    }

    /// Replaces everything; the cursor goes to the end.
    mutating func set(_ text: String) {
        keep()
        characters = Array(text)
        cursor = characters.count
    }

    /// Puts a text in at the cursor; a mark that joins the character before it does so.
    mutating func insert(_ text: String) {
        keep()
        let tail = characters[cursor...]
        let head = Array(String(characters[..<cursor]) + text)
        cursor = head.count
        characters = head + tail
    }

    /// Replaces the bytes of a range of the text; the cursor goes behind them.
    mutating func replace(utf8 lower: Int, _ upper: Int, with replacement: String) {
        keep()
        let bytes = Array(text.utf8)
        let start = min(max(0, lower), bytes.count)
        let end = min(max(start, upper), bytes.count)
        let head = String(decoding: bytes[..<start], as: UTF8.self) + replacement
        cursor = head.count
        characters = Array(head + String(decoding: bytes[end...], as: UTF8.self))
    }

    mutating func move(to place: Int) { cursor = min(max(0, place), characters.count) }

    /// Deletes the characters between the cursor and a place.
    mutating func delete(to place: Int, keeping: Bool = true) {
        let target = min(max(0, place), characters.count)
        let range = min(target, cursor)..<max(target, cursor)
        guard !range.isEmpty else { return }
        keep()
        if keeping { killed = String(characters[range]) }
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }

    /// Goes back one change.
    mutating func undo() {
        guard let last = undone.popLast() else { return }
        characters = last.characters
        cursor = last.cursor
    }

    var lineStart: Int {
        var place = cursor
        while place > 0, characters[place - 1] != "\n" { place -= 1 }
        return place
    }

    var lineEnd: Int {
        var place = cursor
        while place < characters.count, characters[place] != "\n" { place += 1 }
        return place
    }

    var wordStart: Int {
        var place = cursor
        while place > 0, !EditBuffer.isWord(characters[place - 1]) { place -= 1 }
        while place > 0, EditBuffer.isWord(characters[place - 1]) { place -= 1 }
        return place
    }

    var wordEnd: Int {
        var place = cursor
        while place < characters.count, !EditBuffer.isWord(characters[place]) { place += 1 }
        while place < characters.count, EditBuffer.isWord(characters[place]) { place += 1 }
        return place
    }

    /// The place in the line above (-1) or below (1) under the same column; nil without one.
    func place(linesAway step: Int) -> Int? {
        let column = cursor - lineStart
        var copy = self
        if step < 0 {
            guard lineStart > 0 else { return nil }
            copy.move(to: lineStart - 1)
        } else {
            guard lineEnd < characters.count else { return nil }
            copy.move(to: lineEnd + 1)
        }
        return min(copy.lineStart + column, copy.lineEnd)
    }

    /// Names of the plant hold hyphens, so they belong to words here too.
    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
            || character == "\\"
    }

    private mutating func keep() {
        undone.append((characters, cursor))
        if undone.count > 200 { undone.removeFirst() }
    }
}
