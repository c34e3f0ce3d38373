import PolluxModel

/// One line of an adapter, cut into its tokens.
struct SHDRLine: Hashable, Sendable {
    /// The time as written; empty when the line has none.
    var time: String
    /// How long the observation took, in seconds, when the time says so.
    var duration: Double?
    /// What follows the time.
    var tokens: [String]

    /// Cuts a line.
    init(_ text: String) {
        var all = SHDRLine.split(text)
        time = all.isEmpty ? "" : all.removeFirst()
        tokens = all
        guard let at = time.firstIndex(of: "@") else { return }
        duration = Double(time[time.index(after: at)...])
        time = XMLReader.trimmed(String(time[..<at]))
    }

    /// Tokens between bars; one in quotes may hold `\|`.
    static func split(_ text: String) -> [String] {
        var tokens: [String] = []
        var token: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        func end() {
            tokens.append(XMLReader.trimmed(String(decoding: token, as: UTF8.self)))
            token = []
        }
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "|") {
                end()
            } else if bytes[index] == UInt8(ascii: "\""), token.allSatisfy({ $0 <= 0x20 }),
                let closing = SHDRLine.closingQuote(bytes, after: index)
            {
                var inner = index + 1
                while inner < closing {
                    if bytes[inner] == UInt8(ascii: "\\"), inner + 1 < closing,
                        bytes[inner + 1] == UInt8(ascii: "|")
                    {
                        inner += 1
                    }
                    token.append(bytes[inner])
                    inner += 1
                }
                index = closing
            } else {
                token.append(bytes[index])
            }
            index += 1
        }
        end()
        return tokens
    }

    /// The quote that ends a token: only a bar or the end of the line may follow it.
    private static func closingQuote(_ bytes: [UInt8], after start: Int) -> Int? {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "|"), bytes[index - 1] != UInt8(ascii: "\\") {
                return nil
            }
            if bytes[index] == UInt8(ascii: "\"") {
                let rest = bytes[(index + 1)...].first { $0 > 0x20 }
                if rest == nil || rest == UInt8(ascii: "|") { return index }
            }
            index += 1
        }
        return nil
    }
}

/// Entries of a data set or table as an adapter writes them: `a=1 b='x y' c={p=1 q=2}`.
enum SHDREntries {
    /// The entries; nil when the text has another form.
    static func read(_ text: String) -> [MTConnectElement]? {
        var rest = Substring(text)
        // What a set is reset by stands in front.
        if rest.hasPrefix(":") { rest = rest.drop { $0 != " " } }
        return entries(rest, name: "Entry")
    }

    private static func entries(_ text: Substring, name: String) -> [MTConnectElement]? {
        var entries: [MTConnectElement] = []
        var rest = text.drop { $0 == " " }
        while !rest.isEmpty {
            let key = rest.prefix { $0 != "=" && $0 != " " }
            guard !key.isEmpty else { return nil }
            var entry = MTConnectElement(name: name)
            entry.attributes["key"] = String(key)
            rest = rest.dropFirst(key.count)
            guard rest.first == "=" else {
                // A key alone is one that is gone.
                entry.attributes["removed"] = "true"
                entries.append(entry)
                rest = rest.drop { $0 == " " }
                continue
            }
            rest = rest.dropFirst()
            let closing: Character? =
                switch rest.first {
                case "{": "}"
                case "'": "'"
                case "\"": "\""
                default: nil
                }
            guard let closing else {
                let value = rest.prefix { $0 != " " }
                entry.text = String(value)
                if value.isEmpty { entry.attributes["removed"] = "true" }
                entries.append(entry)
                rest = rest.dropFirst(value.count).drop { $0 == " " }
                continue
            }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: closing) else { return nil }
            if closing == "}", name == "Entry" {
                guard let cells = SHDREntries.entries(rest[..<end], name: "Cell") else {
                    return nil
                }
                entry.children = cells
            } else {
                entry.text = String(rest[..<end])
            }
            entries.append(entry)
            rest = rest[rest.index(after: end)...].drop { $0 == " " }
        }
        return entries
    }
}
