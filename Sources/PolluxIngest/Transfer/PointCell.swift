import PolluxModel

/// The cells of files of points.
enum PointCell {
    /// What a cell says of time.
    enum Time {
        /// An instant.
        case instant(Timestamp)
        /// What a clock showed; its zone is not written.
        case civil(CivilTime)
    }

    /// An instant: RFC 3339, `2026-03-02 12:00:00` in UTC, or a number.
    static func time(
        _ cell: String, _ precision: TimestampPrecision
    ) throws(IngestError) -> Timestamp {
        switch try reading(cell, precision) {
        case .instant(let instant): return instant
        case .civil(let civil):
            guard let instant = civil.instant else { throw noTime(cell) }
            return instant
        }
    }

    /// What a cell says: RFC 3339, a date with a time of day, or a number.
    static func reading(
        _ cell: String, _ precision: TimestampPrecision
    ) throws(IngestError) -> Time {
        if let instant = precision.instant(text: cell) { return .instant(instant) }
        guard let found = Timestamp.parseRFC3339(cell.utf8) else { throw noTime(cell) }
        return found.hasZone ? .instant(found.instant) : .civil(CivilTime(found.instant))
    }

    private static func noTime(_ cell: String) -> IngestError {
        .unreadable(
            reason: "`\(cell)` is no time: write 2026-03-02T12:00:00Z or a number, or say how it "
                + "is written: --map 'COLUMN=time DD/MM/YYYY hh:mm:ss'")
    }

    /// A cell without blanks around it.
    static func trimmed(_ cell: String) -> String {
        guard cell.utf8.first == 32 || cell.utf8.last == 32 else { return cell }
        let start = cell.drop { $0 == " " }
        return String(
            start.prefix(
                upTo: start.lastIndex { $0 != " " }.map(start.index(after:)) ?? start.startIndex))
    }

    /// A value of a kind; without one a number is a float, `true` and `false` are booleans and the
    /// rest is text.
    static func value(_ cell: String, _ kind: ValueKind?) throws(IngestError) -> Value {
        func fail(_ what: String) -> IngestError { .unreadable(reason: "`\(cell)` is no \(what)") }
        switch kind {
        case .float:
            guard let number = float(cell) else { throw fail("float") }
            return .float(number)
        case .integer:
            guard let number = Int64(cell) else { throw fail("integer") }
            return .integer(number)
        case .boolean:
            guard let flag = boolean(cell) else { throw fail("boolean") }
            return .boolean(flag)
        case .text: return .text(cell)
        case nil:
            if let flag = boolean(cell) { return .boolean(flag) }
            if let whole = Int64(cell) { return number(whole) }
            if let number = float(cell), number.isFinite { return .float(number) }
            if case .number(let number) = PlainText.value(cell).0, !number.isFinite {
                return .float(number)
            }
            return .text(cell)
        }
    }

    /// A whole number of no stated kind: a float unless that would lose its last digits.
    static func number(_ whole: Int64) -> Value {
        let number = Double(whole)
        return Int64(exactly: number) == whole ? .float(number) : .integer(whole)
    }

    private static func boolean(_ cell: String) -> Bool? {
        switch cell {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    private static func float(_ cell: String) -> Double? {
        guard cell.hasPrefix("0x") else { return Double(cell) }
        guard cell.utf8.count == 18 else { return nil }
        return UInt64(cell.dropFirst(2), radix: 16).map(Double.init(bitPattern:))
    }
}

/// Which character stands before the decimals of a file whose cells are not separated by commas.
///
/// Where a comma was the decimal sign, `1.234` may be one thousand: the two do not go together.
struct DecimalSign: Sendable {
    private var known: UInt8?

    /// A cell with a decimal point, where it is a number with one sign or the other.
    ///
    /// - Throws: `IngestError.unreadable` for a number with the other sign than those before.
    mutating func pointed(_ cell: String) throws(IngestError) -> String {
        var sign: UInt8?
        for byte in cell.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                continue
            case UInt8(ascii: ","), UInt8(ascii: "."):
                guard sign == nil else { return cell }
                sign = byte
            default: return cell
            }
        }
        guard let sign else { return cell }
        let pointed = sign == UInt8(ascii: ",") ? cell.replacing(",", with: ".") : cell
        guard Double(pointed) != nil else { return cell }
        guard known == nil || known == sign else {
            throw .unreadable(
                reason: "`\(cell)` has another decimal sign than the numbers before it")
        }
        known = sign
        return pointed
    }
}
