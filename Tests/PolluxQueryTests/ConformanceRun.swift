import Foundation
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxTestKit

/// Runs the steps of scripts on one engine and gathers what differs.
struct ConformanceRun {
    let engine: QueryEngine
    let folder: URL
    /// One text per query whose answer is another than the script says.
    private(set) var differences: [String] = []
    /// How many queries were compared.
    private(set) var queryCount = 0
    private var options = QueryOptions()
    private var includeDepth = 0

    init(engine: QueryEngine, folder: URL) {
        self.engine = engine
        self.folder = folder
    }

    /// Runs the steps of a file of the folder.
    mutating func run(file name: String) throws {
        let script = try ConformanceScript(String(contentsOf: locate(name), encoding: .utf8))
        for placed in script.steps {
            let place = "\(name):\(placed.line)"
            switch placed.step {
            case .include(let other):
                guard includeDepth < 4 else { throw Mistake("\(place): includes run in a circle") }
                includeDepth += 1
                try run(file: other)
                includeDepth -= 1
            case .now(let time):
                options.now = try instant(time, day: script.day)
            case .parameter(let name, let value):
                options.parameters[name] = .text(value)
            case .statements(let text):
                try write(text, place)
            case .points(let measure, let asset, let samples):
                let records = samples.map { sample in
                    "record \(measure) of \(asset) = \(sample.value) at \(sample.time);"
                }
                try write(records.joined(separator: "\n"), place)
            case .query(let text, let expectation):
                queryCount += 1
                if let difference = compare(text, expectation, day: script.day) {
                    differences.append("\(place): \(text)\n\(difference)")
                }
            }
        }
    }

    /// Data stands beside the script, or above it for scripts of `pending`.
    private func locate(_ name: String) -> URL {
        let beside = folder.appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: beside.path) { return beside }
        return folder.deletingLastPathComponent().appendingPathComponent(name)
    }

    private func write(_ text: String, _ place: String) throws {
        do {
            _ = try engine.run(text, options: options)
        } catch let error as QueryError {
            throw Mistake("\(place): \(ConformanceRun.shown(error))")
        }
    }

    /// What differs between the answer and the expectation, or nil.
    private func compare(
        _ text: String, _ expectation: ConformanceScript.Expectation, day: String
    ) -> String? {
        do {
            let results: [QueryResult]
            // What is answered at once is answered alike.
            if let brief = try engine.runBriefly(
                engine.parse(text), options: options, points: 100_000)
            {
                results = [brief]
                guard try engine.run(text, options: options).first?.isLike(brief) ?? false else {
                    return "  the brief answer differs"
                }
            } else {
                results = try engine.run(text, options: options)
            }
            guard results.count == 1, let result = results.first else {
                return "  \(results.count) answers"
            }
            switch expectation {
            case .rows(let rows): return try AnswerComparison(result, day: day).difference(rows)
            case .error(let code, let column):
                return "  expected: error \(code) at \(column)\n  got:\n"
                    + AnswerComparison(result, day: day).text
            }
        } catch let error as QueryError {
            if case .error(let code, let column) = expectation,
                case .diagnostics(let list) = error, let first = list.first,
                first.code.text == code, first.position.column == column
            {
                return nil
            }
            return "  expected: \(expectation)\n  got: \(ConformanceRun.shown(error))"
        } catch {
            return "  got: \(error)"
        }
    }

    private static func shown(_ error: QueryError) -> String {
        guard case .diagnostics(let list) = error else { return "\(error)" }
        return list.map { $0.render() + "at column \($0.position.column)" }
            .joined(separator: "\n")
    }

    /// A script that cannot be run.
    struct Mistake: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) { self.description = description }
    }
}

extension QueryResult {
    /// Whether two answers say the same.
    fileprivate func isLike(_ other: QueryResult) -> Bool {
        columns.map(\.name) == other.columns.map(\.name) && keys == other.keys
            && notes == other.notes && meaning == other.meaning
            && columns.indices.allSatisfy { column in
                (0..<rowCount).allSatisfy {
                    columns[column].cell($0) == other.columns[column].cell($0)
                }
            }
    }
}

/// A time as scripts write it: a clock time of the day in UTC, or a date-time with a zone.
func instant(_ text: String, day: String) throws -> Timestamp {
    let words = text.split(separator: " ").map(String.init)
    let date = words.count > 1 ? words[0] : day
    var clock = words.last ?? ""
    if clock.hasSuffix("Z") { clock.removeLast() }
    guard let instant = Timestamp.parseRFC3339("\(date)T\(clock)Z".utf8)?.instant else {
        throw ConformanceRun.Mistake("`\(text)` is no time")
    }
    return instant
}
