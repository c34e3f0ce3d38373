import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

@Suite struct HeadsAnomalyTests {
    private func ask(
        _ fixture: HeadsFixture, minutes: Double, method: String? = nil,
        cancellation: CancellationFlag? = nil,
        measures: [(name: String, unit: String)] = [("vibration", "mm/s")]
    ) throws -> QueryResult {
        let snapshot = try fixture.store.snapshot()
        defer { snapshot.close() }
        let range = TimeRange(start: HeadsFixture.start, end: HeadsFixture.at(minutes))
        return try AnomalyHead().rows(
            pieces: try fixture.pieces("spindle", range, snapshot), measures: measures,
            range: range, now: range.end, zone: .utc, snapshot: snapshot, graph: fixture.graph,
            method: method, cancellation: cancellation)
    }

    private func noise(_ count: Int, step: Range<Int> = 0..<0) -> [(Double, Value)] {
        var seed = Seed(7)
        return (0..<count).map { index in
            let shift = step.contains(index) ? 4.0 : 0
            return (Double(index) / 6, .float(2 + 0.1 * seed.normal() + shift))
        }
    }

    @Test func aStepIsFoundWhereItBegins() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-7")
        try fixture.write(spindle, "vibration", noise(900, step: 600..<640), unit: "mm/s")
        let result = try ask(fixture, minutes: 150, method: "novelty")
        let start = HeadsFixture.at(100)
        let row = try #require(result.cells("time").firstIndex(of: .timestamp(start)))
        #expect(result.cells("asset")[row] == .text("SP-7"))
        #expect(result.cells("measure")[row] == .text("vibration"))
        #expect([.text("level"), .text("change")].contains(result.cells("cause")[row]))
        #expect(result.cells("method")[row] == .text("novelty"))
        #expect(result.numbers("score")[row] >= 2.3)
        #expect(abs(result.numbers("value")[row] - 6) < 0.7)
        #expect(abs(result.numbers("expected")[row] - 2) < 0.3)
        #expect(result.numbers("high")[row] < 6)
        #expect(result.numbers("low")[row] < result.numbers("high")[row])
        #expect(result.cells("note")[row] == .missing)
        #expect(result.rowCount <= 4, "noise alone raises few alarms")
        #expect(result.keys[row].range.start == start)
        #expect(
            result.notes.first
                == "history: 900 points from 2026-03-02T08:00:00Z to 2026-03-02T10:29:50Z")
        #expect(result.dependencies.series.count == 1)
        #expect(result.stats.points == 900)
        #expect(result.columns.first { $0.name == "value" }?.unit == "mm/s")
    }

    @Test func anEpisodeAtTheEndIsOpen() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-7")
        try fixture.write(spindle, "vibration", noise(700, step: 690..<700))
        let result = try ask(fixture, minutes: 700.0 / 6)
        #expect(result.cells("note").last == .text("open"))
        #expect(result.cells("time").last == .timestamp(HeadsFixture.at(115)))
    }

    @Test func badPointsAreNotEvidence() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-7")
        try fixture.write(spindle, "vibration", noise(600))
        let before = try ask(fixture, minutes: 200)
        let wrong = (0..<20).map { (50.01 + Double($0) / 6, Value.float(900)) }
        try fixture.write(spindle, "vibration", wrong, quality: .bad)
        let after = try ask(fixture, minutes: 200)
        #expect(before.cells("time") == after.cells("time"))
        #expect(before.numbers("score") == after.numbers("score"))
    }

    @Test func tooLittleHistoryIsAnErrorUnlessAnotherSeriesHasEnough() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-7")
        try fixture.write(spindle, "vibration", noise(212))
        let error = #expect(throws: QueryError.self) { try ask(fixture, minutes: 200) }
        #expect(error?.code == .tooLittleHistory)
        #expect(error?.message.contains("learning 212 of 300 for vibration of SP-7") == true)
        try fixture.write(spindle, "temperature", noise(400), unit: "°C")
        let result = try ask(
            fixture, minutes: 200, measures: [("vibration", "mm/s"), ("temperature", "°C")])
        #expect(result.notes.contains("learning 212 of 300 for vibration of SP-7"))
        #expect(result.columns.contains { $0.name == "unit" })
        let none = #expect(throws: QueryError.self) {
            try ask(fixture, minutes: 200, measures: [("torque", "N m")])
        }
        #expect(none?.code == .tooLittleHistory)
        #expect(none?.message.contains("no points of torque of SP-7") == true)
    }

    @Test func aMethodThatThereIsNotAndAMeasureOfTexts() throws {
        let fixture = try HeadsFixture()
        let spindle = try fixture.part("spindle", "SP-7")
        try fixture.write(spindle, "state", [(1, .text("running"))])
        let unknown = #expect(throws: QueryError.self) {
            try ask(fixture, minutes: 10, method: "similar")
        }
        #expect(unknown?.code == .unknownMethod)
        #expect(unknown?.message.contains("novelty, seasonal, cycle") == true)
        let texts = #expect(throws: QueryError.self) {
            try ask(fixture, minutes: 10, measures: [("state", "")])
        }
        #expect(texts?.code == .methodDoesNotFit)
        let flag = CancellationFlag()
        flag.cancel()
        try fixture.write(spindle, "vibration", noise(10))
        let cancelled = #expect(throws: QueryError.self) {
            try ask(fixture, minutes: 10, cancellation: flag)
        }
        #expect(cancelled?.code == .cancelled)
    }

    @Test func anItemThatCameLaterLearnsForItself() throws {
        let fixture = try HeadsFixture()
        let place = try fixture.part("spindle", "")
        _ = try fixture.part("spindle", "SP-7", from: HeadsFixture.at(0))
        _ = try fixture.part("spindle", "SP-9", from: HeadsFixture.at(100))
        // The sensor belongs to the place; 600 points under SP-7, 212 under SP-9.
        try fixture.write(place, "vibration", noise(812, step: 700..<720))
        let result = try ask(fixture, minutes: 812.0 / 6)
        #expect(result.notes.contains("learning 212 of 300 for vibration of SP-9"))
        #expect(!result.cells("asset").contains(.text("SP-9")))
        #expect(result.notes.first?.hasPrefix("history: 812 points of 2 series") == true)
        #expect(result.dependencies.series.count == 1)
    }

    @Test func aMeasureOfTheMachineCountsForItsPart() throws {
        let fixture = try HeadsFixture()
        _ = try fixture.part("spindle", "SP-7")
        try fixture.write(fixture.machine, "power", noise(700, step: 500..<510), unit: "kW")
        let result = try ask(fixture, minutes: 120, measures: [("power", "kW")])
        #expect(result.cells("time").contains(.timestamp(HeadsFixture.at(500.0 / 6))))
        #expect(result.cells("asset").first == .text("SP-7"))
    }
}
