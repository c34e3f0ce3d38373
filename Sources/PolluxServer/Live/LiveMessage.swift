import PolluxModel
import PolluxQuery

/// The messages that a WebSocket client gets, as JSON.
enum LiveMessage {
    /// The answer to a subscription: its columns.
    static func subscribed(id: String, columns: [ResultColumn]) -> [UInt8] {
        var json = begin("subscribed", id: id)
        json.name("columns")
        JSONResult.appendColumns(columns, to: &json)
        json.endObject()
        return json.bytes
    }

    /// Rows in the order of the columns.
    static func rows(
        id: String, _ result: QueryResult, state: LiveUpdate.State, finalUntil: Timestamp?
    ) -> [UInt8] {
        var json = begin("rows", id: id)
        json.member("state", state.rawValue)
        json.name("final")
        if let finalUntil { json.instant(finalUntil) } else { json.null() }
        json.name("rows")
        json.beginArray()
        for row in 0..<result.rowCount {
            JSONResult.row(
                row, of: result, options: ResultFormatOptions(), to: &json.bytes)
        }
        json.endArray()
        if !result.notes.isEmpty {
            json.name("notes")
            json.beginArray()
            for note in result.notes { json.string(note) }
            json.endArray()
        }
        json.endObject()
        return json.bytes
    }

    /// That rows were passed over because the client is slow.
    static func lagging(id: String, skippedCount: Int) -> [UInt8] {
        var json = begin("lagging", id: id)
        json.member("skipped", skippedCount)
        json.endObject()
        return json.bytes
    }

    /// That a message or a subscription failed.
    static func error(id: String?, _ failure: HTTPFailure) -> [UInt8] {
        var json = begin("error", id: id)
        failure.appendMember(to: &json)
        json.endObject()
        return json.bytes
    }

    private static func begin(_ type: String, id: String?) -> JSONBytes {
        var json = JSONBytes()
        json.beginObject()
        json.member("type", type)
        if let id { json.member("id", id) }
        return json
    }
}
