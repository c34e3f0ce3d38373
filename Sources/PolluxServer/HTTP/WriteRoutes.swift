import HTTPTypes
import Hummingbird
import PolluxIngest
import PolluxStore

/// `POST /write`, `/api/v2/write` and `/api/v3/write_lp`: line protocol, answered after the commit.
///
/// There is one database and no sign-in: `db`, `bucket`, `org`, user names and tokens are accepted
/// whatever they are.
struct WriteRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.post, "/api/v2/write", isBrief: true) {
                try await write($0, answer: WriteRoutes.second)
            },
            Route(.post, "/write", isBrief: true) {
                try await write($0, answer: WriteRoutes.first)
            },
            Route(.post, "/api/v3/write_lp", isBrief: true) { try await writeThird($0) },
        ]
    }

    /// Turns a refusal into the body that clients of one version of the interface read.
    private typealias Answer = @Sendable (HTTPFailure) -> Response

    private func write(_ exchange: Exchange, answer: Answer) async throws -> Response {
        let hold = parts.writes.hold()
        defer { hold.release() }
        do {
            let precision = try WriteRoutes.precision(exchange, default: .nanoseconds)
            let bytes = try await parts.bodies.read(exchange.request, hold)
            parts.requestCounts.countWrite(byteCount: bytes.count)
            let outcome = try await offLoop {
                try await parts.ingest.write(
                    lineProtocol: bytes, precision: precision, receivedAt: parts.now())
            }
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

    private static func precision(
        _ exchange: Exchange, default standard: TimestampPrecision
    ) throws -> TimestampPrecision {
        let text = exchange.query["precision"] ?? ""
        guard !text.isEmpty else { return standard }
        guard let precision = TimestampPrecision(parameter: text) else {
            throw HTTPFailure(
                status: .badRequest, code: "invalid",
                message: "unknown precision `\(text)`", help: "use ns, us, ms, s or auto")
        }
        return precision
    }

    /// Version 3: times by their size unless told, all or nothing when asked for, every refused
    /// line in the answer.
    private func writeThird(_ exchange: Exchange) async throws -> Response {
        let hold = parts.writes.hold()
        defer { hold.release() }
        do {
            let precision = try WriteRoutes.precision(exchange, default: .automatic)
            let isWhole = exchange.query["accept_partial"] == "false"
            let bytes = try await parts.bodies.read(exchange.request, hold)
            parts.requestCounts.countWrite(byteCount: bytes.count)
            let outcome = try await offLoop {
                try await parts.ingest.write(
                    lineProtocol: bytes, precision: precision, receivedAt: parts.now(),
                    isWhole: isWhole)
            }
            guard outcome.rejectedCount > 0 else { return Response(status: .noContent) }
            return WriteRoutes.third(outcome, isWhole: isWhole)
        } catch {
            let failure = RouteTable.failure(
                WriteRoutes.translate(error), request: exchange.request, logger: exchange.logger)
            var response = WriteRoutes.first(failure)
            response.headers[.connection] = "close"
            return response
        }
    }

    /// `{"error":"…","data":[{"original_line","line_number","error_message","reason"}]}`: the
    /// message in words of line protocol, the reason for other formats; `rejected` counts what the
    /// list, which is bounded, may not hold.
    private static func third(_ outcome: WriteOutcome, isWhole: Bool) -> Response {
        var json = JSONBytes()
        json.beginObject()
        json.member(
            "error",
            isWhole
                ? "parsing failed for write_lp endpoint" : "partial write of line protocol occurred"
        )
        json.name("data")
        json.beginArray()
        for rejection in outcome.rejections {
            json.beginObject()
            json.member("original_line", rejection.text)
            json.member("line_number", rejection.line)
            json.member("error_message", rejection.reason)
            json.member("reason", rejection.plainReason)
            json.endObject()
        }
        json.endArray()
        json.member("written", outcome.acceptedCount)
        json.member("rejected", outcome.rejectedCount)
        json.endObject()
        return .json(json.bytes, status: .badRequest)
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
