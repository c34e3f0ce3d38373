import PolluxModel
import PolluxQuery

/// Cells as text.
enum CellText {
    /// Appends a cell as plain text; a missing one appends nothing.
    static func append(
        _ cell: ResultCell, zone: ZoneRules, time: ResultFormatOptions.TimeForm,
        to bytes: inout [UInt8]
    ) {
        switch cell {
        case .missing: break
        case .timestamp(let instant): append(instant, zone: zone, form: time, to: &bytes)
        case .duration(let nanoseconds): appendDuration(nanoseconds, to: &bytes)
        case .float(let value): NumberText.append(value, to: &bytes)
        case .integer(let value): NumberText.append(value, to: &bytes)
        case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .text(let text): bytes.append(contentsOf: text.utf8)
        }
    }

    /// Appends an instant in one of the forms.
    static func append(
        _ instant: Timestamp, zone: ZoneRules, form: ResultFormatOptions.TimeForm,
        to bytes: inout [UInt8]
    ) {
        guard form != .rfc3339 else {
            instant.appendRFC3339(offsetSeconds: zone.offsetSeconds(at: instant), to: &bytes)
            return
        }
        appendDecimal(instant.nanoseconds, decimals: form.decimals, to: &bytes)
    }

    /// Appends `value / 10^decimals` exactly, without zeros at the end.
    static func appendDecimal(_ value: Int64, decimals: Int, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var divisor: UInt64 = 1
        for _ in 0..<decimals { divisor *= 10 }
        let magnitude = value.magnitude
        NumberText.append(magnitude / divisor, to: &bytes)
        var rest = magnitude % divisor
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        while rest > 0 {
            divisor /= 10
            bytes.append(UInt8(48 + rest / divisor))
            rest %= divisor
        }
    }

    /// Appends a duration as the language writes one, such as `1h5m` or `250ms`.
    static func appendDuration(_ nanoseconds: Int64, to bytes: inout [UInt8]) {
        if nanoseconds < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = nanoseconds.magnitude
        guard rest > 0 else {
            bytes.append(contentsOf: "0s".utf8)
            return
        }
        let units: [(String, UInt64)] = [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
            ("ms", 1_000_000), ("us", 1000), ("ns", 1),
        ]
        for (letter, size) in units where rest >= size {
            NumberText.append(rest / size, to: &bytes)
            bytes.append(contentsOf: letter.utf8)
            rest %= size
        }
    }

    /// The heading of a column: its name, and its unit in brackets.
    static func heading(_ column: ResultColumn) -> String {
        guard let unit = column.unit, !unit.isEmpty else { return column.name }
        return "\(column.name) (\(unit))"
    }
}
