import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import PolluxModel

/// Reads the body of a request within the limits, unpacked.
struct BodyReader: Sendable {
    /// The largest body in bytes, packed and unpacked.
    let limit: Int

    /// The whole body; 413 when it is too large, 400 when its packing is damaged, 415 when it is
    /// packed in another way than gzip.
    ///
    /// What is read is held by `hold`, when one is given; a body that it refuses is read to its end
    /// and forgotten, so that the client gets to see the answer.
    func read(_ request: Request, _ hold: WriteGate.Hold? = nil) async throws -> [UInt8] {
        if let text = request.headers[.contentLength], let count = Int(text), count > limit {
            throw HTTPFailure.tooLarge(limit: limit)
        }
        do throws(HTTPFailure) {
            try hold?.grow(to: request.headers[.contentLength].flatMap { Int($0) } ?? 0)
        } catch {
            try await skip(request)
            throw error
        }
        var bytes: [UInt8] = []
        if let text = request.headers[.contentLength], let count = Int(text), count > 0 {
            bytes.reserveCapacity(count)
        }
        do {
            for try await part in request.body {
                guard bytes.count + part.readableBytes <= limit else {
                    throw HTTPFailure.tooLarge(limit: limit)
                }
                try hold?.grow(to: bytes.count + part.readableBytes)
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch is HTTPParserError {
            throw HTTPFailure.badRequest("the body of the request is not valid HTTP")
        }
        guard let encoding = request.headers[.contentEncoding] else { return bytes }
        let packed = bytes
        let unpacked = try await offLoop { try unpack(packed, encoding: encoding) }
        try hold?.grow(to: unpacked.count)
        return unpacked
    }

    private func skip(_ request: Request) async throws {
        var count = 0
        for try await part in request.body {
            count += part.readableBytes
            if count > limit { return }
        }
    }

    /// The body as a JSON object; no body is an empty object.
    func readObject(_ request: Request) async throws -> JSONValue {
        let bytes = try await read(request)
        guard !bytes.isEmpty else { return .object(JSONObject()) }
        let type = BodyReader.mediaType(of: request)
        guard type.isEmpty || type == "application/json" || type.hasSuffix("+json") else {
            throw HTTPFailure.unsupportedType(type, accepted: "application/json")
        }
        return try BodyReader.object(bytes)
    }

    /// Bytes as a JSON object.
    static func object(_ bytes: [UInt8]) throws(HTTPFailure) -> JSONValue {
        let value: JSONValue
        do {
            value = try JSONReader.parse(bytes)
        } catch {
            throw .badJSON(error)
        }
        guard value.object != nil else { throw .badRequest("the body must be a JSON object") }
        return value
    }

    /// Undoes a content encoding.
    func unpack(_ bytes: [UInt8], encoding: String?) throws(HTTPFailure) -> [UInt8] {
        switch encoding?.lowercased() {
        case nil, "", "identity": return bytes
        case "gzip", "x-gzip":
            do throws(Inflater.Failure) {
                return try Inflater.inflate(bytes, limit: limit)
            } catch {
                switch error {
                case .tooLarge: throw HTTPFailure.tooLarge(limit: limit, unpacked: true)
                case .corrupt(let reason):
                    throw HTTPFailure(
                        status: .badRequest, code: "bad_encoding",
                        message: "the gzip body cannot be unpacked: \(reason)")
                }
            }
        case .some(let other):
            throw .unsupportedType(other, accepted: "the body plain or with Content-Encoding: gzip")
        }
    }

    /// The media type of a body without its parameters, in lower case; empty when none is given.
    static func mediaType(of request: Request) -> String {
        let text = request.headers[.contentType] ?? ""
        if text == "application/json" { return text }
        let type = text.prefix { $0 != ";" }.lowercased()
        return type.filter { $0 != " " && $0 != "\t" }
    }
}
