import Foundation
import PolluxTestKit
import Testing

/// What an analyst and a monitor see of the sources.
@Suite(.serialized) struct SourceTests {
    @Test("counters by reason, in the answer, as metrics and as a command; silent sources")
    func sources() throws {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let future = Int(Date().timeIntervalSince1970 + 86_400) * 1_000_000_000
        for body in [
            "pump,machine=M level=1.5", "pump,machine=M level=", "pump,machine=M level=\"full\"",
            "pump,machine=M level=2,flow=1 \(future)", "pump,machine=M level=2",
        ] {
            _ = try HTTPExchange.run(
                port: plant.httpPort, "POST", "/api/v2/write", body: Data(body.utf8))
        }
        let answer = try HTTPExchange.run(port: plant.httpPort, "GET", "/api/v1/sources").json()
        let source = (answer["sources"] as? [[String: Any]])?.first ?? [:]
        #expect(source["points"] as? Int == 2)
        #expect(source["rejected"] as? Int == 4)
        #expect(
            source["rejectedBy"] as? [String: Int]
                == ["unreadable": 1, "conflict": 1, "future": 2])
        #expect((source["silentSeconds"] as? Double).map { $0 >= 0 && $0 < 60 } == true)

        let metrics = try HTTPExchange.run(port: plant.httpPort, "GET", "/metrics").text
        #expect(metrics.contains("pollux_ingest_last_seen_timestamp_seconds{source=\"http\"} "))
        for (reason, count) in ["future": 2, "conflict": 1, "limit": 0] {
            let line = metrics.split(separator: "\n").first {
                $0.hasPrefix("pollux_ingest_rejections_total")
                    && $0.contains("reason=\"\(reason)\"")
            }
            #expect(line?.hasSuffix("} \(count)") == true, "\(reason): \(line ?? "none")")
        }

        let server = ["--server", "http://127.0.0.1:\(plant.httpPort)"]
        let (code, text) = try Plant.pollux(["ingest", "sources"] + server)
        #expect(code == 0)
        #expect(text.contains("rejected 4: conflict 1, future 2, unreadable 1"), "\(text)")
        #expect(text.contains("stored 2 points"), "\(text)")
        let (_, silent) = try Plant.pollux(["ingest", "sources", "--silent", "1h"] + server)
        #expect(silent.contains("no source is silent that long"), "\(silent)")
        let (_, all) = try Plant.pollux(["ingest", "sources", "--silent", "0s", "--json"] + server)
        #expect(all.hasPrefix("{\"sources\":[{") && all.contains("\"http\""), "\(all)")
        let (wrong, _) = try Plant.pollux(["ingest", "sources", "--silent", "long"] + server)
        #expect(wrong == 1)
        #expect(plant.server?.stop() == 0)
        let (alone, said) = try Plant.pollux(["ingest", "sources", "--data", plant.dataFolder.path])
        #expect(alone == 4 && said.contains("running server"), "\(said)")
    }
}
