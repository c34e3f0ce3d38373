import Foundation

/// The lines asked before, kept in a file for its owner only, because lines may hold secrets.
struct History {
    private(set) var lines: [String] = []
    private let path: String?
    private static let longest = 10_000

    /// Reads the file; without a path nothing is kept beyond the session.
    init(path: String?) {
        self.path = path
        guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            return
        }
        lines = text.split(separator: "\n").suffix(History.longest).map(History.unescaped)
    }

    /// Keeps a line, unless it begins with a blank or repeats the one before.
    mutating func add(_ line: String) {
        guard !line.isEmpty, line.first?.isWhitespace == false, lines.last != line else { return }
        lines.append(line)
        if lines.count > History.longest { lines.removeFirst() }
        guard let path else { return }
        let text = History.escaped(line) + "\n"
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        // An older file may have been made for everybody.
        fchmod(file, 0o600)
        _ = Array(text.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }

    /// A sentence of several lines stands on one line of the file.
    private static func escaped(_ line: String) -> String {
        line.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func unescaped(_ line: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in line {
            if isEscaped {
                result.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
