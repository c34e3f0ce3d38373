import HTTPTypes
import Hummingbird
import NIOCore
import PolluxGraph
import PolluxIngest
import PolluxModel

/// `GET /api/v1/export`: all points as of one commit, streamed, or the plant as a file.
struct ExportRoute: Sendable {
    let parts: ServerParts

    var routes: [Route] { [Route(.get, "/api/v1/export") { try await export($0) }] }

    // Why unchecked: parts are made one after the other, never two at a time.
    private struct Box: @unchecked Sendable { let export: PointExport }

    private func export(_ exchange: Exchange) async throws -> Response {
        let name = exchange.query["format"] ?? PointFormat.csv.rawValue
        guard let format = PointFormat(rawValue: name) else {
            if GraphFormat(rawValue: name) != nil {
                return try await GraphRoutes(parts: parts).give(exchange)
            }
            let names =
                PointFormat.allCases.map(\.rawValue) + GraphFormat.allCases.map(\.rawValue)
            throw HTTPFailure(
                status: .badRequest, code: "bad_format", message: "there is no format `\(name)`",
                help: "formats: " + names.joined(separator: ", "), suggestions: names)
        }
        let range = TimeRange(
            start: try ExportRoute.instant(exchange.query["from"]) ?? .distantPast,
            end: try ExportRoute.instant(exchange.query["to"]) ?? .distantFuture)
        let threads = parts.threads
        let (store, graph) = (parts.store, parts.graph)
        let box = try await threads.runLong {
            Box(export: try PointExport(format, range: range, store: store, graph: graph))
        }
        return Response(
            status: .ok, headers: [.contentType: format.mediaType],
            body: ResponseBody { output in
                defer { box.export.close() }
                while let part = try await threads.runLong({ try box.export.next() }) {
                    try await output.write(ByteBuffer(bytes: part))
                }
                try await output.finish(nil)
            })
    }

    /// An instant as nanoseconds or RFC 3339.
    private static func instant(_ text: String?) throws -> Timestamp? {
        guard let text else { return nil }
        if let number = Int64(text) { return Timestamp(nanoseconds: number) }
        guard let instant = Timestamp.parseRFC3339(Array(text.utf8))?.instant else {
            throw HTTPFailure.badRequest(
                "`\(text)` is no time", help: "write 2026-03-02T12:00:00Z or nanoseconds")
        }
        return instant
    }
}
