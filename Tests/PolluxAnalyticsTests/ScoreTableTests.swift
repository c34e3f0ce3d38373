import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

/// The score table: NOVELTY-3, alone and with CYCLE-BAND, on the half of NAB that is here, beside a
/// one-line rule.
///
/// The whole half needs `POLLUX_LONG_TESTS=1` (and a release build to be quick); a few files with
/// labels run always, so that a change of the model is noticed.
@Suite struct ScoreTableTests {
    static let isLong = ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] == "1"

    static func noveltyAlarms(_ values: [Double]) -> [Int] {
        var model = Novelty3()
        var alarms: [Int] = []
        for (index, value) in values.enumerated()
        where model.append(value, level: ModelConstants.alarmLevel).isAlarm {
            alarms.append(index)
        }
        return alarms
    }

    static func watchAlarms(_ file: NabFile, _ method: WatchMethod = .novelty) -> [Int] {
        var watch = SeriesWatch(method)
        var alarms: [Int] = []
        for (index, value) in file.values.enumerated() {
            let place = method.place(at: file.times[index], in: .utc)
            let output = watch.append(at: file.times[index], value, place: place).output
            if output.isAlarm { alarms.append(index) }
        }
        return alarms
    }

    /// NOVELTY-3 and CYCLE-BAND by the time of day, without sensor health.
    static func seasonalAlarms(_ file: NabFile) -> [Int] {
        var novelty = Novelty3()
        var cycle = CycleBand()
        var alarms: [Int] = []
        for (index, value) in file.values.enumerated() {
            let place = CyclePlace(timeOfDay: file.times[index], in: .utc)
            var beside: Double?
            if case .scored(let score, _, _, _) = cycle.append(
                value, key: place.key, lap: place.lap)
            {
                beside = score
            }
            let level = ModelConstants.alarmLevel
            if novelty.append(value, level: level, beside: beside).isAlarm { alarms.append(index) }
        }
        return alarms
    }

    /// The one-line rule: a new extreme, then quiet for 100 points.
    static func oneLineAlarms(_ values: [Double]) -> [Int] {
        var low = Double.infinity
        var high = -Double.infinity
        var quiet = 0
        var alarms: [Int] = []
        for (index, value) in values.enumerated() {
            let isNew = value < low || value > high
            low = min(low, value)
            high = max(high, value)
            if quiet > 0 {
                quiet -= 1
            } else if isNew, index >= ModelConstants.warmUpCount {
                alarms.append(index)
                quiet = ModelConstants.holdCount
            }
        }
        return alarms
    }

    @Test(.enabled(if: Places.sensorData != nil, "no sensor data beside the repository"))
    func someFilesKeepTheirScores() throws {
        let names = [
            "realKnownCause/ambient_temperature_system_failure.csv",
            "realKnownCause/ec2_request_latency_system_failure.csv",
            "realTraffic/speed_7578.csv", "realTraffic/occupancy_t4013.csv",
        ]
        var score = NabScore()
        for name in names {
            let file = try NabFile(name)
            score.append(file, ScoreTableTests.noveltyAlarms(file.values))
            if name.contains("ambient") {
                #expect(score.hitCount == 2, "both failures of the ambient temperature")
                #expect(score.falseCount <= 15)
            }
        }
        print("novelty on four files: \(score)")
        #expect(score.hitCount >= 9)
        #expect(score.falsePerTenThousand <= 20)
    }

    @Test(.enabled(if: Places.sensorData != nil, "no sensor data beside the repository"))
    func faultsAgainstTheTimeOfDayAreFound() throws {
        // Values that the series shows every day, at the wrong time: novelty has seen them all.
        let labels = try NabFile.allNames().filter { name in
            ["flatmiddle", "jumpsdown", "jumpsup", "nojump"].contains { name.contains($0) }
        }
        #expect(!labels.isEmpty)
        for name in labels {
            let file = try NabFile(name)
            var score = NabScore()
            score.append(file, ScoreTableTests.seasonalAlarms(file))
            print("seasonal on \(name): \(score)")
            #expect(score.hitCount == file.windows.count, "\(name)")
        }
        // And what has no cycle is left alone.
        let office = try NabFile("realKnownCause/ambient_temperature_system_failure.csv")
        let plain = ScoreTableTests.noveltyAlarms(office.values)
        #expect(ScoreTableTests.seasonalAlarms(office) == plain)
    }

    @Test(
        .enabled(
            if: Places.sensorData != nil && isLong,
            "the whole table takes minutes in debug: set POLLUX_LONG_TESTS=1"))
    func wholeHalfPassesItsGate() throws {
        var novelty = NabScore()
        var watch = NabScore()
        var seasonal = NabScore()
        var seasonalWatch = NabScore()
        var oneLine = NabScore()
        for name in try NabFile.allNames() {
            let file = try NabFile(name)
            novelty.append(file, ScoreTableTests.noveltyAlarms(file.values))
            watch.append(file, ScoreTableTests.watchAlarms(file))
            seasonal.append(file, ScoreTableTests.seasonalAlarms(file))
            seasonalWatch.append(file, ScoreTableTests.watchAlarms(file, .seasonal))
            oneLine.append(file, ScoreTableTests.oneLineAlarms(file.values))
        }
        print("novelty-3 alone:         \(novelty)")
        print("with sensor health:      \(watch)")
        print("with cycle-band:         \(seasonal)")
        print("with both:               \(seasonalWatch)")
        print("one line (new extreme):  \(oneLine)")
        #expect(novelty.standard >= 60)
        #expect(novelty.falsePerTenThousand <= 12)
        #expect(novelty.standard > oneLine.standard)
        #expect(seasonal.standard >= 64)
        #expect(seasonal.falsePerTenThousand <= 12)
        #expect(seasonal.standard > novelty.standard)
    }
}
