import Foundation
import PolluxTestKit
import Testing

/// From a sensor on a broker to the same answer through every door.
@Suite(.serialized) struct FirstLightTests {
    @Test(
        "messages from mosquitto_pub give the same rows on the command line, over HTTP and WebSocket",
        .enabled(if: Plant.hasBroker, "mosquitto or mosquitto_pub is not installed"))
    func sameRowsThroughEveryDoor() throws {
        let plant = try Plant()
        try plant.startBroker()
        try plant.startServer()
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for (index, value) in [1.25, 2.5, 4.0, 3.75, 0.5].enumerated() {
            let time = now - 50_000 + Int64(index) * 10_000
            try plant.publish(
                "factory/L2/CNC-3/spindle",
                "{\"vibration\":\(value),\"rpm\":\(8000 + index),\"timestamp\":\(time)}")
        }
        let question = "vibration of spindle of machine CNC-3 last 1h"
        let rows = try plant.rows(question, until: { $0.count == 5 })
        try #require(rows.count == 5)
        let values = rows.compactMap { ($0[2] as? NSNumber)?.doubleValue }
        #expect(values == [1.25, 2.5, 4.0, 3.75, 0.5])

        let (code, csv) = try Plant.pollux([
            "query", question, "--server", "http://127.0.0.1:\(plant.httpPort)", "--format", "json",
        ])
        #expect(code == 0, "\(csv)")
        let viaCommand =
            try JSONSerialization.jsonObject(with: Data(csv.utf8)) as? [String: Any] ?? [:]
        #expect(text(viaCommand["rows"]) == text(rows))

        // A data directory in use by a server is not an error: the command asks that server.
        let (codeByFolder, byFolder) = try Plant.pollux([
            "query", question, "--data", plant.dataFolder.path, "--format", "json",
        ])
        #expect(codeByFolder == 0, "\(byFolder)")
        let viaFolder =
            try JSONSerialization.jsonObject(with: Data(byFolder.utf8)) as? [String: Any] ?? [:]
        #expect(text(viaFolder["rows"]) == text(rows))

        let socket = try WebSocketProbe(port: plant.httpPort, path: "/api/v1/live")
        try socket.send("{\"type\":\"subscribe\",\"id\":\"a\",\"query\":\"\(question)\"}")
        var live: [[Any]] = []
        var columns: [[String: Any]] = []
        while live.count < 5 {
            let frame = try socket.receiveJSON()
            switch frame["type"] as? String {
            case "subscribed": columns = frame["columns"] as? [[String: Any]] ?? []
            case "rows": live += frame["rows"] as? [[Any]] ?? []
            default: Issue.record("unexpected frame \(frame)")
            }
        }
        #expect(columns.count == rows[0].count)
        #expect(text(live) == text(rows))

        // A new message reaches the subscriber.
        try plant.publish(
            "factory/L2/CNC-3/spindle/vibration", "{\"value\":6.5,\"timestamp\":\(now)}")
        let frame = try socket.receiveJSON()
        let pushed = (frame["rows"] as? [[Any]])?.last
        #expect((pushed?[2] as? NSNumber)?.doubleValue == 6.5)
        socket.close()
        #expect(plant.server?.stop() == 0)
    }

    private func text(_ rows: Any?) -> String {
        guard let rows,
            let bytes = try? JSONSerialization.data(withJSONObject: rows, options: [.sortedKeys])
        else { return "-" }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("a snapshot of a running server answers like the original")
    func snapshotAndRestore() throws {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let now = Int64(Date().timeIntervalSince1970) * 1_000_000_000
        let lines = (0..<2000).map {
            "spindle,line=L2,machine=CNC-3 vibration=\(Double($0 % 97) / 8) \(now - Int64(2000 - $0) * 1_000_000_000)"
        }
        let written = try HTTPExchange.run(
            port: plant.httpPort, "POST", "/api/v2/write",
            body: Data(lines.joined(separator: "\n").utf8))
        #expect(written.status == 204, "\(written.text)")
        let question = "mean vibration, count vibration of spindle of machine CNC-3 last 1h"
        let original = try plant.rows(question)

        let server = "http://127.0.0.1:\(plant.httpPort)"
        let target = plant.dataFolder.appendingPathComponent("snapshots/copy").path
        let (created, report) = try Plant.pollux([
            "snapshot", "create", "copy", "--server", server,
        ])
        #expect(created == 0, "\(report)")
        let (verified, verification) = try Plant.pollux(["snapshot", "verify", target])
        #expect(verified == 0, "\(verification)")
        let restored = plant.folder.appendingPathComponent("restored").path
        let (code, restoring) = try Plant.pollux([
            "snapshot", "restore", target, "--data", restored,
        ])
        #expect(code == 0, "\(restoring)")
        let (asked, answer) = try Plant.pollux([
            "query", question, "--data", restored, "--format", "json",
        ])
        #expect(asked == 0, "\(answer)")
        let rows =
            (try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])?["rows"]
            as? [[Any]] ?? []
        // The time column differs with `now`; the numbers must not.
        #expect(
            text(rows.map { Array($0.dropFirst(2)) })
                == text(original.map { Array($0.dropFirst(2)) }))
        #expect((original.first?[3] as? NSNumber)?.intValue == 2000)
    }

    @Test(
        "an alert, an anomaly and the remaining life of a tool, kept over a restart",
        .enabled(if: Plant.hasBroker, "mosquitto or mosquitto_pub is not installed"))
    func watching() throws {
        let plant = try Plant()
        try plant.startBroker()
        try plant.startServer()
        _ = try plant.ask("create type spindle")
        _ = try plant.ask("create measure vibration of spindle in mm/s")
        _ = try plant.ask(
            "create alert hot-spindle with severity = high as max vibration of every spindle "
                + "when vibration > 7 mm/s for 30s")
        let now = Date().timeIntervalSince1970
        for step in 0..<24 {
            let time = Int64((now - 240 + Double(step) * 10) * 1000)
            let value = (8..<16).contains(step) ? 9.5 : 1.5
            try plant.publish(
                "factory/L2/CNC-3/spindle", "{\"vibration\":\(value),\"timestamp\":\(time)}")
        }
        let events = try plant.rows(
            "hot-spindle of spindle of machine CNC-3 last 1h", until: { !$0.isEmpty })
        #expect(events.count == 1)
        plant.server?.killNow()
        try plant.startServer()
        let after = try plant.rows("hot-spindle of spindle of machine CNC-3 last 1h")
        #expect(after.count == 1)
    }
}
