import HTTPTypes
import NIOCore
import PolluxLive
import PolluxModel
import PolluxQuery

/// The messages that a WebSocket client gets, as JSON.
enum LiveMessage {
    /// What a watched question has to say.
    static func frame(id: String, _ frame: LiveFrame) -> [UInt8] {
        switch frame {
        case .subscribed(let result): return subscribed(id: id, columns: result.columns)
        case .rows(let rows): return self.rows(id: id, rows)
        case .error(let code, let message):
            return error(
                id: id, HTTPFailure(status: .badRequest, code: code, message: message))
        case .lagging(let count, let range):
            var json = begin("lagging", id: id)
            json.member("skipped", count)
            json.name("from")
            json.instant(range.start)
            json.name("to")
            json.instant(range.end)
            json.endObject()
            return json.bytes
        }
    }

    /// The answer to a subscription: its columns.
    private static func subscribed(id: String, columns: [ResultColumn]) -> [UInt8] {
        var json = begin("subscribed", id: id)
        json.name("columns")
        JSONResult.appendColumns(columns, to: &json)
        json.endObject()
        return json.bytes
    }

    /// Rows in the order of the columns, and the keys of rows that are no longer part of the
    /// answer.
    private static func rows(id: String, _ rows: LiveRows) -> [UInt8] {
        let result = rows.result
        var json = begin("rows", id: id)
        json.member("state", rows.state.rawValue)
        json.name("final")
        if rows.finalUpTo == .distantPast { json.null() } else { json.instant(rows.finalUpTo) }
        json.name("rows")
        json.beginArray()
        let writer = RowBytes(result, form: .array, options: ResultFormatOptions())
        var written = ByteBuffer()
        _ = writer.write(
            from: 0, to: result.rowCount, byteCount: .max / 2, separator: UInt8(ascii: ","),
            into: &written)
        json.bytes += written.readableBytesView
        json.endArray()
        if !rows.removed.isEmpty {
            json.name("removed")
            json.beginArray()
            for key in rows.removed {
                json.beginObject()
                json.member("asset", key.name)
                json.name("from")
                json.instant(key.range.start)
                json.name("to")
                json.instant(key.range.end)
                json.endObject()
            }
            json.endArray()
        }
        if !result.notes.isEmpty {
            json.name("notes")
            json.beginArray()
            for note in result.notes { json.string(note) }
            json.endArray()
        }
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
