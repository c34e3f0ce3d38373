import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

/// CYCLE-BAND on a real milling machine that cuts the same part three times at the same feed.
///
/// Never more is claimed than this: what the block explains, and what the gate makes of it.
@Suite struct MichiganTests {
    /// A run: the key of program and block, and the columns asked for, 10 points a second.
    struct Run {
        var keys: [UInt64] = []
        var columns: [[Double]]

        init(_ number: String, _ names: [String]) throws {
            let file = try #require(Places.sensorData).appendingPathComponent(
                "cnc-michigan/experiment_\(number).csv")
            let lines = try String(contentsOf: file, encoding: .utf8)
                .split(whereSeparator: \.isNewline)
            let head = lines[0].split(separator: ",", omittingEmptySubsequences: false)
            let program = try #require(head.firstIndex(of: "M1_CURRENT_PROGRAM_NUMBER"))
            let block = try #require(head.firstIndex(of: "M1_sequence_number"))
            let places = try names.map { name in
                try #require(head.firstIndex { $0 == name })
            }
            columns = names.map { _ in [] }
            for line in lines.dropFirst() {
                let cells = line.split(separator: ",", omittingEmptySubsequences: false)
                let code = try #require(Double(cells[program]))
                let number = try #require(Double(cells[block]))
                keys.append(UInt64(code * 10_000 + number))
                for (index, place) in places.enumerated() {
                    columns[index].append(try #require(Double(cells[place])))
                }
            }
        }
    }

    private static let names = ["X1_CurrentFeedback", "Y1_CurrentFeedback", "S1_ActualVelocity"]

    private static func runs() throws -> [Run] {
        try ["11", "13", "17"].map { try Run($0, names) }
    }

    @Test(.enabled(if: Places.sensorData != nil, "no sensor data beside the repository"))
    func theBlockExplainsTheCurrentOfAnAxisInARunLeftOut() throws {
        let runs = try MichiganTests.runs()
        for (column, name) in MichiganTests.names.enumerated() {
            var (keyed, plain, count) = (0.0, 0.0, 0.0)
            for left in runs.indices {
                var sums: [UInt64: (Double, Double)] = [:]
                var all = (0.0, 0.0)
                for (index, run) in runs.enumerated() where index != left {
                    for (key, value) in zip(run.keys, run.columns[column]) {
                        let sum = sums[key] ?? (0, 0)
                        sums[key] = (sum.0 + value, sum.1 + 1)
                        all = (all.0 + value, all.1 + 1)
                    }
                }
                for (key, value) in zip(runs[left].keys, runs[left].columns[column]) {
                    guard let sum = sums[key] else { continue }
                    keyed += abs(value - sum.0 / sum.1)
                    plain += abs(value - all.0 / all.1)
                    count += 1
                }
            }
            print("\(name): mean residual \(keyed / count) by block, \(plain / count) by one mean")
            #expect(keyed < 0.7 * plain, "\(name)")
        }
    }

    @Test(.enabled(if: Places.sensorData != nil, "no sensor data beside the repository"))
    func aCurrentThatTheBlockExplainsHalfIsLeftToNovelty() throws {
        // Half is not enough for the gate, so CYCLE-BAND adds no alarm.
        var watch = SeriesWatch(.cycle)
        var (second, alarms, index) = (0.0, 0, 0)
        for run in try MichiganTests.runs() {
            for (key, value) in zip(run.keys, run.columns[0]) {
                second = Double(index) / 10
                index += 1
                let output = watch.append(
                    at: Timestamp(nanoseconds: Int64(second * 1e9)), value,
                    place: CyclePlace(key: key, lap: 0)
                ).output
                if output.isAlarm {
                    alarms += 1
                    #expect(output.cause != .cycle)
                }
            }
        }
        print(
            "X current: \(alarms) alarms in \(index) points, \(watch.noBaselineCount) without baseline"
        )
        #expect(watch.cycle?.hasBaselines == true && watch.cycle?.hasCycle == false)
        #expect(Double(alarms) / Double(index) < 0.0025)
    }

    @Test(.enabled(if: Places.sensorData != nil, "no sensor data beside the repository"))
    func aSpindleThatStandsStillWhereItShouldTurnIsFound() throws {
        let runs = try MichiganTests.runs()
        let keys = runs.flatMap(\.keys)
        let speeds = runs.flatMap { $0.columns[2] }
        func alarms(_ values: [Double]) -> [Int] {
            var watch = SeriesWatch(.cycle)
            return values.indices.filter { index in
                watch.append(
                    at: Timestamp(nanoseconds: Int64(index) * 100_000_000), values[index],
                    place: CyclePlace(key: keys[index], lap: 0)
                ).output.isAlarm
            }
        }
        let calm = alarms(speeds)
        // Two seconds of standing still, which the spindle also does between cuts, in the last run
        // where it turns: at places that are given by count, not chosen.
        let turning = speeds.indices.filter { $0 > 4700 && speeds[$0] > 50 }
        var (found, tried) = (0, 0)
        for part in 1...10 {
            let at = turning[part * turning.count / 11]
            var values = speeds
            for index in at..<min(at + 20, values.count) { values[index] = 0 }
            tried += 1
            if alarms(values).contains(where: { (at..<(at + 20)).contains($0) }) { found += 1 }
        }
        print(
            "spindle speed: \(calm.count) alarms in \(speeds.count) points; still: \(found) of \(tried)"
        )
        #expect(found >= 8)
    }
}
