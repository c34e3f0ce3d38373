import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxStore

/// Deleting ranges: what goes, what stays, what is recorded, who is told.
@Suite struct RemovalTests {
    private static func removal(_ parts: [(SeriesID, TimeRange)]) -> PointRemoval {
        PointRemoval(
            parts: parts.map { .init(series: $0.0, range: $0.1) }, by: "anna",
            what: "power of machine CNC-3", reason: "loose sensor")
    }

    private static func fixture() throws -> (StoreFixture, [SeriesID]) {
        var options = StoreOptions()
        options.sealValueCount = 1_000
        options.settlesInBackground = false
        let fixture = try StoreFixture(options: options)
        let series = try (1...3).map { try fixture.series(UInt32($0), 1) }
        for start in stride(from: Int64(0), to: 2_000, by: 250) {
            try fixture.write(
                floats(
                    (start..<(start + 250)).flatMap { time in
                        series.map { ($0, time, Double(time)) }
                    }))
        }
        fixture.store.flushForTest()
        return (fixture, series)
    }

    @Test("columns beside the deleted one keep their bytes, whole chunks go")
    func cutsOneColumn() throws {
        let (fixture, series) = try RemovalTests.fixture()
        _ = try fixture.store.compact()
        let before = try Inspection(environment: fixture.store.environment).columns()
        let record = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal([(series[1], range(100, 1_900))]))
        }
        #expect(record.pointCount == 1_800)
        #expect(try fixture.points(series[1]).count == 200)
        for other in [series[0], series[2]] {
            #expect(try fixture.points(other).map(\.value.number) == (0..<2_000).map { Double($0) })
        }
        let after = try Inspection(environment: fixture.store.environment).columns()
        #expect(before[0].valueCount == after[0].valueCount)
        try fixture.check()
        let all = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal(series.map { ($0, .always) }))
        }
        #expect(all.parts.map(\.pointCount) == [2_000, 200, 2_000])
        #expect(
            try Inspection(environment: fixture.store.environment).chunkNames(group: nil).isEmpty)
        #expect(try fixture.store.snapshot().last(of: series[0]) == nil)
        try fixture.check()
        // What is written afterwards is there, early instants too.
        try fixture.write(floats([(series[0], 5, 1), (series[0], 3_000, 2)]))
        try fixture.reopen()
        #expect(try fixture.points(series[0]).map(\.instant.nanoseconds) == [5, 3_000])
        try fixture.check()
    }

    @Test("what was deleted stays deleted when the journal still has it")
    func survivesReplay() throws {
        let (fixture, series) = try RemovalTests.fixture()
        let other = try fixture.series(9, 1, group: 9)
        try fixture.write(floats([(other, 1, 1)]))
        try fixture.write(floats((2_000..<2_100).map { (series[0], $0, 1) }))
        _ = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal([(series[0], range(2_050, 2_080))]))
        }
        // The record of the other group's point keeps the journal from being trimmed.
        #expect(try !Inspection(environment: fixture.store.environment).journalSequences().isEmpty)
        try fixture.crashAndReopen()
        #expect(try fixture.points(series[0], range(2_000, 3_000)).count == 70)
        #expect(try fixture.points(other).count == 1)
        try fixture.check()
    }

    @Test("rows in memory outside the range stay in memory")
    func leavesHeadAlone() throws {
        let (fixture, series) = try RemovalTests.fixture()
        try fixture.write(floats((2_000..<2_100).map { (series[0], $0, 1) }))
        let rows = fixture.store.statistics.headRowCount
        _ = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal([(series[0], range(0, 50))]))
        }
        #expect(fixture.store.statistics.headRowCount == rows)
        #expect(try fixture.points(series[0]).count == 2_050)
        try fixture.check()
    }

    @Test("the record is complete, listed newest first and kept over a restart")
    func record() throws {
        let (fixture, series) = try RemovalTests.fixture()
        let first = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal([(series[0], range(0, 10))]))
        }
        let second = try fixture.store.writeBlocking {
            try $0.remove(
                RemovalTests.removal([(series[1], range(5, 7)), (series[1], range(6, 9))]))
        }
        #expect(second.parts.map(\.pointCount) == [2, 2])
        #expect(second.number == first.number + 1)
        try fixture.crashAndReopen()
        let snapshot = try fixture.store.snapshot()
        #expect(try snapshot.removals() == [second, first])
        #expect(try snapshot.removals(limit: 1) == [second])
        #expect(first.by == "anna" && first.reason == "loose sensor")
        #expect(first.what == "power of machine CNC-3")
        #expect(throws: StoreError.unknownSeries(SeriesID(rawValue: 99))) {
            try fixture.store.writeBlocking {
                try $0.remove(RemovalTests.removal([(SeriesID(rawValue: 99), .always)]))
            }
        }
        #expect(try fixture.store.snapshot().removals().count == 2)
    }

    @Test("observers are told of the span that lost points")
    func notice() throws {
        let (fixture, series) = try RemovalTests.fixture()
        let notices = Mutex<[CommitNotice]>([])
        fixture.store.observe { notice in notices.withLock { $0.append(notice) } }
        _ = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal([(series[2], range(1_990, 9_000))]))
        }
        // Observers are called before the next commit begins.
        try fixture.store.writeBlocking { _ in }
        let touched = notices.withLock { $0.flatMap(\.touched) }
        #expect(touched == [.init(series: series[2], first: 1_990, last: 1_999)])
    }

    @Test("a snapshot from before the delete keeps seeing the points")
    func oldView() throws {
        let (fixture, series) = try RemovalTests.fixture()
        try fixture.write(floats((2_000..<2_100).map { (series[0], $0, 1) }))
        let view = try fixture.store.snapshot()
        _ = try fixture.store.writeBlocking {
            try $0.remove(RemovalTests.removal([(series[0], range(500, 2_050))]))
        }
        #expect(try StoreFixture.points(view, series[0]).count == 2_100)
        view.close()
        #expect(try fixture.points(series[0]).count == 550)
    }
}
