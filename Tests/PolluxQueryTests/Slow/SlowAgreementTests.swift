import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// The engine agrees with loops over plain arrays on random plants, points and questions.
@Suite struct SlowAgreementTests {
    /// Some tens of questions on a few plants; thousands with `POLLUX_LONG_TESTS=1`.
    private static let isLong = ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] != nil
    /// Some seeds alone with `POLLUX_SEEDS=27,34` or `1-200`.
    static let seeds = Seed.asked ?? Array(1...(isLong ? 2000 : 4))
    private static let questionCount = isLong ? 30 : 25

    @Test(arguments: seeds) func engineAgrees(_ seed: UInt64) throws {
        let plant = SlowPlant(seed: seed)
        let database = try SlowDatabase(plant, SlowHistory(plant, seed: seed))
        var random = Seed(seed &* 977 &+ 5)
        for number in 0..<Self.questionCount {
            let question = SlowQuestion(plant: plant, &random)
            var options = QueryOptions()
            options.now = SlowDatabase.at(question.now)
            let result = try database.engine.run(question.text, options: options)[0]
            let difference = Self.difference(result, question, plant, left: database.left)
            #expect(
                difference == nil,
                """
                seed \(seed), question \(number), now \(question.now): \(question.text)
                \(difference ?? "")
                gap \(plant.gap.map { "\($0)" } ?? "none"), \(plant.stays)
                moves \(database.history.early), \(database.history.late)
                lives \(plant.lives), doomed \(plant.doomed.mapValues { $0.stretch })
                jobs \(plant.jobs), changes \(plant.changes)
                \(result.notes)
                """)
        }
    }

    /// The first cell that differs, or nil.
    private static func difference(
        _ result: QueryResult, _ question: SlowQuestion, _ plant: SlowPlant,
        left: [String: Set<Int>]
    ) -> String? {
        // Measures without buckets have what is left; of others buckets tell the rest, or a note
        // says of which series they do not.
        let known = plant.keeping(
            left.filter { key, _ in plant.lives[String(key.prefix(1))]?.buckets == [] })
        // No bucket tells of a value of any age.
        if question.isNewest { return difference(result, question.rows(of: plant.keeping(left))) }
        let lost = left.filter { key, _ in
            let words = key.split(separator: " ")
            return result.notes.contains {
                $0.hasPrefix("\(words[0]) of \(words[1]) is no longer kept before")
            }
        }
        guard !lost.isEmpty else { return difference(result, question.rows(of: known)) }
        // Which of both ways a rank goes by is not looked at.
        guard question.ranking == nil else { return nil }
        return difference(result, question.rows(of: known, orOf: known.keeping(lost)))
    }

    private static func difference(_ result: QueryResult, _ expected: [SlowQuestion.Row]) -> String?
    {
        let rows = 0..<result.rowCount
        let items = result.columns.filter { column in
            ![.timestamp, .asset, .note].contains(column.kind)
        }
        guard rows.count == expected.count else {
            let (found, wanted) = (rows.map { "\(result.keys[$0])" }, expected.map { "\($0)" })
            return (["\(rows.count) rows:"] + found + ["\(expected.count) expected:"] + wanted)
                .joined(separator: "\n")
        }
        for (row, wanted) in zip(rows, expected) {
            let key = result.keys[row]
            guard key.name == wanted.name,
                abs(key.range.start.nanoseconds(since: wanted.start)) < 1000
            else { return "row \(key), expected \(wanted.name) at \(wanted.start)" }
            if let end = wanted.end, abs(key.range.end.nanoseconds(since: end)) >= 1000 {
                return "row until \(key.range.end), expected \(end)"
            }
            let note = result.columns.last.flatMap { column -> String? in
                guard column.kind == .note, case .text(let text) = column.cell(row) else {
                    return nil
                }
                return text
            }
            if let complaint = complaint(note ?? "", wanted) {
                return "note of \(key.name) at \(key.range.start): \(note ?? ""), \(complaint)"
            }
            let isRough = result.notes.contains { $0.contains("approximate") }
            for (item, wanted) in zip(items, wanted.cells) {
                let cell = item.cell(row)
                let isRight = ([wanted.value] + wanted.others).contains {
                    fits(cell, $0, isRough: isRough)
                }
                guard !isRight else { continue }
                return "\(item.name) of \(key.name) at \(key.range.start): \(cell), "
                    + "expected \(wanted.value) or \(wanted.others)"
            }
        }
        return nil
    }

    /// What a note says that it should not, or does not say.
    private static func complaint(_ note: String, _ wanted: SlowQuestion.Row) -> String? {
        let said = note.split(separator: ",").map { $0.drop { $0 == " " } }
        for (word, isThere) in wanted.notes.sorted(by: { $0.key < $1.key })
        where said.contains(Substring(word)) != isThere {
            return "expected \(isThere ? "" : "no ")\(word)"
        }
        guard let known = wanted.known else { return nil }
        // What rounds to 100 is not said.
        let share = said.first { $0.hasPrefix("known ") }.map { $0.dropFirst(6).dropLast(2) }
        let isRight = abs((share.flatMap { Double($0) } ?? 100) - known * 100) <= 0.5 + 1e-6
        return isRight ? nil : "expected known \(known)"
    }

    private static func fits(
        _ cell: ResultCell, _ value: SlowQuestion.Value, isRough: Bool
    ) -> Bool {
        switch (cell, value) {
        case (_, .percentile(_, let low, let high)) where isRough:
            guard let found = cell.number else { return false }
            return found >= low - 0.0101 * abs(low) && found <= high + 0.0101 * abs(high)
        case (_, .percentile(let number, _, _)):
            return fits(cell, .number(number), isRough: false)
        case (.missing, .missing), (_, .anything): return true
        case (.text(let text), .word(let word)): return text == word
        case (.duration(let nanoseconds), .number(let seconds)):
            return abs(Double(nanoseconds) / 1e9 - seconds) < 1e-6
        case (_, .number(let number)):
            guard let found = cell.number else { return false }
            return abs(found - number) <= 1e-9 * max(1, abs(found), abs(number)) * 10
        default: return false
        }
    }
}
