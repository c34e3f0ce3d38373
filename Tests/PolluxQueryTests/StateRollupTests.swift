import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

/// Rollups of states, truth values, texts and counters answer what their points would have
/// answered.
@Suite struct StateRollupTests {
    private static let origin: Int64 = 1_767_225_600

    /// A database that keeps everything, or one with retention and rollups.
    private final class Plant {
        let folder: URL
        let store: Store
        let engine: QueryEngine
        let series: [SeriesID]

        init(life: String) throws {
            folder = try Places.makeTemporaryFolder("pollux-states")
            var options = StoreOptions()
            options.sealValueCount = 200
            options.settlesInBackground = false
            let environment = try Environment(directory: folder.path)
            store = try Store(environment: environment, options: options)
            engine = QueryEngine(store: store, graph: try Graph(environment: environment))
            _ = try engine.run(
                """
                create measure word of probe with values = text, gap = none\(life);
                create measure brief of probe with values = text, gap = 5m\(life);
                create measure flag of probe with values = boolean, gap = none\(life);
                create measure code of probe with values = integer, kind = state, shape = step, \
                gap = 20m\(life);
                create measure parts of probe with values = integer, kind = counter\(life);
                create measure meter of probe with kind = counter, shape = step, rollover = 100, \
                starts = 0\(life);
                create asset probe P-1 from 2000-01-01;
                record word of probe P-1 = "idle" at 2026-01-01T00:00:00Z;
                record brief of probe P-1 = "idle" at 2026-01-01T00:00:00Z;
                record flag of probe P-1 = true at 2026-01-01T00:00:00Z;
                record code of probe P-1 = 1 at 2026-01-01T00:00:00Z;
                record parts of probe P-1 = 5 at 2026-01-01T00:00:00Z;
                record meter of probe P-1 = 5 at 2026-01-01T00:00:00Z
                """)
            series = try store.snapshot().seriesList(of: AssetID(rawValue: 1)).map(\.id)
        }

        deinit {
            store.close()
            try? FileManager.default.removeItem(at: folder)
        }

        func write(_ batch: PointBatch) throws {
            try store.writeBlocking { try $0.append(batch) }
        }

        func ask(_ text: String, now: Timestamp) throws -> QueryResult {
            var options = QueryOptions()
            options.now = now
            return try #require(try engine.run(text, options: options).first)
        }
    }

    /// A point of one of the six series.
    private static func value(_ index: Int, _ counters: inout [Int], _ seed: inout Seed) -> Value {
        let words = ["idle", "running", "fault", "setup", "a b", ""]
        switch index {
        case 0, 1: return .text(words.randomElement(using: &seed) ?? "")
        case 2: return .boolean(Bool.random(using: &seed))
        case 3: return .integer(Int64.random(in: 0..<6, using: &seed))
        default:
            counters[index - 4] += Int.random(in: 0..<12, using: &seed)
            if index == 5 { counters[1] %= 100 }
            if index == 4, Int.random(in: 0..<20, using: &seed) == 0 { counters[0] = 2 }
            let now = counters[index - 4]
            return index == 4 ? .integer(Int64(now)) : .float(Double(now))
        }
    }

    private static func isSame(_ left: ResultCell, _ right: ResultCell) -> Bool {
        if left == right { return true }
        guard case .float(let a) = left, case .float(let b) = right else { return false }
        return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))
    }

    private static func compare(
        _ kept: Plant, _ rolled: Plant, _ text: String, now: Timestamp, _ number: UInt64
    ) throws {
        let wanted: QueryResult
        do {
            wanted = try kept.ask(text, now: now)
        } catch {
            Issue.record("\(text): \(error)")
            return
        }
        let given = try rolled.ask(text, now: now)
        #expect(
            !given.notes.contains { $0.contains("is missing") }, "seed \(number): \(given.notes)")
        #expect(wanted.rowCount == given.rowCount, "seed \(number): \(text)")
        guard wanted.rowCount == given.rowCount else { return }
        for (index, column) in wanted.columns.enumerated() {
            for row in 0..<wanted.rowCount {
                let (a, b) = (column.cell(row), given.columns[index].cell(row))
                #expect(
                    isSame(a, b),
                    "seed \(number): \(text), row \(row) \(column.name): \(a) is \(b)")
                if !isSame(a, b) { return }
            }
        }
    }

    private static let questions = [
        "count word, earliest word, latest word, mode word, coverage word",
        "time (word = \"running\"), share (word = \"running\" or word = \"setup\")",
        "times (word = \"fault\"), times (not (word like \"*n*\")), coverage word",
        "time (brief = \"fault\"), share (brief != \"idle\"), times (brief = \"fault\"), mode brief",
        "count brief, coverage brief, latest brief",
        "time flag, share flag, times flag, count flag, latest flag, mode flag",
        "times (not flag)",
        "time (code > 3), share (code = 0 or code = 5), times (code >= 2), mode code",
        "avg code, min code, max code, total code, count code, mean code, latest code",
        "delta parts, rate parts, count parts, max parts",
        "delta meter, rate meter, latest meter",
        "delta parts, time (word = \"running\"), avg code",
    ]

    @Test(
        "random lives: aligned slices of rollups of states and counters are those of all points",
        arguments: 1...6 as ClosedRange<UInt64>)
    func randomLives(_ number: UInt64) throws {
        var seed = Seed(number)
        let kept = try Plant(life: "")
        let rolled = try Plant(life: ", retention = 12h, rollup = 10m, rollup = 1h")
        var now = StateRollupTests.origin
        var counters = [5, 5]
        for _ in 0..<40 {
            var batch = PointBatch()
            let horizon = now - 10 * 3_600
            for _ in 0..<Int.random(in: 20..<150, using: &seed) {
                now += Int64.random(in: 0..<250, using: &seed)
                if Int.random(in: 0..<100, using: &seed) == 0 { now += 5_000 }
                let isLate = Int.random(in: 0..<30, using: &seed) == 0
                let time = isLate ? Int64.random(in: horizon...now, using: &seed) : now
                let quality: Quality =
                    [.end, .bad, .uncertain].randomElement(using: &seed).flatMap {
                        Int.random(in: 0..<20, using: &seed) == 0 ? $0 : nil
                    } ?? .good
                let index = Int.random(in: 0..<6, using: &seed)
                batch.append(
                    kept.series[index], at: Timestamp(seconds: max(time, StateRollupTests.origin)),
                    StateRollupTests.value(index, &counters, &seed), quality: quality)
            }
            for plant in [kept, rolled] { try plant.write(batch) }
            if Int.random(in: 0..<3, using: &seed) == 0 {
                try rolled.store.applyLifeRules(now: Timestamp(seconds: now))
            }
        }
        try rolled.store.applyLifeRules(now: Timestamp(seconds: now))
        #expect(rolled.store.statistics.expiredPoints > 0)
        let at = Timestamp(seconds: now)
        let end = Timestamp(seconds: now - now % 3_600)
        let starts = [0, 18_000, 25_200, 33_000].map {
            Timestamp(seconds: StateRollupTests.origin + $0)
        }
        for start in starts {
            for items in StateRollupTests.questions {
                for every in ["", " every 1h", " every 2h", " every 10m"] {
                    let text = "\(items) of probe P-1 between \(start) and \(end)\(every)"
                    try StateRollupTests.compare(kept, rolled, text, now: at, number)
                }
                try StateRollupTests.compare(
                    kept, rolled, "\(items) of every probe between \(start) and \(end) overall",
                    now: at, number)
            }
        }
        let plan = try rolled.ask(
            "explain share flag of probe P-1 between \(starts[0]) and \(end) every 1h", now: at)
        let used = (0..<plan.rowCount).first {
            plan.columns[0].cell($0) == .text("rollups used")
        }.map { plan.columns[1].cell($0) }
        #expect(used != nil && used != .text("0"), "seed \(number)")
        let report = try Inspection(environment: rolled.store.environment).check()
        #expect(report.findings.isEmpty, "seed \(number): \(report.findings.prefix(3))")
    }

    @Test("a counter counts on through end marks whose points have gone")
    func endMarks() throws {
        let kept = try Plant(life: "")
        let rolled = try Plant(life: ", retention = 12h, rollup = 10m, rollup = 1h")
        let series = kept.series[5]
        var batch = PointBatch()
        let points: [(minute: Int64, value: Double, Quality)] = [
            (30, 20, .good), (75, 20, .end), (135, 20, .end), (200, 50, .good), (220, 60, .good),
            (1_800, 70, .good),
        ]
        for point in points {
            batch.append(
                series, at: Timestamp(seconds: StateRollupTests.origin + point.minute * 60),
                point.value, quality: point.2)
        }
        for plant in [kept, rolled] { try plant.write(batch) }
        let now = Timestamp(seconds: StateRollupTests.origin + 1_800 * 60)
        for _ in 0..<2 { try rolled.store.applyLifeRules(now: now) }
        #expect(rolled.store.statistics.expiredPoints > 0)
        // The hours before hold end marks alone; 5 was counted at first.
        for (hours, counted) in [("T01:00Z", 40.0), ("T02:00Z", 40), ("T03:00Z", 40), ("", 60)] {
            for plant in [kept, rolled] {
                let answer = try plant.ask(
                    "delta meter of probe P-1 between 2026-01-01\(hours) and 2026-01-01T04:00Z",
                    now: now)
                #expect(answer.columns.contains { $0.cell(0) == .float(counted) }, "\(hours)")
            }
        }
    }

    @Test(
        "percentiles of what has gone are within 1 % of the values they lie between, and say so",
        arguments: 1...4 as ClosedRange<UInt64>)
    func percentiles(_ number: UInt64) throws {
        var seed = Seed(number)
        let kept = try Plant(life: "")
        let rolled = try Plant(life: ", retention = 12h, rollup = 1h")
        let create = "create measure level of probe with values = float"
        for (plant, life) in [(kept, ""), (rolled, ", retention = 12h, rollup = 1h")] {
            _ = try plant.engine.run(
                "\(create)\(life); record level of probe P-1 = 1 at 2026-01-01T00:00:00Z")
        }
        let series = try #require(
            kept.store.snapshot().seriesList(of: AssetID(rawValue: 1)).map(\.id).last)
        var batch = PointBatch()
        for minute in 1..<(36 * 60) {
            let at = Timestamp(seconds: StateRollupTests.origin + Int64(minute) * 60)
            let scale = [0.01, 1.0, 1_000.0].randomElement(using: &seed) ?? 1.0
            batch.append(
                series, at: at, scale * Double.random(in: 1...3, using: &seed),
                quality: Int.random(in: 0..<20, using: &seed) == 0 ? .bad : .good)
        }
        for plant in [kept, rolled] { try plant.write(batch) }
        let now = Timestamp(seconds: StateRollupTests.origin + 36 * 3_600)
        for _ in 0..<2 { try rolled.store.applyLifeRules(now: now) }
        #expect(rolled.store.statistics.expiredPoints > 0)
        for every in ["", " every 1h", " every 4h"] {
            let text =
                "median level, p5 level, p95 level, p0 level, p100 level, count level "
                + "of probe P-1 between 2026-01-01T00:00:00Z and \(now)\(every)"
            let wanted = try kept.ask(text, now: now)
            let given = try rolled.ask(text, now: now)
            #expect(given.notes.contains { $0.contains("approximate, ± 1 %") })
            #expect(wanted.rowCount == given.rowCount)
            var exactCount = 0
            for row in 0..<wanted.rowCount {
                for (index, column) in wanted.columns.enumerated() {
                    let (a, b) = (column.cell(row), given.columns[index].cell(row))
                    guard case .float(let exact) = a, case .float(let near) = b else { continue }
                    #expect(
                        Swift.abs(exact - near) <= 0.01 * Swift.abs(exact), "\(exact) is \(near)")
                    if exact == near { exactCount += 1 }
                }
            }
            // Points that are still there are not taken from rollups.
            if every == " every 1h" { #expect(exactCount >= 12 * 5) }
            let notes = given.columns.last { $0.name == "note" }
            #expect(notes?.cell(0) == .text("approx"))
            if every == " every 1h" { #expect(notes?.cell(35) != .text("approx")) }
        }
    }

    @Test("more values than are kept, conditions on two measures, and slices elsewhere say so")
    func saysSo() throws {
        let rolled = try Plant(life: ", retention = 6h, rollup = 1h")
        var batch = PointBatch()
        for minute in 1..<(24 * 60) {
            let at = Timestamp(seconds: StateRollupTests.origin + Int64(minute) * 60)
            // The hours after the first ten have 20 words each.
            let word = minute < 600 ? minute % 3 : minute % 20
            batch.append(rolled.series[0], at: at, .text("w\(word)"))
            batch.append(rolled.series[2], at: at, .boolean(minute % 2 == 0))
        }
        try rolled.write(batch)
        let now = Timestamp(seconds: StateRollupTests.origin + 24 * 3_600)
        for _ in 0..<2 { try rolled.store.applyLifeRules(now: now) }
        func ask(_ items: String, _ from: Int64, _ to: Int64) throws -> QueryResult {
            try rolled.ask(
                "\(items) of probe P-1 between "
                    + "\(Timestamp(seconds: StateRollupTests.origin + from)) and "
                    + "\(Timestamp(seconds: StateRollupTests.origin + to))", now: now)
        }
        func says(_ result: QueryResult, _ words: String) -> Bool {
            result.notes.contains { $0.contains(words) }
        }
        let few = try ask("time (word = \"w1\"), count word", 3_600, 7_200)
        #expect(!says(few, "is missing"), "\(few.notes)")
        #expect(few.columns.contains { $0.has(.integer(60)) })
        let many = try ask("time (word = \"w1\")", 39_600, 43_200)
        #expect(says(many, "at most 16 different values"), "\(many.notes)")
        // What needs no durations is still known.
        let last = try ask("count word, latest word, coverage word", 39_600, 43_200)
        #expect(!says(last, "is missing"), "\(last.notes)")
        #expect(last.columns.contains { $0.has(.text("w19")) })
        #expect(last.columns.contains { $0.has(.integer(60)) })
        let half = try ask("share flag", 3_600, 5_400)
        #expect(says(half, "multiples of 1h"), "\(half.notes)")
        let both = try ask("time (flag and word = \"w1\")", 3_600, 7_200)
        #expect(says(both, "no longer kept"), "\(both.notes)")
        #expect(!both.columns.contains { $0.has(.float(600)) })
    }
}

extension ResultColumn {
    /// Whether a cell is there.
    fileprivate func has(_ cell: ResultCell) -> Bool {
        (0..<count).contains { self.cell($0) == cell }
    }
}
