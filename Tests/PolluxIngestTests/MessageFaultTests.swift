import PolluxModel
import PolluxStore
import Testing

@testable import PolluxIngest

/// What a message says is stored as it says it, or refused with a reason.
@Suite("Faults of messages", .serialized)
struct MessageFaultTests {
    private let topic = "factory/L2/CNC-3/x"

    /// A plant and the reasons of its dead letters after these messages.
    private func plant(_ messages: [(String, String)]) throws -> (Plant, reasons: [String]) {
        let plant = try Plant()
        for (topic, payload) in messages {
            try plant.pipeline.ingest([plant.message(topic, payload)], source: "mqtt")
        }
        return (plant, try plant.pipeline.deadLetters().reversed().map(\.reason))
    }

    @Test(
        "a value that is gone ends, whatever kind its series is of",
        arguments: ["1", "true", "\"on\"", "9007199254740993"])
    func gone(first: String) throws {
        let (plant, reasons) = try plant([(topic, first), (topic, #"{"value":null,"time":1.7e9}"#)])
        defer { plant.remove() }
        try plant.pipeline.ingest([plant.message(topic, "null")], source: "mqtt")
        #expect(reasons.isEmpty)
        let points = try plant.points(Plant.machine, [], "x")
        #expect(points.map(\.quality) == [.end, .end])
        let trial = plant.pipeline.tryMessage(
            topic: topic, payload: Array("null".utf8), receivedAt: Plant.arrival)
        #expect(trial.lines.first?.hasSuffix("quality end") == true)
    }
}
