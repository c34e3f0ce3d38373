import HTTPTypes
import Hummingbird
import PolluxQuery
import PolluxStore

/// `GET` and `POST /query`: what Grafana's data source for InfluxQL, and clients of Influx 1, ask.
///
/// The listings that such clients send are answered from the plant; every other text is TwinQL,
/// answered as results of Influx.
struct InfluxQueryRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/query") { exchange in
                await reporting { try await answer(exchange, exchange.query, mayChange: false) }
            },
            Route(.post, "/query") { exchange in await reporting { try await post(exchange) } }
                .allowing(.read),
        ]
    }

    private func post(_ exchange: Exchange) async throws -> Response {
        let bytes = try await parts.bodies.read(exchange.request)
        guard let form = FormFields(String(decoding: bytes, as: UTF8.self)) else {
            throw HTTPFailure.badRequest("the form is not valid percent-encoded text")
        }
        return try await answer(exchange, exchange.query.appending(form), mayChange: true)
    }

    private func answer(
        _ exchange: Exchange, _ fields: FormFields, mayChange: Bool
    ) async throws -> Response {
        guard let text = fields["q"], text.contains(where: { !$0.isWhitespace }) else {
            throw HTTPFailure.badRequest("missing required parameter \"q\"")
        }
        let form = try InfluxForm(fields, accept: exchange.request.headers[.accept])
        if let statements = try InfluxQueryRoutes.statements(text) {
            return try await list(statements, form)
        }
        let question = InfluxWindow.rewritten(text)
        do {
            _ = try parts.query.parse(question)
        } catch {
            let failure = RouteTable.failure(
                QueryRoutes.translate(error), request: exchange.request, logger: exchange.logger)
            throw InfluxQueryRoutes.refusal(of: text, failure)
        }
        var options = QueryOptions()
        options.changes = mayChange ? exchange.caller.role.changes : .none
        options.source = exchange.caller.source
        do {
            return try await QueryRoutes(parts: parts).respond(
                to: question, options: options, type: form.mediaType
            ) { results in
                InfluxWriter(
                    results.map { InfluxAnswer(series: InfluxSeries.of($0), messages: $0.notes) },
                    form: form)
            }
        } catch let failure as HTTPFailure where failure.isOfStatement {
            let writer = InfluxWriter([InfluxAnswer(error: failure.sentence)], form: form)
            return QueryRoutes.response(writer, type: form.mediaType)
        }
    }

    // MARK: Listings

    private static func statements(_ text: String) throws -> [InfluxStatement]? {
        do {
            return try InfluxStatement.read(text)
        } catch {
            throw HTTPFailure.badRequest("error parsing query: \(error.text)")
        }
    }

    private func list(_ statements: [InfluxStatement], _ form: InfluxForm) async throws -> Response
    {
        let (store, graph, now) = (parts.store, parts.graph, parts.now())
        let writer = try await parts.threads.run { _ in
            let snapshot = try store.snapshot()
            defer { snapshot.close() }
            let schema = InfluxSchema(graph: graph, snapshot: snapshot, now: now)
            return InfluxWriter(try statements.map(schema.answer), form: form)
        }
        return QueryRoutes.response(writer, type: form.mediaType)
    }

    // MARK: Refusals

    /// Failures as `{"error":"…"}`, which Grafana and clients of Influx show.
    private func reporting(_ body: () async throws -> Response) async -> Response {
        do {
            return try await body()
        } catch {
            let failure = error as? HTTPFailure ?? .failed("\(error)")
            var json = JSONBytes()
            json.beginObject()
            json.member("error", failure.sentence)
            json.endObject()
            return failure.response(body: json.bytes)
        }
    }

    private static func refusal(of text: String, _ failure: HTTPFailure) -> HTTPFailure {
        var failure = failure
        if let example = InfluxSelect.translated(text) {
            failure = .badRequest(
                "SELECT of InfluxQL is not answered here, because questions are asked in TwinQL",
                help: "write it as: \(example)")
        }
        failure.message = "error parsing query: " + failure.message
        return failure
    }
}

extension HTTPFailure {
    /// Whether a statement could be read and was not answered: clients get that as its result.
    fileprivate var isOfStatement: Bool { code.hasPrefix("TQ") && status != .forbidden }

    /// Message, correction and help in one line.
    fileprivate var sentence: String {
        var text = message
        if let first = suggestions.first { text += ": did you mean `\(first)`?" }
        if let help { text += "; " + help.replacing("\n", with: "; ") }
        return text
    }
}

extension InfluxForm {
    /// What a request says about the form of its answer.
    init(_ fields: FormFields, accept: String?) throws(HTTPFailure) {
        if let name = fields["epoch"], !name.isEmpty {
            guard let unit = InfluxForm.unit(name) else {
                throw .badRequest("epoch cannot be `\(name)`", help: "use ns, u, ms, s, m or h")
            }
            epoch = unit
        }
        let types = ["application/csv", "text/csv"]
        isCSV = accept.map { types.contains(String($0.prefix { $0 != "," && $0 != ";" })) } ?? false
        guard fields["chunked"] == "true" else { return }
        let count = fields["chunk_size"].flatMap { Int($0) } ?? InfluxForm.chunkRowCountLimit
        chunkRowCount = min(max(1, count), InfluxForm.chunkRowCountLimit)
    }

    /// The most rows of a chunk, and how many one has unless told.
    private static let chunkRowCountLimit = 10_000

    /// Nanoseconds of a unit of time as Influx names it.
    static func unit(_ name: String) -> Int64? {
        switch name {
        case "ns", "n": 1
        case "us", "u", "µ", "µs": 1_000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }
}
