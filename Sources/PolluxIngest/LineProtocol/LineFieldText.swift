import PolluxModel

/// Reads the unquoted values of fields: numbers and booleans.
enum LineFieldText {
    /// Reads a value up to its end and returns what is wrong with it, if anything.
    static func read(
        _ bytes: Span<UInt8>, _ index: inout Int, _ field: inout LineScan.Field
    ) -> StaticString? {
        let count = bytes.count
        let start = index
        var scan = DecimalScan()
        let end = scan.read(bytes, from: start, to: count)
        guard scan.isValid, end > start else { return readBoolean(bytes, &index, &field) }
        index = end
        if end == count || LineScanner.isEnd(bytes, end) {
            let number = scan.double(bytes, from: start, to: end)
            guard number.isFinite else { return "float out of range" }
            field.kind = .float
            field.bits = number.bitPattern
            return nil
        }
        index = end + 1
        guard index == count || LineScanner.isEnd(bytes, index) else { return "invalid number" }
        switch bytes[end] {
        case UInt8(ascii: "i"):
            guard let integer = scan.integer ?? negativeZero(scan, end - start) else {
                return scan.hasFractionOrExponent ? "invalid number" : "integer out of range"
            }
            field.kind = .integer
            field.bits = UInt64(bitPattern: integer)
        case UInt8(ascii: "u"):
            guard !scan.isNegative, !scan.hasFractionOrExponent else { return "invalid number" }
            guard let unsigned = scan.unsigned else { return "unsigned integer out of range" }
            field.kind = .unsigned
            field.bits = unsigned
        default: return "invalid number"
        }
        return nil
    }

    private static func negativeZero(_ scan: DecimalScan, _ length: Int) -> Int64? {
        scan.isNegative && !scan.hasFractionOrExponent && scan.isZero ? 0 : nil
    }

    private static func readBoolean(
        _ bytes: Span<UInt8>, _ index: inout Int, _ field: inout LineScan.Field
    ) -> StaticString? {
        let start = index
        while index < bytes.count, !LineScanner.isEnd(bytes, index) { index += 1 }
        field.kind = .boolean
        for (word, value) in words where word.count == index - start {
            if (0..<word.count).allSatisfy({ bytes[start + $0] == word[$0] }) {
                field.bits = value
                return nil
            }
        }
        return "invalid boolean or number"
    }

    private static let words: [([UInt8], UInt64)] =
        ["t", "T", "true", "True", "TRUE"].map { (Array($0.utf8), 1) }
        + ["f", "F", "false", "False", "FALSE"].map { (Array($0.utf8), 0) }
}
