/// The text of a configuration file, in sections, each entry with its line.
///
///     # What begins with # is a comment.
///     listen = 127.0.0.1:8470
///
///     [mqtt hall-1]
///     url = mqtts://broker:8883
///     topic = factory/#
struct SettingsFile {
    /// One `key = value`.
    struct Entry {
        var key: String
        var value: String
        var line: Int
    }

    /// The entries below a heading; the first section has none.
    struct Section {
        var kind: String
        /// What follows the kind in the heading; empty when nothing does.
        var name: String
        var line: Int
        var entries: [Entry] = []
    }

    /// What is wrong, with its line.
    struct Fault: Error, CustomStringConvertible {
        var file: String
        var line: Int
        var reason: String
        var description: String { "\(file):\(line): \(reason)" }
    }

    let file: String
    private(set) var sections: [Section] = [Section(kind: "", name: "", line: 1)]

    /// Reads the text of a file.
    init(_ text: String, file: String) throws(Fault) {
        self.file = file
        var number = 0
        for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let line = SettingsFile.trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("[") {
                guard line.hasSuffix("]") else {
                    throw Fault(file: file, line: number, reason: "the heading lacks its ]")
                }
                let words = line.dropFirst().dropLast().split(separator: " ").map(String.init)
                guard let kind = words.first, words.count < 3 else {
                    throw Fault(
                        file: file, line: number,
                        reason: "a heading is [kind] or [kind name], not \(line)")
                }
                sections.append(
                    Section(kind: kind, name: words.count > 1 ? words[1] : "", line: number))
                continue
            }
            guard let equals = line.firstIndex(of: "=") else {
                throw Fault(
                    file: file, line: number,
                    reason: "`\(line)` is neither a heading nor key = value")
            }
            let key = SettingsFile.trimmed(line[..<equals])
            guard !key.isEmpty else {
                throw Fault(file: file, line: number, reason: "the key before = is missing")
            }
            sections[sections.count - 1].entries.append(
                Entry(
                    key: key, value: SettingsFile.trimmed(line[line.index(after: equals)...]),
                    line: number))
        }
    }

    /// A fault of an entry.
    func fault(_ entry: Entry, _ reason: String) -> Fault {
        Fault(file: file, line: entry.line, reason: "\(entry.key): \(reason)")
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
