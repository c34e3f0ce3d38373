import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// Bytes of stored records are flipped: every read gives the right points or an error that names
/// the record, never a wrong number and never a crash.
@Suite struct CorruptionTests {
    private static func mixedFixture(_ seed: inout Seed) throws -> (StoreFixture, [SeriesID]) {
        var options = StoreOptions()
        options.sealValueCount = 300
        options.sealRowCount = 1
        let fixture = try StoreFixture(options: options)
        let series = try [
            fixture.series(1, 1, .float), fixture.series(1, 2, .integer),
            fixture.series(1, 3, .boolean), fixture.series(1, 4, .text),
        ]
        for time in Int64(0)..<200 {
            let instant = Timestamp(nanoseconds: time * 1000)
            var batch = PointBatch()
            batch.append(series[0], at: instant, Double(seed.next() % 100) / 4)
            batch.append(series[1], at: instant, .integer(Int64(seed.next() % 9)))
            batch.append(
                series[2], at: instant, .boolean(seed.next() % 2 == 0),
                quality: time % 50 == 0 ? .bad : .good)
            batch.append(series[3], at: instant, .text("t\(seed.next() % 4)"))
            try fixture.write(batch)
        }
        return (fixture, series)
    }

    private static func records(
        _ environment: Environment, _ table: Table
    ) throws -> [([UInt8], [UInt8])] {
        try environment.read { transaction in
            var records: [([UInt8], [UInt8])] = []
            try transaction.forEach(table) { key, value in
                records.append((Array(key), Array(value)))
                return true
            }
            return records
        }
    }

    @Test("memory stays bounded when a group can't be sealed; the other groups still are")
    func sealingFails() throws {
        var options = StoreOptions()
        options.sealValueCount = 2_000
        options.headByteCountLimit = 400_000
        options.settlesInBackground = false
        let fixture = try StoreFixture(options: options)
        let damaged = try fixture.series(1, 1, group: 1)
        let healthy = try fixture.series(2, 1, group: 2)
        try fixture.write(floats((0..<1_000).map { (damaged, $0 * 10, 1) }))
        fixture.store.flushForTest()
        let table = fixture.store.tables.chunks
        let (key, value) = try #require(
            try CorruptionTests.records(fixture.store.environment, table).first)
        var broken = value
        broken[broken.count - 1] ^= 1
        try fixture.store.environment.writeAny { try $0.put(table, key, broken) }
        // Late points fall into the damaged chunk.
        var accepted = 0
        var refused: StoreError?
        for round in Int64(0)..<400 where refused == nil {
            let time = (round % 900) * 10
            do {
                try fixture.write(
                    floats(
                        (0..<200).flatMap { row in
                            [(damaged, time + 1 + row % 9, 2), (healthy, round * 200 + row, 3)]
                        }))
                accepted += 1
            } catch let error as StoreError {
                refused = error
            }
        }
        guard case .corrupt(let record, _)? = refused else {
            Issue.record(
                "nothing was refused, or not for the damage: \(String(describing: refused))")
            return
        }
        #expect(record.hasPrefix("chunk 1/"))
        #expect(fixture.store.statistics.headByteCount < 700_000)
        #expect(try fixture.points(healthy, batchRowCount: 4_096).count == accepted * 200)
        // With the chunk whole again writing goes on by itself.
        try fixture.store.environment.writeAny { try $0.put(table, key, value) }
        try fixture.write(floats([(healthy, 9_000_000, 3)]))
        fixture.store.flushForTest()
        try fixture.check()
    }

    @Test("a flipped bit in a chunk is an error that names it", arguments: 1...4)
    func chunks(seedNumber: UInt64) throws {
        var seed = Seed(seedNumber)
        let (fixture, series) = try CorruptionTests.mixedFixture(&seed)
        fixture.store.flushForTest()
        let environment = fixture.store.environment
        let table = fixture.store.tables.chunks
        let truth = try series.map { try fixture.points($0, batchRowCount: 500) }
        let records = try CorruptionTests.records(environment, table)
        #expect(records.count >= 2)
        for _ in 0..<150 {
            let (key, value) = records[Int(seed.next() % UInt64(records.count))]
            var broken = value
            let position = Int(seed.next() % UInt64(value.count))
            broken[position] ^= 1 << UInt8(seed.next() % 8)
            if seed.next() % 10 == 0 { broken.removeLast(Int(seed.next() % UInt64(value.count))) }
            try environment.writeAny { try $0.put(table, key, broken) }
            var errors = 0
            for (index, id) in series.enumerated() {
                do {
                    let found = try fixture.points(id, batchRowCount: 500)
                    #expect(
                        found == truth[index], "seed \(seedNumber), byte \(position): wrong points")
                } catch StoreError.corrupt(let record, _) {
                    errors += 1
                    #expect(record.hasPrefix("chunk 1/"), "\(record)")
                }
            }
            let report = try Inspection(environment: environment).check()
            #expect(!report.isSound, "seed \(seedNumber), byte \(position) is not noticed")
            try environment.writeAny { try $0.put(table, key, value) }
        }
        try fixture.check()
    }

    @Test("a flipped bit in the journal stops the start and names the record")
    func journal() throws {
        var seed = Seed(5)
        let (fixture, _) = try CorruptionTests.mixedFixture(&seed)
        let environment = fixture.store.environment
        let table = fixture.store.tables.journal
        let records = try CorruptionTests.records(environment, table)
        #expect(!records.isEmpty)
        for _ in 0..<200 {
            let value = records[Int(seed.next() % UInt64(records.count))].1
            var broken = value
            broken[Int(seed.next() % UInt64(value.count))] ^= 1 << UInt8(seed.next() % 8)
            expectDefect(broken) { _ = try JournalRecord.decode($0) }
        }
        var (key, value) = records[0]
        value[30] ^= 1
        try environment.writeAny { try $0.put(table, key, value) }
        let name = "journal \(key.removeLast())"
        #expect {
            let writer = Writer(
                environment: environment, tables: fixture.store.tables, options: StoreOptions())
            try writer.replay()
        } throws: { error in
            if case StoreError.corrupt(let record, _) = error { return record == name }
            return false
        }
    }

    @Test("flipped bits in the catalog and in last points are errors that name the series")
    func smallRecords() throws {
        var seed = Seed(6)
        let (fixture, series) = try CorruptionTests.mixedFixture(&seed)
        fixture.store.flushForTest()
        let environment = fixture.store.environment
        let tables = fixture.store.tables
        for table in [tables.series, tables.last, tables.groups] {
            for (key, value) in try CorruptionTests.records(environment, table)
            where table != tables.series || key[0] == 1 {
                for position in value.indices {
                    var broken = value
                    broken[position] ^= 1 << UInt8(seed.next() % 8)
                    expectDefect(broken) { _ = try checkedPayload($0) }
                }
                var broken = value
                broken[0] ^= 255
                try environment.writeAny { try $0.put(table, key, broken) }
                #expect(try !Inspection(environment: environment).check().isSound)
                try environment.writeAny { try $0.put(table, key, value) }
            }
        }
        #expect(try fixture.points(series[0], batchRowCount: 500).count == 200)
        try fixture.check()
    }

    @Test("an unknown format is refused by its number")
    func unknownFormat() throws {
        let fixture = try StoreFixture()
        try fixture.store.environment.writeAny { transaction in
            try transaction.put(
                fixture.store.tables.meta, Array("format".utf8), [77, 0, 0, 0])
        }
        #expect(throws: StoreError.unknownFormat(found: 77, known: 1)) {
            try fixture.crashAndReopen()
        }
    }

    @Test("random bytes as chunk and journal records never crash a reader")
    func rubbish() throws {
        var seed = Seed(9)
        for _ in 0..<2000 {
            var bytes = (0..<(seed.next() % 300)).map { _ in
                UInt8(truncatingIfNeeded: seed.next())
            }
            if seed.next() % 2 == 0, bytes.count > 8 {
                bytes.put(ChunkFormat.magic, at: 0)
                bytes[4] = 1
                bytes[5] = 1
            }
            expectDefect(bytes) { _ = try JournalRecord.decode($0) }
            expectDefect(bytes) { _ = try SeriesRecord(decoding: $0) }
            let key = ChunkKey(group: AssetID(rawValue: 1), last: 5)
            #expect(throws: StoreError.self) {
                try bytes.withUnsafeBytes { _ = try ChunkView(key: key, bytes: $0).openColumns() }
            }
        }
    }
}

/// Expects a decoder to refuse these bytes.
private func expectDefect(
    _ bytes: [UInt8], _ location: SourceLocation = #_sourceLocation,
    _ decode: (UnsafeRawBufferPointer) throws -> Void
) {
    #expect(throws: RecordDefect.self, sourceLocation: location) {
        try bytes.withUnsafeBytes { try decode($0) }
    }
}
