import HTTPTypes
import Hummingbird
import NIOCore
import PolluxStore
import Synchronization

/// `/health`, `/ready`, `/ping`, `/metrics` and the OpenAPI document.
struct OperationRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/health", isBrief: true) { _ in health() }.allowing(nil),
            Route(.get, "/ready") { _ in ready() }.allowing(nil),
            Route(.get, "/ping") { ping($0) }.allowing(nil),
            Route(.get, "/metrics") { _ in metrics() },
            Route(.get, "/api/v1/openapi.json") { _ in try document() }.allowing(nil),
        ]
    }

    private func document() throws -> Response {
        guard let bytes = OpenAPIDocument.bytes(version: parts.configuration.version) else {
            throw HTTPFailure.notFound(
                "the document is not installed",
                help: "keep pollux_PolluxServer.resources beside the executable")
        }
        return .json(bytes)
    }

    /// Influx's clients read `status`; it is `fail` while writes cannot be taken.
    private func health() -> Response {
        let problem: String? =
            if parts.state.withLock({ $0 != .serving }) {
                "starting or stopping"
            } else if let failure = parts.store.writeFailure, failure.isRecent {
                "queries are answered, writes fail: \(failure.reason)"
            } else {
                nil
            }
        var json = JSONBytes()
        json.beginObject()
        json.member("name", "pollux")
        json.member("message", problem ?? "ready for queries and writes")
        json.member("status", problem == nil ? "pass" : "fail")
        json.member("version", parts.configuration.version)
        json.endObject()
        return .json(json.bytes, status: problem == nil ? .ok : .serviceUnavailable)
    }

    private func ready() -> Response {
        let isServing = parts.state.withLock { $0 == .serving }
        guard isServing else {
            return HTTPFailure.unavailable("the server is starting or stopping").response
        }
        var json = JSONBytes()
        json.beginObject()
        json.member("status", "ready")
        json.endObject()
        return .json(json.bytes)
    }

    private func ping(_ exchange: Exchange) -> Response {
        let version = parts.configuration.version
        var response: Response
        if exchange.query["verbose"] == "true" {
            var json = JSONBytes()
            json.beginObject()
            json.member("version", version)
            json.endObject()
            response = .json(json.bytes)
        } else {
            response = Response(status: .noContent)
        }
        if let name = HTTPField.Name("X-Influxdb-Version") { response.headers[name] = version }
        if let name = HTTPField.Name("X-Influxdb-Build") { response.headers[name] = "pollux" }
        return response
    }

    private func metrics() -> Response {
        .bytes(MetricsPage(parts: parts).bytes, type: ContentType.metrics)
    }
}

extension Response {
    /// A response with a JSON body.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        .bytes(bytes, type: ContentType.json, status: status)
    }

    /// A response with a body of a type.
    static func bytes(
        _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
