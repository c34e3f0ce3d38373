import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// A `SlowPlant` in a real database.
final class SlowDatabase {
    var engine: QueryEngine { parts.engine }
    let history: SlowHistory
    /// By series of which points go the seconds of those that are left.
    private(set) var left: [String: Set<Int>] = [:]
    private var store: Store { parts.store }
    /// One; none while it is opened again.
    private var opened: [Parts]
    private var parts: Parts { opened[0] }
    private var series: [String: SeriesID] = [:]
    private let folder: URL

    private struct Parts {
        let store: Store
        let graph: Graph
        let engine: QueryEngine

        init(_ folder: URL) throws {
            var options = StoreOptions()
            options.sealValueCount = 200
            options.sealRowCount = 16
            // What is old goes when the test says so, by its own clock.
            options.settlesInBackground = false
            let environment = try Environment(directory: folder.path)
            store = try Store(environment: environment, options: options)
            graph = try Graph(environment: environment)
            engine = QueryEngine(store: store, graph: graph)
        }
    }
    private static let start = Timestamp(seconds: 1_772_438_400)

    static func at(_ second: Int) -> Timestamp {
        start.advanced(by: Int64(second) * 1_000_000_000)
    }

    init(_ plant: SlowPlant, _ history: SlowHistory) throws {
        self.history = history
        folder = try Places.makeTemporaryFolder("pollux-slow")
        opened = [try Parts(folder)]
        try declare(plant)
        try enter(history.early)
        let steps = history.steps.sorted { $0.key < $1.key }
        for (round, rest) in history.rests.enumerated() {
            for (key, steps) in steps where round < steps.count {
                try take(steps[round], of: key)
            }
            try take(rest)
        }
        // What was resolved before must not outlive a move that is entered late.
        if !history.late.isEmpty {
            var options = QueryOptions()
            options.now = Self.at(SlowPlant.seconds)
            _ = try engine.run("avg v of every spindle last 1h per line", options: options)
        }
        try enter(history.late)
        try live(plant)
        for (key, doomed) in plant.doomed.sorted(by: { $0.key < $1.key }) {
            try take(.delete(doomed.stretch), of: key)
        }
        if history.rests[0] == .opensAgain { try take(.opensAgain) }
    }

    private func take(_ rest: SlowHistory.Rest) throws {
        switch rest {
        case .none: break
        case .packs: _ = try store.compact()
        case .opensAgain:
            // All of it must be gone before the folder can be opened again.
            store.close()
            opened.removeAll()
            opened.append(try Parts(folder))
        }
    }

    /// Points grow old and go.
    private func live(_ plant: SlowPlant) throws {
        for (measure, life) in plant.lives.sorted(by: { $0.key < $1.key }) {
            let type = "vw".contains(measure) ? "spindle" : "machine"
            _ = try engine.run("create measure \(measure) of \(type) with \(life.text)")
        }
        for (index, second) in history.passes.enumerated() where !plant.lives.isEmpty {
            // The first pass brings what is in memory into chunks, the next makes buckets of it.
            for _ in 0..<3 { try store.applyLifeRules(now: Self.at(second)) }
            for (key, samples) in history.held.sorted(by: { $0.key < $1.key }) where index == 0 {
                try take(.write(samples), of: key)
            }
        }
        if plant.lives.isEmpty {
            for (key, samples) in history.held { try take(.write(samples), of: key) }
        }
        for (key, all) in plant.series {
            guard let life = plant.lives[String(key.prefix(1))], let id = series[key],
                let last = history.passes.last
            else { continue }
            left[key] = Set(try seconds(of: id))
            let times = (all.samples + (plant.doomed[key]?.samples ?? [])).map(\.second).sorted()
            let complaint = life.complaint(all: times, left: left[key] ?? [], after: last)
            #expect(complaint == nil, "\(key), \(life), passes \(history.passes)")
        }
    }

    private func seconds(of series: SeriesID) throws -> [Int] {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let reader = try snapshot.reader(
            series, TimeRange(start: Self.at(-1), end: Self.at(SlowPlant.seconds)))
        var batch = ColumnBatch(kind: reader.series.kind)
        var found: [Int] = []
        while try reader.next(into: &batch) {
            found += batch.times.map { Int(($0 - Self.start.nanoseconds) / 1_000_000_000) }
        }
        return found
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private func declare(_ plant: SlowPlant) throws {
        let gap = plant.gap.map { "\($0)s" } ?? "none"
        let counterGap = plant.counterGap.map { "\($0)s" } ?? "none"
        let stateGap = plant.stateGap.map { "\($0)s" } ?? "none"
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
            create measure s of machine with kind = state, gap = \(stateGap);
            create event job of machine;
            create event change of machine;
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
        for (machine, seconds) in plant.changes.sorted(by: { $0.key < $1.key }) {
            for second in seconds {
                text += "record event change of machine \(machine) at \(Self.at(second));"
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

    private func take(_ step: SlowHistory.Step, of key: String) throws {
        let words = key.split(separator: " ").map(String.init)
        let kind: ValueKind = words[0] == "s" ? .text : .float
        let graph = parts.graph
        series[key] = try store.writeBlocking { transaction -> SeriesID? in
            let by = Provenance(recordedAt: Self.at(0), source: "test")
            let found = try graph.assets(named: words[1], in: transaction.transaction).assets
            guard let asset = found.first else { return nil }
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
                    let poor: Quality = sample.isUncertain ? .uncertain : .bad
                    batch.append(
                        id, at: Self.at(sample.second),
                        kind == .text ? .text(sample.word) : .float(sample.value),
                        quality: sample.isEnd ? .end : sample.isGood ? .good : poor)
                }
                try transaction.append(batch)
            }
            return id
        }
    }
}
