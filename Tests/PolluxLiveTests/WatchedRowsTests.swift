import PolluxModel
import PolluxQuery
import PolluxTestKit
import Testing

@testable import PolluxLive

/// Watched questions over a real store.
@Suite struct WatchedRowsTests {
    private static func rows(_ result: QueryResult) -> [RowKey: [ResultCell]] {
        var rows: [RowKey: [ResultCell]] = [:]
        for (row, key) in result.keys.enumerated() {
            rows[key] = result.columns.filter { $0.kind != .note }.map { $0.cell(row) }
        }
        return rows
    }

    @Test(arguments: [
        "avg temperature of every spindle last 10m every 10s",
        "max temperature, count temperature of every spindle last 10m every 30s",
    ])
    func watchedRowsEndAsTheBatchRows(text: String) throws {
        let plant = try Plant()
        var seed = Seed(11)
        try plant.write([(0, 50)])
        let watched = try plant.live.subscribe("watch " + text + " wait 5s")
        var seen: [RowKey: [ResultCell]] = [:]
        var final: Set<RowKey> = []
        func drain() {
            while let frame = watched.poll() {
                guard case .rows(let rows) = frame else { continue }
                for key in rows.removed { seen[key] = nil }
                for (key, cells) in WatchedRowsTests.rows(rows.result) {
                    if final.contains(key) { #expect(rows.state == .corrected) }
                    if rows.state != .provisional { final.insert(key) }
                    seen[key] = cells
                }
            }
        }
        for step in 1...60 {
            let second = Double(step) * 5
            // Most points are on time, some late.
            let late = seed.unit() < 0.25 ? (200 * seed.unit()).rounded() : 0
            try plant.write([(max(0, second - late), (100 * seed.unit()).rounded())])
            plant.turn(at: second + 1)
            drain()
        }
        plant.turn(at: 340)
        drain()
        let batch = WatchedRowsTests.rows(try #require(try plant.run(text).first))
        let closed = batch.filter {
            $0.key.range.end <= Plant.instant(330) && $0.key.range.start >= Plant.instant(0)
        }
        #expect(closed.count > 5)
        for (key, cells) in closed { #expect(seen[key] == cells, "\(key)") }
    }

    @Test func theEngineRunsByItself() async throws {
        let plant = try Plant()
        try plant.write([(0, 50)])
        plant.clock.now = Plant.instant(1)
        let watched = try plant.live.subscribe("temperature of spindle SP-7 last 10m")
        plant.live.start()
        var frames = watched.makeAsyncIterator()
        guard case .subscribed? = await frames.next() else {
            Issue.record("columns come first")
            return
        }
        guard case .rows(let first)? = await frames.next() else {
            Issue.record("then the rows that are there")
            return
        }
        #expect(first.result.rowCount == 1)
        plant.clock.now = Plant.instant(3)
        try plant.write([(2, 60)])
        guard case .rows(let second)? = await frames.next() else {
            Issue.record("then what arrives")
            return
        }
        #expect(second.result.rowCount == 1)
        plant.live.stop()
        #expect(plant.live.subscriptionCount == 0)
    }
}
