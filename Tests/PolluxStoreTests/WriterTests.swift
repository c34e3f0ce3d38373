import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxStore

@Suite struct WriterTests {
    struct Refusal: Error {}

    @Test("a body that throws is taken out, and the others of the same commit stay")
    func groupCommit() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        let outcomes = Mutex<[Int: Bool]>([:])
        let gate = Monitor(false)
        // The first body holds the writer until all others wait, so that they share a commit.
        fixture.store.submit({ _ in gate.withLock(when: { $0 }) { _ in } }) { _ in }
        for number in 0..<20 {
            fixture.store.submit({ transaction in
                try transaction.append(floats([(series, Int64(number), Double(number))]))
                if number % 5 == 3 { throw Refusal() }
            }) { (result: Result<Void, any Error>) in
                outcomes.withLock { $0[number] = (try? result.get()) != nil }
            }
        }
        gate.withLock { $0 = true }
        gate.wakeAll()
        try fixture.write(floats([(series, 100, 100)]))
        #expect(outcomes.withLock { $0.count } == 20)
        let times = try fixture.points(series).map(\.instant.nanoseconds)
        let expected: [Int64] = (0..<20).filter { $0 % 5 != 3 } + [100]
        #expect(times == expected)
        for number in 0..<20 { #expect(outcomes.withLock { $0[number] } == (number % 5 != 3)) }
        #expect(fixture.store.statistics.commits < 20)
        #expect(fixture.store.statistics.failedWrites == 4)
    }

    /// Commits on a disk that two callers need who write again as soon as they are answered.
    private func commits(slowSyncMicroseconds: Int) throws -> UInt64 {
        let folder = try Places.makeTemporaryFolder("pollux-shared")
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = StoreOptions()
        options.slowSyncMicroseconds = slowSyncMicroseconds
        let store = try Store(environment: Environment(directory: folder.path), options: options)
        defer { store.close() }
        let series = try store.writeBlocking { transaction in
            try (1...2).map {
                try transaction.ensureSeries(
                    asset: AssetID(rawValue: $0), measure: MeasureID(rawValue: 1), kind: .float,
                    group: AssetID(rawValue: $0))
            }
        }
        let before = store.statistics.commits
        let left = Monitor(2)
        for caller in 0..<2 {
            Thread.detachNewThread {
                for step in 0..<100 {
                    try? store.writeBlocking {
                        try $0.append(floats([(series[caller], Int64(step), Double(step))]))
                    }
                }
                left.withLock { $0 -= 1 }
                left.wakeAll()
            }
        }
        left.withLock(when: { $0 == 0 }) { _ in }
        #expect(store.statistics.points == 200)
        return store.statistics.commits - before
    }

    @Test("where a disk is slow, callers that are answered together write together again")
    func sharedCommits() throws {
        let apart = try commits(slowSyncMicroseconds: .max)
        let together = try commits(slowSyncMicroseconds: 0)
        // In memory, and on the fastest disks, they share nearly all commits as it is.
        #expect(together < apart || apart < 120, "\(together) commits instead of \(apart)")
    }

    @Test("a full queue refuses at once and says when to come again")
    func overload() throws {
        var options = StoreOptions()
        options.queueCountLimit = 3
        let fixture = try StoreFixture(options: options)
        let gate = Monitor(false)
        let isRunning = Monitor(false)
        fixture.store.submit({ _ in
            isRunning.withLock { $0 = true }
            isRunning.wakeAll()
            gate.withLock(when: { $0 }) { _ in }
        }) { _ in }
        isRunning.withLock(when: { $0 }) { _ in }
        let refused = Mutex(0)
        for _ in 0..<10 {
            fixture.store.submit({ _ in }) { (result: Result<Void, any Error>) in
                if case .failure(StoreError.overloaded) = result { refused.withLock { $0 += 1 } }
            }
        }
        #expect(refused.withLock { $0 } == 7)
        gate.withLock { $0 = true }
        gate.wakeAll()
        try fixture.store.writeBlocking { _ in }
    }

    @Test("a closed store refuses writes and goes on reading")
    func closing() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        try fixture.write(floats([(series, 1, 1)]))
        fixture.store.close()
        #expect(throws: StoreError.closed) { try fixture.write(floats([(series, 2, 2)])) }
        #expect(try fixture.points(series).count == 1)
        #expect(fixture.store.statistics.headRowCount == 0)
        try fixture.check()
    }

    @Test("async writes are answered after their commit, in one database")
    func asynchronousWrites() async throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        let store = fixture.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for step in 0..<25 {
                        let time = Int64(worker * 1000 + step)
                        try await store.write {
                            try $0.append(floats([(series, time, Double(time))]))
                        }
                        let snapshot = try store.snapshot()
                        let point = try snapshot.point(
                            of: series, atOrAfter: Timestamp(nanoseconds: time))
                        #expect(point?.instant.nanoseconds == time)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.points(series, batchRowCount: 100).count == 200)
    }

    @Test("points of unknown series and impossible values are refused")
    func invalidPoints() throws {
        let fixture = try StoreFixture()
        #expect(throws: StoreError.unknownSeries(SeriesID(rawValue: 99))) {
            try fixture.write(floats([(SeriesID(rawValue: 99), 1, 1)]))
        }
        let flag = try fixture.series(1, 1, .boolean)
        let text = try fixture.series(1, 2, .text)
        for (series, pattern) in [(flag, UInt64(2)), (text, UInt64(0))] {
            // Both before the series has rows in memory and after.
            for _ in 0..<2 {
                var batch = PointBatch()
                batch.appendBits(series, at: Timestamp(nanoseconds: 1), pattern)
                #expect(throws: StoreError.self) { try fixture.write(batch) }
                var good = PointBatch()
                good.append(
                    series, at: Timestamp(nanoseconds: 5),
                    series == flag ? .boolean(true) : .text("x"))
                try fixture.write(good)
            }
        }
        #expect(
            throws: StoreError.kindMismatch(series: flag, has: .boolean, given: .float)
        ) {
            _ = try fixture.series(1, 1, .float)
        }
    }

    @Test("observers learn what each commit changed, once it can be seen")
    func notices() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        let other = try fixture.series(1, 2)
        let notices = Mutex<[CommitNotice]>([])
        let observer = fixture.store.observe { notice in notices.withLock { $0.append(notice) } }
        try fixture.write(floats([(series, 5, 1), (other, 1, 1), (series, 3, 1), (series, 9, 1)]))
        try fixture.store.writeBlocking { $0.notePlantChange() }
        try fixture.store.writeBlocking { $0.noteEventChange() }
        try fixture.store.writeBlocking { _ in }
        let seen = notices.withLock { $0 }
        #expect(seen.count == 3)
        #expect(
            seen.first?.touched == [
                .init(series: series, first: 3, last: 9), .init(series: other, first: 1, last: 1),
            ])
        #expect(seen.first?.batches.first?.count == 4)
        #expect(seen.map(\.plantChanged) == [false, true, false])
        #expect(seen.map(\.eventsChanged) == [false, false, true])
        fixture.store.removeObserver(observer)
        try fixture.write(floats([(series, 10, 1)]))
        #expect(notices.withLock { $0.count } == 3)
    }

    @Test("a map that cannot grow refuses writes, reads go on, and room brings writes back")
    func mapLimit() throws {
        var map = Environment.Options()
        map.mapByteCount = 1 << 20
        map.mapByteCountLimit = 2 << 20
        let fixture = try StoreFixture(map: map)
        let series = try fixture.series(1, 1)
        var seed = Seed(7)
        var acknowledged: [Int64] = []
        var refusals = 0
        for time in Int64(0)..<200 where refusals < 3 {
            let batch = floats(
                (0..<2000).map { (series, time * 2000 + $0, Double(seed.next() >> 3)) })
            do {
                try fixture.write(batch)
                acknowledged += batch.times
            } catch StoreError.diskFull {
                refusals += 1
                #expect(try fixture.points(series, batchRowCount: 4096).count == acknowledged.count)
            }
        }
        #expect(refusals == 3)
        #expect(acknowledged.count > 10_000)
        fixture.mapOptions.mapByteCountLimit = 64 << 20
        try fixture.crashAndReopen()
        let times = try fixture.points(series, batchRowCount: 4096).map(\.instant.nanoseconds)
        #expect(times == acknowledged)
        try fixture.write(floats([(series, 1 << 40, 1)]))
        try fixture.check()
    }

    @Test("a map grows under the store without anyone noticing")
    func mapGrowth() throws {
        var map = Environment.Options()
        map.mapByteCount = 1 << 20
        let fixture = try StoreFixture(map: map)
        let series = try fixture.series(1, 1)
        var seed = Seed(8)
        for time in Int64(0)..<100 {
            try fixture.write(
                floats((0..<2000).map { (series, time * 2000 + $0, Double(seed.next() >> 3)) }))
        }
        #expect(fixture.store.environment.statistics.mapByteCount > 1 << 20)
        #expect(try fixture.points(series, batchRowCount: 4096).count == 200_000)
        try fixture.check()
    }

    @Test("the head stays within its memory, and the journal within its length")
    func bounds() throws {
        var options = StoreOptions()
        options.headByteCountLimit = 1 << 20
        options.journalByteCountLimit = 1 << 20
        let fixture = try StoreFixture(options: options)
        let numbers = try (0..<20).map { try fixture.series(UInt32($0), 1, group: UInt32($0)) }
        for round in Int64(0)..<100 {
            try fixture.write(
                floats(numbers.flatMap { series in (0..<50).map { (series, round * 50 + $0, 1) } }))
            #expect(fixture.store.statistics.headByteCount < 3 << 20)
            #expect(fixture.store.statistics.journalByteCount < 3 << 20)
        }
        for series in numbers {
            #expect(try fixture.points(series, batchRowCount: 1000).count == 5000)
        }
        try fixture.check()
    }
}
