import PolluxModel

/// Turns JSON objects, one a line, into lines of line protocol.
struct JSONPoints: Sendable {
    let precision: TimestampPrecision

    /// Takes one line of the file.
    func take(_ bytes: ArraySlice<UInt8>, line: Int, into lines: inout PointLines) {
        guard bytes.contains(where: { $0 != 32 && $0 != 13 && $0 != 9 }) else { return }
        do throws(IngestError) {
            try append(Array(bytes), line, &lines)
        } catch {
            lines.problems.append((line, error.description))
        }
    }

    private func append(
        _ bytes: [UInt8], _ line: Int, _ lines: inout PointLines
    ) throws(IngestError) {
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONReader.parse(bytes)
        } catch {
            throw .unreadable(reason: "no valid JSON: \(error.reason), column \(error.column)")
        }
        guard let object = parsed.object else {
            throw .unreadable(reason: "the line is not a JSON object")
        }
        func text(_ name: String) -> String? { object[name].flatMap(\.text) }
        guard let path = text("asset"), let measure = text("measure"), !measure.isEmpty else {
            throw .unreadable(reason: "asset and measure must be texts")
        }
        let time: Timestamp
        switch object["time"] {
        case .text(let text): time = try PointCell.time(text, precision)
        case .integer(let number): time = try PointCell.time(String(number), precision)
        case .number(let number): time = try PointCell.time("\(number)", precision)
        default: throw .unreadable(reason: "there is no time")
        }
        var quality = Quality.good
        if let word = text("quality") {
            guard let known = Quality(text: word) else {
                throw .unreadable(
                    reason: "the quality `\(word)` is not good, uncertain, bad or end")
            }
            quality = known
        }
        let value = try value(object["value"], text("kind"))
        let address = try AssetPath.address(path).get()
        let unit = text("unit") ?? ""
        try PointText.check(address, measure, unit)
        let key = PointText.key(address, measure, unit: unit, IngestOptions().containment)
        LineText.append(
            key: key, field: PointText.escaped(measure) + [UInt8(ascii: "=")], value: value,
            quality: quality, time: time.nanoseconds, hasKind: object["kind"] != nil,
            to: &lines.bytes)
        lines.origins.append(line)
    }

    private func value(_ value: JSONValue?, _ kind: String?) throws(IngestError) -> Value {
        let known = kind.flatMap(ValueKind.init(text:))
        guard kind == nil || known != nil else {
            throw .unreadable(reason: "the kind is not float, integer, boolean or text")
        }
        switch (value, known) {
        case (.boolean(let flag), nil), (.boolean(let flag), .boolean): return .boolean(flag)
        case (.integer(let number), .integer): return .integer(number)
        case (.integer(let number), nil): return PointCell.number(number)
        case (.integer(let number), .float): return .float(Double(number))
        case (.number(let number), nil), (.number(let number), .float): return .float(number)
        case (.text(let text), nil):
            guard case .number(let number)? = JSONFields.scalar(.text(text)) else {
                return .text(text)
            }
            return .float(number)
        case (.text(let text), .text): return .text(text)
        case (.text(let text), .float): return try PointCell.value(text, .float)
        default: throw .unreadable(reason: "the value is not of the kind it should be")
        }
    }
}
