import Foundation
import PolluxTestKit
import Testing

/// A machine behind an adapter, from the configuration file to the question about its tool.
@Suite(.serialized) struct AdapterTests {
    static let python = Programs.find("python3")

    @Test(
        "an agent's entities and a thing's events through a real broker, also after a kill",
        .enabled(if: Plant.hasBroker, "mosquitto or mosquitto_pub is not installed"))
    func broker() throws {
        let plant = try Plant()
        try plant.startBroker()
        try plant.startServer()
        let description = try String(
            contentsOf: Places.repository.appendingPathComponent("Tests/Adapter/machine.xml"),
            encoding: .utf8)
        try plant.publish("MTConnect/Probe/MILL.7", description)
        func observe(_ second: Int, _ value: String) throws {
            try plant.publish(
                "MTConnect/Devices/MILL.7/Observations/ss",
                """
                {"dataItemId":"ss","name":"Sspeed","type":"ROTARY_VELOCITY","category":"SAMPLE",
                 "timestamp":"2026-01-01T00:00:0\(second).000000Z","result":"\(value)",
                 "sequence":\(100 + second)}
                """)
        }
        try observe(1, "8000.000000")
        let question = "rpm of spindle of machine Mill between 2026-01-01 and 2026-01-02"
        _ = try plant.rows(question, until: { $0.count == 1 })
        plant.server?.killNow()
        _ = plant.server?.wait(seconds: 10)
        // Kept by the broker; what the id means is known from the stored description.
        try observe(2, "UNAVAILABLE")
        try observe(3, "8200.000000")
        try plant.publish(
            "ditto/events",
            """
            {"topic":"shop/CNC-9/things/twin/events/modified","headers":{},"revision":12,
             "path":"/features/spindle/properties/vibration","value":4.2,
             "timestamp":"2026-01-01T00:00:00Z"}
            """)
        try plant.startServer()
        let rows = try plant.rows(question, until: { $0.count == 2 })
        #expect(rows.compactMap { ($0[2] as? NSNumber)?.doubleValue } == [8000, 8200])
        let known = try plant.rows(
            "vibration of spindle of machine CNC-9 between 2026-01-01 and 2026-01-02",
            until: { $0.count == 1 })
        #expect((known.first?[2] as? NSNumber)?.doubleValue == 4.2)
    }

    @Test(
        "tools that an adapter tells of have a remaining life",
        .enabled(if: python != nil, "python3 is not installed"))
    func remainingLife() throws {
        let python = try #require(Self.python)
        let folder = Places.repository.appendingPathComponent("Tests/Adapter")
        let plant = try Plant()
        let port = plant.mqttPort
        let adapter = try RunningProcess(
            python, ["-B", folder.appendingPathComponent("shdr_adapter.py").path, "\(port)"],
            hasInput: true)
        defer { adapter.send("quit\n") }
        let configuration = FileManager.default.temporaryDirectory
            .appendingPathComponent("adapter-\(UUID().uuidString).conf")
        defer { try? FileManager.default.removeItem(at: configuration) }
        try """
        [shdr mill]
        address = 127.0.0.1:\(port)
        asset = line:L2/machine:CNC-3
        description = \(folder.appendingPathComponent("machine.xml").path)
        """.write(to: configuration, atomically: true, encoding: .utf8)
        try plant.startServer(mqtt: false, ["--config", configuration.path])
        _ = try plant.rows(
            "count position of axis of machine CNC-3 between 2025-12-31 and 2026-01-02",
            until: { !$0.isEmpty })
        adapter.send("history\n")
        _ = try plant.rows(
            "count rpm of spindle of machine CNC-3 between 2025-12-31 and 2026-01-02",
            until: { ($0.first?.compactMap { $0 as? NSNumber }.first)?.intValue == 9 })
        let answer = try plant.ask(
            "remaining life of tool of machine CNC-3", now: "2026-01-01T02:10:00Z")
        let row = try #require((answer["rows"] as? [[Any]])?.first, "\(answer)")
        #expect(row.contains { ($0 as? String) == "T-4" }, "\(row)")
        let numbers = row.compactMap { $0 as? NSNumber }.map(\.doubleValue)
        // The adapter says 0 of 35 minutes when it comes, and it has cut for 10 of them since.
        #expect(numbers == [25, 25, 25, 10], "\(row)")
        #expect(row.contains { ($0 as? String) == "reported" }, "\(row)")
        let metrics = try HTTPExchange.run(port: plant.httpPort, "GET", "/metrics").text
        #expect(
            metrics.contains("pollux_shdr_connected{source=\"shdr://127.0.0.1:\(port)\"} 1"))
        let sources = try HTTPExchange.run(port: plant.httpPort, "GET", "/api/v1/sources").text
        #expect(sources.contains("shdr://127.0.0.1:\(port)") && sources.contains("\"mill\""))
    }
}
