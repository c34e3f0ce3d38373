import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

@Suite struct InspectionTests {
    @Test("columns, chunks and journal records are shown as fields, and all bytes are counted")
    func inspection() throws {
        let fixture = try StoreFixture()
        let numbers = try (1...4).map { try fixture.series(1, UInt32($0)) }
        try fixture.write(
            floats((0..<300).flatMap { time in numbers.map { ($0, time * 100, 1.5) } }))
        let inspection = try Inspection(environment: fixture.store.environment)
        let sequence = try #require(try inspection.journalSequences().first)
        let journal = try inspection.journal(sequence)
        #expect(journal.contains(RecordField("rows", "1200")))
        fixture.store.flushForTest()
        #expect(try inspection.journalSequences().isEmpty)
        let columns = try inspection.columns()
        #expect(columns.map(\.measure.rawValue) == [1, 2, 3, 4])
        #expect(columns.allSatisfy { $0.valueCount == 300 && $0.byteCount > 0 })
        #expect(columns[0].modes.first?.valueCount == 300)
        let name = try #require(try inspection.chunkNames(group: AssetID(rawValue: 1)).first)
        #expect(try inspection.chunkNames(group: AssetID(rawValue: 2)).isEmpty)
        let fields = try inspection.chunk(name)
        // Series that are sampled together share one vector of times.
        #expect(fields.contains(RecordField("time vectors", "1")))
        #expect(fields.contains(RecordField("columns", "4")))
        let total = columns.reduce(0) { $0 + $1.byteCount }
        let record = Int(fields.first { $0.name == "bytes" }?.value ?? "") ?? 0
        #expect(total >= record)
        #expect(throws: StoreError.self) { _ = try inspection.chunk("9/9") }
        #expect(throws: StoreError.self) { _ = try inspection.chunk("rubbish") }
        #expect(throws: StoreError.self) { _ = try inspection.journal(999) }
    }

    @Test("sums that overflow both ways are no damage")
    func overflow() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        let greatest = Double.greatestFiniteMagnitude
        try fixture.write(
            floats(
                (0..<100).map { (series, $0 * 1_000_000_000, $0 % 4 < 2 ? greatest : -greatest) }))
        fixture.store.flushForTest()
        try fixture.check()
    }

    @Test("a range delete leaves a record and repairs the newest point")
    func rangeDelete() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        try fixture.write(floats((0..<100).map { (series, $0, Double($0)) }))
        let removed = try fixture.store.writeBlocking { transaction in
            try transaction.append(floats([(series, 95, -1), (series, 200, 1)]))
            return try transaction.removePoints(of: series, in: range(50, 300), reason: "trial run")
        }
        #expect(removed == 50)
        #expect(try fixture.points(series).count == 50)
        #expect(try fixture.store.snapshot().last(of: series)?.instant.nanoseconds == 49)
        try fixture.crashAndReopen()
        #expect(try fixture.points(series).count == 50)
        try fixture.check()
    }
}
