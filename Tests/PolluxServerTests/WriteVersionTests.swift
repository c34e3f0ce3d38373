import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxServer

/// Line protocol in its three versions, and what its clients ask beside.
@Suite("Line protocol over HTTP")
struct WriteVersionTests {
    private func ask(
        _ server: RunningServer, _ request: String, _ body: String = ""
    ) async throws -> RawClient.Answer { try await server.ask(request, body: body) }

    @Test("the sample lines: what is good is stored, what is bad is named, in all versions")
    func samples() async throws {
        try await RunningServer.run { server in
            let good = [
                "m f=1", #"m,a\ b=c\,d f\=g="x \"y\" \\z" 1"#,
                #"m i=1i,g=2u,h=t,k="a,b c=d" 1"#,
            ]
            for line in good {
                let answer = try await ask(server, "POST /api/v2/write", line)
                #expect(answer.status == 204, "\(line): \(answer.text)")
            }
            let bad = ["m,t= f=1", "m f=", "m", "m f=1x", #"m f="a"#, "m f=NaN", "m f=1 1 1"]
            for line in bad {
                let first = try await ask(server, "POST /write?db=x&u=a&p=b", line)
                #expect(first.status == 400, "\(line)")
                let message = try #require(try first.object()["error"] as? String)
                #expect(message.hasPrefix("unable to parse '\(line)': "), "\(message)")
                let second = try await ask(server, "POST /api/v2/write?bucket=b&org=o", line)
                #expect(try second.object()["code"] as? String == "invalid")
                #expect(try second.object()["line"] as? Int == 1)
                let third = try await ask(server, "POST /api/v3/write_lp?db=x", line)
                let list = try #require(try third.object()["data"] as? [[String: Any]])
                #expect(list.first?["line_number"] as? Int == 1)
                #expect(list.first?["original_line"] as? String == line)
            }
        }
    }

    @Test("version 3: times by size, partial or whole")
    func third() async throws {
        try await RunningServer.run { server in
            let mixed = "m f=1 1700000000\nm f=\nm f=2 1700000001000\nm f=x 1"
            let partial = try await ask(server, "POST /api/v3/write_lp?db=x", mixed)
            #expect(partial.status == 400)
            let object = try partial.object()
            #expect(object["error"] as? String == "partial write of line protocol occurred")
            #expect(object["written"] as? Int == 2)
            let lines = (object["data"] as? [[String: Any]])?.compactMap {
                $0["line_number"] as? Int
            }
            #expect(lines == [2, 4])
            let whole = try await ask(
                server, "POST /api/v3/write_lp?db=x&accept_partial=false", "w f=1 1\nw f=")
            #expect(whole.status == 400)
            #expect(try whole.object()["written"] as? Int == 0)
            // A conflict is found in the commit, which is taken back.
            _ = try await ask(server, "POST /api/v3/write_lp?db=x", "c f=1i 1")
            let conflict = try await ask(
                server, "POST /api/v3/write_lp?db=x&accept_partial=false",
                "w f=1 1\nc f=\"text\" 2")
            #expect(conflict.status == 400)
            let export = try await ask(server, "GET /api/v1/export?format=line")
            #expect(!export.text.contains("w f="))
            #expect(export.text.contains("m f=1.0 1700000000000000000\n"))
            #expect(export.text.contains("m f=2.0 1700000001000000000\n"))
            let fine = try await ask(
                server, "POST /api/v3/write_lp?db=x&precision=second&no_sync=true", "m f=3 5")
            #expect(fine.status == 204)
            let odd = try await ask(server, "POST /api/v3/write_lp?precision=week", "m f=3 5")
            #expect(odd.status == 400)
        }
    }

    @Test("a database can be created, little else is answered")
    func statements() async throws {
        try await RunningServer.run { server in
            let created = try await server.ask(
                "POST /query", ["Content-Type": "application/x-www-form-urlencoded"],
                body: "q=CREATE+DATABASE+%22tele%3Bgraf%22")
            #expect(created.status == 200)
            #expect(created.text == #"{"results":[{"statement_id":0}]}"#)
            let query = "GET /query?q=SHOW%20DATABASES%3B%20show%20measurements"
            let shown = try await ask(server, query)
            #expect(shown.text.contains(#""values":[["pollux"]]"#))
            #expect(shown.text.contains(#""statement_id":1"#))
            let refused = try await ask(server, "GET /query?q=SELECT%20*%20FROM%20m&db=x")
            #expect(refused.status == 400)
            #expect(
                try (refused.object()["error"] as? String)?.hasPrefix("error parsing query: ")
                    == true)
            #expect(try await ask(server, "GET /query").status == 400)
        }
    }

    @Test("sources and dead letters are resources")
    func resources() async throws {
        try await RunningServer.run { server in
            _ = try await ask(server, "POST /write", "m f=1")
            let sources = try await ask(server, "GET /api/v1/sources")
            let list = try #require(try sources.object()["sources"] as? [[String: Any]])
            #expect(list.first?["name"] as? String == "http")
            #expect(list.first?["points"] as? Int == 1)
            let letters = try await ask(server, "GET /api/v1/dead-letters?limit=5")
            #expect(letters.text == #"{"letters":[]}"#)
            let replay = try await ask(server, "POST /api/v1/dead-letters/replay")
            #expect(replay.text == #"{"stored":0,"remaining":0}"#)
            let discard = try await server.ask(
                "DELETE /api/v1/dead-letters", ["Content-Type": "application/json"],
                body: #"{"ids":[1]}"#)
            #expect(discard.text == #"{"discarded":0}"#)
            #expect(try await ask(server, "GET /api/v1/dead-letters?limit=x").status == 400)
            #expect(try await ask(server, "GET /api/v1/export?format=parquet").status == 400)
        }
    }
}

extension RawClient.Answer {
    /// The body as a JSON object.
    func object() throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }
}
