import HTTPTypes
import Hummingbird
import NIOCore
import PolluxIngest
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
            Route(.get, "/api/v1/query", isBrief: true) { exchange in
                try await run(
                    QueryRequest(query: exchange.query, request: exchange.request),
                    exchange.caller)
            },
            Route(.post, "/api/v1/query", isBrief: true) { exchange in
                let body = try await parts.bodies.read(exchange.request)
                return try await run(
                    QueryRequest(body: body, query: exchange.query, request: exchange.request),
                    exchange.caller)
            }.allowing(.read),
        ]
    }

    private func run(_ request: QueryRequest, _ caller: Caller) async throws -> Response {
        var request = request
        request.options.source = caller.source
        request.options.changes = min(request.options.changes, caller.role.changes)
        let (format, form) = (request.format, request.form)
        return try await respond(
            to: request.text, options: request.options, type: format.mediaType
        ) { ScriptWriter($0, format: format, form: form) }
    }

    /// Answers a text in the form that `write` gives it.
    func respond(
        to text: String, options: QueryOptions, type: String,
        _ write: @escaping @Sendable ([QueryResult]) -> any AnswerWriter
    ) async throws -> Response {
        var options = options
        options.futureTolerance = parts.ingest.options.futureTolerance
        let answer = try await QueryRoutes.answer(
            to: text, options: options, parts: parts, write)
        return QueryRoutes.response(answer, type: type)
    }

    /// A response of what a writer writes.
    static func response(_ writer: some AnswerWriter, type: String) -> Response {
        response(begin(writer), type: type)
    }

    /// The first bytes of an answer, and what writes the others when there are more.
    private struct Answer: Sendable {
        var start: ByteBuffer
        var rest: (any AnswerWriter)?
    }

    /// Bytes of an answer that are written before the first of them leaves.
    private static let startByteCount = 1 << 20
    /// Bytes that leave together after that.
    private static let partByteCount = 256 * 1024

    /// Points that a question may read on the thread of its connection: less work than waking
    /// another thread and being woken by it takes on a busy machine.
    private static let briefPointCount = 10_000
    /// Bytes of a text that is read there.
    private static let briefByteCount = 1_024

    /// A short text as it was read; nil for a longer one.
    private static func read(_ text: String, _ engine: QueryEngine) throws -> ParsedText? {
        guard text.utf8.count <= briefByteCount else { return nil }
        return try translating { try engine.parse(text) }
    }

    private static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw translate(error)
        }
    }

    /// Answers a small question at once; runs others on a thread for queries, and writes their
    /// answer there.
    private static func answer(
        to text: String, options given: QueryOptions, parts: ServerParts,
        _ write: @escaping @Sendable ([QueryResult]) -> any AnswerWriter
    ) async throws -> Answer {
        let engine = parts.query
        let started = ContinuousClock.now
        var options = given
        options.now = options.now ?? parts.now()
        options.timeLimit = TimeAmount(parts.configuration.limits.queryTime).nanoseconds
        options.byteLimit = parts.configuration.limits.queryByteCount
        do {
            let parsed = try QueryRoutes.read(text, engine)
            if let parsed,
                let result = try QueryRoutes.translating({
                    try engine.runBriefly(parsed, options: options, points: briefPointCount)
                })
            {
                parts.requestCounts.countQuery(since: started, failed: false)
                return QueryRoutes.begin(write([result]))
            }
            let prepared = options
            let answer = try await parts.threads.run { flag in
                var options = prepared
                options.cancellation = flag.cancellation
                do {
                    let results = try engine.run(
                        parsed ?? engine.parse(text), options: options)
                    return QueryRoutes.begin(write(results))
                } catch {
                    throw QueryRoutes.translate(error, stopped: flag.reason)
                }
            }
            parts.requestCounts.countQuery(since: started, failed: false)
            return answer
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
                help:
                    "ask for a shorter range, or longer slices with `every`; the server's setting "
                    + "is `query-seconds`")
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

    /// Writes an answer up to a size.
    private static func begin(_ writer: any AnswerWriter) -> Answer {
        var writer = writer
        var start = ByteBuffer()
        while start.readableBytes < startByteCount {
            guard writer.next(into: &start, byteCount: partByteCount) else {
                return Answer(start: start, rest: nil)
            }
        }
        return Answer(start: start, rest: writer)
    }

    /// An answer as a response: a short one with its length, a long one streamed.
    private static func response(_ answer: Answer, type: String) -> Response {
        let headers: HTTPFields = [.contentType: type]
        guard let rest = answer.rest else {
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: answer.start))
        }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { output in
                var writer = rest
                var part: ByteBuffer? = answer.start
                while let full = part {
                    try await output.write(full)
                    let last = writer
                    (part, writer) = try await offLoop {
                        var (next, writer) = (ByteBuffer(), last)
                        let isMore = writer.next(into: &next, byteCount: partByteCount)
                        return (isMore ? next : nil, writer)
                    }
                }
                try await output.finish(nil)
            })
    }
}

/// Writes an answer part by part.
protocol AnswerWriter: Sendable {
    /// Appends the next part, of a little more than `byteCount` bytes; false when nothing is left.
    mutating func next(into buffer: inout ByteBuffer, byteCount: Int) -> Bool
}

/// Writes the answers of a script: one as it is, several as `{"results":[…]}` or one after the
/// other.
private struct ScriptWriter: AnswerWriter {
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

    /// Appends the next part; false when nothing is left.
    mutating func next(into buffer: inout ByteBuffer, byteCount: Int) -> Bool {
        if !hasBegun {
            hasBegun = true
            if isList { buffer.writeString("{\"results\":[") }
        }
        while index < writers.count {
            if writers[index].next(into: &buffer, byteCount: byteCount) { return true }
            index += 1
            if index < writers.count {
                buffer.writeBytes(separator)
                return true
            }
        }
        guard isList, index == writers.count else { return false }
        index += 1
        buffer.writeString("]}\n")
        return true
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
            status: first.code == .notPermitted ? .forbidden : .badRequest, code: first.code.text,
            message: first.message,
            line: position.line, column: position.column,
            length: first.range.text(in: first.source).count)
        help = first.notes.isEmpty ? nil : first.notes.joined(separator: "\n")
        suggestions = first.suggestions.map { $0.replacement ?? $0.label }
        rendered = diagnostics.map { $0.render() }.joined(separator: "\n")
        corrected = first.corrected
    }
}
