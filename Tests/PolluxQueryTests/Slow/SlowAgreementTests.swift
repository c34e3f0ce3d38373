import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
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
            let expected = question.rows()
            let result = try database.engine.run(question.text, options: options)[0]
            let difference = Self.difference(result, expected)
            #expect(
                difference == nil,
                """
                seed \(seed), question \(number), now \(question.now): \(question.text)
                \(difference ?? "")
                gap \(plant.gap.map { "\($0)" } ?? "none"), \(plant.stays)
                moves \(database.history.early), \(database.history.late)
                """)
        }
    }

    /// The first cell that differs, or nil.
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
            for (item, value) in zip(items, wanted.values) {
                let cell = item.cell(row)
                guard !fits(cell, value) else { continue }
                return "\(item.name) of \(key.name) at \(key.range.start): \(cell), "
                    + "expected \(value)"
            }
        }
        return nil
    }

    private static func fits(_ cell: ResultCell, _ value: SlowQuestion.Value) -> Bool {
        switch (cell, value) {
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

/// A `SlowPlant` in a real database.
final class SlowDatabase {
    let engine: QueryEngine
    let history: SlowHistory
    private let store: Store
    private let folder: URL
    private static let start = Timestamp(seconds: 1_772_438_400)

    static func at(_ second: Int) -> Timestamp {
        start.advanced(by: Int64(second) * 1_000_000_000)
    }

    init(_ plant: SlowPlant, _ history: SlowHistory) throws {
        self.history = history
        folder = try Places.makeTemporaryFolder("pollux-slow")
        var options = StoreOptions()
        options.sealValueCount = 200
        options.sealRowCount = 16
        let environment = try Environment(directory: folder.path)
        store = try Store(environment: environment, options: options)
        let graph = try Graph(environment: environment)
        engine = QueryEngine(store: store, graph: graph)
        try declare(plant)
        try enter(history.early)
        for (key, steps) in history.steps.sorted(by: { $0.key < $1.key }) {
            for step in steps { try take(step, of: key, graph) }
        }
        // What was resolved before must not outlive a move that is entered late.
        if !history.late.isEmpty {
            var options = QueryOptions()
            options.now = Self.at(SlowPlant.seconds)
            _ = try engine.run("avg v of every spindle last 1h per line", options: options)
        }
        try enter(history.late)
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private func declare(_ plant: SlowPlant) throws {
        let gap = plant.gap.map { "\($0)s" } ?? "none"
        let counterGap = plant.counterGap.map { "\($0)s" } ?? "none"
        let counterShape = plant.counterIsLinear ? "linear" : "step"
        var text = """
            create type line plural lines;
            create type machine plural machines;
            create type spindle plural spindles;
            create measure v of spindle in mm/s with kind = gauge, shape = linear, gap = \(gap);
            create measure w of spindle in mm/s with kind = gauge, shape = step, gap = \(gap);
            create measure p of machine in kW with kind = gauge, shape = step, gap = none;
            create measure c of machine with kind = counter, shape = \(counterShape),
              gap = \(counterGap);
            create measure s of machine with kind = state, gap = none;
            create event job of machine;
            create asset line L1 from 2025-01-01; create asset line L2 from 2025-01-01;
            """
        for machine in SlowPlant.machines {
            let line = SlowPlant.lines[machine] ?? ""
            text += "create asset machine \(machine) of line \(line) from 2025-01-01;"
        }
        for (spindle, machine) in zip(SlowPlant.spindles, SlowPlant.machines) {
            text += "create asset spindle \(spindle) of machine \(machine) from 2025-01-01;"
        }
        for (machine, jobs) in plant.jobs.sorted(by: { $0.key < $1.key }) {
            for job in jobs {
                text +=
                    "record event job of machine \(machine) between \(Self.at(job.lowerBound)) "
                    + "and \(Self.at(job.upperBound));"
            }
        }
        var options = QueryOptions()
        options.now = Self.at(2 * SlowPlant.seconds)
        _ = try engine.run(text, options: options)
    }

    private func enter(_ moves: [SlowPlant.Move]) throws {
        var options = QueryOptions()
        options.now = Self.at(2 * SlowPlant.seconds)
        for move in moves {
            let text = "move spindle \(move.spindle) to machine \(move.machine) at "
            _ = try engine.run(text + "\(Self.at(move.second))", options: options)
        }
    }

    private func take(_ step: SlowHistory.Step, of key: String, _ graph: Graph) throws {
        let words = key.split(separator: " ").map(String.init)
        let kind: ValueKind = words[0] == "s" ? .text : .float
        try store.writeBlocking { transaction in
            let by = Provenance(recordedAt: Self.at(0), source: "test")
            let found = try graph.assets(named: words[1], in: transaction.transaction).assets
            guard let asset = found.first else { return }
            let measure = try graph.ensureMeasure(
                named: words[0], of: asset.type, valueKind: kind, by: by,
                in: transaction.transaction)
            let id = try transaction.ensureSeries(
                asset: asset.id, measure: measure.id, kind: kind, group: asset.id)
            switch step {
            case .delete(let seconds):
                let range = TimeRange(
                    start: Self.at(seconds.lowerBound), end: Self.at(seconds.upperBound))
                try transaction.removePoints(of: id, in: range, reason: "a trial run")
            case .write(let samples):
                var batch = PointBatch()
                for sample in samples {
                    batch.append(
                        id, at: Self.at(sample.second),
                        kind == .text ? .text(sample.word) : .float(sample.value),
                        quality: sample.isEnd ? .end : sample.isGood ? .good : .bad)
                }
                try transaction.append(batch)
            }
        }
    }
}
