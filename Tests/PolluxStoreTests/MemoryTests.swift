import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// What is kept in memory for a series, row by row and when it is idle.
@Suite struct MemoryTests {
    @Test("an idle series costs at most 200 bytes of memory")
    func idleSeries() throws {
        var options = StoreOptions()
        options.settlesInBackground = false
        let fixture = try StoreFixture(options: options)
        // Arrays that double have a quarter to spare here, the mean of all counts.
        let count = 12_288
        let series = try fixture.store.writeBlocking { transaction in
            var made: [SeriesID] = []
            for number in 0..<UInt32(count) {
                let machine = AssetID(rawValue: number / 10 + 1)
                let measure = MeasureID(rawValue: number % 10 + 1)
                made.append(
                    try transaction.ensureSeries(
                        asset: machine, measure: measure, kind: .float, group: machine))
            }
            return made
        }
        try fixture.write(floats(series.map { ($0, 1, 1) }))
        fixture.store.flushForTest()
        let byteCount = fixture.store.writer.head.monitor.withLock { state -> Int in
            let liveCount = state.segments.count { $0 != nil }
            guard state.slots.count == count, state.byteCount == 0, liveCount == 0 else {
                return .max
            }
            var sum = state.slots.capacity * MemoryLayout<HeadSlot>.stride
            sum += state.segments.capacity * 8
            sum += state.slotIndex.capacity * 4
            sum += state.groups.capacity * MemoryLayout<HeadGroup>.stride
            sum += state.groupIndex.capacity * 16
            for group in state.groups { sum += 32 + group.slots.capacity * 4 }
            return sum
        }
        #expect(byteCount / count <= 200, "\(byteCount / count) bytes a series")
    }

    @Test("long texts count: the limit of the head holds for them")
    func longTexts() throws {
        var options = StoreOptions()
        options.settlesInBackground = false
        options.headByteCountLimit = 2_000_000
        let fixture = try StoreFixture(options: options)
        let series = try fixture.series(1, 1, .text)
        for row in Int64(0)..<200 {
            var batch = PointBatch()
            let text = "\(row)" + String(repeating: "x", count: 50_000)
            batch.append(series, at: Timestamp(nanoseconds: row), .text(text))
            try fixture.write(batch)
            #expect(fixture.store.statistics.headByteCount < 2_200_000)
        }
        #expect(fixture.store.statistics.sealedChunks > 0)
        #expect(try fixture.points(series).count == 200)
        fixture.store.flushForTest()
        #expect(fixture.store.statistics.headByteCount == 0)
        try fixture.check()
    }
}
