import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// Rows of quiet groups as bytes in memory.
@Suite struct PackingTests {
    private static func quiet(_ settles: Bool = false) -> StoreOptions {
        var options = StoreOptions()
        options.settlesInBackground = settles
        options.settleIntervalMilliseconds = 5
        options.coldMilliseconds = 20
        return options
    }

    /// Packs everything that can be, as the settling thread does.
    private static func pack(_ fixture: StoreFixture) {
        fixture.store.rewriter.packQuiet(upTo: .max)
    }

    private static func packedCount(_ fixture: StoreFixture) -> Int {
        fixture.store.writer.head.monitor.withLock { state in
            state.groups.count { $0.pack != nil }
        }
    }

    @Test("a pack gives back every row bit for bit, in the order of writing", arguments: 1...300)
    func roundTrip(number: UInt64) throws {
        var seed = Seed(number)
        let kinds: [ValueKind] = [.float, .float, .float, .integer, .boolean, .text]
        var columns: [(kind: ValueKind, rows: HeadRows)?] = []
        let shared = (0..<40).map { _ in Int64(truncatingIfNeeded: seed.next()) }
        for _ in 0..<(1 + seed.next() % 12) {
            guard seed.next() % 5 > 0 else {
                columns.append(nil)
                continue
            }
            let kind = kinds[Int(seed.next() % 6)]
            let count = 1 + Int(seed.next() % 40)
            let first = PackingTests.segment(
                kind, count, seed.next() % 2 == 0 ? Array(shared.prefix(count)) : nil, &seed)
            columns.append((kind, HeadRows(pieces: [first], isSorted: false)))
            if seed.next() % 2 == 0 {
                let second = PackingTests.segment(kind, 1 + Int(seed.next() % 9), nil, &seed)
                columns[columns.count - 1]?.rows.pieces.append(second)
            }
        }
        let pack = HeadPack(columns)
        var visited: [Int] = []
        pack.forEachSegment(
            kind: { columns[$0]?.kind ?? .float }, spare: { _ in 3 }
        ) { position, segment in
            visited.append(position)
            #expect(segment.capacity == segment.count + 3)
        }
        #expect(visited == columns.indices.filter { columns[$0] != nil })
        for (position, column) in columns.enumerated() {
            guard let (kind, rows) = column else {
                #expect(pack.segment(at: position, kind: .float) == nil)
                continue
            }
            let segment = try #require(pack.segment(at: position, kind: kind))
            let packed = HeadRows.Piece(
                segment: segment, count: segment.count, texts: segment.texts)
            let found = PackingTests.text([packed], kind)
            #expect(found == PackingTests.text(rows.pieces, kind), "seed \(number)")
        }
        #expect(pack.segment(at: columns.count, kind: .float) == nil)
    }

    private static func segment(
        _ kind: ValueKind, _ count: Int, _ times: [Int64]?, _ seed: inout Seed
    ) -> HeadRows.Piece {
        let segment = HeadSegment(capacity: count + 2, firstTransaction: seed.next() % 100)
        let style = seed.next() % 5
        let isDirty = seed.next() % 4 == 0
        if kind == .text {
            segment.texts = ["", "läuft", String(repeating: "lang ", count: 60), "a"]
        }
        for row in 0..<count {
            segment.times[row] = times?[row] ?? Int64(row) * 1_000_000_000
            segment.tags[row] = UInt32(row)
            segment.qualities[row] = isDirty ? UInt8(seed.next() % 4) : 0
            let number = seed.next()
            switch kind {
            case .text: segment.bits[row] = number % 4
            case .boolean: segment.bits[row] = number % 2
            case .integer: segment.bits[row] = style == 0 ? number : number % 100
            case .float:
                let values = [
                    Double(bitPattern: number), Double(number % 1_000) / 100,
                    [.nan, -0.0, .infinity, 5e-324][Int(number % 4)], Double(number % 7),
                    Double(number % 1_000) / 3,
                ]
                segment.bits[row] = values[Int(style)].bitPattern
            }
        }
        return HeadRows.Piece(segment: segment, count: count, texts: segment.texts)
    }

    private static func text(_ pieces: [HeadRows.Piece], _ kind: ValueKind) -> [String] {
        pieces.flatMap { piece in
            (0..<piece.count).map { row in
                let bits = piece.segment.bits[row]
                let value = kind == .text ? piece.texts[Int(bits)] : "\(bits)"
                return "\(piece.segment.times[row]) \(value) \(piece.segment.qualities[row])"
            }
        }
    }

    @Test("a series that has gone quiet costs at most 200 bytes with its ten points")
    func idleSeries() throws {
        let fixture = try StoreFixture(options: PackingTests.quiet(true))
        let count = 12_288
        let series = try fixture.store.writeBlocking { transaction in
            try (0..<UInt32(count)).map { number in
                let machine = AssetID(rawValue: number / 10 + 1)
                return try transaction.ensureSeries(
                    asset: machine, measure: MeasureID(rawValue: number % 10 + 1), kind: .float,
                    group: machine)
            }
        }
        for turn in Int64(0)..<10 {
            let instant = 1_767_225_600_000_000_000 + turn * 60_000_000_000
            try fixture.write(
                floats(series.enumerated().map { ($1, instant, Double(($0 + 7) % 1_000) / 10) }))
        }
        for _ in 0..<3_000 where PackingTests.packedCount(fixture) < count / 10 { usleep(10_000) }
        let byteCount = fixture.store.writer.head.monitor.withLock { state -> Int in
            guard state.segments.allSatisfy({ $0 == nil }) else { return .max }
            var sum = state.slots.capacity * MemoryLayout<HeadSlot>.stride
            sum += state.segments.capacity * 8
            sum += state.slotIndex.capacity * 4
            sum += state.groups.capacity * MemoryLayout<HeadGroup>.stride
            sum += state.groupIndex.capacity * 16
            for group in state.groups { sum += 32 + group.slots.capacity * 4 }
            return sum + state.byteCount
        }
        #expect(byteCount / count <= 200, "\(byteCount / count) bytes a series")
        #expect(fixture.store.statistics.headRowCount == 10 * count)
        #expect(try fixture.points(series[4_321]).count == 10)
    }

    @Test("packed rows are read, written behind, sealed and replayed like others")
    func life() throws {
        let fixture = try StoreFixture(options: PackingTests.quiet())
        let first = try fixture.series(1, 1, group: 1)
        let text = try fixture.series(2, 1, .text, group: 1)
        try fixture.write(floats([(first, 10, 1.5), (first, 30, 2.5), (first, 20, 2)]))
        var batch = PointBatch()
        batch.append(text, at: Timestamp(nanoseconds: 10), .text("läuft"))
        try fixture.write(batch)
        let before = try fixture.store.snapshot()
        PackingTests.pack(fixture)
        #expect(PackingTests.packedCount(fixture) == 1)
        #expect(try fixture.points(first).map(\.instant.nanoseconds) == [10, 20, 30])
        #expect(try fixture.points(text).map(\.value) == [.text("läuft")])
        #expect(try fixture.store.snapshot().counts(of: first).late == 1)
        // A series that the group did not have yet, beside a packed one.
        let third = try fixture.series(3, 1, group: 1)
        PackingTests.pack(fixture)
        try fixture.write(floats([(third, 5, 7), (first, 40, 3)]))
        #expect(PackingTests.packedCount(fixture) == 0)
        #expect(try StoreFixture.points(before, first, batchRowCount: 10).count == 3)
        #expect(try fixture.points(first).count == 4)
        before.close()
        PackingTests.pack(fixture)
        #expect(PackingTests.packedCount(fixture) == 1)
        let open = try fixture.store.snapshot()
        fixture.store.flushForTest()
        #expect(PackingTests.packedCount(fixture) == 0)
        #expect(try StoreFixture.points(open, first, batchRowCount: 10).count == 4)
        #expect(try fixture.points(third).map(\.instant.nanoseconds) == [5])
        open.close()
        #expect(fixture.store.statistics.headByteCount == 0)
    }

    @Test("packed rows come back after a crash")
    func replay() throws {
        let fixture = try StoreFixture(options: PackingTests.quiet())
        let first = try fixture.series(1, 1)
        try fixture.write(floats([(first, 10, 1), (first, 30, 3), (first, 20, 2)]))
        PackingTests.pack(fixture)
        try fixture.write(floats([(first, 40, 4)]))
        PackingTests.pack(fixture)
        try fixture.crashAndReopen()
        #expect(try fixture.points(first).map(\.instant.nanoseconds) == [10, 20, 30, 40])
        try fixture.check()
    }

    @Test("rows that an open view must not see are not packed")
    func openViews() throws {
        let fixture = try StoreFixture(options: PackingTests.quiet())
        let series = try fixture.series(1, 1)
        try fixture.write(floats([(series, 10, 1)]))
        let old = try fixture.store.snapshot()
        try fixture.write(floats([(series, 20, 2)]))
        PackingTests.pack(fixture)
        #expect(PackingTests.packedCount(fixture) == 0)
        #expect(try StoreFixture.points(old, series, batchRowCount: 10).count == 1)
        old.close()
        PackingTests.pack(fixture)
        #expect(PackingTests.packedCount(fixture) == 1)
        #expect(try fixture.points(series).count == 2)
    }
}
