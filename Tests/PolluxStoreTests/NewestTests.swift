import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// The newest point is the last of all points, in whatever order they came and wherever they are.
@Suite struct NewestTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func isTheLastOfAll(seed: UInt64) throws {
        var random = Seed(seed &+ 400)
        var options = StoreOptions()
        options.sealValueCount = 40
        options.sealRowCount = 8
        let fixture = try StoreFixture(options: options)
        let series = try (0..<3 as Range<UInt32>).map { try fixture.series(1, $0 + 1) }
        var time: Int64 = 1000
        var old: (Snapshot, [Point?])?
        for step in 0..<60 {
            var points: [(SeriesID, Int64, Double)] = []
            for series in series where random.next() % 4 != 0 {
                for _ in 0..<(1 + random.next() % 5) {
                    let isLate = random.next() % 10 == 0
                    if !isLate { time += Int64(random.next() % 20) }
                    let at = isLate ? time - Int64(random.next() % 500) : time
                    points.append((series, at, random.unit()))
                }
            }
            if !points.isEmpty { try fixture.write(floats(points)) }
            if random.next() % 15 == 0 {
                old = nil
                try fixture.reopen()
            }
            let snapshot = try fixture.store.snapshot()
            for series in series {
                let description = try #require(try snapshot.series(series))
                let all = try StoreFixture.points(snapshot, series)
                let limits = [.max, time, time + 1, time - 3, time - 200, 1000]
                for limit in limits {
                    let found = try snapshot.newest(
                        of: description, before: Timestamp(nanoseconds: limit))
                    let expected = all.last { $0.instant.nanoseconds < limit }
                    #expect(found == expected, "seed \(seed), step \(step), before \(limit)")
                }
            }
            // A view from before sees what it saw, whatever came since.
            if let (view, seen) = old {
                for (series, point) in zip(series, seen) {
                    let description = try #require(try view.series(series))
                    let found = try view.newest(of: description, before: .distantFuture)
                    #expect(found == point, "seed \(seed), step \(step), older view")
                }
            }
            old = nil
            if random.next() % 2 == 0 {
                let newest = try series.map { series -> Point? in
                    try StoreFixture.points(snapshot, series).last
                }
                old = (snapshot, newest)
            }
        }
    }
}
