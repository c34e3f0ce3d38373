import HTTPTypes
import Hummingbird
import NIOCore
import PolluxLanguage
import PolluxLive
import PolluxModel
import PolluxQuery
import PolluxStore

/// `GET|POST /api/v1/query`.
struct QueryRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/query") { exchange in
                try await run(QueryRequest(query: exchange.query, request: exchange.request))
            },
            Route(.post, "/api/v1/query") { exchange in
                let body = try await parts.bodies.read(exchange.request)
                return try await run(
                    QueryRequest(body: body, query: exchange.query, request: exchange.request))
            },
        ]
    }

    private func run(_ request: QueryRequest) async throws -> Response {
        let results = try await QueryRoutes.results(of: request, parts: parts)
        return QueryRoutes.response(results, format: request.format, form: request.form)
    }

    /// Runs a question on a thread for queries.
    static func results(
        of request: QueryRequest, parts: ServerParts
    ) async throws -> [QueryResult] {
        let engine = parts.query
        let started = ContinuousClock.now
        var options = request.options
        options.source = "http"
        options.now = options.now ?? parts.now()
        options.timeLimit = TimeAmount(parts.configuration.limits.queryTime).nanoseconds
        do {
            let prepared = options
            let results = try await parts.threads.run { flag in
                var options = prepared
                options.cancellation = flag.cancellation
                do {
                    return try engine.run(request.text, options: options)
                } catch {
                    throw QueryRoutes.translate(error, stopped: flag.reason)
                }
            }
            parts.requestCounts.countQuery(since: started, failed: false)
            return results
        } catch {
            parts.requestCounts.countQuery(since: started, failed: true)
            throw error
        }
    }

    /// An error of the engine as a refusal.
    static func translate(_ error: any Error, stopped: StopFlag.Reason? = nil) -> any Error {
        switch (error, stopped) {
        case (let error as LanguageError, _): HTTPFailure(diagnostics: error.diagnostics)
        case (QueryError.diagnostics(let list), _): HTTPFailure(diagnostics: list)
        case (QueryError.runtime(let code, let message), let reason):
            failure(of: code, message, stopped: reason)
        case (LiveError.tooManySubscriptions, _): HTTPFailure.tooMany("\(error)")
        case (LiveError.notOneQuery, _), (LiveError.notStorable, _):
            HTTPFailure.badRequest("\(error)")
        case (LiveError.stopped, _): HTTPFailure.unavailable("\(error)")
        default: WriteRoutes.translate(error)
        }
    }

    private static func failure(
        of code: DiagnosticCode, _ message: String, stopped: StopFlag.Reason?
    ) -> HTTPFailure {
        switch (code, stopped) {
        case (.timeLimit, _), (.cancelled, .timeLimit?):
            HTTPFailure(
                status: .serviceUnavailable, code: DiagnosticCode.timeLimit.text,
                message: "the query ran longer than it may",
                help: "ask for a shorter range, or longer slices with `every`")
        case (.cancelled, _):
            HTTPFailure(
                status: .serviceUnavailable, code: code.text, message: "the query was cancelled")
        case (.rowLimit, _), (.memoryLimit, _):
            HTTPFailure(
                status: .unprocessableContent, code: code.text, message: message,
                help: "ask for a shorter range, slices with `every`, or `limit`")
        case (.storageFailure, _):
            HTTPFailure(status: .internalServerError, code: code.text, message: message)
        default: HTTPFailure(status: .unprocessableContent, code: code.text, message: message)
        }
    }

    /// The answers as a response: short ones with their length, long ones streamed.
    static func response(
        _ results: [QueryResult], format: ResultFormat, form: ResultFormatOptions
    ) -> Response {
        var writer = ScriptWriter(results, format: format, form: form)
        var start = ByteBuffer()
        while start.readableBytes < 256 * 1024 {
            guard let part = writer.next() else {
                return Response(
                    status: .ok, headers: [.contentType: format.mediaType],
                    body: .init(byteBuffer: start))
            }
            start.writeBytes(part)
        }
        let (first, rest) = (start, writer)
        return Response(
            status: .ok, headers: [.contentType: format.mediaType],
            body: ResponseBody { output in
                var rest = rest
                try await output.write(first)
                while let part = rest.next() { try await output.write(ByteBuffer(bytes: part)) }
                try await output.finish(nil)
            })
    }
}

/// Writes the answers of a script: one as it is, several as `{"results":[…]}` or one after the
/// other.
private struct ScriptWriter: Sendable {
    private var writers: [ResultWriter]
    private let isList: Bool
    private let separator: [UInt8]
    private var index = 0
    private var hasBegun = false

    init(_ results: [QueryResult], format: ResultFormat, form: ResultFormatOptions) {
        writers = results.map { ResultWriter($0, format: format, options: form) }
        isList = format == .json && results.count != 1
        separator = Array((format == .json ? "," : format == .ndjson ? "" : "\n").utf8)
    }

    mutating func next() -> [UInt8]? {
        if !hasBegun {
            hasBegun = true
            if isList { return Array("{\"results\":[".utf8) }
        }
        while index < writers.count {
            if let part = writers[index].next() { return part }
            index += 1
            if index < writers.count { return separator }
        }
        guard isList, index == writers.count else { return nil }
        index += 1
        return Array("]}\n".utf8)
    }
}

extension HTTPFailure {
    /// 400 for a text that is wrong: the first thing, with its place.
    init(diagnostics: [Diagnostic]) {
        guard let first = diagnostics.first else {
            self = .badRequest("the query cannot be read")
            return
        }
        let position = first.position
        self.init(
            status: .badRequest, code: first.code.text, message: first.message,
            line: position.line, column: position.column,
            length: first.range.text(in: first.source).count)
        help = first.notes.isEmpty ? nil : first.notes.joined(separator: "\n")
        suggestions = first.suggestions.map { $0.replacement ?? $0.label }
        rendered = diagnostics.map { $0.render() }.joined(separator: "\n")
        corrected = first.corrected
    }
}
