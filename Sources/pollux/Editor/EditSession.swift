/// One thing that completion offers.
struct Choice: Hashable, Sendable {
    /// What is put in the place of the partial word.
    var text: String
    /// What is said beside it, such as the unit and the last value.
    var detail = ""
}

/// What completion found: the bytes that a choice replaces, and the choices, best first.
struct Choices: Hashable, Sendable {
    var lower: Int
    var upper: Int
    var all: [Choice]
}

/// What the editor asks about the language and the plant.
protocol EditAdvice {
    /// What may stand at a UTF-8 offset of a text.
    func choices(in text: String, at offset: Int) -> Choices
    /// Whether Enter ends the sentence.
    func isComplete(_ text: String) -> Bool
    /// How stretches of the text are shown, as UTF-8 offsets.
    func styles(of text: String) -> [(range: Range<Int>, style: TextStyle)]
}

/// The state of one line being written: keys in, text and outcome out; knows no terminal.
struct EditSession {
    /// What a key led to.
    enum Outcome: Hashable {
        case more
        case accept(String)
        case interrupt
        case end
        case clearScreen
    }

    /// The choices under the line, and the one that is marked.
    struct Menu: Hashable {
        var choices: Choices
        var selected: Int?
    }

    /// A search backwards through the history.
    struct Search: Hashable {
        var wanted = ""
        var index: Int?
        var draft = ""
    }

    private(set) var buffer = EditBuffer()
    private(set) var menu: Menu?
    private(set) var search: Search?
    /// A corrected sentence that Tab accepts while nothing is written.
    let offer: String?
    let history: [String]
    let advice: any EditAdvice
    private var place: Int
    private var draft = ""

    init(history: [String], advice: any EditAdvice, offer: String? = nil, start: String = "") {
        self.history = history
        self.advice = advice
        self.offer = offer
        place = history.count
        if !start.isEmpty { buffer.set(start) }
    }

    /// The rest of the newest line of the history that begins like this one, or the offer.
    var ghost: String? {
        guard buffer.isAtEnd, menu == nil, search == nil else { return nil }
        let text = buffer.text
        if text.isEmpty { return offer }
        guard let found = history.last(where: { $0.count > text.count && $0.hasPrefix(text) })
        else { return nil }
        return String(found.dropFirst(text.count))
    }

    /// Takes one key.
    mutating func take(_ key: Key) -> Outcome {
        if search != nil, let outcome = takeInSearch(key) { return outcome }
        if menu != nil, takeInMenu(key) { return .more }
        switch key {
        case .enter: return enter()
        case .interrupt: return .interrupt
        case .endOfInput:
            if buffer.isEmpty { return .end }
            buffer.delete(to: buffer.cursor + 1, keeping: false)
        case .clearScreen: return .clearScreen
        case .tab: complete()
        case .search: search = Search(draft: buffer.text)
        case .up: upOrBack()
        case .down: downOrForward()
        case .historyBack: recall(place - 1)
        case .historyForward: recall(place + 1)
        default: edit(key)
        }
        return .more
    }

    private mutating func enter() -> Outcome {
        let text = buffer.text
        // An empty last line ends a sentence that looks unfinished, so that nobody is trapped.
        if advice.isComplete(text) || text.hasSuffix("\n") { return .accept(text) }
        buffer.move(to: buffer.characters.count)
        buffer.insert("\n")
        return .more
    }

    private mutating func edit(_ key: Key) {
        switch key {
        case .text(let text), .paste(let text): buffer.insert(text)
        case .lineBreak: buffer.insert("\n")
        case .backspace: buffer.delete(to: buffer.cursor - 1, keeping: false)
        case .delete: buffer.delete(to: buffer.cursor + 1, keeping: false)
        case .deleteWordBefore: buffer.delete(to: buffer.wordStart)
        case .deleteWordAfter: buffer.delete(to: buffer.wordEnd)
        case .deleteToStart: buffer.delete(to: buffer.lineStart)
        case .deleteToEnd: buffer.delete(to: buffer.lineEnd)
        case .yank: buffer.insert(buffer.killed)
        case .undo: buffer.undo()
        case .left: buffer.move(to: buffer.cursor - 1)
        case .right:
            if !takeGhost(words: nil) { buffer.move(to: buffer.cursor + 1) }
        case .wordLeft: buffer.move(to: buffer.wordStart)
        case .wordRight:
            if !takeGhost(words: 1) { buffer.move(to: buffer.wordEnd) }
        case .home: buffer.move(to: buffer.lineStart)
        case .end:
            if !takeGhost(words: nil) { buffer.move(to: buffer.lineEnd) }
        default: break
        }
    }

    /// Puts the ghost text, or its first word, into the line; false when there is none.
    private mutating func takeGhost(words: Int?) -> Bool {
        guard let ghost else { return false }
        guard words != nil else {
            buffer.insert(ghost)
            return true
        }
        var part = EditBuffer()
        part.set(ghost)
        part.move(to: 0)
        buffer.insert(String(part.characters[..<part.wordEnd]))
        return true
    }

    // MARK: History

    private mutating func upOrBack() {
        if let above = buffer.place(linesAway: -1) {
            buffer.move(to: above)
        } else {
            recall(place - 1)
        }
    }

    private mutating func downOrForward() {
        if let below = buffer.place(linesAway: 1) {
            buffer.move(to: below)
        } else {
            recall(place + 1)
        }
    }

    private mutating func recall(_ wanted: Int) {
        guard wanted >= 0, wanted <= history.count, wanted != place else { return }
        if place == history.count { draft = buffer.text }
        place = wanted
        buffer.set(wanted == history.count ? draft : history[wanted])
    }

    /// Takes a key while searching; nil when the key ends the search and is then taken as usual.
    private mutating func takeInSearch(_ key: Key) -> Outcome? {
        guard var state = search else { return nil }
        switch key {
        case .text(let text):
            state.wanted += text
            state.index = find(state.wanted, before: state.index.map { $0 + 1 })
        case .backspace:
            state.wanted = String(state.wanted.dropLast())
            state.index = find(state.wanted, before: nil)
        case .search: state.index = find(state.wanted, before: state.index) ?? state.index
        case .escape, .interrupt:
            buffer.set(state.draft)
            search = nil
            return .more
        case .enter, .tab:
            search = nil
            return .more
        default:
            search = nil
            return nil
        }
        search = state
        if let index = state.index { buffer.set(history[index]) }
        return .more
    }

    private func find(_ wanted: String, before end: Int?) -> Int? {
        guard !wanted.isEmpty else { return nil }
        let small = wanted.lowercased()
        return history[..<min(end ?? history.count, history.count)].lastIndex {
            $0.lowercased().contains(small)
        }
    }

    // MARK: Completion

    private mutating func complete() {
        if buffer.isEmpty, let offer {
            buffer.set(offer)
            return
        }
        let found = advice.choices(in: buffer.text, at: buffer.textBeforeCursor.utf8.count)
        guard !found.all.isEmpty else { return }
        if found.all.count == 1 {
            put(found.all[0], of: found)
            return
        }
        let partial = found.upper - found.lower
        let shared = EditSession.sharedStart(found.all.map(\.text))
        if shared.utf8.count > partial {
            buffer.replace(utf8: found.lower, found.upper, with: shared)
            menu = Menu(
                choices: Choices(
                    lower: found.lower, upper: found.lower + shared.utf8.count, all: found.all))
        } else {
            menu = Menu(choices: found)
        }
    }

    /// Puts a choice in the place of the partial word, and a blank behind it.
    private mutating func put(_ choice: Choice, of choices: Choices) {
        let isLast = choices.upper >= buffer.text.utf8.count
        buffer.replace(
            utf8: choices.lower, choices.upper, with: choice.text + (isLast ? " " : ""))
    }

    /// Takes a key while the menu is open; false when it closes the menu and is taken as usual.
    private mutating func takeInMenu(_ key: Key) -> Bool {
        guard var open = menu else { return false }
        let count = open.choices.all.count
        switch key {
        case .tab where count == 1:
            menu = nil
            put(open.choices.all[0], of: open.choices)
            return true
        case .tab, .down: open.selected = open.selected.map { ($0 + 1) % count } ?? 0
        case .backTab, .up:
            open.selected = open.selected.map { ($0 + count - 1) % count } ?? count - 1
        case .escape:
            menu = nil
            return true
        case .enter:
            menu = nil
            guard let selected = open.selected else { return false }
            put(open.choices.all[selected], of: open.choices)
            return true
        case .text, .backspace:
            edit(key)
            let found = advice.choices(in: buffer.text, at: buffer.textBeforeCursor.utf8.count)
            menu = found.all.isEmpty || key == .text(" ") ? nil : Menu(choices: found)
            return true
        default:
            menu = nil
            return false
        }
        menu = open
        return true
    }

    private static func sharedStart(_ texts: [String]) -> String {
        guard var shared = texts.first else { return "" }
        for text in texts.dropFirst() { shared = shared.commonPrefix(with: text) }
        return shared
    }
}

extension String {
    /// The characters with which both begin.
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}
