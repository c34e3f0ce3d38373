import Foundation
import PolluxModel
import PolluxTestKit
import Testing

/// One file of NAB with its anomaly windows as index ranges.
struct NabFile {
    let name: String
    let times: [Timestamp]
    let values: [Double]
    let windows: [ClosedRange<Int>]

    static func folder() throws -> URL {
        try #require(Places.sensorData).appendingPathComponent("nab")
    }

    static func labels() throws -> [String: [[String]]] {
        let file = try folder().appendingPathComponent("labels/combined_windows.json")
        return try JSONDecoder().decode([String: [[String]]].self, from: Data(contentsOf: file))
    }

    static func allNames() throws -> [String] {
        let data = try folder().appendingPathComponent("data")
        return try labels().keys.sorted().filter {
            FileManager.default.fileExists(atPath: data.appendingPathComponent($0).path)
        }
    }

    init(_ name: String) throws {
        self.name = name
        let file = try NabFile.folder().appendingPathComponent("data/\(name)")
        var times: [Timestamp] = []
        var values: [Double] = []
        let text = try String(contentsOf: file, encoding: .utf8)
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",")
            times.append(try #require(Timestamp.parseRFC3339(Array(fields[0].utf8))).instant)
            values.append(try #require(Double(fields[1])))
        }
        self.times = times
        self.values = values
        windows = try (NabFile.labels()[name] ?? []).map { window in
            let start = try #require(Timestamp.parseRFC3339(Array(window[0].utf8))).instant
            let end = try #require(Timestamp.parseRFC3339(Array(window[1].utf8))).instant
            let first = try #require(times.firstIndex { $0 >= start })
            let last = try #require(times.lastIndex { $0 <= end })
            return first...last
        }
    }
}

/// The NAB score: early detections inside a window earn, detections outside cost.
struct NabScore: CustomStringConvertible {
    private var earned = 0.0
    private var falseWeight = 0.0
    private var windowCount = 0
    private(set) var hitCount = 0
    private(set) var falseCount = 0
    private var pointCount = 0

    private static func sigmoid(_ y: Double) -> Double { 2 / (1 + exp(5 * y)) - 1 }

    mutating func append(_ file: NabFile, _ alarms: [Int]) {
        let probation = min(file.values.count * 15 / 100, 750)
        pointCount += file.values.count - probation
        windowCount += file.windows.count
        var first: [Int: Int] = [:]
        for alarm in alarms where alarm >= probation {
            if let window = file.windows.firstIndex(where: { $0.contains(alarm) }) {
                if first[window] == nil { first[window] = alarm }
                continue
            }
            falseCount += 1
            guard let before = file.windows.last(where: { $0.upperBound < alarm }) else {
                falseWeight += 1
                continue
            }
            let width = Double(max(1, before.upperBound - before.lowerBound))
            let y = Double(alarm - before.upperBound) / width
            falseWeight -= y > 3 ? -1 : NabScore.sigmoid(y)
        }
        for (index, window) in file.windows.enumerated() {
            guard let alarm = first[index] else { continue }
            let y = -Double(window.upperBound - alarm + 1) / Double(window.count)
            earned += NabScore.sigmoid(y) / NabScore.sigmoid(-1)
            hitCount += 1
        }
    }

    private func score(falseCost: Double, missCost: Double) -> Double {
        let missed = Double(windowCount - hitCount) * missCost
        let empty = -Double(windowCount) * missCost
        let sum = earned - missed - falseCost * falseWeight
        return 100 * (sum - empty) / (Double(windowCount) - empty)
    }

    /// The standard profile.
    var standard: Double { score(falseCost: 0.11, missCost: 1) }
    var falsePerTenThousand: Double { 1e4 * Double(falseCount) / Double(max(1, pointCount)) }

    var description: String {
        let low = score(falseCost: 0.22, missCost: 1)
        let miss = score(falseCost: 0.11, missCost: 2)
        return String(
            format: "hits %d of %d, false per 10,000 %.2f, std %.1f, low FP %.1f, low FN %.1f",
            hitCount, windowCount, falsePerTenThousand, standard, low, miss)
    }
}
