import HTTPTypes
import Hummingbird
import PolluxModel
import PolluxQuery

/// `/api/v1/deletes`: points deleted by range, and the records of it.
struct RemovalRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/deletes") { try await list($0) },
            Route(.post, "/api/v1/deletes") { try await remove($0) }.allowing(.admin),
        ]
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let limit = try exchange.listLimit
        let engine = parts.query
        return try await parts.threads.runLong {
            var json = JSONBytes()
            json.beginObject()
            json.name("deletes")
            json.beginArray()
            for report in try engine.removals(limit: limit) {
                RemovalRoutes.write(report, to: &json)
            }
            json.endArray()
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func remove(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let (request, isTrial) = try RemovalRoutes.request(
            body, now: parts.now(), caller: exchange.caller)
        let engine = parts.query
        return try await parts.threads.runLong {
            let report: RemovalReport
            do {
                report = isTrial ? try engine.preview(request) : try engine.remove(request)
            } catch {
                throw QueryRoutes.translate(error)
            }
            var json = JSONBytes()
            RemovalRoutes.write(report, to: &json)
            return .json(json.bytes, status: isTrial ? .ok : .created)
        }
    }

    private static let help = """
        {"query":"vibration of spindle of machine CNC-3 between 2026-03-02 10:00 and \
        2026-03-02 11:00","reason":"the sensor was loose"}
        """

    private static func request(
        _ body: JSONValue, now: Timestamp, caller: Caller
    ) throws -> (RemovalRequest, isTrial: Bool) {
        let known = ["query", "reason", "by", "from", "to", "timezone", "dryRun"]
        for member in body.object?.members ?? [] where !known.contains(member.name) {
            throw HTTPFailure.badRequest(
                "the request has an unknown member `\(member.name)`",
                help: "known are \(known.joined(separator: ", "))")
        }
        guard let text = body["query"]?.text else {
            throw HTTPFailure.badRequest("`query` is missing: it says what goes", help: help)
        }
        guard let reason = body["reason"]?.text, reason.contains(where: { !$0.isWhitespace })
        else {
            throw HTTPFailure.badRequest("`reason` is missing: it is kept for good", help: help)
        }
        guard (text + reason).utf8.count <= 64 << 10 else {
            throw HTTPFailure.badRequest("`query` and `reason` are longer than 64 KiB")
        }
        var range: TimeRange?
        if body["from"] != nil || body["to"] != nil {
            range = TimeRange(
                start: try TwinChangeRoutes.instant(body, "from") ?? .distantPast,
                end: try TwinChangeRoutes.instant(body, "to") ?? .distantFuture)
            guard range?.isEmpty == false else {
                throw HTTPFailure.badRequest("`from` must lie before `to`")
            }
        }
        var options = QueryOptions()
        options.now = now
        options.timezone = body["timezone"]?.text
        let request = RemovalRequest(
            text: text, range: range, by: caller.signing(body["by"]?.text), reason: reason,
            options: options)
        return (request, body["dryRun"]?.boolean ?? false)
    }

    private static func write(_ report: RemovalReport, to json: inout JSONBytes) {
        json.beginObject()
        if let number = report.number { json.member("id", Int(clamping: number)) }
        json.name("time")
        json.instant(report.instant)
        json.member("by", report.by)
        json.member("query", report.what)
        json.member("reason", report.reason)
        json.member("points", Int(clamping: report.pointCount))
        json.name("series")
        json.beginArray()
        for part in report.parts {
            json.beginObject()
            json.member("asset", part.asset)
            json.member("measure", part.measure)
            // Without an end in the past or future the range is open there.
            if part.range.start > .distantPast {
                json.name("from")
                json.instant(part.range.start)
            }
            if part.range.end < .distantFuture {
                json.name("to")
                json.instant(part.range.end)
            }
            json.member("points", Int(clamping: part.pointCount))
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
