import HTTPTypes
import Hummingbird
import PolluxIngest
import PolluxStore

/// `POST /api/v2/write` and `POST /write`: line protocol, answered after the commit.
struct WriteRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.post, "/api/v2/write") { try await write($0, answer: WriteRoutes.second) },
            Route(.post, "/write") { try await write($0, answer: WriteRoutes.first) },
        ]
    }

    /// Turns a refusal into the body that clients of one version of the interface read.
    private typealias Answer = @Sendable (HTTPFailure) -> Response

    private func write(_ exchange: Exchange, answer: Answer) async throws -> Response {
        do {
            let text = exchange.query["precision"] ?? ""
            guard let precision = TimestampPrecision(parameter: text.isEmpty ? "ns" : text) else {
                throw HTTPFailure(
                    status: .badRequest, code: "invalid",
                    message: "unknown precision `\(text)`", help: "use ns, us, ms or s")
            }
            let bytes = try await parts.bodies.read(exchange.request)
            parts.requestCounts.countWrite(byteCount: bytes.count)
            let outcome = try await parts.ingest.write(
                lineProtocol: bytes, precision: precision, receivedAt: parts.now())
            guard let failure = WriteRoutes.failure(of: outcome) else {
                return Response(status: .noContent)
            }
            return answer(failure)
        } catch {
            let failure = RouteTable.failure(
                WriteRoutes.translate(error), request: exchange.request, logger: exchange.logger)
            var response = answer(failure)
            // What is left of the body need not be read to its end.
            response.headers[.connection] = "close"
            return response
        }
    }

    /// What was not stored, with the first bad line, or nil when everything was.
    private static func failure(of outcome: WriteOutcome) -> HTTPFailure? {
        guard outcome.rejectedCount > 0 else { return nil }
        let first = outcome.rejections.first
        let message = first?.message ?? "points were rejected"
        let lines = outcome.acceptedCount
        return HTTPFailure(
            status: .badRequest, code: "invalid",
            message: "\(message) (line \(first?.line ?? 0)); "
                + "\(lines) \(lines == 1 ? "line was" : "lines were") written, "
                + "dropped=\(outcome.rejectedCount)",
            line: first?.line)
    }

    /// Errors of the rooms below as refusals with a time to try again.
    static func translate(_ error: any Error) -> any Error {
        switch error {
        case StoreError.overloaded(let wait):
            HTTPFailure.unavailable("\(error)", retryAfter: max(1, (wait + 999) / 1000))
        case StoreError.diskFull:
            HTTPFailure(
                status: .serviceUnavailable, code: "disk_full", message: "\(error)",
                help: "free space on the disk of the data directory", retryAfter: 30)
        case StoreError.closed, IngestError.stopped:
            HTTPFailure.unavailable("\(error)", retryAfter: 5)
        case IngestError.notCommitted:
            HTTPFailure.unavailable("\(error)", retryAfter: 5)
        default: error
        }
    }

    /// `{"code":"invalid","message":"…","line":3}` as version 2 has it, beside our error object.
    private static let second: Answer = { failure in
        var json = JSONBytes()
        json.beginObject()
        json.member("code", failure.status == .badRequest ? "invalid" : secondCode(failure))
        json.member("message", failure.message)
        if let line = failure.line { json.member("line", line) }
        failure.appendMember(to: &json)
        json.endObject()
        return failure.response(body: json.bytes)
    }

    /// `{"error":"…"}` as version 1 has it; its clients compare the text.
    private static let first: Answer = { failure in
        var json = JSONBytes()
        json.beginObject()
        json.member("error", failure.message)
        json.endObject()
        return failure.response(body: json.bytes)
    }

    private static func secondCode(_ failure: HTTPFailure) -> String {
        failure.status == .contentTooLarge ? "request too large" : failure.code
    }
}
