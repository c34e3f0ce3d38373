import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// The store against a dictionary: any interleaving of writes, late writes, duplicates, deletes,
/// sealing, compaction, snapshots, crashes and restarts must give the same points.
@Suite struct ModelTests {
    struct Model {
        var points: [SeriesID: [Int64: (Value, Quality)]] = [:]

        func sorted(_ series: SeriesID, _ range: TimeRange) -> [Point] {
            (points[series] ?? [:])
                .filter { range.contains(Timestamp(nanoseconds: $0.key)) }
                .sorted { $0.key < $1.key }
                .map {
                    Point(
                        instant: Timestamp(nanoseconds: $0.key), value: $0.value.0,
                        quality: $0.value.1)
                }
        }
    }

    /// How many lives: `POLLUX_LIVES` asks for more.
    static let lives =
        ProcessInfo.processInfo.environment["POLLUX_LIVES"].flatMap { UInt64($0) }
        ?? (Programs.runsLongTests ? 5_000 : 100)

    @Test("random lives of a store", arguments: 1...ModelTests.lives)
    func randomLife(seedNumber: UInt64) throws {
        var life = try RandomLife(seedNumber)
        for step in 0..<60 {
            do {
                try life.step()
            } catch {
                Issue.record("seed \(seedNumber), step \(step): \(error)")
                return
            }
        }
        try life.compare("end")
        try life.fixture.check()
    }
}

/// One random sequence of operations on a store and on its model.
struct RandomLife {
    var seed: Seed
    let number: UInt64
    let fixture: StoreFixture
    var model = ModelTests.Model()
    var series: [(id: SeriesID, kind: ValueKind)] = []
    var clock: Int64 = 1_000
    /// What was deleted, as the store recorded it.
    var removals: [RemovalRecord] = []
    /// Open snapshots with the model as of their commit.
    var views: [(snapshot: Snapshot, model: ModelTests.Model)] = []

    init(_ number: UInt64) throws {
        seed = Seed(number)
        self.number = number
        var options = StoreOptions()
        options.sealValueCount = [20, 60, 300][Int(seed.next() % 3)]
        options.sealRowCount = 4
        if seed.next() % 4 == 0 { options.journalByteCountLimit = 2_000 }
        if seed.next() % 4 == 0 { options.headByteCountLimit = 20_000 }
        // In some lives the settling thread runs beside the writer all the time.
        options.settlesInBackground = seed.next() % 2 == 0
        options.settleIntervalMilliseconds = 1
        options.coldMilliseconds = Int(seed.next() % 4)
        // What is quiet is sealed in some lives and packed in others.
        options.quietValueCount = seed.next() % 2 == 0 ? 5 : 1_000
        fixture = try StoreFixture(options: options)
        for index in 0..<5 {
            let kind = [ValueKind.float, .float, .integer, .boolean, .text][index]
            let id = try fixture.series(
                UInt32(index + 1), 1, kind, group: UInt32(1 + index % 2))
            series.append((id, kind))
        }
    }

    mutating func step() throws {
        switch seed.next() % 20 {
        case 0..<9: try write()
        case 9: fixture.store.flushForTest()
        case 10: views.append((try fixture.store.snapshot(), model))
        case 11:
            if !views.isEmpty { try finishView(Int(seed.next() % UInt64(views.count))) }
        case 12: _ = try fixture.store.compact()
        case 13: try remove()
        case 14:
            try finishAllViews()
            try fixture.crashAndReopen()
        case 15:
            try finishAllViews()
            try fixture.reopen()
        case 16: try failingWrite()
        case 17 where seed.next() % 4 == 0: try restoreSnapshot()
        default: try compare("step")
        }
    }

    private mutating func randomTime() -> Int64 {
        switch seed.next() % 5 {
        case 0: return clock - Int64(seed.next() % 400)
        case 1: return clock
        default:
            clock += Int64(seed.next() % 20)
            return clock
        }
    }

    private mutating func randomValue(_ kind: ValueKind) -> Value {
        switch kind {
        case .float:
            seed.next() % 30 == 0
                ? .float(Double(bitPattern: seed.next() | 1 << 62))
                : .float(Double(Int(seed.next() % 1000)) / 10)
        case .integer: .integer(Int64(seed.next() % 50) - 25)
        case .boolean: .boolean(seed.next() % 2 == 0)
        case .text: .text(["running", "idle", "", "gestört", "x"][Int(seed.next() % 5)])
        }
    }

    private mutating func write() throws {
        var batch = PointBatch()
        for _ in 0..<(1 + seed.next() % 40) {
            let (id, kind) = series[Int(seed.next() % UInt64(series.count))]
            let time = randomTime()
            let value = randomValue(kind)
            let quality = seed.next() % 15 == 0 ? Quality.allCases[Int(seed.next() % 4)] : .good
            batch.append(id, at: Timestamp(nanoseconds: time), value, quality: quality)
            model.points[id, default: [:]][time] = (value, quality)
        }
        try fixture.write(batch)
    }

    private mutating func failingWrite() throws {
        struct Refusal: Error {}
        let (id, _) = series[0]
        let time = clock
        #expect(throws: Refusal.self) {
            try fixture.store.writeBlocking { transaction in
                try transaction.append(floats([(id, time, -1)]))
                throw Refusal()
            }
        }
    }

    private mutating func remove() throws {
        var removal = PointRemoval(parts: [], by: "a life", what: "", reason: "test")
        var expected: [Int] = []
        for _ in 0..<(1 + seed.next() % 3) {
            let (id, _) = series[Int(seed.next() % UInt64(series.count))]
            let start = clock - Int64(seed.next() % 500)
            let gone =
                seed.next() % 12 == 0
                ? TimeRange.always : range(start, start + Int64(seed.next() % 100))
            removal.parts.append(.init(series: id, range: gone))
            expected.append(model.sorted(id, gone).count)
            for point in model.sorted(id, gone) {
                model.points[id]?[point.instant.nanoseconds] = nil
            }
        }
        let asked = removal
        // In some commits points come before the delete, and go, and points after it, and stay.
        let part = asked.parts[0]
        let inside = max(part.range.start.nanoseconds, clock - 500)
        let kind = series.first { $0.id == part.series }?.kind ?? .float
        let value = randomValue(kind)
        let isFollowed = seed.next() % 3 == 0 && !part.range.isEmpty
        let record = try fixture.store.writeBlocking { transaction in
            let record = try transaction.remove(asked)
            if isFollowed {
                var batch = PointBatch()
                batch.append(part.series, at: Timestamp(nanoseconds: inside), value)
                try transaction.append(batch)
            }
            return record
        }
        if isFollowed { model.points[part.series, default: [:]][inside] = (value, .good) }
        #expect(record.parts.map { Int($0.pointCount) } == expected, "seed \(number)")
        removals.append(record)
        let listed = try fixture.store.snapshot().removals()
        #expect(listed == removals.reversed(), "seed \(number): the audit lists every delete")
    }

    private mutating func finishView(_ index: Int) throws {
        let view = views.remove(at: index)
        try compare("view", view.snapshot, view.model)
        view.snapshot.close()
    }

    private mutating func finishAllViews() throws {
        while !views.isEmpty { try finishView(0) }
    }

    /// A copy of the moment, opened as a database of its own, has the same points.
    private mutating func restoreSnapshot() throws {
        let folder = try StoreFixture.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let archive = folder.appendingPathComponent("archive").path
        let data = folder.appendingPathComponent("data").path
        _ = try fixture.store.createSnapshot(to: archive)
        try SnapshotArchive.restore(archive, to: data)
        let copy = try Store(
            environment: Environment(directory: data), options: fixture.store.options)
        defer { copy.abandon() }
        try compare("restored copy", copy.snapshot(), model)
        #expect(try copy.snapshot().removals() == removals.reversed(), "seed \(number)")
    }

    mutating func compare(_ what: String) throws {
        try compare(what, fixture.store.snapshot(), model)
    }

    /// The same text form: NaN payloads and signs must agree bit for bit.
    private static func same(_ left: [Point], _ right: [Point]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { a, b in
                guard a.instant == b.instant, a.quality == b.quality else { return false }
                if case .float(let x) = a.value, case .float(let y) = b.value {
                    return x.bitPattern == y.bitPattern
                }
                return a.value == b.value
            }
    }

    private mutating func compare(
        _ what: String, _ snapshot: Snapshot, _ model: ModelTests.Model
    ) throws {
        for (id, _) in series {
            let start = clock - Int64(seed.next() % 700)
            let part = range(start, start + Int64(seed.next() % 500))
            for wanted in [.always, part] {
                let found = try StoreFixture.points(
                    snapshot, id, wanted, batchRowCount: Int(1 + seed.next() % 50))
                let expected = model.sorted(id, wanted)
                #expect(
                    RandomLife.same(found, expected),
                    "seed \(number), \(what): series \(id.rawValue) \(wanted)")
            }
            let all = model.sorted(id, .always)
            let last = try snapshot.last(of: id)
            #expect(
                RandomLife.same(last.map { [$0] } ?? [], Array(all.suffix(1))),
                "seed \(number), \(what): last of \(id.rawValue)")
            let instant = Timestamp(nanoseconds: start)
            let before = try snapshot.point(of: id, before: instant).map { [$0] } ?? []
            #expect(
                RandomLife.same(before, Array(all.filter { $0.instant < instant }.suffix(1))),
                "seed \(number), \(what): before in \(id.rawValue)")
            let after = try snapshot.point(of: id, atOrAfter: instant).map { [$0] } ?? []
            #expect(
                RandomLife.same(after, Array(all.filter { $0.instant >= instant }.prefix(1))),
                "seed \(number), \(what): at or after in \(id.rawValue)")
        }
    }
}

extension Store {
    /// Seals everything and waits for it.
    func flushForTest() {
        let done = Monitor(false)
        _ = writer.queue.addChore { writer in
            do { try writer.sealAll() } catch { Issue.record("sealing failed: \(error)") }
            done.withLock { $0 = true }
            done.wakeAll()
        }
        done.withLock(when: { $0 }) { _ in }
    }
}
