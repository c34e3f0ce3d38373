/// Names and values of a query string or of a form body, decoded, in order.
struct FormFields: Sendable, Equatable {
    /// The fields in the order in which they came.
    private(set) var fields: [(name: String, value: String)] = []

    /// Reads `a=1&b=2`; nil when an escape is broken or the text is not UTF-8.
    init?(_ text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let end = pair.firstIndex(of: "=") ?? pair.endIndex
            let rest = end == pair.endIndex ? "" : pair[pair.index(after: end)...]
            guard let name = FormFields.decode(pair[..<end], plusIsBlank: true),
                let value = FormFields.decode(rest, plusIsBlank: true)
            else { return nil }
            fields.append((name, value))
        }
    }

    /// The first value of a name, or nil.
    subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// These fields, and behind them others.
    func appending(_ others: FormFields) -> FormFields {
        var all = self
        all.fields += others.fields
        return all
    }

    static func == (left: FormFields, right: FormFields) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy {
                $0.name == $1.name && $0.value == $1.value
            }
    }

    /// Undoes percent-encoding; nil when an escape is broken or the result is not UTF-8.
    static func decode(_ text: some StringProtocol, plusIsBlank: Bool) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexValue),
                    let low = iterator.next().flatMap(hexValue)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsBlank: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
