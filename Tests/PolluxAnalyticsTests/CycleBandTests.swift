import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

@Suite struct CycleBandTests {
    /// A point every ten minutes that follows the time of day, with noise; `shift` moves the values
    /// of a day by hours.
    static func daily(_ number: UInt64, days: Int, shift: Int = 0) -> [Double] {
        var seed = Seed(number)
        return (0..<(days * 144)).map { index in
            let hour = (index / 6 + shift) % 24
            return ((6..<18).contains(hour) ? 20 : 10) + 0.2 * seed.normal()
        }
    }

    private static func instant(_ index: Int) -> Timestamp {
        Timestamp(seconds: Int64(index) * 600)
    }

    private static func run(_ values: [Double], in zone: ZoneRules = .utc) -> [ModelOutput] {
        var watch = SeriesWatch(.seasonal)
        return values.enumerated().map { index, value in
            let place = watch.method.place(at: instant(index), in: zone)
            return watch.append(at: instant(index), value, place: place).output
        }
    }

    @Test func aValueAtTheWrongTimeOfDayIsAnAlarmOfTheCycle() {
        var values = CycleBandTests.daily(4, days: 8)
        let calm = CycleBandTests.run(values)
        // Two in the night of the last day: by day it is like that all the time.
        let at = 7 * 144 + 12
        for index in at..<(at + 6) { values[index] = 20 }
        var novelty = Novelty3()
        let plain = values.map { novelty.append($0, level: 2.3) }
        let found = CycleBandTests.run(values)
        #expect(found[at].isAlarm && found[at].cause == .cycle)
        #expect(abs((found[at].expected ?? 0) - 10) < 0.5)
        #expect((found[at].high ?? 99) < 12)
        #expect(!plain[at].isAlarm, "novelty alone has seen the value often")
        #expect(Array(calm[..<at]) == Array(found[..<at]), "no look-ahead")
        #expect(calm.filter(\.isAlarm).count <= 6, "1152 points of noise")
    }

    @Test func whatHasNoCycleIsLeftToNovelty() {
        var seed = Seed(12)
        var level = 20.0
        let values = (0..<2000).map { _ in
            level += 0.3 * seed.normal()
            return level
        }
        var watch = SeriesWatch(.seasonal)
        var novelty = SeriesWatch()
        for (index, value) in values.enumerated() {
            let instant = CycleBandTests.instant(index)
            let place = watch.method.place(at: instant, in: .utc)
            let found = watch.append(at: instant, value, place: place)
            #expect(found.output == novelty.append(at: instant, value).output)
        }
        #expect(watch.cycle?.scoredCount == 0 && watch.cycle?.hasBaselines == true)
    }

    @Test func aKeyCountsFromItsThirdVisitOn() {
        var cycle = CycleBand()
        var first: Int?
        for index in 0..<900 {
            let key = UInt64(index / 10 % 40)
            let value = Double(key) + Double(index % 3) / 100
            if case .scored = cycle.append(value, key: key, lap: 0), first == nil { first = index }
        }
        #expect(first == 800, "40 keys of ten points, each twice before")
        guard case .noBaseline = cycle.append(3, key: 99, lap: 0) else {
            Issue.record("a key that was never seen has no baseline")
            return
        }
        #expect(cycle.keyCount == 40)
    }

    @Test func keysThatDoNotFitMakeRoomByAge() throws {
        var cycle = CycleBand()
        for round in 0..<3 {
            for key in 0..<(ModelConstants.cycleKeyCount + 100) {
                _ = cycle.append(Double(round), key: UInt64(key), lap: 0)
            }
        }
        #expect(cycle.keyCount == ModelConstants.cycleKeyCount)
        #expect(try CycleBand(decoding: cycle.encode()) == cycle)
    }

    private static let berlinFile = URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Berlin")

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: CycleBandTests.berlinFile.path),
            "no zone files here"))
    func timeOfDayIsThatOfTheZone() throws {
        // Berlin's clocks go from 02:00 to 03:00 on 2026-03-29 and from 03:00 to 02:00 on
        // 2026-10-25, both at 01:00 UTC.
        let berlin = try ZoneRules(
            name: "Europe/Berlin", tzif: Array(Data(contentsOf: CycleBandTests.berlinFile)))
        func place(_ text: String) throws -> CyclePlace {
            let instant = try #require(Timestamp.parseRFC3339(Array(text.utf8))).instant
            return CyclePlace(timeOfDay: instant, in: berlin)
        }
        #expect(try place("2026-03-28T05:05:00Z").key == 36)
        #expect(try place("2026-03-29T04:05:00Z").key == 36)
        #expect(try place("2026-03-29T01:00:00Z").key == 18)
        #expect(try place("2026-03-29T00:59:59Z").key == 11)
        // The hour that comes twice is one visit of the same parts of one day.
        #expect(try place("2026-10-25T00:30:00Z") == place("2026-10-25T01:30:00Z"))
        #expect(try place("2026-10-24T22:00:00Z").lap == place("2026-10-25T22:59:59Z").lap)
        #expect(try place("2026-10-25T23:00:00Z").lap == place("2026-10-25T22:59:59Z").lap + 1)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func resumedFromItsBytesItGoesOnBitForBit(number: UInt64) throws {
        let values = CycleBandTests.daily(number, days: 6)
        var whole = SeriesWatch(.seasonal)
        var resumed = SeriesWatch(.seasonal)
        for (index, value) in values.enumerated() {
            let instant = CycleBandTests.instant(index)
            let place = whole.method.place(at: instant, in: .utc)
            if index % 5 == 0 { resumed = try SeriesWatch(decoding: resumed.encode()) }
            let expected = whole.append(at: instant, value, place: place)
            let found = resumed.append(at: instant, value, place: place)
            #expect(expected.output == found.output && expected.change == found.change)
        }
        #expect(whole == resumed)
        #expect((whole.cycle?.scoredCount ?? 0) > 100)
    }

    @Test func aWatchWithoutACycleWritesWhatOlderProgramsRead() {
        #expect(SeriesWatch().encode()[1] == 1)
        #expect(SeriesWatch(.seasonal).encode()[1] == 2)
    }

    @Test func damagedStatesNeverCrash() {
        let number: UInt64 = 20_262
        var seed = Seed(number)
        var watch = SeriesWatch(.seasonal)
        for (index, value) in CycleBandTests.daily(3, days: 4).enumerated() {
            let instant = CycleBandTests.instant(index)
            let place = watch.method.place(at: instant, in: .utc)
            _ = watch.append(at: instant, value, place: place)
        }
        let source = watch.encode()
        for _ in 0..<800 {
            var bytes = source
            for _ in 0..<(1 + Int(seed.next() % 4)) {
                bytes[Int(seed.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: seed.next())
            }
            bytes = ModelStateTests.sealed(bytes)
            guard var watch = try? SeriesWatch(decoding: bytes) else { continue }
            for step in 0..<4 {
                let place = CyclePlace(key: UInt64(step), lap: 1)
                let output = watch.append(
                    at: CycleBandTests.instant(step), Double(step), place: place
                ).output
                #expect(output.score >= 0 && output.score <= 6, "seed \(number)")
            }
        }
    }

    @Test func constantsAreTheScoredOnes() {
        #expect(ModelConstants.steadyTailGain == 0.05 && ModelConstants.steadyTailMean == 0.1)
        #expect(ModelConstants.dayBinCount == 144 && ModelConstants.cycleVisitCount == 2)
        #expect(ModelConstants.cycleWeight == 0.3 && ModelConstants.cycleUpdateClip == 3)
        #expect(ModelConstants.cycleScaleWeight == 0.002 && ModelConstants.cycleScaleClip == 6)
        #expect(ModelConstants.cycleGate == 0.3 && ModelConstants.cycleTailStart == 4)
        #expect(ModelConstants.cycleKeyCount == 2048)
        #expect(CycleBand.version == "cycle-band/1")
    }

    @Test func workThatWasNeverSeenRaisesNoAlarm() throws {
        var watch = SeriesWatch(.cycle)
        var seed = Seed(8)
        func append(_ second: Int, _ value: Double, _ key: UInt64?) -> ModelOutput {
            let place = key.map { CyclePlace(key: $0, lap: 0) }
            return watch.append(at: Timestamp(seconds: Int64(second)), value, place: place).output
        }
        for second in 0..<900 {
            let key = UInt64(second / 10 % 3)
            _ = append(second, Double(key) * 10 + 0.1 * seed.normal(), key)
        }
        #expect(append(900, 500, 7).condition == .noBaseline)
        #expect(append(901, 500, nil).condition == .noBaseline)
        #expect(watch.openEpisode == nil && watch.noBaselineCount >= 2)
        watch = try SeriesWatch(decoding: watch.encode())
        #expect(append(902, 0.1, 0).condition == .ready)
        #expect(append(903, 20, 0).isAlarm, "20 is what key 2 has")
    }

    @Test func aLongStayIsAnotherVisitEveryTenMinutes() {
        var watch = SeriesWatch(.cycle)
        var ready: Int?
        for second in 0..<1500 {
            let place = CyclePlace(key: 1, lap: 0)
            let value = Double(second % 7)
            let output = watch.append(
                at: Timestamp(seconds: Int64(second)), value, place: place
            ).output
            if output.condition == .ready, ready == nil { ready = second }
        }
        #expect(ready == 1200)
    }
}
