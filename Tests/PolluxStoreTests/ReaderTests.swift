import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

@Suite struct ReaderTests {
    private static func sealedFixture(rows: Int64 = 1000) throws -> (StoreFixture, SeriesID) {
        var options = StoreOptions()
        options.sealValueCount = 200
        options.sealRowCount = 1
        let fixture = try StoreFixture(options: options)
        let series = try fixture.series(1, 1)
        for start in stride(from: Int64(0), to: rows, by: 100) {
            try fixture.write(floats((start..<(start + 100)).map { (series, $0 * 10, Double($0)) }))
        }
        fixture.store.flushForTest()
        return (fixture, series)
    }

    @Test("chunks in the middle of a range are answered from statistics")
    func statistics() throws {
        let (fixture, series) = try ReaderTests.sealedFixture()
        let snapshot = try fixture.store.snapshot()
        let reader = try snapshot.reader(series, range(1505, 9000))
        var batch = ColumnBatch(kind: .float)
        var sum = 0.0
        var count = 0
        var chunkCount = 0
        while true {
            if let statistics = try reader.nextStatistics() {
                chunkCount += 1
                sum += statistics.sum
                count += statistics.count
                #expect(statistics.minimum == statistics.first)
                #expect(statistics.maximum == statistics.last)
                #expect(statistics.longestGap == 10)
                let expected =
                    (statistics.first + statistics.last) / 2
                    * Double(statistics.lastTime - statistics.firstTime) * 1e-9
                #expect(abs((statistics.linearIntegral ?? 0) - expected) < 1e-9 * expected)
                continue
            }
            guard try reader.next(into: &batch) else { break }
            guard case .floats(let values) = batch.values else { continue }
            sum += values.reduce(0, +)
            count += values.count
        }
        #expect(chunkCount >= 2)
        #expect(count == 749)
        #expect(sum == Double((151..<900).reduce(0, +)))
    }

    @Test("statistics are refused where memory overlaps a chunk, and when the caller declines")
    func statisticsBesideMemory() throws {
        let (fixture, series) = try ReaderTests.sealedFixture(rows: 200)
        try fixture.write(floats([(series, 15, -1)]))
        let snapshot = try fixture.store.snapshot()
        #expect(try snapshot.reader(series, .always).nextStatistics() == nil)
        #expect(try snapshot.reader(series, range(20, 2000)).nextStatistics() == nil)
        fixture.store.flushForTest()
        let later = try fixture.store.snapshot()
        #expect(try later.reader(series, .always).nextStatistics { _ in false } == nil)
        #expect(try later.reader(series, .always).nextStatistics()?.count == 201)
        // The older view still sees the point in memory, once.
        #expect(try StoreFixture.points(snapshot, series).count == 201)
    }

    @Test("a snapshot does not change while rows are written, sealed and rewritten")
    func isolation() throws {
        let (fixture, series) = try ReaderTests.sealedFixture(rows: 300)
        let snapshot = try fixture.store.snapshot()
        let before = try StoreFixture.points(snapshot, series)
        try fixture.write(floats([(series, 5, 5), (series, 100, -7), (series, 1 << 40, 1)]))
        fixture.store.flushForTest()
        _ = try fixture.store.compact()
        #expect(try StoreFixture.points(snapshot, series) == before)
        #expect(try snapshot.last(of: series) == before.last)
        #expect(try fixture.points(series).count == before.count + 2)
        #expect(fixture.store.statistics.openSnapshots >= 1)
        snapshot.close()
    }

    @Test("late and duplicate points are counted, identical rewrites are not")
    func counts() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        try fixture.write(floats([(series, 10, 1), (series, 20, 2), (series, 20, 2)]))
        try fixture.write(floats([(series, 15, 3), (series, 10, 1), (series, 20, 4)]))
        try fixture.store.writeBlocking { try $0.countRejected(series, 2) }
        var counts = try fixture.store.snapshot().counts(of: series)
        #expect(counts.points == 3)
        #expect(counts.late == 2)
        #expect(counts.duplicate == 1)
        #expect(counts.rejected == 2)
        #expect(counts.first?.nanoseconds == 10)
        #expect(counts.last?.nanoseconds == 20)
        fixture.store.flushForTest()
        try fixture.write(floats([(series, 15, 9), (series, 20, 4)]))
        let inMemory = try fixture.store.snapshot().counts(of: series)
        fixture.store.flushForTest()
        counts = try fixture.store.snapshot().counts(of: series)
        #expect(inMemory == counts)
        #expect(counts.points == 3)
        #expect(counts.late == 3)
        #expect(counts.duplicate == 2)
        try fixture.reopen()
        #expect(try fixture.store.snapshot().counts(of: series) == counts)
        let statistics = fixture.store.statistics
        #expect(statistics.late == 3)
        #expect(statistics.duplicate == 2)
        #expect(statistics.rejected == 2)
        #expect(statistics.seriesCount == 1)
    }

    @Test("series are found by asset and measure, and listed by asset")
    func catalog() throws {
        let fixture = try StoreFixture()
        let first = try fixture.series(7, 3)
        let second = try fixture.series(7, 1, .text)
        _ = try fixture.series(8, 1)
        #expect(try fixture.series(7, 3) == first)
        let snapshot = try fixture.store.snapshot()
        let found = try snapshot.series(
            of: AssetID(rawValue: 7), measure: MeasureID(rawValue: 3))
        #expect(found?.id == first)
        #expect(
            try snapshot.seriesList(of: AssetID(rawValue: 7)).map(\.id) == [second, first])
        #expect(
            try snapshot.series(of: AssetID(rawValue: 9), measure: MeasureID(rawValue: 3)) == nil)
        #expect(try snapshot.last(of: first) == nil)
        #expect(throws: StoreError.unknownSeries(SeriesID(rawValue: 50))) {
            _ = try snapshot.reader(SeriesID(rawValue: 50), .always)
        }
    }

    @Test(
        "readers on other threads see whole commits while the writer writes, seals, grows the map",
        arguments: [UInt64(64) << 30, 1 << 20])
    func concurrentReaders(mapByteCount: UInt64) async throws {
        var options = StoreOptions()
        options.sealValueCount = 500
        options.sealRowCount = 10
        // The smaller map is full after a few dozen commits and grows several times.
        var map = Environment.Options()
        map.mapByteCount = mapByteCount
        let fixture = try StoreFixture(options: options, map: map)
        let left = try fixture.series(1, 1)
        let right = try fixture.series(1, 2)
        let store = fixture.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in Int64(0)..<300 {
                    try await store.write { transaction in
                        try transaction.append(
                            floats(
                                (0..<5).flatMap {
                                    [
                                        (left, round * 5 + $0, Double(round)),
                                        (right, round * 5 + $0, Double(round)),
                                    ]
                                }))
                    }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<60 {
                        let snapshot = try store.snapshot()
                        let a = try StoreFixture.points(snapshot, left, batchRowCount: 500)
                        let b = try StoreFixture.points(snapshot, right, batchRowCount: 500)
                        #expect(a == b)
                        #expect(a.count % 5 == 0)
                        snapshot.close()
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.points(left, batchRowCount: 500).count == 1500)
        try fixture.check()
    }
}
