import PolluxModel

/// The texts of one series in a file: everything but time, value and quality is prepared once.
struct PointText {
    /// Whether no point was written yet.
    var isUnused = true
    private let format: PointFormat
    private let kind: ValueKind
    /// The key without `_quality` and `_bits`; in other formats what stands between time and value.
    private let head: [UInt8]
    /// The field's name and `=`; in other formats what follows the quality.
    private let tail: [UInt8]

    init(
        format: PointFormat, path: String, address: AssetAddress, measure: String, unit: String,
        kind: ValueKind, containment: [String]
    ) {
        self.format = format
        self.kind = kind
        switch format {
        case .line:
            head = PointText.key(address, measure, unit: unit, containment)
            tail = PointText.escaped(measure) + [UInt8(ascii: "=")]
        case .csv:
            var bytes: [UInt8] = [UInt8(ascii: ",")]
            for cell in [path, measure, kind.text] {
                CSVText.append(cell, to: &bytes)
                bytes.append(UInt8(ascii: ","))
            }
            head = bytes
            var end: [UInt8] = [UInt8(ascii: ",")]
            CSVText.append(unit, to: &end)
            tail = end + [10]
        case .ndjson:
            var bytes = Array("\",\"asset\":".utf8)
            JSONValue.append(path, to: &bytes)
            bytes += Array(",\"measure\":".utf8)
            JSONValue.append(measure, to: &bytes)
            head = bytes + Array(",\"kind\":\"\(kind.text)\",\"value\":".utf8)
            var end: [UInt8] = []
            if !unit.isEmpty {
                end = Array(",\"unit\":".utf8)
                JSONValue.append(unit, to: &end)
            }
            tail = end + Array("}\n".utf8)
        }
    }

    /// Measurement and tags that `LineMapping` maps to the address: the plant's own words where
    /// they suffice, else the whole path.
    static func key(
        _ address: AssetAddress, _ measure: String, unit: String, _ containment: [String]
    ) -> [UInt8] {
        key(address, needsPath: needsPath(measure), containment)
            + (unit.isEmpty ? [] : Array(",_unit=".utf8) + escaped(unit))
    }

    /// Whether lines take the name of a measure with a whole path alone.
    static func needsPath(_ measure: String) -> Bool { measure == "time" }

    private static func key(
        _ address: AssetAddress, needsPath: Bool, _ containment: [String]
    ) -> [UInt8] {
        var levels = address.levels
        var measurement = ""
        if let part = address.parts.first, address.parts.count == 1 {
            measurement = part.type
        } else if let last = levels.last, address.parts.isEmpty {
            measurement = last.type
            if levels.count == 1, last.name == last.type { levels = [] }
        }
        var plain = escaped(measurement)
        for level in levels {
            plain += [UInt8(ascii: ",")] + escaped(level.type) + [UInt8(ascii: "=")]
            plain += escaped(level.name)
        }
        let mapped = try? LineMapping.key(plain, LinePlaces(containment: containment))
        // With `#` in front the line would be a comment.
        if !needsPath, !measurement.isEmpty, !measurement.hasPrefix("#"),
            mapped?.address == address, mapped?.attributes == []
        {
            return plain
        }
        var type = (address.parts.last ?? address.levels.last)?.type ?? "asset"
        if type.hasPrefix("#") { type = "asset" }
        return escaped(type) + Array(",_asset=".utf8) + escaped(AssetPath.text(address))
    }

    /// Refuses names that no line can hold; the plant has no such names either.
    static func check(_ address: AssetAddress, _ names: String...) throws(IngestError) {
        let levels = address.levels + address.parts
        for name in levels.flatMap({ [$0.type, $0.name] }) + names
        where name.utf8.contains(where: { $0 < 0x20 }) {
            let shown = String(name.unicodeScalars.map { $0.value < 0x20 ? "?" : Character($0) })
            throw .unreadable(reason: "the name `\(shown)` holds a control character")
        }
    }

    /// A name of line protocol with its escapes.
    static func escaped(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: " "), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// Appends one point.
    func append(_ time: Int64, _ value: Value, _ quality: Quality, to bytes: inout [UInt8]) {
        switch format {
        case .line: appendLine(time, value, quality, to: &bytes)
        case .csv:
            Timestamp(nanoseconds: time).appendRFC3339(offsetSeconds: 0, to: &bytes)
            bytes += head
            CSVText.append(PointText.word(value), to: &bytes)
            bytes.append(UInt8(ascii: ","))
            bytes += Array(quality.text.utf8)
            bytes += tail
        case .ndjson:
            bytes += Array("{\"time\":\"".utf8)
            Timestamp(nanoseconds: time).appendRFC3339(offsetSeconds: 0, to: &bytes)
            bytes += head
            switch value {
            case .text(let text): JSONValue.append(text, to: &bytes)
            case .float(let number) where !number.isFinite:
                JSONValue.append(PointText.word(value), to: &bytes)
            default: bytes += Array(PointText.word(value).utf8)
            }
            if quality != .good { bytes += Array(",\"quality\":\"\(quality.text)\"".utf8) }
            bytes += tail
        }
    }

    private func appendLine(
        _ time: Int64, _ value: Value, _ quality: Quality, to bytes: inout [UInt8]
    ) {
        LineText.append(
            key: head, field: tail, value: value, quality: quality, time: time, to: &bytes)
    }

    /// A value as CSV writes it; floats that are no number by their name or their bits.
    static func word(_ value: Value) -> String {
        switch value {
        case .float(let number) where number.isNaN:
            number.bitPattern == Double.nan.bitPattern
                ? "NaN" : "0x" + LineText.hexadecimal(number.bitPattern)
        case .float(let number) where number.isInfinite: number < 0 ? "-Infinity" : "Infinity"
        case .float(let number): number.description
        case .integer(let number): String(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .text(let text): text
        }
    }
}

/// Points as lines of line protocol.
enum LineText {
    /// Appends a line; `field` ends with `=`.
    ///
    /// - Parameter hasKind: whether the kind of the value is stated; else a whole number may become
    ///   an integer.
    static func append(
        key: [UInt8], field: [UInt8], value: Value, quality: Quality, time: Int64?,
        hasKind: Bool = true, to bytes: inout [UInt8]
    ) {
        bytes += key
        if quality != .good { bytes += Array(",_quality=\(quality.text)".utf8) }
        var content: [UInt8]
        switch value {
        case .float(let number) where !number.isFinite:
            bytes += Array(",_bits=float".utf8)
            content = Array("\"\(hexadecimal(number.bitPattern))\"".utf8)
        case .float(let number):
            if !hasKind, Int64(exactly: number) != nil { bytes += Array(",_kind=number".utf8) }
            content = Array(number.description.utf8)
        case .integer(let number): content = Array("\(number)i".utf8)
        case .boolean(let flag): content = [UInt8(ascii: flag ? "t" : "f")]
        case .text(let text) where text.utf8.contains(where: { $0 == 10 || $0 == 13 }):
            // Line protocol has no escape for a line break.
            bytes += Array(",_bits=string".utf8)
            content = [UInt8(ascii: "\"")]
            for byte in text.utf8 { content += Array(hexadecimal(UInt64(byte)).utf8.suffix(2)) }
            content.append(UInt8(ascii: "\""))
        case .text(let text):
            content = [UInt8(ascii: "\"")]
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    content.append(UInt8(ascii: "\\"))
                }
                content.append(byte)
            }
            content.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: " "))
        bytes += field
        bytes += content
        if let time { bytes += Array(" \(time)".utf8) }
        bytes.append(10)
    }

    /// Sixteen hexadecimal digits.
    static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Cells of CSV.
enum CSVText {
    /// Appends a cell, in quotes where it must be.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        let needsQuotes = text.utf8.contains {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13
        }
        guard needsQuotes else {
            bytes += Array(text.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension ValueKind {
    /// The word for it in files.
    var text: String {
        switch self {
        case .float: "float"
        case .integer: "integer"
        case .boolean: "boolean"
        case .text: "text"
        }
    }

    /// The kind of a word as files write it.
    init?(text: String) {
        switch text {
        case "float": self = .float
        case "integer": self = .integer
        case "boolean": self = .boolean
        case "text": self = .text
        default: return nil
        }
    }
}
