import Foundation
import PolluxTestKit
import Testing

@testable import PolluxServer

/// Changes of the twin, imports and exports over HTTP.
@Suite struct TwinChangeTests {
    private func object(_ answer: RawClient.Answer) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            "\(answer.text)")
    }

    private let json = ["Content-Type": "application/json"]

    @Test("assets, attributes, relations and moves are made and corrected")
    func assets() async throws {
        try await RunningServer.run { server in
            func post(_ line: String, _ body: String) async throws -> RawClient.Answer {
                try await server.ask(line, json, body: body)
            }
            #expect(
                try await post("POST /api/v1/assets", #"{"type":"line","name":"L2"}"#).status == 201
            )
            let made = try await post(
                "POST /api/v1/assets",
                #"{"type":"machine","name":"CNC-3","of":"L2","attributes":{"model":"VMC"}}"#)
            #expect(made.status == 201)
            let id = try #require(try object(made)["id"] as? Int)
            #expect(
                try await post(
                    "POST /api/v1/assets", #"{"type":"machine","name":"CNC-3","of":"L2"}"#
                )
                .status == 409)
            #expect(
                try await post(
                    "PUT /api/v1/assets/\(id)/attributes/model",
                    #"{"value":"VMC-X","from":"2026-03-02T10:00:00Z"}"#
                ).status == 204)
            _ = try await post("POST /api/v1/assets", #"{"type":"pump","name":"P-1"}"#)
            #expect(
                try await post(
                    "POST /api/v1/assets/\(id)/relations",
                    #"{"relation":"uses","object":"P-1","from":"2026-03-01T00:00:00Z"}"#
                ).status == 204)
            _ = try await post("POST /api/v1/assets", #"{"type":"line","name":"L3"}"#)
            #expect(
                try await post(
                    "POST /api/v1/assets/\(id)/moves",
                    #"{"to":{"type":"line","name":"L3"},"at":"2026-03-03T00:00:00Z"}"#
                ).status == 204)
            let page = try await server.ask("GET /api/v1/assets/\(id)").text
            #expect(page.contains("VMC-X") && page.contains("uses"))
            let wrong = try await post("POST /api/v1/assets/\(id)/moves", #"{"to":"L9"}"#)
            #expect(wrong.status == 404 && wrong.text.contains("there is no asset `L9`"))
            #expect(try await post("POST /api/v1/assets/999/moves", #"{"to":"L3"}"#).status == 404)
        }
    }

    @Test("events are recorded, ended, corrected and deleted")
    func events() async throws {
        try await RunningServer.run { server in
            _ = try await server.ask(
                "POST /api/v1/assets", json, body: #"{"type":"machine","name":"CNC-3"}"#)
            let made = try await server.ask(
                "POST /api/v1/events", json,
                body:
                    #"{"name":"job","asset":"CNC-3","start":"2026-03-02T08:00:00Z","attributes":{"name":"J1"}}"#
            )
            #expect(made.status == 201, "\(made.text)")
            let early = try await server.ask(
                "POST /api/v1/events", json,
                body: #"{"name":"job","asset":"CNC-3","at":"2099-01-01T00:00:00Z"}"#)
            #expect(early.status == 400)
            #expect(early.text.contains("the event begins in the future, at 2099-01-01T00:00:00Z"))
            let id = try #require(try object(made)["id"] as? Int)
            #expect(
                try object(await server.ask("GET /api/v1/events/\(id)"))["open"] as? Bool == true)
            #expect(
                try await server.ask(
                    "PATCH /api/v1/events/\(id)", json, body: #"{"end":"2026-03-02T07:00:00Z"}"#
                ).status == 400)
            #expect(
                try await server.ask(
                    "PATCH /api/v1/events/\(id)", json, body: #"{"end":"2026-03-02T09:00:00Z"}"#
                ).status == 204)
            let event = try object(await server.ask("GET /api/v1/events/\(id)"))
            #expect(event["end"] as? String == "2026-03-02T09:00:00Z")
            #expect(event["label"] as? String == "J1")
            #expect(try await server.ask("DELETE /api/v1/events/\(id)").status == 204)
            #expect(try await server.ask("GET /api/v1/events/\(id)").status == 404)
            #expect(
                try await server.ask(
                    "POST /api/v1/events", json, body: #"{"name":"job","asset":"CNC-3"}"#
                ).status == 400)
        }
    }

    @Test("a plant goes out and comes in; a mistake has its line and keeps nothing")
    func transfer() async throws {
        try await RunningServer.run { server in
            let good =
                #"{"format":"assets-csv","files":[{"name":"a.csv","text":"type,name\nline,L1\n"}]}"#
            let taken = try await server.ask("POST /api/v1/import", json, body: good)
            #expect(taken.status == 200, "\(taken.text)")
            let bad =
                #"{"format":"assets-csv","files":[{"name":"a.csv","text":"type,name,of\nline,L2,\nline,L3,line L9\n"}]}"#
            let refused = try await server.ask("POST /api/v1/import", json, body: bad)
            #expect(refused.status == 400)
            let error = try #require(try object(refused)["error"] as? [String: Any])
            #expect(error["line"] as? Int == 3)
            #expect((error["message"] as? String)?.hasPrefix("a.csv:3: ") == true)
            let out = try await server.ask("GET /api/v1/export?format=twinql")
            #expect(out.text == "create asset line L1;\n")
            #expect(try await server.ask("GET /api/v1/export?format=xml").status == 400)
            #expect(try await server.ask("POST /api/v1/import", json, body: "{}").status == 400)
        }
    }
}
