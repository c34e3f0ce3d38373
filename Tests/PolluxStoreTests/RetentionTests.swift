import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxStore

/// Points that are older than is kept: what goes, what stays, what is recorded.
@Suite struct RetentionTests {
    /// Rules by measure number.
    struct Rules: LifeRules {
        var byMeasure: [UInt32: LifeRule]

        func lives(
            in transaction: ReadTransaction
        ) throws -> (shortestRetention: Int64?, hasRollups: Bool) {
            (
                byMeasure.values.compactMap(\.retention).min(),
                byMeasure.values.contains { !$0.rollups.isEmpty }
            )
        }

        func rule(
            for series: SeriesDescription, in transaction: ReadTransaction
        ) throws -> LifeRule? {
            byMeasure[series.measure.rawValue]
        }
    }

    private static func options() -> StoreOptions {
        var options = StoreOptions()
        options.sealValueCount = 500
        options.settlesInBackground = false
        return options
    }

    private static func times(_ fixture: StoreFixture, _ series: SeriesID) throws -> [Int64] {
        try fixture.points(series).map(\.instant.nanoseconds)
    }

    @Test("old points go, in chunks and in memory; younger ones and other series stay")
    func oldPointsGo() throws {
        let fixture = try StoreFixture(options: RetentionTests.options())
        let short = try fixture.series(1, 1)
        let long = try fixture.series(1, 2)
        let kept = try fixture.series(1, 3)
        for start in stride(from: Int64(0), to: 3_200, by: 100) {
            try fixture.write(
                floats(
                    (start..<(start + 100)).flatMap { time in
                        [short, long, kept].map { ($0, time, Double(time)) }
                    }))
        }
        fixture.store.flushForTest()
        // Late points that are too old at once, still in memory.
        try fixture.write(floats([(short, 5, 1), (kept, -7, 2)]))
        let notices = Mutex<[CommitNotice]>([])
        fixture.store.observe { notice in notices.withLock { $0.append(notice) } }
        #expect(try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: 3_200)) == 0)
        fixture.store.setLifeRules(
            Rules(byMeasure: [
                1: LifeRule(retention: 640, subject: "vibration of spindle, retention 640ns"),
                2: LifeRule(retention: 1_600), 3: LifeRule(retention: nil),
            ]))
        var gone: UInt64 = 0
        do {
            let before = try fixture.store.snapshot()
            gone = try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: 3_200))
            #expect(gone == 2_560 + 1_600)
            #expect(try RetentionTests.times(fixture, short) == Array(2_560..<3_200))
            #expect(try RetentionTests.times(fixture, long) == Array(1_600..<3_200))
            #expect(try RetentionTests.times(fixture, kept) == [-7] + Array(0..<3_200))
            // Whoever looked before still sees what was there.
            #expect(try StoreFixture.points(before, short).count == 3_200)
            before.close()
            // Of what goes nobody is told.
            #expect(notices.withLock { $0.allSatisfy { !$0.batches.isEmpty } })
            let snapshot = try fixture.store.snapshot()
            let removals = try snapshot.removals()
            #expect(removals.map(\.by) == ["retention"])
            #expect(removals.first?.pointCount == gone)
            #expect(removals.first?.what.contains("vibration of spindle") == true)
            #expect(
                try snapshot.expiry(of: short)
                    == ExpiryMark(expired: Timestamp(nanoseconds: 2_560), pointCount: 2_560))
            #expect(try snapshot.expiry(of: kept) == nil)
            #expect(try snapshot.counts(of: short).first?.nanoseconds == 2_560)
            snapshot.close()
        }
        let statistics = fixture.store.statistics
        #expect(statistics.expiredPoints == gone)
        #expect(statistics.lifePasses == 1)
        // Less than a thirty-second part later there is nothing to do.
        #expect(try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: 3_210)) == 0)
        try fixture.check()
        try fixture.crashAndReopen()
        #expect(try RetentionTests.times(fixture, short) == Array(2_560..<3_200))
        #expect(try RetentionTests.times(fixture, kept) == [-7] + Array(0..<3_200))
        try fixture.check()
    }

    @Test("chunks go whole and the file gets room; commits stay small")
    func wholeChunks() throws {
        let fixture = try StoreFixture(options: RetentionTests.options())
        let series = try (1...4).map { try fixture.series(UInt32($0), 1) }
        for start in stride(from: Int64(0), to: 20_000, by: 200) {
            try fixture.write(
                floats(
                    (start..<(start + 200)).flatMap { time in
                        series.map { ($0, time, Double(time &* 7_919 % 1_000) / 7) }
                    }))
            fixture.store.flushForTest()
        }
        let inspection = try Inspection(environment: fixture.store.environment)
        let count = try inspection.chunkNames(group: nil).count
        #expect(count > 80)
        fixture.store.setLifeRules(Rules(byMeasure: [1: LifeRule(retention: 320)]))
        #expect(try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: 20_000)) == 78_720)
        #expect(try inspection.chunkNames(group: nil).count < 5)
        #expect(fixture.store.statistics.expiredChunks > 70)
        // More than one commit did it, each with its record.
        #expect(try fixture.store.snapshot().removals().count > 1)
        #expect(try RetentionTests.times(fixture, series[0]) == Array(19_680..<20_000))
        try fixture.check()
    }

    @Test(
        "random lives with retention against a plain model",
        arguments: 1...40 as ClosedRange<UInt64>)
    func randomLives(_ number: UInt64) throws {
        var seed = Seed(number)
        let fixture = try StoreFixture(options: RetentionTests.options())
        let retention: [Int64?] = [320, 3_200, nil]
        let series = try (0..<6).map { try fixture.series(UInt32($0 / 3), UInt32($0 % 3)) }
        var model: [[Int64: Double]] = Array(repeating: [:], count: 6)
        let rules = Rules(
            byMeasure: Dictionary(
                uniqueKeysWithValues: retention.enumerated().map {
                    (UInt32($0.offset), LifeRule(retention: $0.element))
                }))
        fixture.store.setLifeRules(rules)
        var now: Int64 = 0
        for _ in 0..<60 {
            switch Int.random(in: 0..<12, using: &seed) {
            case 0..<6:
                var points: [(SeriesID, Int64, Double)] = []
                for _ in 0..<Int.random(in: 1..<300, using: &seed) {
                    let index = Int.random(in: 0..<6, using: &seed)
                    now += Int64.random(in: 0..<4, using: &seed)
                    let isLate = Int.random(in: 0..<20, using: &seed) == 0
                    let time = isLate ? Int64.random(in: -100...now, using: &seed) : now
                    let value = Double.random(in: 0..<1, using: &seed)
                    points.append((series[index], time, value))
                    model[index][time] = value
                }
                try fixture.write(floats(points))
            case 6: fixture.store.flushForTest()
            case 7:
                fixture.store.setLifeRules(nil)
                _ = try fixture.store.compact()
                fixture.store.setLifeRules(rules)
            case 8: try fixture.crashAndReopen()
            case 9: try fixture.reopen()
            default:
                fixture.store.setLifeRules(rules)
                try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: now))
                for index in 0..<6 {
                    guard let length = retention[index % 3] else { continue }
                    let horizon = (now - length).floored(to: length / 32)
                    model[index] = model[index].filter { $0.key >= horizon }
                }
            }
            for index in 0..<6 {
                let points = try fixture.points(series[index])
                let wanted = model[index].sorted { $0.key < $1.key }
                #expect(points.map(\.instant.nanoseconds) == wanted.map(\.key), "seed \(number)")
                #expect(points.map(\.value.number) == wanted.map(\.value), "seed \(number)")
            }
        }
        try fixture.check()
    }
}
