import HTTPTypes
import Hummingbird
import PolluxGraph
import PolluxIngest
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore

/// Changes of the twin as resources: assets, attributes, relations, moves and events.
///
/// Every one is a commit of its own and a line in the change log.
struct TwinChangeRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.post, "/api/v1/assets") { try await createAsset($0) },
            Route(.put, "/api/v1/assets/{id}/attributes/{name}") { try await setAttribute($0) },
            Route(.post, "/api/v1/assets/{id}/relations") { try await relate($0) },
            Route(.post, "/api/v1/assets/{id}/moves") { try await move($0) },
            Route(.post, "/api/v1/events") { try await record($0) },
            Route(.get, "/api/v1/events/{id}") { try await event($0) },
            Route(.patch, "/api/v1/events/{id}") { try await editEvent($0) },
            Route(.delete, "/api/v1/events/{id}") { try await deleteEvent($0) },
        ]
    }

    // MARK: Assets

    private func createAsset(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let graph = parts.graph
        let type = try text(body, "type")
        let mayDefine = exchange.caller.role.changes == .all
        let id = try await change(exchange, notes: .plant) { transaction, by in
            guard try mayDefine || graph.type(named: type, in: transaction.transaction) != nil
            else {
                throw HTTPFailure(
                    status: .forbidden, code: DiagnosticCode.notPermitted.text,
                    message: "there is no type `\(type)`, and types may not be defined here",
                    help: "a new type needs the role `admin`")
            }
            var declaration = AssetDeclaration(
                type: type, name: body["name"]?.text ?? "",
                container: try body["of"].map {
                    try Self.asset($0, "of", graph, in: transaction)
                })
            declaration.from = try Self.instant(body, "from") ?? .distantPast
            declaration.isPlace = body["place"]?.boolean ?? false
            declaration.attributes = try Self.attributes(body["attributes"])
            return try graph.createAsset(declaration, by: by, in: transaction.transaction)
        }
        return try created("/api/v1/assets/\(id.rawValue)", id: Int(id.rawValue))
    }

    private func setAttribute(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let graph = parts.graph
        let id = try number(exchange, "asset")
        let name = exchange.segments["name"] ?? ""
        guard let written = body["value"] else {
            throw HTTPFailure.badRequest(
                "`value` is missing", help: #"{"value":"VMC-850","from":"2026-03-02T10:00:00Z"}"#)
        }
        let value = try written == .null ? nil : Self.value(written, name)
        let now = parts.now()
        try await change(exchange, notes: .plant) { transaction, by in
            try graph.setAttribute(
                name, of: try Self.asset(.integer(Int64(id)), "id", graph, in: transaction),
                to: value, from: try Self.instant(body, "from") ?? now, by: by,
                in: transaction.transaction)
        }
        return Response(status: .noContent)
    }

    private func relate(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let graph = parts.graph
        let id = try number(exchange, "asset")
        let name = try text(body, "relation")
        let now = parts.now()
        try await change(exchange, notes: .plant) { transaction, by in
            let write = transaction.transaction
            let subject = try Self.asset(.integer(Int64(id)), "id", graph, in: transaction)
            let object = try Self.asset(body["object"] ?? .null, "object", graph, in: transaction)
            let relation = try graph.ensureRelation(named: name, by: by, in: write)
            let (from, to) = relation.isInverse ? (object, subject) : (subject, object)
            let range = TimeRange(
                start: try Self.instant(body, "from") ?? now,
                end: try Self.instant(body, "to") ?? .distantFuture)
            if let ended = try Self.instant(body, "ended") {
                try graph.unrelate(from, relation.id, to, at: ended, by: by, in: write)
            } else {
                try graph.relate(from, relation.id, to, during: range, by: by, in: write)
            }
        }
        return Response(status: .noContent)
    }

    private func move(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let graph = parts.graph
        let id = try number(exchange, "asset")
        let now = parts.now()
        try await change(exchange, notes: .plant) { transaction, by in
            try graph.move(
                try Self.asset(.integer(Int64(id)), "id", graph, in: transaction),
                to: try Self.asset(body["to"] ?? .null, "to", graph, in: transaction),
                at: try Self.instant(body, "at") ?? now, by: by, in: transaction.transaction)
        }
        return Response(status: .noContent)
    }

    // MARK: Events

    private func record(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let graph = parts.graph
        let name = try text(body, "name")
        guard let time = try Self.time(body) else {
            throw HTTPFailure.badRequest(
                "an event has `at`, or `start` and perhaps `end`",
                help: #"{"name":"job","asset":3,"start":"2026-03-02T08:00:00Z","end":null}"#)
        }
        let begin = time.begin
        guard begin <= parts.now().advanced(by: parts.ingest.options.futureTolerance) else {
            throw HTTPFailure.badRequest(
                "the event begins in the future, at \(begin)",
                help: "what is recorded has happened; the end of one that lasts may lie ahead")
        }
        let id = try await change(exchange, notes: .events) { transaction, by in
            try graph.record(
                event: name,
                of: try Self.asset(body["asset"] ?? .null, "asset", graph, in: transaction),
                at: time, attributes: try Self.attributes(body["attributes"]), by: by,
                in: transaction.transaction)
        }
        return try created("/api/v1/events/\(id.rawValue)", id: Int(clamping: id.rawValue))
    }

    private func event(_ exchange: Exchange) async throws -> Response {
        let id = EventID(rawValue: UInt64(try number(exchange, "event")))
        let (store, graph) = (parts.store, parts.graph)
        return try await parts.threads.run { _ in
            let snapshot = try store.snapshot()
            defer { snapshot.close() }
            guard let event = try graph.event(id, in: snapshot.transaction) else {
                throw HTTPFailure.notFound("there is no event with the number \(id.rawValue)")
            }
            var json = JSONBytes()
            try TwinView(snapshot: snapshot, graph: graph).write(event, to: &json)
            return .json(json.bytes)
        }
    }

    private func editEvent(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        let graph = parts.graph
        let id = EventID(rawValue: UInt64(try number(exchange, "event")))
        try await change(exchange, notes: .events) { transaction, by in
            guard let event = try graph.event(id, in: transaction.transaction) else {
                throw HTTPFailure.notFound("there is no event with the number \(id.rawValue)")
            }
            // What is not said stays: an end alone closes an open event.
            var time = try Self.time(body)
            if time == nil, let end = try Self.instant(body, "end") {
                guard end > event.start else {
                    throw HTTPFailure.badRequest("it began at \(event.start), after \(end)")
                }
                time = .span(TimeRange(start: event.start, end: end))
            }
            try graph.editEvent(
                id, time: time,
                attributes: try body["attributes"].map { try Self.attributes($0) }, by: by,
                in: transaction.transaction)
        }
        return Response(status: .noContent)
    }

    private func deleteEvent(_ exchange: Exchange) async throws -> Response {
        let graph = parts.graph
        let id = EventID(rawValue: UInt64(try number(exchange, "event")))
        try await change(exchange, notes: .events) { transaction, by in
            try graph.deleteEvent(id, by: by, in: transaction.transaction)
        }
        return Response(status: .noContent)
    }

    // MARK: One commit

    private enum Notes { case plant, events }

    @discardableResult
    private func change<Answer: Sendable>(
        _ exchange: Exchange, notes: Notes,
        _ body: @escaping @Sendable (StoreTransaction, Provenance) throws -> Answer
    ) async throws -> Answer {
        let by = Provenance(recordedAt: parts.now(), source: exchange.caller.source)
        let store = parts.store
        return try await parts.threads.runLong {
            do {
                return try store.writeBlocking { transaction in
                    switch notes {
                    case .plant: transaction.notePlantChange()
                    case .events: transaction.noteEventChange()
                    }
                    do {
                        return try body(transaction, by)
                    } catch GraphError.storage(let failure) {
                        throw failure
                    }
                }
            } catch let error as GraphError {
                throw TwinChangeRoutes.failure(error)
            } catch {
                throw WriteRoutes.translate(error)
            }
        }
    }

    private static func failure(_ error: GraphError) -> HTTPFailure {
        switch error {
        case .unknown: .notFound(error.description)
        case .badName, .refused, .tooFar, .outsideLife: .badRequest(error.description)
        case .exists, .conflict, .ambiguous, .containsItself:
            HTTPFailure(status: .conflict, code: "conflict", message: error.description)
        case .storage, .corrupt: .failed(error.description)
        }
    }

    private func created(_ location: String, id: Int) throws -> Response {
        var json = JSONBytes()
        json.beginObject()
        json.member("id", id)
        json.endObject()
        var response = Response.json(json.bytes, status: .created)
        response.headers[.location] = location
        return response
    }

    // MARK: What bodies say

    private func number(_ exchange: Exchange, _ what: String) throws -> UInt32 {
        guard let number = UInt32(exchange.segments["id"] ?? "") else {
            throw HTTPFailure.notFound(
                "there is no \(what) with the number `\(exchange.segments["id"] ?? "")`")
        }
        return number
    }

    private func text(_ body: JSONValue, _ name: String) throws -> String {
        guard let text = body[name]?.text, !text.isEmpty else {
            throw HTTPFailure.badRequest("`\(name)` is missing or no text")
        }
        return text
    }

    /// An asset by number, by name, or by type and name.
    private static func asset(
        _ value: JSONValue, _ name: String, _ graph: Graph, in transaction: StoreTransaction
    ) throws -> AssetID {
        let write = transaction.transaction
        if let number = value.integer.flatMap(UInt32.init(exactly:)) {
            guard let asset = try graph.asset(AssetID(rawValue: number), in: write) else {
                throw HTTPFailure.notFound("there is no asset with the number \(number)")
            }
            return asset.id
        }
        guard let wanted = value.text ?? value["name"]?.text else {
            throw HTTPFailure.badRequest(
                "`\(name)` names an asset",
                help: #"3, "CNC-3", or {"type":"machine","name":"CNC-3"}"#)
        }
        let type = try value["type"]?.text.flatMap { try graph.type(named: $0, in: write)?.type.id }
        let found = try graph.assets(named: wanted, type: type, in: write).assets
        guard let first = found.first else {
            throw HTTPFailure.notFound("there is no asset `\(wanted)`")
        }
        guard found.count == 1 else {
            throw HTTPFailure(
                status: .conflict, code: "ambiguous",
                message: "`\(wanted)` can mean \(found.count) assets",
                help: #"say its type: {"type":"machine","name":"CNC-3"}"#)
        }
        return first.id
    }

    /// A member that is a time, or nil.
    static func instant(_ body: JSONValue, _ name: String) throws -> Timestamp? {
        guard let value = body[name], value != .null else { return nil }
        guard let text = value.text, let read = Timestamp.parseRFC3339(Array(text.utf8)) else {
            throw HTTPFailure.badRequest(
                "`\(name)` is not a time", help: "write it as 2026-03-02T10:15:00Z")
        }
        return read.instant
    }

    /// `at`, or `start` with or without `end`; nil when neither stands there.
    private static func time(_ body: JSONValue) throws -> EventTime? {
        if let at = try instant(body, "at") { return .instant(at) }
        guard let start = try instant(body, "start") else { return nil }
        guard let end = try instant(body, "end") else { return .open(from: start) }
        guard start < end else { throw HTTPFailure.badRequest("`end` is not after `start`") }
        return .span(TimeRange(start: start, end: end))
    }

    private static func attributes(_ value: JSONValue?) throws -> [Attribute] {
        guard let value, value != .null else { return [] }
        guard let object = value.object else {
            throw HTTPFailure.badRequest("`attributes` is an object")
        }
        return try object.members.map { Attribute($0.name, try Self.value($0.value, $0.name)) }
    }

    private static func value(_ value: JSONValue, _ name: String) throws -> Value {
        switch value {
        case .boolean(let flag): return .boolean(flag)
        case .integer(let number): return .integer(number)
        case .number(let number) where number.isFinite: return .float(number)
        case .text(let text): return .text(text)
        default:
            throw HTTPFailure.badRequest("`\(name)` is a number, a text, true or false")
        }
    }
}
