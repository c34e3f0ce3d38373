import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// A fold that only searches times and reads values in parts gives the very bits of one that reads
/// every point.
@Suite final class FoldPartsTests {
    private let folder: URL
    private let store: Store

    init() throws {
        folder = try Places.makeTemporaryFolder("pollux-parts")
        var options = StoreOptions()
        options.sealValueCount = 2_500
        options.sealRowCount = 16
        store = try Store(environment: Environment(directory: folder.path), options: options)
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Times of a habit: regular, with jitter, with outages, or of chance.
    private func times(_ habit: UInt64, _ random: inout Seed) -> [Int64] {
        var time: Int64 = 1_772_438_400_500_000_000
        return (0..<2_600).map { row in
            let jitter = (Int64(random.next() % 11) - 5) * 1_000_000
            switch habit {
            case 0: time += 1_000_000_000
            case 1:
                time += 1_000_000_000
                return time + jitter
            case 2:
                time += row % 700 == 699 ? 500_000_000_000 : 1_000_000_000
                return time + jitter
            default: time += 1 + Int64(random.next() % 3_000_000_000)
            }
            return time
        }
    }

    private func value(_ habit: UInt64, _ row: Int, _ random: inout Seed) -> Double {
        switch habit {
        case 0: Double(row / 300)
        case 1: (random.unit() * 5000).rounded() / 100
        case 2: random.next() % 200 == 0 ? .nan : random.unit()
        default: Double(row) * 0.125
        }
    }

    /// Chunks with series of one habit of times and several of values.
    private func chunks(
        _ number: UInt32, _ habit: UInt64, _ random: inout Seed
    ) throws -> [SeriesID] {
        let series = try (0..<4 as Range<UInt32>).map { measure in
            try store.writeBlocking { transaction in
                try transaction.ensureSeries(
                    asset: AssetID(rawValue: number), measure: MeasureID(rawValue: measure + 1),
                    kind: .float, group: AssetID(rawValue: number))
            }
        }
        let times = times(habit, &random)
        var batch = PointBatch()
        for (row, time) in times.enumerated() {
            for (kind, series) in series.enumerated() {
                batch.append(
                    series, at: Timestamp(nanoseconds: time), value(UInt64(kind), row, &random))
            }
        }
        let all = batch
        try store.writeBlocking { try $0.append(all) }
        // What is due is sealed before the next write.
        try store.writeBlocking { _ in }
        return series
    }

    private func ranges(
        from first: Int64, to last: Int64, _ random: inout Seed
    ) -> [TimeRange] {
        var ranges: [TimeRange] = []
        let size = Int64(1 + random.next() % 400) * 1_000_000_000
        let isTiled = random.next() % 2 == 0
        var start = first / size * size - 2 * size
        while start < last + size, ranges.count < 2_000 {
            let end = start + (isTiled ? size : size / 3 + 1)
            ranges.append(
                TimeRange(
                    start: Timestamp(nanoseconds: start), end: Timestamp(nanoseconds: end)))
            start += size
        }
        return ranges
    }

    @Test(arguments: [0, 1, 2, 3] as [UInt64])
    func agree(habit: UInt64) throws {
        var random = Seed(habit + 90)
        let number = UInt32(habit + 1)
        let series = try chunks(number, habit, &random)
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let sealed = try snapshot.sealedChunks(of: AssetID(rawValue: number), in: .always)
        #expect(!sealed.isEmpty)
        var needs = LaneFold.Needs()
        needs.samples = true
        for chunk in sealed {
            for series in series {
                let column = try #require(try chunk.column(of: series))
                for round in 0..<10 {
                    needs.extremes = round % 2 == 0
                    let ranges = ranges(from: chunk.first, to: chunk.last, &random)
                    let windows = try #require(Windows(ranges))
                    let inside = TimeRange(
                        start: Timestamp(nanoseconds: chunk.first + Int64(random.next() >> 25)),
                        end: Timestamp(nanoseconds: chunk.last - Int64(random.next() >> 25)))
                    let piece = random.next() % 2 == 0 ? TimeRange.always : inside
                    let empty = LaneFold(
                        windows: windows, needs: needs,
                        definition: MeasureDefinition(
                            name: "x", valueKind: .float), piece: piece,
                        wanted: TimeRange(
                            start: ranges[0].start, end: ranges[ranges.count - 1].end), now: .max)
                    var parts = empty
                    var room: [Double] = []
                    let floats = try #require(try column.openFloats())
                    try parts.add(column.openTimes(), floats, room: &room)
                    var whole = empty
                    guard case .floats(let values) = try column.values() else { continue }
                    try column.times().withUnsafeBufferPointer { times in
                        values.withUnsafeBufferPointer { values in
                            whole.add(
                                times.baseAddress.unsafelyUnwrapped,
                                values.baseAddress.unsafelyUnwrapped, 0..<times.count)
                        }
                    }
                    #expect(!parts.samples.isEmpty)
                    for (left, right) in zip(parts.samples, whole.samples) {
                        #expect(left.count == right.count)
                        #expect(left.sum.bitPattern == right.sum.bitPattern)
                        #expect(left.minimum == right.minimum && left.maximum == right.maximum)
                    }
                }
            }
        }
    }
}
