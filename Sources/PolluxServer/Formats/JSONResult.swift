import PolluxModel
import PolluxQuery

/// An answer as JSON: the object of the interface, or one object per row.
enum JSONResult {
    /// Writes everything before the first row.
    static func begin(_ result: QueryResult, to bytes: inout [UInt8]) {
        var json = JSONBytes()
        json.beginObject()
        json.name("columns")
        appendColumns(result.columns, to: &json)
        json.name("rows")
        bytes.append(contentsOf: json.bytes)
        bytes.append(UInt8(ascii: "["))
    }

    /// Writes the array of columns.
    static func appendColumns(_ columns: [ResultColumn], to json: inout JSONBytes) {
        json.beginArray()
        for column in columns {
            json.beginObject()
            json.member("name", column.name)
            json.member("type", column.kind.rawValue)
            if let unit = column.unit, !unit.isEmpty { json.member("unit", unit) }
            if let curve = column.curve { append(curve, to: &json) }
            json.endObject()
        }
        json.endArray()
    }

    /// Writes how the values of a column run between rows.
    private static func append(_ curve: ResultCurve, to json: inout JSONBytes) {
        json.member("shape", curve.shape == .step ? "step" : "linear")
        switch curve.gap {
        case .some(.none): json.member("gap", "none")
        case .length(let gap)?: json.member("gap", duration(gap))
        case nil: break
        }
        guard let holes = curve.holes else { return }
        json.name("holes")
        json.beginArray()
        for hole in holes {
            json.beginObject()
            json.member("row", hole.row)
            json.member("held", duration(hole.held))
            json.endObject()
        }
        json.endArray()
    }

    private static func duration(_ nanoseconds: Int64) -> String {
        var bytes: [UInt8] = []
        CellText.appendDuration(nanoseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes everything behind the last row.
    static func end(_ result: QueryResult, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "]"))
        if !result.notes.isEmpty {
            bytes.append(contentsOf: ",\"notes\":".utf8)
            var json = JSONBytes()
            json.beginArray()
            for note in result.notes { json.string(note) }
            json.endArray()
            bytes.append(contentsOf: json.bytes)
        }
        for (name, value) in [
            ("meaning", result.meaning), ("as", result.format),
            ("zone", result.zone == .utc ? nil : result.zone.name),
        ] {
            guard let value else { continue }
            bytes.append(contentsOf: ",\"\(name)\":".utf8)
            JSONValue.append(value, to: &bytes)
        }
        bytes.append(contentsOf: ",\"stats\":".utf8)
        let stats = result.stats
        var json = JSONBytes()
        json.beginObject()
        json.member("rows", result.rowCount)
        json.member("points", stats.points)
        json.member("series", stats.series)
        json.member("skippedBlocks", stats.skippedBlocks)
        for (name, value) in [
            ("parseNanoseconds", stats.parseNanoseconds),
            ("bindNanoseconds", stats.bindNanoseconds), ("runNanoseconds", stats.runNanoseconds),
        ] {
            json.name(name)
            json.number(value)
        }
        json.endObject()
        bytes.append(contentsOf: json.bytes)
        bytes.append(contentsOf: "}\n".utf8)
    }
}
