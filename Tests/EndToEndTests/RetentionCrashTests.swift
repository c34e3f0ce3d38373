import Foundation
import PolluxTestKit
import Testing

/// kill -9 in passes of retention and rollups: afterwards each hour has the answer that all its
/// points gave, from points or from rollups.
@Suite(.serialized) struct RetentionCrashTests {
    static let killCount = Programs.runsLongTests ? 40 : 6
    static let hours = 72

    /// What an hour holds.
    private struct Hour: Hashable {
        var count = 0
        var sum = 0.0
        var running = 0
        var starts = 0
    }

    @Test("killed in passes of retention, a server has every hour whole, and check finds it sound")
    func killedInPasses() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = Seed(seed)
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let life = ", retention = 12h, rollup = 10m, rollup = 1h"
        _ = try plant.ask(
            "create measure vibration of machine with kind = gauge\(life);"
                + "create measure state of machine with values = text\(life);"
                + "create asset machine M-1 from 2000-01-01")
        let end = Int64(Date().timeIntervalSince1970) / 3_600 * 3_600
        let start = end - Int64(RetentionCrashTests.hours) * 3_600
        var wanted = Array(repeating: Hour(), count: RetentionCrashTests.hours)
        var lines: [String] = []
        var wasRunning = false
        for (index, second) in stride(from: start, to: end, by: 5).enumerated() {
            let hour = Int(second - start) / 3_600
            let value = Double(random.next() % 1_000) / 8
            wanted[hour].count += 1
            wanted[hour].sum += value
            lines.append("machine,machine=M-1 vibration=\(value) \(second)")
            // A state every twenty seconds.
            guard index % 4 == 0 else { continue }
            let isRunning = random.next() % 3 == 0
            wanted[hour].running += isRunning ? 20 : 0
            wanted[hour].starts += isRunning && !wasRunning ? 1 : 0
            wasRunning = isRunning
            lines.append(
                "machine,machine=M-1 state=\"\(isRunning ? "running" : "idle")\" \(second)")
        }
        lines.append("machine,machine=M-1 state=\"idle\" \(end)")
        for part in stride(from: 0, to: lines.count, by: 5_000) {
            let body = lines[part..<min(part + 5_000, lines.count)].joined(separator: "\n")
            let answer = try HTTPExchange.run(
                port: plant.httpPort, "POST", "/api/v2/write?precision=s", body: Data(body.utf8))
            #expect(answer.status == 204, "\(answer.text)")
        }
        for _ in 0..<RetentionCrashTests.killCount {
            // A pass begins about two seconds after the start.
            usleep(UInt32(1_700_000 + random.next() % 900_000))
            plant.server?.killNow()
            try plant.startServer(mqtt: false)
        }
        // The first pass brings what is in memory into chunks, the next makes buckets of it.
        var passes = 0
        for _ in 0..<2 {
            let limit = Date().addingTimeInterval(40)
            while Date() < limit {
                let page = try HTTPExchange.run(port: plant.httpPort, "GET", "/metrics").text
                passes =
                    page.split(separator: "\n").first {
                        $0.hasPrefix("pollux_store_life_passes_total ")
                    }.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
                if passes > 0 { break }
                usleep(100_000)
            }
            #expect(passes > 0)
            #expect(plant.server?.stop() == 0)
            try plant.startServer(mqtt: false)
        }
        let begin = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(start)))
        let finish = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(end)))
        let answer = try plant.ask(
            "count vibration, mean vibration, time (state = \"running\") in s, "
                + "times (state = \"running\") of machine M-1 "
                + "between \(begin) and \(finish) every 1h")
        let rows = answer["rows"] as? [[Any]] ?? []
        #expect(rows.count == RetentionCrashTests.hours, "seed \(seed): \(answer["notes"] ?? "")")
        let notes = (answer["notes"] as? [String] ?? []).joined()
        #expect(notes.contains("no longer kept"), "nothing went; seed \(seed): \(notes)")
        #expect(!notes.contains("is missing"), "seed \(seed): \(notes)")
        for (row, hour) in zip(rows, wanted) {
            func number(_ column: Int) -> Double {
                (row[column] as? NSNumber)?.doubleValue ?? .nan
            }
            #expect(number(2) == Double(hour.count), "seed \(seed): \(row)")
            #expect(abs(number(3) - hour.sum / Double(hour.count)) < 1e-9, "seed \(seed): \(row)")
            #expect(abs(number(4) - Double(hour.running)) < 1e-6, "seed \(seed): \(row)")
            #expect(number(5) == Double(hour.starts), "seed \(seed): \(row)")
        }
        #expect(plant.server?.stop() == 0)
        let (code, output) = try Plant.pollux(["check", "--data", plant.dataFolder.path])
        #expect(code == 0, "seed \(seed): \(output)")
        for table in ["live.definitions", "ingest.settings", "store.life"] {
            #expect(output.contains("\(table): "), "\(output)")
        }
    }
}
