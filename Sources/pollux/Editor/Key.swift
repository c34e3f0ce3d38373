/// One key press, or one paste, as the editor knows it.
enum Key: Hashable, Sendable {
    case text(String)
    case paste(String)
    case enter, lineBreak, tab, backTab, escape
    case backspace, delete, deleteWordBefore, deleteWordAfter, deleteToStart, deleteToEnd
    case left, right, up, down, wordLeft, wordRight, home, end
    case historyBack, historyForward, search
    case interrupt, endOfInput, clearScreen, yank, undo
}

/// Turns the bytes of a terminal into keys; a sequence may be cut anywhere between reads.
struct KeyReader {
    private var pending: [UInt8] = []
    private var pasted: [UInt8]?
    private static let pasteStart: [UInt8] = Array("\u{1B}[200~".utf8)
    private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

    /// The longest sequence that is waited for; hostile bytes cannot grow it.
    private static let longestSequence = 32
    /// The most bytes of one paste that are kept.
    private static let longestPaste = 1 << 20

    /// Whether an escape was read whose meaning depends on whether more follows.
    var isWaiting: Bool { pending.first == 0x1B }

    /// Takes bytes as they come and returns the keys they complete.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for byte in bytes {
            if var paste = pasted {
                paste.append(byte)
                if paste.suffix(KeyReader.pasteEnd.count).elementsEqual(KeyReader.pasteEnd) {
                    keys.append(.paste(KeyReader.cleaned(paste.dropLast(KeyReader.pasteEnd.count))))
                    pasted = nil
                } else {
                    pasted = paste.count > KeyReader.longestPaste ? nil : paste
                }
                continue
            }
            pending.append(byte)
            if pending == KeyReader.pasteStart {
                pending = []
                pasted = []
                continue
            }
            keys += decode()
        }
        return keys
    }

    /// Says that nothing followed for a while: a lone escape is the Escape key.
    mutating func rest() -> [Key] {
        guard isWaiting, pasted == nil else { return [] }
        let isLone = pending.count == 1
        pending = []
        return isLone ? [.escape] : []
    }

    /// Pasted text with line ends as `\n` and without control characters.
    private static func cleaned(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
            .replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\t", with: " ")
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars
        where scalar == "\n" || scalar.value >= 32 && !(127..<160).contains(scalar.value) {
            result.append(scalar)
        }
        return String(result)
    }

    private mutating func decode() -> [Key] {
        guard let first = pending.first else { return [] }
        if first == 0x1B {
            guard pending.count > 1 else { return [] }
            guard let key = escapeSequence() else {
                if pending.count > KeyReader.longestSequence { pending = [] }
                return []
            }
            pending = []
            return key.map { [$0] } ?? []
        }
        if first < 0x20 || first == 0x7F {
            pending = []
            return KeyReader.controls[first].map { [$0] } ?? []
        }
        let needed = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard pending.count >= needed else { return [] }
        let text = String(decoding: pending, as: UTF8.self)
        pending = []
        return [.text(text)]
    }

    /// The key of a whole sequence; nil while it is unfinished, a nil key when it means nothing.
    private func escapeSequence() -> Key?? {
        let body = pending.dropFirst()
        guard let kind = body.first else { return nil }
        if kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") {
            guard body.count > 1, let last = body.last, (0x40...0x7E).contains(last) else {
                return nil
            }
            return .some(
                KeyReader.sequences[String(decoding: body.dropFirst(), as: UTF8.self)])
        }
        switch kind {
        case 0x0D, 0x0A: return .lineBreak
        case UInt8(ascii: "b"), UInt8(ascii: "B"): return .wordLeft
        case UInt8(ascii: "f"), UInt8(ascii: "F"): return .wordRight
        case UInt8(ascii: "d"), UInt8(ascii: "D"): return .deleteWordAfter
        case 0x7F, 0x08: return .deleteWordBefore
        case 0x1B: return .escape
        default: return .some(nil)
        }
    }

    private static let controls: [UInt8: Key] = [
        1: .home, 2: .left, 3: .interrupt, 4: .endOfInput, 5: .end, 6: .right, 8: .backspace,
        9: .tab, 10: .enter, 11: .deleteToEnd, 12: .clearScreen, 13: .enter, 14: .historyForward,
        16: .historyBack, 18: .search, 21: .deleteToStart, 23: .deleteWordBefore, 25: .yank,
        31: .undo, 0x7F: .backspace,
    ]

    private static let sequences: [String: Key] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "Z": .backTab,
        "1~": .home, "7~": .home, "4~": .end, "8~": .end, "3~": .delete,
        "1;5C": .wordRight, "1;3C": .wordRight, "1;5D": .wordLeft, "1;3D": .wordLeft,
        "5C": .wordRight, "5D": .wordLeft, "3;5~": .deleteWordAfter, "13;2u": .lineBreak,
        "13;3u": .lineBreak, "27;2;13~": .lineBreak,
    ]
}
