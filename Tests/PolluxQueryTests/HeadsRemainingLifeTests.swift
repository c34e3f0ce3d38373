import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore
import Testing

@testable import PolluxQuery

@Suite struct HeadsRemainingLifeTests {
    /// A tool that cuts four of every five minutes and is changed every 50 minutes, so that it
    /// lives 40 minutes of cut; five minutes make a part.
    private func plant(minutes: Int, changes: [Double]) throws -> HeadsFixture {
        let fixture = try HeadsFixture()
        let tool = try fixture.part("tool", "")
        var cutting: [(Double, Value)] = []
        var parts: [(Double, Value)] = []
        for cycle in 0..<(minutes / 5) {
            let start = Double(cycle) * 5
            cutting.append((start, .boolean(true)))
            cutting.append((start + 4, .boolean(false)))
            parts.append((start + 4.5, .integer(Int64(cycle + 1))))
        }
        try fixture.write(tool, "cutting", cutting)
        try fixture.write(tool, "cutting-speed", [(0, .float(180))], unit: "m/min")
        try fixture.write(tool, "feed", [(0, .float(0.12))], unit: "mm")
        try fixture.write(fixture.machine, "parts", [(-1, .integer(0))] + parts)
        for minute in changes { try fixture.record("tool-change", at: minute) }
        return fixture
    }

    @Test func itFallsByTheMinutesCutAndStartsAgainWithANewTool() throws {
        let fixture = try plant(minutes: 300, changes: [0, 50, 100, 150, 250])
        let early = try fixture.remainingLife(at: 160)
        let late = try fixture.remainingLife(at: 175)
        for result in [early, late] {
            let (p10, p50, p90) = (
                result.numbers("p10")[0], result.numbers("p50")[0], result.numbers("p90")[0]
            )
            #expect(p10 <= p50 && p50 <= p90)
            #expect(result.rowCount == 1)
        }
        #expect(early.numbers("used") == [8])
        #expect(late.numbers("used") == [20])
        #expect(abs(early.numbers("p50")[0] - 32) < 4)
        let fall = early.numbers("p50")[0] - late.numbers("p50")[0]
        #expect(abs(fall - 12) < 2)
        #expect(late.cells("asset") == [.text("CNC-3/tool")])
        #expect(late.cells("time") == [.timestamp(HeadsFixture.at(175))])
        guard case .text(let note) = late.cells("note")[0] else {
            Issue.record("no note")
            return
        }
        #expect(note.hasPrefix("3 past tools"))
        // The tool of 150 to 250 lived 80 minutes of cut: a new one is expected to last longer.
        let renewed = try fixture.remainingLife(at: 255)
        #expect(renewed.numbers("used") == [4])
        #expect(renewed.numbers("p50")[0] > late.numbers("p50")[0] + 10)
        #expect(renewed.dependencies.hasEvents)
        #expect(renewed.dependencies.series.count == 4)
    }

    @Test func inPartsAndInHours() throws {
        let fixture = try plant(minutes: 200, changes: [0, 50, 100, 150])
        let minutes = try fixture.remainingLife(at: 160)
        let parts = try fixture.remainingLife(at: 160, unit: "parts")
        #expect(parts.columns.first { $0.name == "p50" }?.unit == "parts")
        #expect(abs(parts.numbers("p50")[0] - minutes.numbers("p50")[0] / 4) < 0.5)
        let hours = try fixture.remainingLife(at: 160, unit: "h")
        #expect(abs(hours.numbers("p50")[0] - minutes.numbers("p50")[0] / 60) < 1e-9)
        let wrong = #expect(throws: QueryError.self) {
            try fixture.remainingLife(at: 160, unit: "mm")
        }
        #expect(wrong?.code == .unknownUnit)
    }

    @Test func mountsAreChangesToo() throws {
        let fixture = try HeadsFixture()
        var cutting: [(Double, Value)] = []
        for name in 0..<4 {
            let id = try fixture.part(
                "tool", "T-\(name)", from: HeadsFixture.at(Double(name) * 100),
                attributes: [Attribute("diameter", .float(10))])
            try fixture.write(id, "wear", [(Double(name) * 100 + 10, .float(0.05))], unit: "mm")
            cutting.append((Double(name) * 100, .text("cutting")))
            cutting.append((Double(name) * 100 + 60, .text("idle")))
        }
        try fixture.write(fixture.machine, "state", cutting)
        try fixture.write(fixture.machine, "rpm", [(0, .float(5730))], unit: "rpm")
        // Readings far below the limit say that a tool was changed early: no life to learn.
        let error = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 320) }
        #expect(error?.code == .tooLittleHistory)
        #expect(error?.message.contains("changed before they were worn") == true)
        let tool = try fixture.part(
            "tool", "T-9", from: HeadsFixture.at(400),
            attributes: [
                Attribute("diameter", .float(10)), Attribute("material", .text("carbide")),
            ])
        try fixture.write(tool, "wear", [(410, .float(0.05))], unit: "mm")
        try fixture.write(fixture.machine, "state", [(400, .text("cutting"))])
        let result = try fixture.remainingLife(at: 420)
        #expect(result.cells("asset") == [.text("T-9")])
        #expect(result.cells("method") == [.text("textbook")])
        guard case .text(let note) = result.cells("note")[0] else {
            Issue.record("no note")
            return
        }
        #expect(note.hasPrefix("prior law, unverified"))
        #expect(abs(result.numbers("used")[0] - 20) < 1e-6)
    }

    @Test func withoutCutsThereIsNoNumber() throws {
        let fixture = try HeadsFixture()
        let tool = try fixture.part("tool", "")
        try fixture.record("tool-change", at: 1)
        let error = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 100) }
        #expect(error?.code == .tooLittleHistory)
        #expect(error?.message.contains("cutting-speed") == true)
        try fixture.write(tool, "cutting", [(0, .boolean(false))])
        let idle = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 100) }
        #expect(idle?.message.contains("no cut is known") == true)
        try fixture.write(tool, "cutting", [(10, .boolean(true))])
        let first = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 100) }
        #expect(first?.message.contains("still in use") == true)
    }

    /// Three programs at three speeds, two minutes each; the tool is worn after a damage of 1 by
    /// Taylor's law with n = 0.25, and both a mount and a tool change tell of the new one.
    @Test func severalSpeedsMakeALaw() throws {
        let fixture = try HeadsFixture()
        let place = try fixture.part("tool", "")
        func life(_ speed: Double) -> Double {
            let ratio = 200 / speed
            return 40 * ratio * ratio * ratio * ratio
        }
        var speeds: [(Double, Value)] = []
        var flags: [(Double, Value)] = []
        var changes: [Double] = []
        var minute = 0.0
        for tool in 0..<8 {
            changes.append(minute)
            var damage = 0.0
            // Each tool prefers a speed of its own, so that the history speaks about speed.
            let speed = 160 + 10 * Double(tool)
            while damage < 1 {
                speeds.append((minute, .float(speed)))
                flags.append((minute, .boolean(true)))
                flags.append((minute + 2, .boolean(false)))
                damage += 2 / life(speed)
                minute += 3
            }
        }
        changes.append(minute)
        speeds.append((minute, .float(190)))
        flags.append((minute, .boolean(true)))
        try fixture.write(place, "cutting", flags)
        try fixture.write(place, "cutting-speed", speeds, unit: "m/min")
        for (index, change) in changes.enumerated() {
            _ = try fixture.part("tool", "T-\(index)", from: HeadsFixture.at(change))
            try fixture.record("tool-change", at: change + 0.05)
        }
        let result = try fixture.remainingLife(at: minute + 10)
        #expect(result.cells("asset") == [.text("T-8")])
        #expect(result.cells("method") == [.text("taylor")])
        let left = life(190) - 10
        #expect(abs(result.numbers("p50")[0] - left) < 0.15 * left)
        #expect(result.numbers("p10")[0] < left && left < result.numbers("p90")[0])
        guard case .text(let note) = result.cells("note")[0] else {
            Issue.record("no note")
            return
        }
        #expect(note.hasPrefix("8 past tools"))
        // The tool named by itself has the same life as the tool in its place.
        let snapshot = try fixture.store.snapshot()
        defer { snapshot.close() }
        let now = HeadsFixture.at(minute + 10)
        let piece = try #require(
            try fixture.pieces("tool", TimeRange(start: now, end: now.advanced(by: 1)), snapshot)
                .first)
        let named = try RemainingLifeHead().rows(
            pieces: [PathPiece(subject: piece.subject, range: piece.range)], now: now, zone: .utc,
            unit: nil, snapshot: snapshot, graph: fixture.graph, cancellation: nil)
        #expect(named.numbers("p50") == result.numbers("p50"))
    }

    @Test func anEarlyChangeIsCountedAndNotLearned() throws {
        let fixture = try plant(minutes: 200, changes: [0, 50, 100])
        try fixture.record(
            "tool-change", at: 120, attributes: [Attribute("reason", .text("early"))])
        let result = try fixture.remainingLife(at: 130)
        #expect(abs(result.numbers("p50")[0] - 32) < 4)
        guard case .text(let note) = result.cells("note")[0] else {
            Issue.record("no note")
            return
        }
        #expect(note.hasPrefix("2 past tools; 1 changed early"))
    }
}
