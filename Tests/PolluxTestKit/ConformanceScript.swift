import Foundation

/// A conformance script (`query-lang/README.md`) as steps; pure text, no engine.
public struct ConformanceScript: Sendable {
    /// One thing to do.
    public enum Step: Sendable, Equatable {
        /// Take the steps of this file first.
        case include(String)
        /// Run these TwinQL statements, joined to one script.
        case statements(String)
        /// Write these points.
        case points(measure: String, asset: String, [Sample])
        /// From here on, this is now.
        case now(String)
        /// From here on, this parameter has this value.
        case parameter(name: String, value: String)
        /// Run the query and compare.
        case query(String, Expectation)
    }

    /// A time as written, completed to a date-time by the script's day, and a value as written.
    public struct Sample: Sendable, Equatable {
        /// Such as `2026-03-02 10:00Z`.
        public var time: String
        /// A number, `true`, `false`, or a text in quotes.
        public var value: String
    }

    /// What a query must give.
    public enum Expectation: Sendable, Equatable {
        /// Rows of cells, blanks around them removed.
        case rows([[String]])
        /// A diagnostic: its code and its column in characters, from 1.
        case error(code: String, column: Int)
    }

    /// A line that cannot be read.
    public struct Mistake: Error, Sendable, Equatable, CustomStringConvertible {
        /// The line, from 1.
        public var line: Int
        /// What is wrong.
        public var message: String

        /// A mistake on a line.
        public init(line: Int, message: String) {
            self.line = line
            self.message = message
        }

        /// Line and message.
        public var description: String { "line \(line): \(message)" }
    }

    /// A step with the line it begins on, from 1.
    public struct PlacedStep: Sendable, Equatable {
        /// The line, from 1.
        public var line: Int
        /// The step.
        public var step: Step
    }

    /// The steps in order.
    public private(set) var steps: [PlacedStep] = []

    /// The day that clock times of the script belong to, such as `2026-03-02`.
    public private(set) var day = "1970-01-01"

    private var lines: [String]
    private var index = 0

    /// Reads a script.
    public init(_ text: String) throws {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let trimmed = line.drop { $0 == " " }
            return trimmed.hasPrefix("#") ? "" : trimmedEnd(trimmed)
        }
        // The day may stand behind the data it belongs to.
        if let first = lines.first(where: { $0.hasPrefix("day ") }) {
            day = String(first.dropFirst(4))
        }
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.isEmpty { continue }
            if line == "data" {
                try readData()
            } else if line.hasPrefix("day ") {
                day = String(line.dropFirst(4))
            } else if line.hasPrefix("include ") {
                let name = String(line.dropFirst(8))
                steps.append(PlacedStep(line: index, step: .include(name)))
            } else if line.hasPrefix("now ") {
                steps.append(PlacedStep(line: index, step: .now(String(line.dropFirst(4)))))
            } else if line.hasPrefix("parameter ") {
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                guard words.count == 3 else { throw mistake("a parameter has a name and a value") }
                steps.append(
                    PlacedStep(line: index, step: .parameter(name: words[1], value: words[2])))
            } else if line.hasPrefix("query ") {
                try readQuery(String(line.dropFirst(6)))
            } else {
                throw mistake(
                    "`data`, `include`, `day`, `now`, `parameter` or `query` belongs here")
            }
        }
    }

    private func mistake(_ message: String) -> Mistake { Mistake(line: index, message: message) }

    private mutating func readData() throws {
        var statements = ""
        var start = index + 1
        func flush(_ steps: inout [PlacedStep]) {
            if !statements.isEmpty {
                steps.append(PlacedStep(line: start, step: .statements(statements)))
            }
            statements = ""
        }
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.isEmpty { continue }
            if line == "end" {
                flush(&steps)
                return
            }
            if line.hasSuffix(";") {
                if statements.isEmpty { start = index }
                statements += line + "\n"
            } else {
                flush(&steps)
                steps.append(PlacedStep(line: index, step: try points(line)))
            }
        }
        throw mistake("`end` is missing")
    }

    /// `power of machine CNC-3: 10:00 10, 10:30 20`.
    private func points(_ line: String) throws -> Step {
        guard let colon = line.range(of: ": "), let of = line.range(of: " of "),
            of.upperBound <= colon.lowerBound
        else { throw mistake("points are written `measure of asset: time value, …`") }
        if let series = try repeated(line, colon) { return series }
        let samples = try line[colon.upperBound...].split(separator: ",").map { part in
            let words = part.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            guard words.count == 2 || words.count == 3 else {
                throw mistake("a point is written `time value`: \(part)")
            }
            let time = words.count == 3 ? words[0] + " " + words[1] : day + " " + words[0] + "Z"
            return Sample(time: time, value: words[words.count - 1])
        }
        return .points(
            measure: String(line[..<of.lowerBound]),
            asset: String(line[of.upperBound..<colon.lowerBound]), samples)
    }

    /// `power of machine CNC-3 from 2026-02-16 00:00Z every 30m for 96 points: 10 20`: the values one
    /// after the other, from the first again when they are used up.
    private func repeated(_ line: String, _ colon: Range<String.Index>) throws -> Step? {
        let left = line[..<colon.lowerBound].split(separator: " ").map(String.init)
        guard let from = left.firstIndex(of: "from"), let of = left.firstIndex(of: "of"),
            left.count == from + 8, left[from + 3] == "every", left[from + 5] == "for",
            let count = Int(left[from + 6]), left[from + 4].last == "m",
            let minutes = Int(left[from + 4].dropLast())
        else { return nil }
        let text = "\(left[from + 1])T\(left[from + 2].dropLast()):00Z"
        guard let start = ISO8601DateFormatter().date(from: text) else {
            throw mistake("no time: \(text)")
        }
        let values = line[colon.upperBound...].split(separator: " ").map(String.init)
        guard !values.isEmpty else { throw mistake("no values") }
        let formatter = ISO8601DateFormatter()
        let samples = (0..<count).map { index in
            let time = formatter.string(
                from: start.addingTimeInterval(Double(60 * minutes * index)))
            return Sample(
                time: time.replacingOccurrences(of: "T", with: " "),
                value: values[index % values.count])
        }
        return .points(
            measure: left[..<of].joined(separator: " "),
            asset: left[(of + 1)..<from].joined(separator: " "), samples)
    }

    private mutating func readQuery(_ query: String) throws {
        let start = index
        guard index < lines.count, lines[index].hasPrefix("expect") else {
            throw mistake("`expect` belongs behind a query")
        }
        let words = lines[index].split(separator: " ").map(String.init)
        index += 1
        if words.count > 1 {
            guard words.count == 5, words[1] == "error", words[3] == "at",
                let column = Int(words[4])
            else { throw mistake("written `expect error CODE at COLUMN`") }
            let expectation = Expectation.error(code: words[2], column: column)
            steps.append(PlacedStep(line: start, step: .query(query, expectation)))
            return
        }
        var rows: [[String]] = []
        while index < lines.count, lines[index] != "end" {
            let cells = lines[index].split(separator: "|", omittingEmptySubsequences: false)
            if !lines[index].isEmpty {
                rows.append(cells.map { trimmedEnd($0.drop { $0 == " " }) })
            }
            index += 1
        }
        guard index < lines.count else { throw mistake("`end` is missing") }
        index += 1
        steps.append(PlacedStep(line: start, step: .query(query, .rows(rows))))
    }
}

/// The text without blanks at its end.
private func trimmedEnd(_ text: Substring) -> String {
    var text = text
    while let last = text.last, last == " " || last == "\r" || last == "\t" { text.removeLast() }
    return String(text)
}
