/// How a stretch of text looks on a terminal.
enum TextStyle: String, Hashable, Sendable, CaseIterable {
    case plain, keyword, name, unknown, number, unit, time, text, symbol, dim, mistake, chosen
    case prompt

    /// The ANSI sequence that begins it; empty for plain text.
    var sequence: String {
        switch self {
        case .plain, .name: ""
        case .keyword: "\u{1B}[1;34m"
        case .unknown: "\u{1B}[4;31m"
        case .number: "\u{1B}[36m"
        case .unit: "\u{1B}[33m"
        case .time: "\u{1B}[35m"
        case .text: "\u{1B}[32m"
        case .symbol: ""
        case .dim: "\u{1B}[2m"
        case .mistake: "\u{1B}[31m"
        case .chosen: "\u{1B}[7m"
        case .prompt: "\u{1B}[1m"
        }
    }
}

/// A text with its style; what a screen line is made of.
struct StyledText: Hashable, Sendable {
    var text: String
    var style: TextStyle

    init(_ text: String, _ style: TextStyle = .plain) {
        self.text = text
        self.style = style
    }
}

extension [StyledText] {
    /// The line as bytes of a terminal, with or without colours.
    func painted(_ hasColours: Bool) -> String {
        map { part in
            let sequence = hasColours ? part.style.sequence : ""
            return sequence.isEmpty ? part.text : sequence + part.text + "\u{1B}[0m"
        }.joined()
    }

    var plain: String { map(\.text).joined() }
}
