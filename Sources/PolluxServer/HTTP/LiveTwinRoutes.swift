import Hummingbird
import PolluxQuery

/// `/api/v1/continuous-queries` and `/api/v1/alerts`; they are made and dropped in TwinQL.
struct LiveTwinRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/continuous-queries") { _ in
                try await list("continuousQueries", alerts: false)
            },
            Route(.get, "/api/v1/alerts") { _ in try await list("alerts", alerts: true) },
        ]
    }

    private func list(_ name: String, alerts: Bool) async throws -> Response {
        let feed = parts.live
        return try await parts.threads.run { _ in
            var json = JSONBytes()
            json.beginObject()
            json.name(name)
            json.beginArray()
            for entry in try feed.entries(alerts: alerts) {
                json.beginObject()
                json.member("name", entry.name)
                json.member("query", entry.text)
                json.member("state", entry.state)
                json.endObject()
            }
            json.endArray()
            json.endObject()
            return .json(json.bytes)
        }
    }
}
