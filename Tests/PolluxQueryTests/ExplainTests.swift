import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// `explain` tells what was asked of what, how it was answered, and what that read.
@Suite struct ExplainTests {
    @Test func foldedQuestion() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-1")
        for first in stride(from: 0.0, to: 600, by: 200) {
            let points = (0..<200).map {
                (minute: first + Double($0), value: Value.float(Double($0)))
            }
            try fixture.write(spindle, "vibration", points, unit: "mm/s")
        }
        let lines = try explain(
            "mean vibration in m/s of spindle of machine CNC-3 between 2026-03-02 08:00Z and "
                + "2026-03-02 18:00Z every 1h", fixture)
        #expect(lines["query"]?.first?.hasPrefix("mean vibration in m/s of spindle") == true)
        #expect(lines["path"] == ["spindle of machine CNC-3: 1 assets"])
        #expect(lines["piece"]?.first?.contains("SP-1") == true)
        #expect(lines["slices"] == ["10"])
        #expect(lines["plan"] == ["fold samples"])
        #expect(lines["series"]?.first?.contains("vibration of SP-1") == true)
        #expect(lines["conversion"] == ["mm/s to m/s: × 0.001"])
        #expect(lines["rows"] == ["10"])
        #expect(lines["points set aside by quality"] == ["0"])
        #expect(lines["estimate"]?.first?.hasPrefix("1 series") == true)
        for stage in ["parse", "resolve the path", "bind", "plan", "read", "make rows"] {
            #expect(lines["time to \(stage)"] != nil, "no time for \(stage)")
        }
    }

    @Test("the range that is told is the one that is read, from the border of its first slice")
    func rangeBeginsAtItsBorder() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-1")
        try fixture.write(spindle, "vibration", [(0, .float(1))], unit: "mm/s")
        let engine = QueryEngine(store: fixture.store, graph: fixture.graph)
        for (clauses, begin) in [
            ("last 90m every 1h", "10:00:00"), ("last 90m every 1h from start", "10:30:00"),
            ("last 90m", "10:30:00"), ("every 40m", "10:40:00"),
            ("last 90m every 1h compare with 30m ago", "10:00:00"),
        ] {
            var options = QueryOptions()
            options.now = Timestamp(seconds: 1_772_452_800)  // 2026-03-02T12:00:00Z
            let text = "max vibration of spindle of machine CNC-3 \(clauses)"
            let result = try engine.run(text, options: options).last
            let start = result?.range?.start.formatted(offsetSeconds: 0)
            #expect(start == "2026-03-02T\(begin)Z", "\(clauses)")
            #expect(result?.meaning?.contains("2026-03-02T\(begin)Z") == true, "\(clauses)")
            #expect(result?.keys.first?.range.start == result?.range?.start, "\(clauses)")
        }
    }

    @Test func saysWhyItEvaluates() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-1")
        try fixture.write(spindle, "vibration", [(0, .float(1)), (1, .float(9))], unit: "mm/s")
        let range = "of spindle of machine CNC-3 between 2026-03-02 08:00Z and 2026-03-02 09:00Z"
        let filtered = try explain("mean vibration \(range) where vibration > 5 mm/s", fixture)
        #expect(filtered["plan"] == ["evaluate point by point: `where` chooses samples"])
        let copied = try explain("vibration \(range)", fixture)
        #expect(copied["plan"] == ["copy samples"])
        #expect(copied["points read"] == ["2"])
        let latest = try explain("latest vibration of spindle of machine CNC-3", fixture)
        #expect(latest["plan"] == ["look up the newest values"])
    }

    @Test func saysWhatARemainingLifeRestsOn() throws {
        let fixture = try HeadsFixture()
        _ = try fixture.part("tool", "")
        try fixture.write(fixture.machine, "cutting", [(0, .boolean(true))])
        for tool in 0..<3 {
            try fixture.mount("D-\(tool)", kind: "drill", at: Double(tool) * 700)
        }
        let question = "remaining life of tool of machine CNC-3"
        let counted = try explain(question, fixture)
        #expect(counted["basis of D-2"] == ["history: 2 past tools"])
        try fixture.set("life-minutes limit", .float(2500), of: try fixture.item("D-2"))
        let told = try explain(question, fixture)
        #expect(told["basis of D-2"]?.first?.hasPrefix("limit: life-minutes: limit 2500") == true)
    }

    @Test("what is answered is explained, also where its measure was read at other times")
    func measureOfEarlierContainer() throws {
        let fixture = try HeadsFixture()
        _ = try fixture.part("spindle", "SP-1")
        _ = try fixture.part("spindle", "SP-2", from: HeadsFixture.at(60))
        try fixture.write(fixture.machine, "power", [(0, .float(1))], unit: "kW")
        let lines = try explain(
            "avg power of spindle SP-1 between 2026-03-02 10:00Z and 2026-03-02 11:00Z", fixture)
        #expect(lines["estimate"]?.first?.hasPrefix("0 series") == true)
        #expect(lines["rows"] == ["1"])
    }

    /// The details by step.
    private func explain(_ text: String, _ fixture: HeadsFixture) throws -> [String: [String]] {
        var options = QueryOptions()
        options.now = Timestamp(seconds: 1_772_553_600)
        let engine = QueryEngine(store: fixture.store, graph: fixture.graph)
        let result = try #require(try engine.run("explain " + text, options: options).first)
        var lines: [String: [String]] = [:]
        for row in 0..<result.rowCount {
            guard case .text(let step) = result.columns[0].cell(row),
                case .text(let detail) = result.columns[1].cell(row)
            else { continue }
            lines[step, default: []].append(detail)
        }
        return lines
    }
}
