import Foundation
import HTTPTypes
import PolluxTestKit
import Testing

@testable import PolluxServer

/// Writers that are faster than the disk are told to wait.
@Suite("Write gate") struct WriteGateTests {
    @Test("bytes are held up to the limit; one body is always let in; refusals are counted")
    func counting() throws {
        let gate = WriteGate(limit: 100)
        let first = gate.hold()
        try first.grow(to: 250)
        #expect(gate.now.byteCount == 250)
        let second = gate.hold()
        do {
            try second.grow(to: 1)
            Issue.record("more was let in than the limit")
        } catch {
            #expect(error.status == .serviceUnavailable)
            #expect(error.retryAfter == 1)
        }
        // The one that is in may grow further, or it could never end.
        try first.grow(to: 300)
        first.release()
        first.release()
        try second.grow(to: 60)
        try second.grow(to: 40)
        let third = gate.hold()
        try third.grow(to: 40)
        #expect(throws: HTTPFailure.self) { try third.grow(to: 41) }
        #expect(gate.now == (byteCount: 100, refusedCount: 2))
        second.release()
        third.release()
        #expect(gate.now.byteCount == 0)
    }

    @Test("a write beyond the limit is answered with 503 and Retry-After, and holds nothing")
    func overHTTP() async throws {
        let configure: (inout ServerConfiguration) -> Void = {
            $0.limits.writingByteCount = 200_000
            $0.limits.idleTime = .seconds(3600)
        }
        try await RunningServer.run(configure) { server in
            // A body that has begun and does not end holds what it says it will send.
            let slow = try LoopbackConnection(port: server.port)
            try slow.send(
                Data(
                    """
                    POST /api/v2/write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 150000\r\n\r\n
                    """.utf8))
            // Were the other body in first, the slow one would be the refused one.
            var metrics = try await server.ask("GET /metrics")
            for _ in 0..<2000 where !metrics.text.contains("\npollux_writing_bytes 150000\n") {
                try await Task.sleep(for: .milliseconds(20))
                metrics = try await server.ask("GET /metrics")
            }
            let body = (0..<8000).map { "m f=\($0) \($0 + 1)" }.joined(separator: "\n")
            #expect(body.utf8.count > 50_000)
            var answer = try await server.ask("POST /api/v2/write", body: body)
            #expect(answer.status == 503)
            #expect(answer.headers["retry-after"] == "1", "\(answer.headers)")
            slow.close()
            for _ in 0..<2000 where answer.status == 503 {
                try await Task.sleep(for: .milliseconds(20))
                answer = try await server.ask("POST /api/v2/write", body: body)
            }
            #expect(answer.status == 204, "\(answer.text)")
            metrics = try await server.ask("GET /metrics")
            #expect(metrics.text.contains("\npollux_writing_bytes 0\n"))
            #expect(!metrics.text.contains("\npollux_writes_refused_total 0\n"))
        }
    }
}
