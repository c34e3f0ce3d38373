import Foundation
import PolluxTestKit
import Testing

/// Bad input of every kind: a clear message each, and the server goes on.
@Suite(.serialized) struct BadInputTests {
    @Test("broken lines, broken queries and unknown names are answered clearly")
    func overHTTP() throws {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let port = plant.httpPort
        let good = try HTTPExchange.run(
            port: port, "POST", "/api/v2/write",
            body: Data("spindle,line=L2,machine=CNC-3 vibration=1.5".utf8))
        #expect(good.status == 204, "\(good.text)")
        let partial = try HTTPExchange.run(
            port: port, "POST", "/api/v2/write",
            body: Data(
                "spindle,line=L2,machine=CNC-3 rpm=1\nspindle,line=L2 =\nnonsense\n".utf8))
        #expect(partial.status == 400)
        #expect(partial.text.contains("unable to parse"), "\(partial.text)")

        let cases: [(query: String, code: String)] = [
            ("vibratoin of spindle of machine CNC-3 last 1h", "TQ104"),
            ("vibration of spindle of machine CNC-33 last 1h", "TQ112"),
            ("vibration of spindle of machine CNC-3 last 5 m", "TQ121"),
            ("vibration of spindle in machine CNC-3", "TQ118"),
            ("vibration of", "TQ102"),
        ]
        for (query, code) in cases {
            let answer = try HTTPExchange.run(
                port: port, "POST", "/api/v1/query",
                body: try JSONSerialization.data(withJSONObject: ["query": query]),
                headers: ["Content-Type": "application/json"])
            #expect(answer.status == 400, "\(query): \(answer.text)")
            let error = try answer.json()["error"] as? [String: Any] ?? [:]
            #expect(error["code"] as? String == code, "\(query): \(answer.text)")
            #expect(error["column"] != nil && error["message"] != nil, "\(answer.text)")
        }
        for (method, path, status) in [
            ("GET", "/nothing-here", 404), ("DELETE", "/health", 405),
            ("GET", "/api/v1/query", 400),
        ] {
            let answer = try HTTPExchange.run(port: port, method, path)
            #expect(answer.status == status, "\(method) \(path): \(answer.head)")
            #expect(try answer.json()["error"] != nil, "\(answer.text)")
        }
        #expect(try plant.rows("vibration of spindle of machine CNC-3 last 1h").count == 1)
    }

    @Test(
        "an unreadable payload is kept with its reason and the rest goes on",
        .enabled(if: Plant.hasBroker, "mosquitto or mosquitto_pub is not installed"))
    func overMQTT() throws {
        let plant = try Plant()
        try plant.startBroker()
        try plant.startServer()
        try plant.publish("factory/L2/CNC-3/spindle/vibration", "{\"value\":")
        try plant.publish("factory/L2/CNC-3/spindle/vibration", "1.5")
        let rows = try plant.rows(
            "vibration of spindle of machine CNC-3 last 1h", until: { $0.count == 1 })
        #expect(rows.count == 1)
        let metrics = try HTTPExchange.run(port: plant.httpPort, "GET", "/metrics")
        #expect(metrics.text.contains("pollux_"), "\(metrics.text)")
    }

    @Test("a data directory that is a file, a port in use, an unknown folder: one clear line each")
    func atStart() throws {
        let folder = try Places.makeTemporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("plain").path
        try "x".write(toFile: file, atomically: true, encoding: .utf8)
        let (code, output) = try Plant.pollux(["serve", "--data", file])
        #expect(code == 3)
        #expect(output.contains("is not a directory"), "\(output)")

        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let (inUse, message) = try Plant.pollux([
            "serve", "--data", folder.appendingPathComponent("other").path, "--listen",
            "127.0.0.1:\(plant.httpPort)",
        ])
        #expect(inUse == 3)
        #expect(
            message.contains("\(plant.httpPort)")
                && message.contains("another process uses that port"), "\(message)")

        let (second, answer) = try Plant.pollux(["serve", "--data", plant.dataFolder.path])
        #expect(second == 3)
        #expect(answer.contains("in use"), "\(answer)")

        let (noServer, refused) = try Plant.pollux([
            "query", "power of machine CNC-3", "--server", "http://127.0.0.1:\(try Ports.free())",
        ])
        #expect(noServer == 4, "\(refused)")
        for list in [["delete", "list"], ["ingest", "dead-letters", "list"]] {
            let (limit, words) = try Plant.pollux(list + ["--limit", "1001"])
            #expect(limit == 1)
            #expect(words.hasPrefix("pollux: --limit takes a number"), "\(words)")
        }
        let (usage, _) = try Plant.pollux(["query"])
        #expect(usage == 1)
        let (broken, text) = try Plant.pollux([
            "query", "vibration of", "--data", plant.dataFolder.path,
        ])
        #expect(broken == 2)
        #expect(text.contains("error[TQ"), "\(text)")
    }
}
