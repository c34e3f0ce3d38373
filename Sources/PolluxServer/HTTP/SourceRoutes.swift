import HTTPTypes
import Hummingbird
import PolluxIngest
import PolluxModel

/// Where data comes from and what could not be stored: `/api/v1/sources`, `/api/v1/dead-letters`.
struct SourceRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/sources") { _ in sources() },
            Route(.get, "/api/v1/dead-letters") { try await letters($0) },
            Route(.post, "/api/v1/dead-letters/replay") { try await replay($0) }
                .allowing(.admin),
            Route(.delete, "/api/v1/dead-letters") { try await discard($0) }.allowing(.admin),
        ]
    }

    private func sources() -> Response {
        let connections = parts.ingest.connections
        var statistics = parts.ingest.statistics
        // A broker that sent nothing yet is a source too.
        for connection in connections
        where !statistics.contains(where: { $0.source == connection.address.sourceName }) {
            statistics.append(SourceStatistics(source: connection.address.sourceName))
        }
        let adapters = parts.ingest.adapters
        for source in adapters
        where !statistics.contains(where: { $0.source == source.adapter.sourceName }) {
            statistics.append(SourceStatistics(source: source.adapter.sourceName))
        }
        var json = JSONBytes()
        json.beginObject()
        json.name("sources")
        json.beginArray()
        for source in statistics.sorted(by: { $0.source < $1.source }) {
            json.beginObject()
            json.member("name", source.source)
            for (name, count) in SourceRoutes.counts(source) {
                json.member(name, Int(clamping: count))
            }
            json.name("rejectedBy")
            json.beginObject()
            for kind in RejectionKind.allCases {
                if let count = source.rejections[kind] {
                    json.member(kind.rawValue, Int(clamping: count))
                }
            }
            json.endObject()
            if let lag = source.lag {
                json.name("lagSeconds")
                json.number(Double(lag) / 1e9)
            }
            if let arrival = source.lastArrival {
                json.name("lastArrival")
                json.instant(arrival)
                json.name("silentSeconds")
                json.number(Double(max(0, parts.now().nanoseconds(since: arrival))) / 1e9)
            }
            if let connection = connections.first(where: {
                $0.address.sourceName == source.source
            }) {
                SourceRoutes.write(connection, to: &json)
            } else if let source = adapters.first(where: {
                $0.adapter.sourceName == source.source
            }) {
                SourceRoutes.write(source, to: &json)
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(json.bytes)
    }

    private static func counts(_ source: SourceStatistics) -> [(String, UInt64)] {
        [
            ("messages", source.messageCount), ("bytes", source.byteCount),
            ("points", source.pointCount), ("events", source.eventCount),
            ("rejected", source.rejectedCount), ("future", source.futureCount),
            ("late", source.lateCount), ("duplicates", source.duplicateCount),
            ("redelivered", source.redeliveredCount), ("retainedReplays", source.replayedCount),
            ("deadLetters", source.deadLetterCount), ("newAssets", source.newAssetCount),
            ("newSeries", source.newSeriesCount), ("limited", source.limitedCount),
        ]
    }

    private static func write(_ connection: MQTTSource, to json: inout JSONBytes) {
        let status = connection.status
        json.name("connection")
        json.beginObject()
        json.member("connected", status.isConnected)
        json.member("client", connection.address.client)
        json.name("topics")
        json.beginArray()
        for topic in connection.address.topics { json.string(topic) }
        json.endArray()
        json.member("reconnects", Int(clamping: status.reconnectCount))
        json.member("failedCommits", Int(clamping: status.failedCommitCount))
        if !status.lastProblem.isEmpty { json.member("problem", status.lastProblem) }
        json.endObject()
    }

    private static func write(_ source: SHDRSource, to json: inout JSONBytes) {
        let status = source.status
        json.name("connection")
        json.beginObject()
        json.member("connected", status.isConnected)
        json.member("adapter", source.adapter.name)
        json.member("reconnects", Int(clamping: status.reconnectCount))
        json.member("failedCommits", Int(clamping: status.failedCommitCount))
        if !status.lastProblem.isEmpty { json.member("problem", status.lastProblem) }
        json.endObject()
    }

    private func letters(_ exchange: Exchange) async throws -> Response {
        let limit = try exchange.listLimit
        let ingest = parts.ingest
        return try await parts.threads.runLong {
            var json = JSONBytes()
            json.beginObject()
            json.name("letters")
            json.beginArray()
            for letter in try ingest.deadLetters(limit: limit) {
                json.beginObject()
                json.member("id", Int(clamping: letter.id))
                json.name("time")
                json.instant(letter.time)
                json.member("source", letter.source)
                json.member("topic", letter.topic)
                json.member("reason", letter.reason)
                json.member("byteCount", letter.payload.count)
                // Bytes that are no text are shown as such; the payload itself is kept whole.
                json.member(
                    "payload", String(decoding: letter.payload.prefix(4096), as: UTF8.self))
                json.endObject()
            }
            json.endArray()
            json.endObject()
            return .json(json.bytes)
        }
    }

    /// The letters that a body names: `{"ids":[1,2]}`; nil means all of them.
    private func ids(_ exchange: Exchange) async throws -> [UInt64]? {
        let body = try await parts.bodies.readObject(exchange.request)
        guard let list = body["ids"] else { return nil }
        guard case .array(let numbers) = list else {
            throw HTTPFailure.badRequest("ids must be a list of numbers")
        }
        return try numbers.map { number in
            guard case .integer(let id) = number, let id = UInt64(exactly: id), id > 0 else {
                throw HTTPFailure.badRequest("ids must be a list of numbers from 1")
            }
            return id
        }
    }

    private func replay(_ exchange: Exchange) async throws -> Response {
        let ids = try await ids(exchange)
        let ingest = parts.ingest
        return try await SourceRoutes.translating {
            try await parts.threads.runLong {
                let outcome = try ingest.replayDeadLetters(ids)
                var json = JSONBytes()
                json.beginObject()
                json.member("stored", outcome.storedCount)
                json.member("remaining", outcome.remainingCount)
                json.endObject()
                return .json(json.bytes)
            }
        }
    }

    private func discard(_ exchange: Exchange) async throws -> Response {
        let ids = try await ids(exchange)
        let ingest = parts.ingest
        return try await SourceRoutes.translating {
            try await parts.threads.runLong {
                var json = JSONBytes()
                json.beginObject()
                json.member("discarded", try ingest.removeDeadLetters(ids))
                json.endObject()
                return .json(json.bytes)
            }
        }
    }

    private static func translating(
        _ body: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await body()
        } catch {
            throw WriteRoutes.translate(error)
        }
    }
}
