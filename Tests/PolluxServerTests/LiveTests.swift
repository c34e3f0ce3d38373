import Foundation
import PolluxLive
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxServer

@Suite struct LiveTests {
    private func message(_ frame: RawClient.Frame) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(frame.payload)) as? [String: Any])
    }

    private func open(_ server: RunningServer) async throws -> RawClient {
        let client = try await RawClient.open(port: server.port)
        let answer = try await client.upgrade()
        #expect(answer.status == 101)
        #expect(answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        return client
    }

    @Test("subscribe, rows, unsubscribe")
    func subscription() async throws {
        try await RunningServer.run { server in
            let client = try await open(server)
            try await client.sendFrame(
                Array(#"{"type":"subscribe","id":"a","query":"watch x of y"}"#.utf8))
            let subscribed = try await client.frame()
            #expect(
                subscribed.text
                    == #"{"type":"subscribed","id":"a","columns":[{"name":"x","type":"float","unit":"mm"}]}"#
            )
            let rows = try #require(server.feed.open.withLock { $0.first })
            rows.push([1.5, 2])
            #expect(
                try await client.frame().text
                    == #"{"type":"rows","id":"a","state":"provisional","final":"1970-01-01T00:00:00Z","rows":[[1.5],[2]]}"#
            )
            rows.push([3], .corrected)
            #expect(try message(await client.frame())["state"] as? String == "corrected")
            try await client.sendFrame(Array(#"{"type":"unsubscribe","id":"a"}"#.utf8))
            try await client.sendFrame(Array(#"{"type":"unsubscribe","id":"a"}"#.utf8))
            let error = try message(await client.frame())
            #expect(error["type"] as? String == "error")
            #expect(rows.isCancelled.withLock { $0 })
        }
    }

    @Test("what is wrong is answered, and the socket stays open")
    func errors() async throws {
        try await RunningServer.run { server in
            let client = try await open(server)
            for text in [
                "nonsense", "[]", #"{"type":"dance"}"#, #"{"type":"subscribe","id":"a"}"#,
                #"{"type":"subscribe","query":"watch x"}"#,
                #"{"type":"subscribe","id":"b","query":"oops"}"#,
            ] {
                try await client.sendFrame(Array(text.utf8))
                let answer = try message(await client.frame())
                #expect(answer["type"] as? String == "error", "\(text)")
                let error = try #require(answer["error"] as? [String: Any])
                #expect(error["message"] is String)
            }
            try await client.sendFrame(
                Array(#"{"type":"subscribe","id":7,"query":"watch x"}"#.utf8))
            #expect(try message(await client.frame())["type"] as? String == "subscribed")
        }
    }

    @Test("subscriptions have a limit, and ending one makes room")
    func limit() async throws {
        try await RunningServer.run({ $0.limits.subscriptionsPerSocket = 1 }) { server in
            let client = try await open(server)
            for id in ["a", "b"] {
                try await client.sendFrame(
                    Array(#"{"type":"subscribe","id":"\#(id)","query":"watch x"}"#.utf8))
            }
            // The first frame of a subscription comes from its own task, so the order is open.
            let answers = [try message(await client.frame()), try message(await client.frame())]
            let refused = try #require(answers.first { $0["id"] as? String == "b" })
            #expect((refused["error"] as? [String: Any])?["code"] as? String == "too_many")
            #expect(answers.contains { $0["type"] as? String == "subscribed" })
            try await client.sendFrame(Array(#"{"type":"unsubscribe","id":"a"}"#.utf8))
            try await client.sendFrame(
                Array(#"{"type":"subscribe","id":"c","query":"watch x"}"#.utf8))
            #expect(try message(await client.frame())["type"] as? String == "subscribed")
        }
    }

    @Test("ping is answered with pong, close with close")
    func control() async throws {
        try await RunningServer.run { server in
            let client = try await open(server)
            try await client.sendFrame(Array("are you there".utf8), opcode: 9)
            let pong = try await client.frame()
            #expect(pong.opcode == 10)
            #expect(pong.text == "are you there")
            try await client.sendFrame([0x03, 0xE8], opcode: 8)
            let close = try await client.frame()
            #expect(close.opcode == 8)
            #expect(close.code == 1000)
            #expect(try await client.readToEnd().isEmpty)
        }
    }

    @Test("a peer that says nothing is pinged, then dropped")
    func silence() async throws {
        // Long enough for a busy machine: whoever is not told in time is cut off without a word.
        try await RunningServer.run({ $0.limits.pingInterval = .seconds(2) }) { server in
            let client = try await open(server)
            #expect(try await client.anyFrame().opcode == 9)
            let last = try await client.frame()
            #expect(last.opcode == 8)
            #expect(last.code == 1001)
        }
    }

    @Test("a peer that takes nothing is dropped")
    func stuck() async throws {
        try await RunningServer.run({ $0.limits.pingInterval = .milliseconds(500) }) { server in
            let client = try await open(server)
            // Each is answered, and no answer is read, until the buffers of both sides are full.
            let pings = (0..<512).flatMap { _ in
                RawClient.masked(Array(repeating: 7, count: 120), opcode: 9)
            }
            let dropped = await #expect(throws: RawClient.Failure.self) {
                while true { try await client.send(pings) }
            }
            #expect(["send: \(EPIPE)", "send: \(ECONNRESET)"].contains(dropped?.description))
        }
    }

    @Test("a WebSocket to a wrong path is a 404, another protocol is ignored")
    func otherUpgrades() async throws {
        try await RunningServer.run { server in
            let wrong = try await RawClient.open(port: server.port).upgrade("/nowhere")
            #expect(wrong.status == 404)
            let plain = try await server.ask("GET /api/v1/live")
            #expect(plain.status == 426)
            let old = try await RawClient.open(port: server.port)
                .upgrade("/api/v1/live", ["Sec-WebSocket-Version": "8"])
            #expect(old.status == 400)
            let cleartext = ["Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"]
            #expect(try await server.ask("GET /health", cleartext).status == 200)
            let posted = try await server.ask("POST /nowhere", cleartext, body: "m f=1")
            #expect(posted.status == 404)
        }
    }

    @Test("sockets have a limit")
    func socketLimit() async throws {
        try await RunningServer.run({ $0.limits.socketCount = 1 }) { server in
            let first = try await open(server)
            try await first.sendFrame([], opcode: 9)
            #expect(try await first.frame().opcode == 10)
            let second = try await RawClient.open(port: server.port).upgrade()
            #expect(second.status == 503)
            #expect(second.headers["retry-after"] != nil)
        }
    }

    @Test("the server stops with open sockets and silent connections; the sockets are told")
    func shutdown() async throws {
        let clients = Clients()
        try await RunningServer.run { server in
            let client = try await open(server)
            try await client.sendFrame(
                Array(#"{"type":"subscribe","id":"a","query":"watch x"}"#.utf8))
            #expect(try message(await client.frame())["type"] as? String == "subscribed")
            let silent = try await RawClient.open(port: server.port)
            let idle = try await RawClient.open(port: server.port)
            #expect(try await idle.request("GET /health").status == 200)
            clients.keep([client, silent, idle])
        }
        let frame = try await clients.kept[0].frame()
        #expect(frame.opcode == 8)
        #expect(frame.code == 1001)
        #expect(try await clients.kept[1].readToEnd().isEmpty)
        #expect(try await clients.kept[2].readToEnd().isEmpty)
    }

    /// Keeps connections open beyond the server's end.
    // Why: written inside the server's run and read after it, never at the same time.
    private final class Clients: @unchecked Sendable {
        private(set) var kept: [RawClient] = []
        func keep(_ clients: [RawClient]) { kept = clients }
    }
}
