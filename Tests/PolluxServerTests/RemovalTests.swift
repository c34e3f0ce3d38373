import Foundation
import PolluxTestKit
import Testing

@testable import PolluxServer

/// Range deletes over HTTP: what goes, what is refused, what is listed.
@Suite struct RemovalTests {
    private let json = ["Content-Type": "application/json"]

    private func object(_ answer: RawClient.Answer) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            "\(answer.text)")
    }

    /// Ten seconds of two machines with two measures each, from 2026-03-02T10:00:00Z.
    private func fill(_ server: RunningServer) async throws {
        var lines = ""
        for second in 0..<10 {
            for machine in ["M1", "M2"] {
                lines += "machine,machine=\(machine) power=\(second).5,rpm=\(second) "
                lines += "\(1_772_445_600 + second)\n"
            }
        }
        let answer = try await server.ask("POST /api/v2/write?precision=s", body: lines)
        #expect(answer.status == 204, "\(answer.text)")
    }

    private func count(_ server: RunningServer, _ text: String) async throws -> Int {
        let body = #"{"query":"\#(text) between 2026-03-02 10:00 and 2026-03-02 10:10"}"#
        let answer = try await server.ask("POST /api/v1/query", json, body: body)
        let found = try object(answer)
        return (found["rows"] as? [[Any]])?.count ?? -1
    }

    @Test("what the question reads goes, the rest stays, and the record is listed")
    func removes() async throws {
        try await RunningServer.run { server in
            try await fill(server)
            let body = """
                {"query":"power of machine M1 between 2026-03-02T10:00:02Z and 2026-03-02T10:00:05Z",
                "reason":"the sensor was loose","by":"anna"%}
                """
            let trial = try await server.ask(
                "POST /api/v1/deletes", json,
                body: body.replacing("%", with: #","dryRun":true"#))
            #expect(trial.status == 200, "\(trial.text)")
            #expect(try object(trial)["points"] as? Int == 3)
            #expect(try await count(server, "power of machine M1") == 10)
            let done = try await server.ask(
                "POST /api/v1/deletes", json, body: body.replacing("%", with: ""))
            #expect(done.status == 201, "\(done.text)")
            #expect(try object(done)["points"] as? Int == 3)
            #expect(try await count(server, "power of machine M1") == 7)
            #expect(try await count(server, "rpm of machine M1") == 10)
            #expect(try await count(server, "power of machine M2") == 10)
            let page = try object(try await server.ask("GET /api/v1/deletes"))
            let records = try #require(page["deletes"] as? [[String: Any]])
            #expect(records.count == 1)
            #expect(records[0]["by"] as? String == "anna")
            #expect(records[0]["reason"] as? String == "the sensor was loose")
            let series = try #require(records[0]["series"] as? [[String: Any]])
            #expect(series.count == 1 && series[0]["measure"] as? String == "power")
            #expect(series[0]["to"] as? String == "2026-03-02T10:00:05Z")
            // What is written afterwards is there again, at a deleted instant too.
            _ = try await server.ask(
                "POST /api/v2/write?precision=s",
                body: "machine,machine=M1 power=7 1772445603\n")
            #expect(try await count(server, "power of machine M1") == 8)
        }
    }

    @Test("several measures of several machines, and a range beside the question")
    func removesMany() async throws {
        try await RunningServer.run { server in
            try await fill(server)
            let answer = try await server.ask(
                "POST /api/v1/deletes", json,
                body: #"{"query":"power, rpm of every machine","to":"2026-03-02T10:00:04Z","#
                    + #""reason":"warming up"}"#)
            #expect(answer.status == 201, "\(answer.text)")
            #expect(try object(answer)["points"] as? Int == 16)
            #expect(try await count(server, "power of machine M2") == 6)
        }
    }

    @Test(
        "what is no delete is refused, with its place",
        arguments: [
            (#"{"query":"power of machine M1","reason":"x"}"#, "a delete says from when to when"),
            (#"{"query":"power of machine M1 today"}"#, "`reason` is missing"),
            (#"{"query":"power of machine M1 today","reason":" "}"#, "`reason` is missing"),
            (#"{"reason":"x"}"#, "`query` is missing"),
            (
                #"{"query":"power of machine M1 today every 5m","reason":"x"}"#,
                "`every` does not fit a delete"
            ),
            (
                #"{"query":"power of machine M1 today where power > 3","reason":"x"}"#,
                "`where` does not fit a delete"
            ),
            (
                #"{"query":"max power of machine M1 today","reason":"x"}"#,
                "a delete names measures as they are stored"
            ),
            (#"{"query":"powr of machine M1 today","reason":"x"}"#, "has no measure `powr`"),
            (#"{"query":"power of machine M9 today","reason":"x"}"#, "there is no machine `M9`"),
            (#"{"query":"show types","reason":"x"}"#, "a delete is one question"),
            (
                #"{"query":"power of machine M1","reason":"x","from":"2026-03-02T10:00:04Z","#
                    + #""to":"2026-03-02T10:00:04Z"}"#, "`from` must lie before `to`"
            ),
            (#"{"query":"power of machine M1 today","reason":"x","why":1}"#, "unknown member"),
        ])
    func refuses(body: String, message: String) async throws {
        try await RunningServer.run { server in
            try await fill(server)
            let answer = try await server.ask("POST /api/v1/deletes", json, body: body)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.text.contains(message), "\(answer.text)")
            #expect(try await count(server, "power of machine M1") == 10)
            let page = try object(try await server.ask("GET /api/v1/deletes"))
            #expect((page["deletes"] as? [Any])?.isEmpty == true)
        }
    }
}
