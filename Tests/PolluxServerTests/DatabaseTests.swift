import Foundation
import PolluxTestKit
import Testing

@testable import PolluxServer

/// Routes over a real store, graph and ingest.
@Suite struct DatabaseTests {
    private func object(_ answer: RawClient.Answer) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            "\(answer.text)")
    }

    @Test("line protocol is written, packed or not, and the twin appears")
    func write() async throws {
        try await RunningServer.run { server in
            let body = "spindle,line=L2,machine=CNC-3 vibration=1.5,rpm=8000 1700000000000000000\n"
            #expect(try await server.ask("POST /api/v2/write", body: body).status == 204)
            #expect(
                try await server.ask(
                    "POST /write?precision=s", body: body.replacing("000000000\n", with: "\n")
                )
                .status == 204)
            let client = try await RawClient.open(port: server.port)
            let packed = try await client.request(
                "POST /api/v2/write", ["Content-Encoding": "gzip"], body: WireTests.packed)
            #expect(packed.status == 204)

            let list = try object(await server.ask("GET /api/v1/assets?type=machine"))
            let assets = try #require(list["assets"] as? [[String: Any]])
            #expect(assets.map { $0["name"] as? String } == ["CNC-3"])
            let machine = try object(await server.ask("GET /api/v1/assets/machine/CNC-3"))
            #expect(machine["type"] as? String == "machine")
            #expect(machine["relations"] is [Any])
            let all = try object(await server.ask("GET /api/v1/assets"))
            let spindle = try #require(
                (all["assets"] as? [[String: Any]])?.first {
                    $0["display"] as? String == "CNC-3/spindle"
                })
            let number = try #require(spindle["id"] as? Int)
            let page = try object(await server.ask("GET /api/v1/assets/\(number)"))
            let series = try #require(page["series"] as? [[String: Any]])
            let vibration = try #require(series.first { $0["measure"] as? String == "vibration" })
            let last = try #require(vibration["last"] as? [String: Any])
            #expect(last["value"] as? Double == 1.2)
            #expect(last["time"] as? String == "2023-11-14T22:13:20Z")
            #expect(try await server.ask("GET /api/v1/assets/machine/CNC-9").status == 404)
            #expect(try await server.ask("GET /api/v1/assets/999999").status == 404)
            #expect(
                try await server.ask("GET /metrics").text.contains(
                    "pollux_ingest_points_total{source=\"http\"}"))
        }
    }

    @Test("a bad line is named, the good ones are written")
    func badLines() async throws {
        try await RunningServer.run { server in
            let body =
                "spindle,machine=CNC-3 vibration=1\nspindle,machine=CNC-3 vibration=\n"
                + "spindle,machine=CNC-3 rpm=2\n"
            let second = try await server.ask("POST /api/v2/write", body: body)
            #expect(second.status == 400)
            let answer = try object(second)
            #expect(answer["code"] as? String == "invalid")
            #expect(answer["line"] as? Int == 2)
            let message = try #require(answer["message"] as? String)
            #expect(message.contains("unable to parse"))
            #expect(message.contains("2 lines were written"))
            let first = try await server.ask("POST /write", body: body)
            #expect(first.status == 400)
            #expect((try object(first)["error"] as? String)?.contains("unable to parse") == true)
            let precision = try await server.ask(
                "POST /api/v2/write?precision=fortnight", body: body)
            #expect(precision.status == 400)
        }
    }

    @Test("a snapshot is made, listed and verified while the server runs")
    func snapshots() async throws {
        try await RunningServer.run { server in
            _ = try await server.ask("POST /write", body: "machine,machine=CNC-3 power=4.1\n")
            let made = try await server.ask(
                "POST /api/v1/snapshots", ["Content-Type": "application/json"],
                body: #"{"name":"one"}"#)
            #expect(made.status == 201, "\(made.text)")
            let again = try await server.ask(
                "POST /api/v1/snapshots", ["Content-Type": "application/json"],
                body: #"{"name":"one"}"#)
            #expect(again.status == 409)
            let bad = try await server.ask(
                "POST /api/v1/snapshots", ["Content-Type": "application/json"],
                body: #"{"name":"../one"}"#)
            #expect(bad.status == 400)
            let list = try object(await server.ask("GET /api/v1/snapshots"))
            #expect((list["snapshots"] as? [[String: Any]])?.first?["name"] as? String == "one")
            let verified = try object(await server.ask("POST /api/v1/snapshots/one/verify"))
            #expect(verified["sound"] as? Bool == true)
            #expect(try await server.ask("POST /api/v1/snapshots/none/verify").status == 404)
        }
    }

    @Test("events by name and time")
    func events() async throws {
        try await RunningServer.run { server in
            let answer = try object(
                await server.ask("GET /api/v1/events?since=2026-03-02T10:00:00Z"))
            #expect((answer["events"] as? [Any])?.isEmpty == true)
            #expect(try await server.ask("GET /api/v1/events?since=yesterday").status == 400)
            #expect(try await server.ask("GET /api/v1/events?limit=-1").status == 400)
        }
    }
}
