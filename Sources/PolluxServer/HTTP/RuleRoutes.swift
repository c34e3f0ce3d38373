import HTTPTypes
import Hummingbird
import PolluxIngest
import PolluxModel

/// The rules by which messages and lines find their twins, and what a message would write:
/// `/api/v1/ingest/rules`, `/api/v1/ingest/try`.
struct RuleRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/ingest/rules") { _ in RuleRoutes.answer(parts.ingest.rules) },
            Route(.put, "/api/v1/ingest/rules") { try await replace($0) }.allowing(.admin),
            Route(.post, "/api/v1/ingest/try") { try await attempt($0) }.allowing(.read),
        ]
    }

    private static func answer(_ rules: IngestRules) -> Response {
        var json = JSONBytes()
        json.beginObject()
        json.member("rules", rules.text)
        json.member("topicRules", rules.topics.templates.count)
        json.member("lineRules", rules.lineCount)
        json.endObject()
        return .json(json.bytes)
    }

    private static func rules(_ text: String) throws -> IngestRules {
        do throws(IngestError) {
            return try IngestRules(text)
        } catch {
            var failure = HTTPFailure.badRequest(error.description)
            if case .badRules(let line, let column, _, let reason) = error {
                failure = HTTPFailure.badRequest(reason)
                failure.line = line
                failure.column = column
            }
            throw failure
        }
    }

    private func replace(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        guard case .text(let text)? = body["rules"] else {
            throw HTTPFailure.badRequest("rules must be a text, such as {\"rules\":\"topic …\"}")
        }
        let rules = try RuleRoutes.rules(text)
        let ingest = parts.ingest
        return try await parts.threads.runLong {
            do {
                try ingest.setRules(rules)
            } catch {
                throw WriteRoutes.translate(error)
            }
            return RuleRoutes.answer(rules)
        }
    }

    private func attempt(_ exchange: Exchange) async throws -> Response {
        let body = try await parts.bodies.readObject(exchange.request)
        guard case .text(let payload)? = body["payload"] else {
            throw HTTPFailure.badRequest("payload must be a text")
        }
        let rules = try body["rules"]?.text.map(RuleRoutes.rules)
        let topic = body["topic"]?.text ?? ""
        let (ingest, now) = (parts.ingest, parts.now())
        return try await parts.threads.runLong {
            let trial = ingest.tryMessage(
                topic: topic, payload: Array(payload.utf8), receivedAt: now, rules: rules)
            var json = JSONBytes()
            json.beginObject()
            if let rule = trial.rule { json.member("rule", rule) }
            json.member("format", trial.format)
            for (name, lines) in [("writes", trial.lines), ("problems", trial.problems)] {
                json.name(name)
                json.beginArray()
                for line in lines { json.string(line) }
                json.endArray()
            }
            json.endObject()
            return .json(json.bytes)
        }
    }
}
