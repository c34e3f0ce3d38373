import HTTPTypes
import Hummingbird
import PolluxGraph
import PolluxModel
import PolluxStore

/// `/api/v1/assets` and `/api/v1/events`: the twin as resources, read from one commit.
struct TwinRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/assets") { try await assets($0) },
            Route(.get, "/api/v1/assets/{id}") { try await asset($0) },
            Route(.get, "/api/v1/assets/{type}/{name}") { try await asset($0) },
            Route(.get, "/api/v1/events") { try await events($0) },
        ]
    }

    private func assets(_ exchange: Exchange) async throws -> Response {
        let query = exchange.query
        let limit = try TwinRoutes.limit(query, most: 10_000)
        return try await read { view in
            var json = JSONBytes()
            json.beginObject()
            json.name("assets")
            json.beginArray()
            var left = limit
            for type in try view.types(named: query["type"]) where left > 0 {
                let page = try view.graph.assets(
                    ofType: type.id, prefix: query["prefix"] ?? "", limit: left,
                    in: view.snapshot.transaction)
                // Subtypes come with their parent; when all types are listed each comes once.
                for asset in page where query["type"] != nil || asset.type == type.id {
                    try view.write(asset, to: &json)
                    left -= 1
                    if left == 0 { break }
                }
            }
            json.endArray()
            json.member("limit", limit)
            json.member("cut", left == 0)
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func asset(_ exchange: Exchange) async throws -> Response {
        let segments = exchange.segments
        let now = parts.now()
        return try await read { view in
            let asset: Asset
            if let text = segments["id"] {
                guard let number = UInt32(text),
                    let found = try view.graph.asset(
                        AssetID(rawValue: number), in: view.snapshot.transaction)
                else {
                    throw HTTPFailure.notFound(
                        "there is no asset with the number `\(text)`",
                        help: "GET /api/v1/assets lists them; /api/v1/assets/{type}/{name} too")
                }
                asset = found
            } else {
                asset = try view.asset(
                    type: segments["type"] ?? "", name: segments["name"] ?? "")
            }
            var json = JSONBytes()
            try AssetPage(view: view, asset: asset, now: now).write(to: &json)
            return .json(json.bytes)
        }
    }

    private func events(_ exchange: Exchange) async throws -> Response {
        let query = exchange.query
        let limit = try TwinRoutes.limit(query, most: 10_000)
        let now = parts.now()
        let range = TimeRange(
            start: try TwinRoutes.instant(query, "since")
                ?? now.advanced(by: -7 * 86_400_000_000_000),
            end: try TwinRoutes.instant(query, "until") ?? .distantFuture)
        return try await read { view in
            var found: [Event]
            if let text = query["asset"] {
                guard let number = UInt32(text) else {
                    throw HTTPFailure.badRequest("`asset` must be the number of an asset")
                }
                found = try view.graph.events(
                    of: AssetID(rawValue: number), named: query["name"], overlapping: range,
                    in: view.snapshot.transaction)
            } else {
                found = try view.graph.events(
                    named: query["name"], startingIn: range, limit: .max,
                    in: view.snapshot.transaction)
            }
            // The newest matter most, so the page is cut at the old end.
            let isCut = found.count > limit
            found = found.suffix(limit)
            var json = JSONBytes()
            json.beginObject()
            json.name("events")
            json.beginArray()
            for event in found { try view.write(event, to: &json) }
            json.endArray()
            json.member("limit", limit)
            json.member("cut", isCut)
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func read(
        _ body: @escaping @Sendable (TwinView) throws -> Response
    ) async throws -> Response {
        let (store, graph) = (parts.store, parts.graph)
        return try await parts.threads.run { _ in
            let snapshot = try store.snapshot()
            defer { snapshot.close() }
            return try body(TwinView(snapshot: snapshot, graph: graph))
        }
    }

    private static func limit(_ query: FormFields, most: Int) throws -> Int {
        guard let text = query["limit"] else { return 1000 }
        guard let limit = Int(text), limit > 0 else {
            throw HTTPFailure.badRequest("`limit` must be a whole number above 0")
        }
        return min(limit, most)
    }

    private static func instant(_ query: FormFields, _ name: String) throws -> Timestamp? {
        guard let text = query[name] else { return nil }
        guard let (instant, _) = Timestamp.parseRFC3339(text.utf8) else {
            throw HTTPFailure.badRequest(
                "`\(name)` is not a time", help: "write it as 2026-03-02T10:15:00Z")
        }
        return instant
    }
}

/// The twin as of one commit, on one thread.
struct TwinView {
    let snapshot: Snapshot
    let graph: Graph

    /// The type that a word names, or all types.
    func types(named name: String?) throws -> [AssetType] {
        guard let name else { return try graph.types(in: snapshot.transaction) }
        guard let match = try graph.type(named: name, in: snapshot.transaction) else {
            throw HTTPFailure.notFound("there is no type `\(name)`")
        }
        return [match.type]
    }

    /// The only asset of a type with a name.
    func asset(type: String, name: String) throws -> Asset {
        let found = try graph.assets(
            named: name, type: types(named: type).first?.id, in: snapshot.transaction)
        guard let asset = found.assets.first else {
            throw HTTPFailure.notFound("there is no \(type) `\(name)`")
        }
        guard found.assets.count == 1 else {
            let numbers = found.assets.map { String($0.id.rawValue) }.joined(separator: ", ")
            throw HTTPFailure(
                status: .conflict, code: "ambiguous",
                message: "there are \(found.assets.count) of that name",
                help: "ask by number: \(numbers)")
        }
        return asset
    }

    /// Writes what identifies an asset.
    func write(_ asset: Asset, to json: inout JSONBytes) throws {
        json.beginObject()
        try writeMembers(asset, to: &json)
        json.endObject()
    }

    /// Writes the members of `write`, without the braces.
    func writeMembers(_ asset: Asset, to json: inout JSONBytes) throws {
        json.member("id", Int(asset.id.rawValue))
        json.member("type", try graph.type(asset.type, in: snapshot.transaction)?.name ?? "")
        json.member("name", asset.name)
        json.member("display", try graph.displayName(of: asset.id, in: snapshot.transaction))
        json.member("place", asset.isPlace)
        json.member("declared", asset.isDeclared)
        write(asset.life, to: &json)
    }

    /// Writes the members `from` and `to`; null where a side is open.
    func write(_ range: TimeRange, to json: inout JSONBytes) {
        json.name("from")
        if range.start == .distantPast { json.null() } else { json.instant(range.start) }
        json.name("to")
        if range.end == .distantFuture { json.null() } else { json.instant(range.end) }
    }

    /// Writes an event.
    func write(_ event: Event, to json: inout JSONBytes) throws {
        json.beginObject()
        json.member("id", Int(clamping: event.id.rawValue))
        json.member("name", event.name)
        json.member("asset", Int(event.asset.rawValue))
        json.member("display", try graph.displayName(of: event.asset, in: snapshot.transaction))
        json.member("label", event.label)
        json.name("start")
        json.instant(event.start)
        json.name("end")
        if let end = event.end { json.instant(end) } else { json.null() }
        json.member("open", event.end == nil)
        json.name("attributes")
        json.beginObject()
        for attribute in event.attributes {
            json.name(attribute.name)
            json.value(attribute.value)
        }
        json.endObject()
        json.member("source", event.source)
        json.endObject()
    }
}
