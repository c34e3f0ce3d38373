import Foundation
import PolluxCodec
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// What the store does by itself with what arrived: sealing, the dense tier, free pages.
@Suite struct SettlingTests {
    private static func options() -> StoreOptions {
        var options = StoreOptions()
        options.sealValueCount = 8_192
        options.settleIntervalMilliseconds = 5
        options.coldMilliseconds = 50
        options.quietValueCount = 100
        return options
    }

    /// A wavy measurement with two decimals.
    private static func batch(_ series: [SeriesID], rows: Range<Int64>) -> PointBatch {
        var batch = PointBatch()
        for row in rows {
            for (index, series) in series.enumerated() {
                let value = (sin(Double(row) / 500) * 1_000 + Double(row % 7) * 3).rounded() / 100
                batch.append(
                    series, at: Timestamp(nanoseconds: row * 1_000_000_000),
                    value + Double(index))
            }
        }
        return batch
    }

    /// Waits for something that comes by itself, for a minute at most.
    private func eventually(_ what: Comment, _ condition: () throws -> Bool) throws {
        for _ in 0..<6_000 {
            if try condition() { return }
            usleep(10_000)
        }
        Issue.record(what)
    }

    @Test("a quiet group is sealed and rewritten in the dense tier by itself")
    func settles() throws {
        let fixture = try StoreFixture(options: SettlingTests.options())
        let series = try (1...3).map { try fixture.series(UInt32($0), 1) }
        for part in 0..<20 {
            let first = Int64(part) * 1_000
            try fixture.write(SettlingTests.batch(series, rows: first..<(first + 1_000)))
        }
        let before = try fixture.points(series[1], batchRowCount: 4_096)
        try eventually("all rows are in dense chunks") {
            let statistics = fixture.store.statistics
            guard statistics.headRowCount == 0, statistics.journalByteCount == 0 else {
                return false
            }
            return try fixture.store.environment.read { transaction in
                var isDense = true
                var count = 0
                try transaction.forEach(fixture.store.tables.chunks) { key, value in
                    let view = try ChunkView(key: ChunkKey(decoding: key), bytes: value)
                    isDense = isDense && view.tier == .dense
                    count += view.valueCount
                    return true
                }
                return isDense && count == 60_000
            }
        }
        #expect(try fixture.points(series[1], batchRowCount: 4_096) == before)
        try eventually("free pages are given back") {
            fixture.store.statistics.releasedByteCount > 0
        }
        #expect(fixture.store.statistics.failedRewrites == 0)
        try fixture.check()
    }

    /// Expects the file to take little more of the disk than its pages in use.
    private static func checkRoom(_ fixture: StoreFixture) throws {
        let environment = fixture.store.environment
        var status = stat()
        stat(fixture.folder.appendingPathComponent("data/data.mdb").path, &status)
        let taken = UInt64(status.st_blocks) * 512
        let used = environment.statistics.usedByteCount - (try environment.freeByteCount())
        // What the last commits freed stays until later ones.
        #expect(taken <= used + 64 * 4_096, "\(taken) bytes on the disk, \(used) in use")
        #expect(environment.statistics.usedByteCount > used)
    }

    @Test("a file takes little more of the disk than what is stored in it")
    func givesPagesBack() throws {
        let fixture = try StoreFixture(options: SettlingTests.options())
        let series = try (1...4).map { try fixture.series(UInt32($0), 1) }
        for part in 0..<40 {
            let first = Int64(part) * 1_000
            try fixture.write(SettlingTests.batch(series, rows: first..<(first + 1_000)))
        }
        _ = try fixture.store.compact()
        try SettlingTests.checkRoom(fixture)
        try fixture.check()
        // The holes are written again when pages are needed.
        try fixture.write(SettlingTests.batch(series, rows: 40_000..<50_000))
        _ = try fixture.store.compact()
        #expect(try fixture.points(series[0], batchRowCount: 4_096).count == 50_000)
        try fixture.crashAndReopen()
        #expect(try fixture.points(series[0], batchRowCount: 4_096).count == 50_000)
        try fixture.check()
    }

    @Test("an old snapshot reads its points while pages are given back")
    func keepsWhatReadersSee() throws {
        let fixture = try StoreFixture(options: SettlingTests.options())
        let series = [try fixture.series(1, 1)]
        try fixture.write(SettlingTests.batch(series, rows: 0..<20_000))
        _ = try fixture.store.compact()
        let snapshot = try fixture.store.snapshot()
        let expected = try fixture.points(series[0], batchRowCount: 4_096)
        try fixture.store.writeBlocking { transaction in
            _ = try transaction.removePoints(of: series[0], in: .always, reason: "all of it")
        }
        for round in 0..<5 {
            let first = Int64(round) * 1_000
            try fixture.write(SettlingTests.batch(series, rows: first..<(first + 1_000)))
            _ = try fixture.store.compact()
        }
        #expect(
            try StoreFixture.points(snapshot, series[0], batchRowCount: 4_096) == expected)
        snapshot.close()
        #expect(try fixture.points(series[0], batchRowCount: 4_096).count == 5_000)
    }

    @Test("late points that come while a chunk is rewritten are kept")
    func lateWhileRewriting() throws {
        var options = SettlingTests.options()
        // Nothing else may rewrite the chunk first.
        options.settleIntervalMilliseconds = 3_600_000
        let fixture = try StoreFixture(options: options)
        let series = [try fixture.series(1, 1)]
        try fixture.write(SettlingTests.batch(series, rows: 0..<8_000))
        fixture.store.flushForTest()
        let found = try fixture.store.environment.read { transaction in
            try RewriteSearch(
                tables: fixture.store.tables, group: AssetID(rawValue: 1), targetCount: 8_192
            ).next(from: .min, withLast: true, transaction)
        }
        let sources = try #require(found)
        let rewriting = try ChunkRewriting(sources, targetCount: 8_192)
        try fixture.write(floats([(series[0], 5_000_000_001, 7)]))
        fixture.store.flushForTest()
        let swapped = Monitor<Bool?>(nil)
        _ = fixture.store.writer.queue.addChore { writer in
            let result = try? writer.swap(rewriting)
            swapped.withLock { $0 = result }
            swapped.wakeAll()
        }
        #expect(swapped.withLock(when: { $0 != nil }) { $0 } == false)
        #expect(try fixture.points(series[0], batchRowCount: 4_096).count == 8_001)
    }
}
