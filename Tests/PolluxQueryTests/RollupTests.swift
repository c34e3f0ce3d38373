import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

/// Rollups answer what their points would have answered.
@Suite struct RollupTests {
    /// A database that keeps everything, or one with retention and rollups.
    private final class Database {
        let folder: URL
        var store: Store
        var engine: QueryEngine
        let options: StoreOptions
        var series: [SeriesID] = []

        init(life: String) throws {
            folder = try Places.makeTemporaryFolder("pollux-rollup")
            var options = StoreOptions()
            options.sealValueCount = 300
            options.settlesInBackground = false
            self.options = options
            (store, engine) = try Database.open(folder, options)
            _ = try engine.run(
                """
                create measure line of probe with shape = linear, gap = 10m\(life);
                create measure step of probe with shape = step, gap = 20m\(life);
                create measure held of probe with shape = step, gap = none\(life);
                create measure whole of probe with values = integer, shape = step, gap = 20m\(life);
                create asset probe P-1 from 2000-01-01;
                record line of probe P-1 = 1 at 2026-01-01T00:00:00Z;
                record step of probe P-1 = 1 at 2026-01-01T00:00:00Z;
                record held of probe P-1 = 1 at 2026-01-01T00:00:00Z;
                record whole of probe P-1 = 1 at 2026-01-01T00:00:00Z
                """)
            series = try store.snapshot().seriesList(of: AssetID(rawValue: 1)).map(\.id)
        }

        private static func open(
            _ folder: URL, _ options: StoreOptions
        ) throws -> (Store, QueryEngine) {
            let environment = try Environment(directory: folder.path)
            let store = try Store(environment: environment, options: options)
            return (
                store, QueryEngine(store: store, graph: try Graph(environment: environment))
            )
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

    private static let origin: Int64 = 1_767_225_600
    private static let aggregates = [
        "avg", "min", "max", "total", "mean", "sum", "count", "highest", "lowest", "earliest",
        "latest", "coverage",
    ]

    private static func isSame(_ left: ResultCell, _ right: ResultCell) -> Bool {
        if left == right { return true }
        guard case .float(let a) = left, case .float(let b) = right else { return false }
        return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))
    }

    private static func compare(
        _ kept: Database, _ rolled: Database, _ text: String, now: Timestamp, _ number: UInt64,
        orSaysSo: Bool = false
    ) throws {
        let wanted: QueryResult
        do {
            wanted = try kept.ask(text, now: now)
        } catch {
            // What has no meaning, such as the sum of a gauge, has none in either.
            #expect(throws: QueryError.self) { try rolled.ask(text, now: now) }
            return
        }
        let given = try rolled.ask(text, now: now)
        if orSaysSo, given.notes.contains(where: { $0.contains("what has gone before") }) { return }
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

    /// A life that both databases have; the instant at its end, when what is old has gone.
    private static func live(
        _ kept: Database, _ rolled: Database, _ seed: inout Seed
    ) throws -> Int64 {
        var now = RollupTests.origin
        for _ in 0..<50 {
            var batch = PointBatch()
            let horizon = now - 10 * 3_600
            for _ in 0..<Int.random(in: 20..<200, using: &seed) {
                now += Int64.random(in: 0..<200, using: &seed)
                if Int.random(in: 0..<100, using: &seed) == 0 { now += 4_000 }
                let isLate = Int.random(in: 0..<30, using: &seed) == 0
                let time = isLate ? Int64.random(in: horizon...now, using: &seed) : now
                let quality: Quality =
                    [.end, .bad, .uncertain].randomElement(using: &seed).flatMap {
                        Int.random(in: 0..<30, using: &seed) == 0 ? $0 : nil
                    } ?? .good
                let index = Int.random(in: 0..<4, using: &seed)
                let at = Timestamp(seconds: max(time, RollupTests.origin))
                let number = Int.random(in: -500..<500, using: &seed)
                if index == 3 {
                    batch.append(kept.series[3], at: at, .integer(Int64(number)), quality: quality)
                } else {
                    batch.append(kept.series[index], at: at, Double(number) / 8, quality: quality)
                }
            }
            try kept.write(batch)
            try rolled.write(batch)
            if Int.random(in: 0..<3, using: &seed) == 0 {
                try rolled.store.applyLifeRules(now: Timestamp(seconds: now))
            }
            if Int.random(in: 0..<8, using: &seed) == 0 { _ = try kept.store.compact() }
        }
        try rolled.store.applyLifeRules(now: Timestamp(seconds: now))
        return now
    }

    @Test(
        "random lives: aligned slices of rollups are those of all points",
        arguments: 1...12 as ClosedRange<UInt64>)
    func randomLives(_ number: UInt64) throws {
        var seed = Seed(number)
        let kept = try Database(life: "")
        let rolled = try Database(life: ", retention = 12h, rollup = 10m, rollup = 1h")
        let now = try RollupTests.live(kept, rolled, &seed)
        #expect(rolled.store.statistics.expiredPoints > 0)
        let at = Timestamp(seconds: now)
        let start = Timestamp(seconds: RollupTests.origin)
        let end = Timestamp(seconds: now - now % 3_600)
        let middle = Timestamp(seconds: RollupTests.origin + 5 * 3_600)
        for measure in ["line", "step", "held", "whole"] {
            let items = RollupTests.aggregates.filter { $0 != "sum" }.map { "\($0) \(measure)" }
            for (from, to) in [(start, end), (middle, end)] {
                for every in ["", " every 1h", " every 2h", " every 10m"] {
                    let text =
                        "\(items.joined(separator: ", ")) of probe P-1 "
                        + "between \(from) and \(to)\(every)"
                    try RollupTests.compare(kept, rolled, text, now: at, number)
                }
                // One by one: each needs other parts of the points.
                for item in items {
                    for every in ["", " every 1h"] {
                        let text = "\(item) of probe P-1 between \(from) and \(to)\(every)"
                        try RollupTests.compare(kept, rolled, text, now: at, number)
                    }
                }
            }
            let plan = try rolled.ask(
                "explain avg \(measure) of probe P-1 between \(start) and \(end) every 1h", now: at)
            let used = (0..<plan.rowCount).first {
                plan.columns[0].cell($0) == .text("rollups used")
            }.map { plan.columns[1].cell($0) }
            #expect(used != nil && used != .text("0"), "seed \(number)")
        }
        let report = try Inspection(environment: rolled.store.environment).check()
        #expect(report.findings.isEmpty, "seed \(number): \(report.findings.prefix(3))")
    }

    @Test(
        "random lives: `fill` and `offset` over slices whose points have gone",
        arguments: 201...203 as ClosedRange<UInt64>, ["line", "step", "held", "whole"])
    func filled(_ number: UInt64, _ measure: String) throws {
        var seed = Seed(number)
        let kept = try Database(life: "")
        let rolled = try Database(life: ", retention = 12h, rollup = 10m, rollup = 1h")
        let now = try RollupTests.live(kept, rolled, &seed)
        #expect(rolled.store.statistics.expiredPoints > 0)
        let items = ["avg", "min", "mean", "count", "latest"].map { "\($0) \(measure)" }
        let lastHour = now - now % 3_600
        let at = Timestamp(seconds: now)
        // `fill` looks at what was before these.
        for start in [5 * 3_600, 8 * 3_600 + 600].map({ RollupTests.origin + $0 }) {
            let range = "between \(Timestamp(seconds: start)) and \(Timestamp(seconds: lastHour))"
            func check(_ items: [String], _ rest: String) throws {
                let text = "\(items.joined(separator: ", ")) of probe P-1 \(range) \(rest)"
                let given = try rolled.ask(text, now: at)
                #expect(given.rowCount > 0)
                #expect(!given.notes.contains { $0.contains("what has gone") }, "\(given.notes)")
                try RollupTests.compare(kept, rolled, text, now: at, number)
            }
            for fill in ["hold", "hold within 50m", "linear", "7"] {
                try check(items, "every 10m fill \(fill)")
            }
            for offset in ["3h", "10m"] {
                let moved = (items + ["coverage \(measure)"]).map { "\($0) offset \(offset)" }
                try check(moved, "every 10m")
                try check(moved, "every 10m fill hold")
            }
            try check(["avg \(measure) - avg \(measure) offset 2h"], "every 10m fill hold")
        }
    }

    @Test(
        "random lives: any slices, after deletes and other lengths, are exact or say that not",
        arguments: 101...124 as ClosedRange<UInt64>)
    func randomSlices(_ number: UInt64) throws {
        var seed = Seed(number)
        let kept = try Database(life: "")
        let rolled = try Database(life: ", retention = 6h, rollup = 10m, rollup = 1h")
        let lengths = ["10m, rollup = 1h", "1h", "30m, rollup = 2h", "10m", "none"]
        var now = RollupTests.origin
        for _ in 0..<40 {
            var batch = PointBatch()
            for _ in 0..<Int.random(in: 20..<150, using: &seed) {
                now += Int64.random(in: 0..<200, using: &seed)
                if Int.random(in: 0..<60, using: &seed) == 0 { now += 8_000 }
                let isLate = Int.random(in: 0..<30, using: &seed) == 0
                let late = Int64.random(in: (now - 4 * 3_600)...now, using: &seed)
                batch.append(
                    kept.series[Int.random(in: 0..<3, using: &seed)],
                    at: Timestamp(seconds: max(isLate ? late : now, RollupTests.origin)),
                    Double(Int.random(in: -500..<500, using: &seed)) / 8,
                    quality: Int.random(in: 0..<40, using: &seed) == 0 ? .end : .good)
            }
            for database in [kept, rolled] { try database.write(batch) }
            if Int.random(in: 0..<3, using: &seed) == 0 {
                try rolled.store.applyLifeRules(now: Timestamp(seconds: now))
            }
            if Int.random(in: 0..<12, using: &seed) == 0 {
                let length = lengths.randomElement(using: &seed) ?? "1h"
                for (name, curve) in [
                    ("line", "linear, gap = 10m"), ("step", "step, gap = 20m"),
                    ("held", "step, gap = none"),
                ] {
                    _ = try rolled.engine.run(
                        "create measure \(name) of probe with shape = \(curve), retention = 6h, "
                            + "rollup = \(length)")
                }
            }
            if Int.random(in: 0..<10, using: &seed) == 0 {
                let low = Int64.random(in: RollupTests.origin..<now, using: &seed)
                let range = TimeRange(
                    start: Timestamp(seconds: low),
                    end: Timestamp(seconds: low + Int64.random(in: 1..<9_000, using: &seed)))
                for database in [kept, rolled] {
                    let series = database.series[Int(low % 3)]
                    _ = try database.store.writeBlocking {
                        try $0.removePoints(of: series, in: range, reason: "test")
                    }
                }
            }
        }
        for _ in 0..<2 { try rolled.store.applyLifeRules(now: Timestamp(seconds: now)) }
        let at = Timestamp(seconds: now)
        for _ in 0..<60 {
            let unit: Int64 = [1, 600, 3_600, 7_200].randomElement(using: &seed) ?? 1
            let ends = (0..<2).map { _ in
                Int64.random(in: RollupTests.origin..<now, using: &seed) / unit * unit
            }.sorted()
            guard ends[0] < ends[1] else { continue }
            let measure = ["line", "step", "held"].randomElement(using: &seed) ?? "line"
            let items = RollupTests.aggregates.filter { $0 != "sum" }.shuffled(using: &seed)
                .prefix(Int.random(in: 1..<4, using: &seed)).map { "\($0) \(measure)" }
            let every = ["", " every 1h", " every 10m", " every 1d"].randomElement(using: &seed)
            let text =
                "\(items.joined(separator: ", ")) of probe P-1 between "
                + "\(Timestamp(seconds: ends[0])) and \(Timestamp(seconds: ends[1]))\(every ?? "")"
            try RollupTests.compare(kept, rolled, text, now: at, number, orSaysSo: true)
        }
        let report = try Inspection(environment: rolled.store.environment).check()
        #expect(report.findings.isEmpty, "seed \(number): \(report.findings.prefix(3))")
    }

    @Test("what rollups cannot answer says so")
    func saysSo() throws {
        let rolled = try Database(life: ", retention = 12h, rollup = 1h")
        var batch = PointBatch()
        for minute in 1..<(48 * 60) {
            batch.append(
                rolled.series[1], at: Timestamp(seconds: RollupTests.origin + Int64(minute) * 60),
                Double(minute))
        }
        try rolled.write(batch)
        let now = Timestamp(seconds: RollupTests.origin + 48 * 3_600)
        // The first pass brings what is in memory into chunks, the next makes buckets of it.
        for _ in 0..<2 { try rolled.store.applyLifeRules(now: now) }
        #expect(rolled.store.statistics.expiredPoints > 0)
        let start = Timestamp(seconds: RollupTests.origin + 3_600)
        let end = Timestamp(seconds: RollupTests.origin + 7_200)
        let whole = try rolled.ask(
            "avg step, count step of probe P-1 between \(start) and \(end)", now: now)
        #expect(whole.columns.contains { $0.rowCount(of: .integer(60)) == 1 })
        let half = try rolled.ask(
            "count step of probe P-1 between \(start) and \(end.advanced(by: -1_800_000_000_000))",
            now: now)
        #expect(half.notes.contains { $0.contains("multiples of 1h") }, "\(half.notes)")
        #expect(!half.columns.contains { $0.rowCount(of: .integer(30)) == 1 })
        let median = try rolled.ask(
            "median step of probe P-1 between \(start) and \(end)", now: now)
        #expect(median.notes.contains { $0.contains("no longer kept") }, "\(median.notes)")

        // Part of an hour deleted after its points have gone: the hour is not known any more.
        let cut = TimeRange(start: start, end: start.advanced(by: 600_000_000_000))
        let series = rolled.series[1]
        _ = try rolled.store.writeBlocking {
            try $0.removePoints(of: series, in: cut, reason: "test")
        }
        for text in ["count step", "avg step"] {
            let lost = try rolled.ask("\(text) of probe P-1 between \(start) and \(end)", now: now)
            #expect(lost.notes.contains { $0.contains("multiples of 1h") }, "\(lost.notes)")
            #expect(!lost.columns.contains { $0.rowCount(of: .integer(60)) == 1 })
        }
        let after = try rolled.ask(
            "count step of probe P-1 between \(end) and \(end.advanced(by: 3_600_000_000_000))",
            now: now)
        #expect(after.columns.contains { $0.rowCount(of: .integer(60)) == 1 })
        #expect(try Inspection(environment: rolled.store.environment).check().findings.isEmpty)
    }
}

extension ResultColumn {
    /// How many rows hold a cell.
    fileprivate func rowCount(of cell: ResultCell) -> Int {
        (0..<count).count { self.cell($0) == cell }
    }
}
