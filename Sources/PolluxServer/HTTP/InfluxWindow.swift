import PolluxModel

/// The window that Grafana puts where `$timeFilter` stands, read as TwinQL.
///
/// `where time >= 1700000000000ms and time <= 1700003600000ms` becomes `between … and …`, also
/// when it is the first or the last of several conditions. The end is not included, as in every
/// range of the language. Anything else stays as it is, for the parser to judge.
enum InfluxWindow {
    /// The text with its windows as TwinQL writes them.
    static func rewritten(_ text: String) -> String {
        var scan = Scan(text)
        while scan.step() {}
        return String(decoding: scan.output, as: UTF8.self)
    }

    /// Copies a text byte by byte and replaces the windows in it.
    private struct Scan {
        let bytes: [UInt8]
        var index = 0
        var output: [UInt8] = []
        /// Where the newest word of the output begins when only blanks follow it.
        var lastWord: Int?

        init(_ text: String) { bytes = Array(text.utf8) }

        /// Copies or replaces what comes next; false at the end.
        mutating func step() -> Bool {
            guard index < bytes.count else { return false }
            switch bytes[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): copy(through: bytes[index])
            case UInt8(ascii: "["): copy(through: UInt8(ascii: "]"))
            case UInt8(ascii: "-")
            where index + 1 < bytes.count && bytes[index + 1] == bytes[index]:
                copy(through: 10)
            case let byte where InfluxWindow.isWord(byte): takeWord()
            case let byte:
                if !InfluxWindow.isBlank(byte) { lastWord = nil }
                output.append(byte)
                index += 1
            }
            return true
        }

        /// Copies up to and with the next `end`, or to the end of the text.
        private mutating func copy(through end: UInt8) {
            repeat {
                output.append(bytes[index])
                index += 1
            } while index < bytes.count && bytes[index] != end
            if index < bytes.count {
                output.append(end)
                index += 1
            }
            lastWord = nil
        }

        private mutating func takeWord() {
            if let lastWord, takeWindow(behind: lastWord) {
                self.lastWord = nil
                return
            }
            lastWord = output.count
            while index < bytes.count, InfluxWindow.isWord(bytes[index]) {
                output.append(bytes[index])
                index += 1
            }
        }

        /// Replaces a window and the `where` or `and` before it; false when there is none.
        private mutating func takeWindow(behind start: Int) -> Bool {
            let before = InfluxWindow.lowered(output[start...].prefix(while: InfluxWindow.isWord))
            guard before == "where" || before == "and" else { return false }
            var reader = Reader(bytes: bytes, index: index)
            guard let window = reader.window() else { return false }
            var rest = reader
            let continues = rest.word("and")
            // Conditions on both sides: where the window would have to go is not said.
            if continues, before == "and" { return false }
            output.removeSubrange(start...)
            output += window.utf8
            index = reader.index
            if continues {
                index = rest.index
                output += " where".utf8
            }
            return true
        }
    }

    /// Reads a window strictly.
    private struct Reader {
        let bytes: [UInt8]
        var index: Int

        /// `time >= A and time <= B`, as `between A and B`.
        mutating func window() -> String? {
            guard word("time"), symbol(">="), let start = bound(), word("and"), word("time"),
                symbol("<=") || symbol("<"), let end = bound()
            else { return nil }
            let next = index < bytes.count ? bytes[index] : UInt8(ascii: " ")
            guard InfluxWindow.isBlank(next) || next == UInt8(ascii: ";") else { return nil }
            return "between \(start) and \(end)"
        }

        /// A number of a unit since 1970, `now()` or `now() - 1h`, or a quoted RFC 3339 text.
        private mutating func bound() -> String? {
            if symbol("'") {
                let text = bytes[index...].prefix { $0 != UInt8(ascii: "'") }
                index += text.count
                guard symbol("'"), let read = Timestamp.parseRFC3339(text) else { return nil }
                return InfluxWindow.text(read.instant)
            }
            if word("now") {
                guard symbol("("), symbol(")") else { return nil }
                guard symbol("-") else { return "now" }
                guard let (number, unit) = amount(),
                    ["ns", "us", "ms", "s", "m", "h", "d", "w"].contains(unit)
                else { return nil }
                return "\(number)\(unit) ago"
            }
            guard let (number, unit) = amount(),
                let size = InfluxForm.unit(unit.isEmpty ? "ns" : unit)
            else { return nil }
            let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: size)
            return overflow ? nil : InfluxWindow.text(Timestamp(nanoseconds: nanoseconds))
        }

        private mutating func amount() -> (Int64, String)? {
            skipBlanks()
            let digits = bytes[index...].prefix { (48...57).contains($0) }
            guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
            index += digits.count
            let unit = bytes[index...].prefix(while: InfluxWindow.isWord)
            index += unit.count
            return (number, String(decoding: unit, as: UTF8.self))
        }

        /// Takes a word, without case.
        mutating func word(_ text: String) -> Bool {
            skipBlanks()
            let found = bytes[index...].prefix(while: InfluxWindow.isWord)
            guard InfluxWindow.lowered(found) == text else { return false }
            index += found.count
            return true
        }

        private mutating func symbol(_ text: String) -> Bool {
            let start = index
            skipBlanks()
            guard bytes[index...].starts(with: text.utf8) else {
                index = start
                return false
            }
            index += text.utf8.count
            return true
        }

        private mutating func skipBlanks() {
            while index < bytes.count, InfluxWindow.isBlank(bytes[index]) { index += 1 }
        }
    }

    private static func text(_ instant: Timestamp) -> String {
        var bytes: [UInt8] = []
        instant.appendRFC3339(offsetSeconds: 0, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func lowered(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self).lowercased()
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    /// Letters, digits, `_`, and everything beyond ASCII; a hyphen belongs to names too.
    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || byte == 95 || byte >= 128
    }
}
