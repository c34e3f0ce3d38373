import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// Folding and copying give what the general evaluator gives, on random plants, points and
/// questions.
///
/// Counts, extremes, known time and notes are equal; sums and integrals agree to 1e-10, because
/// they are added in another order.
@Suite struct PlanAgreementTests {
    /// The first and one where no row passes; more of them with `POLLUX_LONG_TESTS=1`.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] == nil
        ? Array(0..<8) + [149] : Array(0..<600)

    @Test func agree() throws {
        var fromStatistics = 0
        var briefCount = 0
        for seed in PlanAgreementTests.seeds {
            let plant = try RandomSeries(seed: seed)
            var random = Seed(seed &* 7919 &+ 1)
            for _ in 0..<30 {
                let text = plant.question(&random)
                var options = QueryOptions()
                options.now = plant.now(&random)
                let fast = try outcome(plant, text, options)
                if let brief = try brief(plant, text, options) {
                    briefCount += 1
                    let difference = PlanAgreementTests.difference(brief, fast)
                    #expect(difference == nil, "seed \(seed), brief: \(text): \(difference ?? "")")
                    #expect(brief.notes == fast?.notes && brief.meaning == fast?.meaning)
                }
                // A restricted question is always answered by the evaluator.
                options.restriction = .always
                let slow = try outcome(plant, text, options)
                fromStatistics += fast?.stats.skippedBlocks ?? 0
                let difference = PlanAgreementTests.difference(fast, slow)
                #expect(difference == nil, "seed \(seed): \(text): \(difference ?? "")")
            }
        }
        #expect(fromStatistics > 0, "no chunk was answered by its statistics")
        #expect(briefCount > 0, "no question was brief")
    }

    /// The answer of a small question, or nil where it is not small or refused.
    private func brief(
        _ plant: RandomSeries, _ text: String, _ options: QueryOptions
    ) throws -> QueryResult? {
        do {
            let parsed = try plant.engine.parse(text)
            return try plant.engine.runBriefly(parsed, options: options, points: 100_000)
        } catch QueryError.diagnostics {
            return nil
        }
    }

    /// The answer, or nil where the question is refused.
    private func outcome(
        _ plant: RandomSeries, _ text: String, _ options: QueryOptions
    ) throws -> QueryResult? {
        do {
            return try plant.engine.run(text, options: options).first
        } catch QueryError.diagnostics {
            return nil
        }
    }

    static func difference(_ fast: QueryResult?, _ slow: QueryResult?) -> String? {
        guard let fast, let slow else {
            return (fast == nil) == (slow == nil) ? nil : "only one way is refused"
        }
        guard fast.columns.map(\.name) == slow.columns.map(\.name),
            fast.columns.map(\.kind) == slow.columns.map(\.kind),
            fast.columns.map(\.unit) == slow.columns.map(\.unit)
        else { return "the columns differ" }
        guard fast.rowCount == slow.rowCount else {
            return "\(fast.rowCount) rows instead of \(slow.rowCount)"
        }
        for (column, other) in zip(fast.columns, slow.columns) {
            for row in 0..<fast.rowCount where !equal(column.cell(row), other.cell(row), column) {
                return "row \(row), \(column.name): \(column.cell(row)), not \(other.cell(row))"
            }
        }
        return fast.keys == slow.keys ? nil : "the keys differ"
    }

    private static func equal(
        _ fast: ResultCell, _ slow: ResultCell, _ column: ResultColumn
    ) -> Bool {
        if fast == slow { return true }
        let isSum = ["mean", "avg", "total", "sum"].contains { column.name.contains($0) }
        guard isSum, case .float(let left) = fast, case .float(let right) = slow else {
            return false
        }
        return abs(left - right) <= 1e-10 * max(1, abs(left), abs(right))
    }
}

/// Machines with spindles that move between them, and series of all habits, in small chunks.
private final class RandomSeries {
    let folder: URL
    let store: Store
    let engine: QueryEngine
    private let start = Timestamp(seconds: 1_772_438_400)
    private let seconds = 5400

    init(seed: UInt64) throws {
        folder = try Places.makeTemporaryFolder("pollux-plans")
        var options = StoreOptions()
        options.sealValueCount = 300 + Int(seed % 5) * 200
        options.sealRowCount = 16
        let environment = try Environment(directory: folder.path)
        store = try Store(environment: environment, options: options)
        let graph = try Graph(environment: environment)
        engine = QueryEngine(store: store, graph: graph)
        var random = Seed(seed)
        try makePlant(&random)
        try writePoints(graph, &random)
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private func at(_ second: Int) -> String {
        "\(start.advanced(by: Int64(second) * 1_000_000_000))"
    }

    private func makePlant(_ random: inout Seed) throws {
        let gap = ["15s", "40s", "15m", "none"].randomElement(using: &random) ?? "none"
        var text = """
            create type spindle plural spindles;
            create measure v of spindle in mm/s with kind = gauge, shape = linear, gap = \(gap);
            create measure w of spindle in °C with kind = gauge, shape = step, gap = \(gap);
            create measure e of spindle in kWh with kind = amount;
            create asset machine M1 from 2025-01-01; create asset machine M2 from 2025-01-01;
            create asset spindle S1 of machine M1 from 2025-01-01;
            create asset spindle S2 of machine M2 from 2025-01-01;
            create asset spindle S3 from 2025-01-01;
            """
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let spindle = Int.random(in: 1...3, using: &random)
            let machine = Int.random(in: 1...2, using: &random)
            let second = Int.random(in: 0..<seconds, using: &random)
            text += "move spindle S\(spindle) to machine M\(machine) at \(at(second));"
        }
        var options = QueryOptions()
        options.now = start.advanced(by: 10_000_000_000_000)
        _ = try engine.run(text, options: options)
    }

    private func writePoints(_ graph: Graph, _ random: inout Seed) throws {
        var batches: [[(measure: String, asset: String, second: Double, value: Value, Quality)]] =
            []
        for asset in ["S1", "S2", "S3"] {
            for measure in ["v", "w", "e", "n"] where random.unit() < 0.9 {
                var second = Double.random(in: 0..<60, using: &random)
                var level = Double.random(in: -5...50, using: &random)
                let step = Double.random(in: 2...12, using: &random)
                let hasMarks = random.unit() < 0.4
                batches.append([])
                while second < Double(seconds) {
                    level += random.normal()
                    let decimal = (level * 100).rounded() / 100
                    let value: Value = measure == "n" ? .integer(Int64(level)) : .float(decimal)
                    let chance = hasMarks ? random.unit() : 1
                    let quality: Quality =
                        chance < 0.01
                        ? .end
                        : chance < 0.03
                            ? .bad
                            : chance < 0.07
                                ? .uncertain
                                : .good
                    batches[batches.count - 1].append((measure, asset, second, value, quality))
                    second += step * (random.unit() < 0.02 ? 20 : random.unit() * 0.2 + 0.9)
                    if random.unit() < 0.03 { batches.append([]) }
                }
            }
        }
        // In order of time, but some arrive late.
        batches.removeAll(where: \.isEmpty)
        var arrival = batches.indices.map { index in
            (batches[index][0].second + (random.unit() < 0.15 ? 900 : 0), index)
        }
        arrival.sort { $0 < $1 }
        for (_, index) in arrival { try write(batches[index], graph) }
    }

    private func write(
        _ points: [(measure: String, asset: String, second: Double, value: Value, Quality)],
        _ graph: Graph
    ) throws {
        let start = start
        try store.writeBlocking { transaction in
            let by = Provenance(recordedAt: start, source: "test")
            var batch = PointBatch()
            for point in points {
                let assets = try graph.assets(named: point.asset, in: transaction.transaction)
                guard let asset = assets.assets.first else { continue }
                let measure = try graph.ensureMeasure(
                    named: point.measure, of: asset.type, valueKind: point.value.kind, by: by,
                    in: transaction.transaction)
                let series = try transaction.ensureSeries(
                    asset: asset.id, measure: measure.id, kind: point.value.kind, group: asset.id)
                let instant = start.advanced(by: Int64(point.second * 1000) * 1_000_000)
                batch.append(series, at: instant, point.value, quality: point.4)
            }
            try transaction.append(batch)
        }
    }

    // MARK: Questions

    func now(_ random: inout Seed) -> Timestamp {
        let second =
            random.unit() < 0.7 ? seconds + 20 : Int.random(in: 0..<seconds, using: &random)
        return start.advanced(by: Int64(second) * 1_000_000_000)
    }

    func question(_ random: inout Seed) -> String {
        func one(_ words: [String]) -> String { words.randomElement(using: &random) ?? "" }
        let low = Int.random(in: -200..<seconds, using: &random)
        let high = low + Int.random(in: 1...seconds, using: &random)
        var text = ""
        let isAggregate = random.unit() < 0.8
        let measures = ["v", "w", "n", "e"]
        if isAggregate {
            let words = [
                "mean", "count", "highest", "lowest", "earliest", "latest", "avg", "min", "max",
                "total", "coverage",
            ]
            let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                random.unit() < 0.1 ? "sum e" : one(words) + " " + one(measures)
            }
            text = Array(Set(items)).sorted().joined(separator: ", ")
        } else {
            text = Array(Set([one(measures), one(measures)])).sorted().joined(separator: ", ")
        }
        let paths = [
            "every spindle", "spindle of machine M1", "every spindle of machine M2", "spindle S1",
        ]
        text += " of \(one(paths)) between \(at(low)) and \(at(high))"
        if isAggregate {
            text += one([
                "", " every 30s", " every 1m", " every 7m", " every 1h", " every 90s from start",
            ])
            text += one(["", "", " per machine", " overall"])
            if random.unit() < 0.2 {
                text += " where mean v > \(Int.random(in: 0...40, using: &random)) mm/s"
            }
        }
        text += one(["", "", " including uncertain", " including bad"])
        return text
    }
}
