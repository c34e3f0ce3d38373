import HTTPTypes
import Hummingbird
import NIOCore
import PolluxGraph
import PolluxModel
import PolluxQuery

/// `/api/v1/import` and what `/api/v1/export` gives of the plant; each import is one commit.
struct GraphRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [Route(.post, "/api/v1/import") { try await take($0) }.allowing(.admin)]
    }

    private static func format(_ text: String?) throws -> GraphFormat {
        guard let text, let format = GraphFormat(rawValue: text) else {
            let names = GraphFormat.allCases.map(\.rawValue)
            throw HTTPFailure(
                status: .badRequest, code: "bad_format",
                message: text.map { "there is no format `\($0)`" } ?? "`format` is missing",
                help: "formats: " + names.joined(separator: ", "), suggestions: names)
        }
        return format
    }

    private func take(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let format = try GraphRoutes.format(body["format"]?.text)
        var files: [ImportFile] = []
        for file in body["files"]?.array ?? [] {
            guard let text = file["text"]?.text else {
                throw HTTPFailure.badRequest("each of `files` has a `text`")
            }
            files.append(
                ImportFile(name: file["name"]?.text ?? "file", bytes: Array(text.utf8)))
        }
        guard !files.isEmpty else {
            throw HTTPFailure.badRequest(
                "`files` is missing",
                help: #"{"format":"dtdl","files":[{"name":"a.json","text":"…"}]}"#)
        }
        let options = ImportOptions(
            containing: Set((body["contains"]?.array ?? []).compactMap(\.text)))
        let (engine, now, content) = (parts.query, parts.now(), files)
        let source = exchange.caller.source
        return try await parts.threads.runLong {
            do {
                let report = try engine.importGraph(
                    content, as: format, options: options, by: source, now: now)
                return GraphRoutes.response(report)
            } catch let failure as ImportFailure {
                throw HTTPFailure(
                    status: .badRequest, code: "bad_import", message: failure.description,
                    line: failure.place.line, column: failure.place.column,
                    help: "nothing of the import was kept", suggestions: failure.suggestions)
            } catch let error as GraphError {
                throw HTTPFailure(
                    status: .conflict, code: "conflict", message: error.description,
                    help: "nothing of the import was kept")
            } catch {
                throw WriteRoutes.translate(error)
            }
        }
    }

    private static func response(_ report: ImportReport) -> Response {
        var json = JSONBytes()
        json.beginObject()
        json.name("counts")
        json.beginObject()
        for (what, count) in report.counts { json.member(what, count) }
        json.endObject()
        json.name("notes")
        json.beginArray()
        for note in report.notes {
            json.beginObject()
            json.member("file", note.place.file)
            if let line = note.place.line { json.member("line", line) }
            if let column = note.place.column { json.member("column", column) }
            if !note.place.path.isEmpty { json.member("path", note.place.path) }
            json.member("text", note.text)
            json.member("count", note.count)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(json.bytes)
    }

    func give(_ exchange: Exchange) async throws -> Response {
        let format = try GraphRoutes.format(exchange.query["format"])
        let options = ExportOptions(keepsHistory: exchange.query["history"] == "true")
        let (engine, now, limit) = (parts.query, parts.now(), GraphRoutes.exportByteCount)
        return try await parts.threads.runLong {
            var bytes = ByteBuffer()
            let report = try engine.exportGraph(as: format, options: options, now: now) { line in
                guard bytes.readableBytes < limit else {
                    throw HTTPFailure(
                        status: .contentTooLarge, code: "too_large",
                        message: "the export is larger than \(limit) bytes",
                        help: "stop the server and run `pollux export --data DIR`")
                }
                bytes.writeString(line + "\n")
            }
            var headers = HTTPFields()
            headers[.contentType] = GraphRoutes.contentType(format)
            if let name = HTTPField.Name("pollux-notes"), !report.notes.isEmpty {
                // One header line a note; text that no header can hold is left out of it.
                let plain = report.notes.prefix(50).map { note in
                    String(
                        note.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7F }.map(
                            Character.init))
                }
                headers[name] = plain.joined(separator: " | ")
            }
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: bytes))
        }
    }

    /// The largest export that one answer holds.
    private static let exportByteCount = 256 << 20

    private static func contentType(_ format: GraphFormat) -> String {
        switch format {
        case .dtdl: "application/json"
        case .adtNDJSON: "application/x-ndjson"
        case .assetsCSV, .relationsCSV: "text/csv; charset=utf-8"
        case .twinql: "text/plain; charset=utf-8"
        }
    }
}
