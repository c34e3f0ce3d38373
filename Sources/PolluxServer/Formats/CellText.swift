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

    /// A duration for the eye.
    ///
    /// Three parts next to each other, below a minute two, the last one rounded; a day has 24
    /// hours here, and begins to count where there are two.
    static func readableDuration(_ nanoseconds: Int64) -> String {
        let sizes: [(letter: String, size: UInt64)] = [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
            ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1),
        ]
        let sign = nanoseconds < 0 ? "-" : ""
        func first(_ length: UInt64) -> Int {
            let index = sizes.firstIndex { $0.size <= length } ?? sizes.count - 1
            return index == 0 && length < 2 * sizes[0].size ? 1 : index
        }
        let magnitude = nanoseconds.magnitude
        let top = first(magnitude)
        let last = sizes[min(sizes[top].letter.hasSuffix("s") ? top + 1 : top + 2, 6)].size
        let (sum, overflow) = magnitude.addingReportingOverflow(last / 2)
        var rest = overflow ? magnitude : sum - sum % last
        guard rest > 0 else { return "0s" }
        var text = sign
        // Rounding up can make a part more of it.
        for (letter, size) in sizes[first(rest)...] where rest >= size {
            text += "\(rest / size)\(letter)"
            rest %= size
        }
        return text
    }

    /// The heading of a column: its name, and its unit in brackets where the name has none.
    static func heading(_ column: ResultColumn) -> String {
        guard let unit = column.unit, !unit.isEmpty, !column.name.hasSuffix(" " + unit) else {
            return column.name
        }
        return "\(column.name) (\(unit))"
    }
}
