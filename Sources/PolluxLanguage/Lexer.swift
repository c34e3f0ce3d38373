/// Cuts a text into tokens on demand, because units are read only where the parser asks for them.
struct Lexer {
    /// The text.
    let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The byte at an offset, 0 beyond the end.
    func byte(_ offset: Int) -> UInt8 {
        offset < bytes.count ? bytes[offset] : 0
    }

    /// The offset of the first byte at or after `offset` that is neither blank nor comment.
    func skipBlanks(_ offset: Int) -> Int {
        var position = offset
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) {
                position += 1
            } else if byte == 0x2D, self.byte(position + 1) == 0x2D {
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            } else if byte == 0xC2, self.byte(position + 1) == 0xA0 {
                position += 2
            } else {
                break
            }
        }
        return position
    }

    /// The token at or after an offset.
    func token(at offset: Int) -> Token {
        let start = skipBlanks(offset)
        guard start < bytes.count else {
            return Token(kind: .end, range: SourceRange(bytes.count, bytes.count))
        }
        let first = bytes[start]
        if isDigit(first) { return numeral(at: start) }
        if letterLength(at: start) > 0 { return word(at: start) }
        switch first {
        case 0x22, 0x27: return quoted(at: start, quote: first)
        case 0x5B: return bracketed(at: start)
        case 0x24: return parameter(at: start)
        default: return symbol(at: start)
        }
    }

    private func symbol(at start: Int) -> Token {
        func token(_ kind: Token.Kind, _ length: Int = 1) -> Token {
            Token(kind: kind, range: SourceRange(start, start + length))
        }
        let second = byte(start + 1)
        switch bytes[start] {
        case 0x28: return token(.leftParenthesis)
        case 0x29: return token(.rightParenthesis)
        case 0x2C: return token(.comma)
        case 0x3B: return token(.semicolon)
        case 0x3D: return token(.equal)
        case 0x21 where second == 0x3D: return token(.notEqual, 2)
        case 0x3C: return second == 0x3D ? token(.lessOrEqual, 2) : token(.less)
        case 0x3E: return second == 0x3D ? token(.greaterOrEqual, 2) : token(.greater)
        case 0x2B: return token(.plus)
        case 0x2D: return token(.minus)
        case 0x2A: return token(.star)
        case 0x2F: return token(.slash)
        default: return token(.bad(.strangeCharacter), characterLength(at: start))
        }
    }

    private func word(at start: Int) -> Token {
        let end = wordEnd(from: start)
        // `p99.9` goes on behind its point; `p99` is a word like any other.
        if lowerCased(bytes[start]) == 0x70, end > start + 1, byte(end) == 0x2E,
            isDigit(byte(end + 1)), bytes[(start + 1)..<end].allSatisfy(isDigit)
        {
            var position = end + 1
            while isDigit(byte(position)) { position += 1 }
            return Token(kind: .word(nil), range: SourceRange(start, position))
        }
        return Token(
            kind: .word(Keyword(bytes: bytes[start..<end])), range: SourceRange(start, end))
    }

    /// The end of a word: letters, digits, `_`, and `-` when a letter or digit follows at once.
    func wordEnd(from start: Int) -> Int {
        var position = start
        while position < bytes.count {
            let length = wordCharacterLength(at: position)
            if length > 0 {
                position += length
            } else if bytes[position] == 0x2D, position + 1 < bytes.count,
                isDigit(bytes[position + 1]) || letterLength(at: position + 1) > 0
            {
                position += 1
            } else {
                break
            }
        }
        return position
    }

    private func wordCharacterLength(at position: Int) -> Int {
        let byte = bytes[position]
        if isDigit(byte) || byte == 0x5F { return 1 }
        let length = letterLength(at: position)
        if length > 0 || byte < 0x80 { return length }
        // Marks continue the letter before them.
        guard let (scalar, count) = scalar(at: position) else { return 0 }
        return scalar.properties.generalCategory == .nonspacingMark ? count : 0
    }

    /// The token of a quoted text, and of one that is never closed.
    private func quoted(at start: Int, quote: UInt8) -> Token {
        enclosed(at: start, close: quote, open: .openText, kind: .text)
    }

    private func bracketed(at start: Int) -> Token {
        let token = enclosed(at: start, close: 0x5D, open: .openBracket, kind: .bracketed)
        let inside = bytes[(start + 1)..<max(start + 1, token.range.upper - 1)]
        guard token.kind == .bracketed, inside.allSatisfy({ $0 == 0x20 }) else { return token }
        return Token(kind: .bad(.emptyBrackets), range: token.range)
    }

    private func enclosed(
        at start: Int, close: UInt8, open: LexicalMistake, kind: Token.Kind
    ) -> Token {
        var position = start + 1
        while position < bytes.count, bytes[position] != 0x0A {
            if bytes[position] == close {
                guard byte(position + 1) == close else {
                    return Token(kind: kind, range: SourceRange(start, position + 1))
                }
                position += 1
            }
            position += 1
        }
        return Token(
            kind: .bad(open), range: SourceRange(start, min(position, bytes.count)))
    }

    private func parameter(at start: Int) -> Token {
        guard letterLength(at: start + 1) > 0 else {
            return Token(kind: .bad(.loneDollar), range: SourceRange(start, start + 1))
        }
        return Token(kind: .parameter, range: SourceRange(start, wordEnd(from: start + 1)))
    }

    /// The unit at or after an offset, or nil where none stands.
    func unit(at offset: Int) -> SourceRange? {
        let start = skipBlanks(offset)
        var position = start
        if byte(start) == 0x31, byte(start + 1) == 0x2F,
            unitLength(at: start + 2, isFirst: true) > 0
        {
            position = start + 2
        }
        guard unitLength(at: position, isFirst: true) > 0 else { return nil }
        while position < bytes.count {
            let length = unitLength(at: position, isFirst: false)
            if length > 0 {
                position += length
            } else if bytes[position] == 0x2F || bytes[position] == 0x2D || bytes[position] == 0x5E,
                unitLength(at: position + 1, isFirst: false) > 0
                    || (bytes[position] == 0x5E && byte(position + 1) == 0x2D
                        && isDigit(byte(position + 2)))
            {
                position += 1
            } else {
                break
            }
        }
        let keyword = Keyword(bytes: bytes[start..<position])
        return keyword?.isReserved == true ? nil : SourceRange(start, position)
    }

    /// The length of a character that can stand in a unit: letters, `° % µ Ω`, then `² ³ ·` digits.
    private func unitLength(at position: Int, isFirst: Bool) -> Int {
        guard position < bytes.count else { return 0 }
        let byte = bytes[position]
        if byte == 0x25 { return 1 }
        if isDigit(byte) { return isFirst ? 0 : 1 }
        let length = letterLength(at: position)
        if length > 0 || byte < 0x80 { return length }
        guard byte == 0xC2 else { return 0 }
        switch self.byte(position + 1) {
        case 0xB0: return 2
        case 0xB2, 0xB3, 0xB7: return isFirst ? 0 : 2
        default: return 0
        }
    }

    /// The length in bytes of the letter at a position, 0 where there is none.
    func letterLength(at position: Int) -> Int {
        guard position < bytes.count else { return 0 }
        let byte = bytes[position]
        if byte < 0x80 { return (lowerCased(byte) >= 0x61 && lowerCased(byte) <= 0x7A) ? 1 : 0 }
        guard let (scalar, count) = scalar(at: position) else { return 0 }
        return scalar.properties.isAlphabetic ? count : 0
    }

    /// The scalar that begins at a position; nil inside of one.
    private func scalar(at position: Int) -> (Unicode.Scalar, Int)? {
        let lead = bytes[position]
        let count = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC0, position + count <= bytes.count else { return nil }
        var value = UInt32(lead) & (count == 4 ? 0x07 : count == 3 ? 0x0F : 0x1F)
        for index in 1..<count { value = value << 6 | UInt32(bytes[position + index] & 0x3F) }
        return Unicode.Scalar(value).map { ($0, count) }
    }

    /// The length in bytes of any character, at least 1.
    private func characterLength(at position: Int) -> Int {
        bytes[position] < 0x80 ? 1 : scalar(at: position)?.1 ?? 1
    }
}

/// Whether a byte is an ASCII digit.
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
