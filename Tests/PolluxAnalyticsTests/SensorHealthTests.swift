import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

@Suite struct SensorHealthTests {
    @Test func aStuckSensorIsNotAMachineFault() {
        var seed = Seed(4)
        var health = SensorHealth()
        for index in 0..<500 {
            let fault = health.append(time: Int64(index) * 1_000_000_000, value: seed.normal())
            #expect(fault == nil || fault == .spike)
        }
        var faults: [SensorFault?] = []
        for index in 500..<600 {
            faults.append(health.append(time: Int64(index) * 1_000_000_000, value: 7))
        }
        #expect(faults.firstIndex(of: .stuck) == 29)
        #expect(faults.last == .stuck)
    }

    @Test func aSeriesThatOftenRepeatsIsNotStuckAtThirty() {
        var seed = Seed(6)
        var health = SensorHealth()
        var faults = 0
        var value = 0.0
        for index in 0..<20_000 {
            if seed.unit() < 0.03 { value = Double(seed.next() % 5) }
            let fault = health.append(time: Int64(index) * 1_000_000_000, value: value)
            if fault == .stuck, index > 4000 { faults += 1 }
        }
        #expect(faults == 0)
    }

    @Test func resumesBitForBit() throws {
        var seed = Seed(8)
        var whole = SensorHealth()
        var resumed = SensorHealth()
        for index in 0..<800 {
            let value = index % 90 > 40 ? 1 : seed.normal()
            resumed = try SensorHealth(decoding: resumed.encode())
            #expect(
                whole.append(time: Int64(index) * 1000, value: value)
                    == resumed.append(time: Int64(index) * 1000, value: value))
        }
        #expect(whole == resumed)
    }

    /// Stuck, gap and spike injected into every column of a real normal run: recall, and the false
    /// alarms of the untouched run.
    @Test(.enabled(if: Places.sensorData != nil, "no sensor data beside the repository"))
    func injectedFaultsAreFound() throws {
        let columns = try SkabFile.normalRun(limit: 4000)
        var found = ["stuck": 0, "gap": 0, "spike": 0]
        var injected = 0
        var falseSpikes = 0
        var judged = 0
        for column in columns.values {
            var health = SensorHealth()
            for (time, value) in zip(columns.times, column) {
                judged += 1
                if health.append(time: time, value: value) == .spike { falseSpikes += 1 }
            }
            for place in stride(from: 600, to: 3900, by: 300) {
                injected += 1
                for fault in ["stuck", "gap", "spike"]
                where SensorHealthTests.finds(fault, at: place, column, columns.times) {
                    found[fault, default: 0] += 1
                }
            }
        }
        print(
            "sensor health: \(found) of \(injected) each; false spikes \(falseSpikes) in \(judged)")
        #expect(found["stuck"] == injected)
        #expect(found["gap"] == injected)
        #expect(Double(found["spike"] ?? 0) >= 0.8 * Double(injected))
        #expect(Double(falseSpikes) <= 0.001 * Double(judged))
    }

    private static func finds(
        _ fault: String, at place: Int, _ column: [Double], _ times: [Int64]
    ) -> Bool {
        var health = SensorHealth()
        let start = max(0, place - 550)
        let slice = column[start..<place]
        let mean = slice.reduce(0, +) / Double(slice.count)
        let deviation =
            (slice.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            / Double(slice.count)).squareRoot()
        var shift: Int64 = 0
        for index in start..<min(place + 60, column.count) {
            var value = column[index]
            if fault == "stuck", index >= place { value = column[place] }
            if fault == "gap", index == place { shift = 60_000_000_000 }
            if fault == "spike", index == place { value += 10 * deviation }
            let judged = health.append(time: times[index] + shift, value: value)
            guard index >= place else { continue }
            if fault == "stuck", judged == .stuck { return true }
            if fault == "gap", index == place, judged == .gap { return true }
            if fault == "spike", index <= place + 1, judged == .spike { return true }
        }
        return false
    }
}

/// A file of the SKAB pump loop: eight sensors at about one hertz.
enum SkabFile {
    static func normalRun(limit: Int) throws -> (times: [Int64], values: [[Double]]) {
        let folder = try #require(Places.sensorData)
        let file = folder.appendingPathComponent("skab/data/anomaly-free/anomaly-free.csv")
        let text = try String(contentsOf: file, encoding: .utf8)
        var times: [Int64] = []
        var values = [[Double]](repeating: [], count: 8)
        for line in text.split(whereSeparator: \.isNewline).dropFirst().prefix(limit) {
            let fields = line.split(separator: ";")
            guard fields.count >= 9,
                let time = Timestamp.parseRFC3339(Array(fields[0].utf8))?.instant
            else { continue }
            times.append(time.nanoseconds)
            for index in 0..<8 { values[index].append(Double(fields[index + 1]) ?? .nan) }
        }
        return (times, values)
    }
}
