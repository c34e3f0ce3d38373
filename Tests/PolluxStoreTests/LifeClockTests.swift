import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// Retention counts from a clock that runs no faster than time (docs/decisions/0007).
@Suite struct LifeClockTests {
    private static let hour: Int64 = 3_600_000_000_000
    private static let day = 24 * hour
    private static let now: Int64 = 1_800_014_400_000_000_000

    @Test("a clock that goes along is believed; one that jumps waits a day")
    func jump() {
        var clock = LifeClock(trusted: LifeClockTests.now)
        var wall = LifeClockTests.now
        for _ in 0..<100 {
            wall += 60_000_000_000
            clock.advance(wall: wall, elapsed: 60_000_000_000)
            #expect(clock.trusted == wall)
        }
        // Set right by half an hour.
        wall += LifeClockTests.hour / 2
        clock.advance(wall: wall, elapsed: 60_000_000_000)
        #expect(clock.trusted == wall)
        // In another century: ages go on as time passes.
        let right = wall
        wall += 36_500 * LifeClockTests.day
        for minute in 1..<(24 * 60) {
            wall += 60_000_000_000
            clock.advance(wall: wall, elapsed: 60_000_000_000)
            #expect(clock.trusted == right + Int64(minute) * 60_000_000_000)
        }
        #expect(clock.lag(behind: wall) == 36_500 * LifeClockTests.day)
        var corrected = clock
        corrected.advance(wall: right + LifeClockTests.day, elapsed: 60_000_000_000)
        #expect(corrected.trusted == right + LifeClockTests.day && corrected.doubted == 0)
        wall += 60_000_000_000
        clock.advance(wall: wall, elapsed: 60_000_000_000)
        #expect(clock.trusted == wall && clock.lag(behind: wall) == 0)
    }

    @Test("nights in which a server is off delay retention by days, not for ever")
    func nights() {
        var clock = LifeClock(trusted: LifeClockTests.now)
        var wall = LifeClockTests.now
        var lags: [Int64] = []
        for _ in 0..<30 {
            wall += 16 * LifeClockTests.hour
            clock.advance(wall: wall, elapsed: 0)
            for _ in 0..<8 {
                wall += LifeClockTests.hour
                clock.advance(wall: wall, elapsed: LifeClockTests.hour)
            }
            lags.append(clock.lag(behind: wall))
        }
        #expect(lags.max() ?? 0 < 3 * LifeClockTests.day)
        #expect(lags.contains(0))
    }

    @Test("a clock that is set back, and the ends of time", arguments: 1...200)
    func anyClock(_ number: Int) {
        var seed = Seed(UInt64(number))
        var clock = LifeClock(trusted: LifeClockTests.now)
        var before = clock.trusted
        for _ in 0..<200 {
            let wall =
                [
                    Int64.min, .max, 0, before, before + LifeClockTests.hour,
                    before - LifeClockTests.day,
                ].randomElement(using: &seed) ?? 0
            let elapsed = Int64.random(in: 0...LifeClockTests.hour, using: &seed)
            let doubted = clock.doubted
            clock.advance(wall: wall, elapsed: elapsed)
            #expect(clock.trusted >= before)
            // It never goes further than time did and the tolerance, unless it was doubted long.
            guard doubted + elapsed < LifeClock.patience else {
                return
            }
            #expect(clock.trusted - before <= elapsed + LifeClock.tolerance)
            before = clock.trusted
        }
    }

    @Test("a jump deletes nothing, over a restart too; what is older than is kept goes as before")
    func store() throws {
        var options = StoreOptions()
        options.sealValueCount = 100
        options.settlesInBackground = false
        let fixture = try StoreFixture(options: options)
        let series = try fixture.series(1, 1)
        let start = LifeClockTests.now - 10 * LifeClockTests.day
        try fixture.write(
            floats((0..<240).map { (series, start + Int64($0) * LifeClockTests.hour, 1) }))
        fixture.store.flushForTest()
        let rules = RetentionTests.Rules(byMeasure: [
            1: LifeRule(retention: 8 * LifeClockTests.day)
        ])
        fixture.store.setLifeRules(rules)
        func pass(_ wall: Int64, _ monotonic: Int64) throws -> UInt64 {
            let rewriter = fixture.store.rewriter
            return try rewriter.passLife(
                now: try rewriter.advanceLifeClock(wall: wall, monotonic: monotonic))
        }
        let minute: Int64 = 60_000_000
        #expect(try pass(LifeClockTests.now, 0) == 48)
        let wrong = LifeClockTests.now + 3_650 * LifeClockTests.day
        #expect(try pass(wrong, minute) == 0)
        #expect(fixture.store.statistics.retentionLag > 3_600 * LifeClockTests.day)
        try fixture.reopen()
        fixture.store.setLifeRules(rules)
        #expect(try pass(wrong + LifeClockTests.hour, 2 * minute) == 0)
        #expect(try fixture.points(series).count == 192)
        // Right again, and a day later.
        let later = LifeClockTests.now + LifeClockTests.day
        #expect(try pass(later, 2 * minute + 24 * 60 * minute) == 24)
        #expect(try fixture.points(series).count == 168)
        try fixture.check()
    }

    @Test("a compaction goes by the same clock, unless somebody says that the clock is right")
    func compaction() throws {
        var options = StoreOptions()
        options.settlesInBackground = false
        let fixture = try StoreFixture(options: options)
        let series = try fixture.series(1, 1)
        let wall = Clock.now()
        try fixture.write(
            floats((0..<48).map { (series, wall - Int64(240 - $0) * LifeClockTests.hour, 1) }))
        fixture.store.flushForTest()
        fixture.store.setLifeRules(
            RetentionTests.Rules(byMeasure: [1: LifeRule(retention: 3 * LifeClockTests.day)]))
        // The database was last looked after twenty days ago.
        let asleep = LifeClock(trusted: wall - 20 * LifeClockTests.day)
        try fixture.store.writeBlocking { transaction in
            try transaction.transaction.put(
                transaction.tables.meta, LifeClock.key, asleep.encode())
        }
        let doubting = try fixture.store.compact()
        #expect(doubting.expiredPoints == 0)
        #expect(doubting.retentionLag >= 20 * LifeClockTests.day)
        #expect(try fixture.points(series).count == 48)
        let trusting = try fixture.store.compact(trustsClock: true)
        #expect(trusting.expiredPoints == 48)
        #expect(trusting.retentionLag == 0)
        #expect(try fixture.points(series).isEmpty)
        // What was said once holds.
        #expect(try fixture.store.compact().retentionLag < LifeClockTests.hour)
        try fixture.check()
    }
}
