import Hummingbird
import PolluxModel

/// An answer that refuses a request, with everything a person or a program needs to correct it.
struct HTTPFailure: Error, Equatable {
    /// The status of the response.
    var status: HTTPResponse.Status
    /// A stable word or number, such as `not_found` or `TQ104`.
    var code: String
    /// What is wrong, in one sentence.
    var message: String
    /// Where in the text, from 1.
    var line: Int?
    /// Where in the line, from 1.
    var column: Int?
    /// How many characters are meant.
    var length: Int?
    /// What to do.
    var help: String?
    /// Texts to write instead, best first.
    var suggestions: [String] = []
    /// The whole message as a terminal shows it, with the line and its carets.
    var rendered: String?
    /// The whole text with the likeliest correction put in.
    var corrected: String?
    /// Seconds after which another attempt makes sense.
    var retryAfter: Int?
    /// The methods that a 405 allows.
    var allow: String?
    /// How to sign in, for a 401 (RFC 9110, section 11.6.1).
    var challenge: String?

    /// The error object of every route: `{"error":{"code","message",…}}`.
    var json: [UInt8] {
        var json = JSONBytes()
        json.beginObject()
        appendMember(to: &json)
        json.endObject()
        return json.bytes
    }

    /// The answer with the error object.
    var response: Response { response(body: json) }

    /// A response with this status and the headers that belong to it, and a JSON body.
    func response(body: [UInt8]) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = ContentType.json
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        if let allow { headers[.allow] = allow }
        if let challenge { headers[.wwwAuthenticate] = challenge }
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// Writes the member `"error":{…}`.
    func appendMember(to json: inout JSONBytes) {
        json.name("error")
        json.beginObject()
        json.member("code", code)
        json.member("message", message)
        if let line { json.member("line", line) }
        if let column { json.member("column", column) }
        if let length { json.member("length", length) }
        if let help { json.member("help", help) }
        if !suggestions.isEmpty {
            json.name("suggestions")
            json.beginArray()
            for suggestion in suggestions { json.string(suggestion) }
            json.endArray()
        }
        if let rendered { json.member("rendered", rendered) }
        if let corrected { json.member("corrected", corrected) }
        json.endObject()
    }
}

extension HTTPFailure {
    /// 400 for a request that cannot be understood.
    static func badRequest(_ message: String, help: String? = nil) -> HTTPFailure {
        HTTPFailure(status: .badRequest, code: "bad_request", message: message, help: help)
    }

    /// 400 for a body that is not JSON.
    static func badJSON(_ error: JSONError) -> HTTPFailure {
        HTTPFailure(
            status: .badRequest, code: "bad_json",
            message: "the body is not valid JSON: \(error.reason)", line: error.line,
            column: error.column)
    }

    /// 404 for a thing that is not there.
    static func notFound(_ message: String, help: String? = nil) -> HTTPFailure {
        HTTPFailure(status: .notFound, code: "not_found", message: message, help: help)
    }

    /// 413 for a body larger than the limit.
    static func tooLarge(limit: Int, unpacked: Bool = false) -> HTTPFailure {
        HTTPFailure(
            status: .contentTooLarge, code: "too_large",
            message:
                "the body is larger than \(limit) bytes\(unpacked ? " when unpacked" : "")",
            help: "send it in smaller parts, or raise the server's setting `body-bytes`")
    }

    /// 415 for a body of a kind that the route does not read.
    static func unsupportedType(_ given: String, accepted: String) -> HTTPFailure {
        HTTPFailure(
            status: .unsupportedMediaType, code: "unsupported_media_type",
            message: "this route does not read `\(given)`", help: "send \(accepted)")
    }

    /// 429 when as many are running or waiting as the limits allow.
    static func tooMany(_ message: String, retryAfter: Int = 1) -> HTTPFailure {
        HTTPFailure(
            status: .tooManyRequests, code: "too_many", message: message,
            help: "try again in a moment", retryAfter: retryAfter)
    }

    /// 500 for a failure inside the server; the message names what failed, never a stack.
    static func failed(_ message: String) -> HTTPFailure {
        HTTPFailure(status: .internalServerError, code: "failed", message: message)
    }

    /// 503 while the server cannot serve.
    static func unavailable(_ message: String, retryAfter: Int = 1) -> HTTPFailure {
        HTTPFailure(
            status: .serviceUnavailable, code: "unavailable", message: message,
            retryAfter: retryAfter)
    }
}

/// The types of bodies that this server sends.
enum ContentType {
    static let json = "application/json"
    static let csv = "text/csv; charset=utf-8"
    static let ndjson = "application/x-ndjson"
    static let text = "text/plain; charset=utf-8"
    static let markdown = "text/markdown; charset=utf-8"
    static let html = "text/html; charset=utf-8"
    static let css = "text/css; charset=utf-8"
    static let script = "text/javascript; charset=utf-8"
    static let metrics = "text/plain; version=0.0.4; charset=utf-8"
}
