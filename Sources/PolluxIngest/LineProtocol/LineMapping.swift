import PolluxGraph
import PolluxModel

/// What the series key of a line stands for, and the texts inside a line.
enum LineMapping {
    /// What a key says.
    struct Key {
        var address: AssetAddress
        /// The tags that are attributes.
        var attributes: [Attribute] = []
        /// What `_quality` says of all fields.
        var quality = Quality.good
        /// What `_unit` says of all fields.
        var unit = ""
        /// The kind of values whose fields hold their bytes as hexadecimal text (`_bits`).
        var bits: ValueKind?
        /// Whether numbers have no stated kind (`_kind`), so that whole ones may be integers.
        var isLoose = false

        /// Whether `_asset` names the asset, as exports do: then a measure may be called `time`.
        var isExact = false

        /// Whether every line of this key means the same: only such keys are remembered.
        var isPlain: Bool { quality == .good && bits == nil }
    }

    /// The part that measurement and tags address, and the tags that become attributes.
    ///
    /// A rule of one's own that matches places the part. Else the tags whose names are types of
    /// containment do; a measurement of one of those names addresses that level itself. A tag
    /// named like the measurement names the item. Five tags belong to files: `_asset` (a whole path
    /// in place of all that), `_quality`, `_unit`, `_bits` and `_kind`.
    ///
    /// - Throws: `IngestError.unreadable`.
    static func key(
        _ key: [UInt8], _ places: LinePlaces
    ) throws(IngestError) -> Key {
        guard let parts = split(key) else { throw .unreadable(reason: "not UTF-8") }
        var result = Key(address: AssetAddress())
        var tags: [(key: String, value: String)] = []
        var path: String?
        var keys: Set<String> = []
        for tag in parts.tags {
            guard keys.insert(tag.key).inserted else {
                throw .unreadable(reason: "the tag \(tag.key) stands twice")
            }
            switch tag.key {
            case "_asset": path = tag.value
            case "_unit": result.unit = tag.value
            case "_quality":
                guard let quality = Quality(text: tag.value) else {
                    throw .unreadable(
                        reason: "_quality is good, uncertain, bad or end, not \(tag.value)")
                }
                result.quality = quality
            case "_bits":
                guard tag.value == "float" || tag.value == "string" else {
                    throw .unreadable(reason: "_bits is float or string, not \(tag.value)")
                }
                result.bits = tag.value == "float" ? .float : .text
            case "_kind":
                guard tag.value == "number" else {
                    throw .unreadable(reason: "_kind is number, not \(tag.value)")
                }
                result.isLoose = true
            default: tags.append(tag)
            }
        }
        if let path {
            result.address = try AssetPath.address(path).get()
            result.isExact = true
        } else if let placed = placed(parts.measurement, tags, places) {
            (result.address, tags) = placed
        } else {
            result.address = take(parts.measurement, &tags, places.containment)
        }
        result.attributes = tags.map { Attribute($0.key, .text($0.value)) }
        return result
    }

    /// What the first rule that matches says.
    private static func placed(
        _ measurement: String, _ tags: [(key: String, value: String)], _ places: LinePlaces
    ) -> (AssetAddress, [(key: String, value: String)])? {
        for rule in places.rules {
            if let found = rule.place(measurement, tags, containment: places.containment) {
                return (found.address, found.rest)
            }
        }
        return nil
    }

    /// The address that measurement and tags give; the tags it uses are removed.
    private static func take(
        _ measurement: String, _ tags: inout [(key: String, value: String)],
        _ containment: [String]
    ) -> AssetAddress {
        var address = AssetAddress()
        let own = containment.firstIndex(of: measurement)
        for (rank, type) in containment.enumerated() where rank <= own ?? .max {
            guard let index = tags.firstIndex(where: { $0.key == type }) else { continue }
            address.levels.append(.init(type: type, name: tags[index].value))
            tags.remove(at: index)
        }
        let name = tags.firstIndex { $0.key == measurement }.map { tags.remove(at: $0).value }
        if address.levels.last?.type != measurement {
            let part = AssetAddress.Level(type: measurement, name: name ?? "")
            // What the line places nowhere is an asset of its own, named like its type if need be.
            if address.levels.isEmpty {
                address.levels.append(
                    AssetAddress.Level(type: part.type, name: name ?? part.type))
            } else {
                address.parts.append(part)
            }
        }
        return address
    }

    /// Measurement and tags with their escapes resolved; nil when they are not UTF-8.
    private static func split(
        _ key: [UInt8]
    ) -> (measurement: String, tags: [(key: String, value: String)])? {
        var pieces: [[UInt8]] = [[]]
        var index = 0
        while index < key.count {
            if key[index] == UInt8(ascii: "\\"), index + 1 < key.count {
                pieces[pieces.count - 1].append(key[index])
                pieces[pieces.count - 1].append(key[index + 1])
                index += 2
                continue
            }
            if key[index] == UInt8(ascii: ",") {
                pieces.append([])
            } else {
                pieces[pieces.count - 1].append(key[index])
            }
            index += 1
        }
        guard let measurement = name(pieces[0]) else { return nil }
        var tags: [(key: String, value: String)] = []
        for piece in pieces.dropFirst() {
            guard let equals = firstEquals(piece), let key = name(Array(piece[..<equals])),
                let value = name(Array(piece[(equals + 1)...]))
            else { return nil }
            tags.append((key, value))
        }
        return (measurement, tags)
    }

    private static func firstEquals(_ piece: [UInt8]) -> Int? {
        var index = 0
        while index < piece.count {
            if piece[index] == UInt8(ascii: "=") { return index }
            index += piece[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// A name with its escapes resolved: a backslash counts only before `,`, `=`, a blank or
    /// another backslash.
    static func name(_ bytes: [UInt8]) -> String? {
        guard bytes.contains(UInt8(ascii: "\\")) else {
            return String(validating: bytes, as: UTF8.self)
        }
        var content: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count,
                [UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: " "), UInt8(ascii: "\\")]
                    .contains(bytes[index + 1])
            {
                index += 1
            }
            content.append(bytes[index])
            index += 1
        }
        return String(validating: content, as: UTF8.self)
    }

    /// A text value with its escapes resolved: a backslash counts only before `"` and `\`.
    static func text(_ bytes: Span<UInt8>, _ field: LineScan.Field) -> String? {
        var content: [UInt8] = []
        content.reserveCapacity(field.textEnd - field.textStart)
        var index = field.textStart
        while index < field.textEnd {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < field.textEnd,
                bytes[index + 1] == UInt8(ascii: "\"") || bytes[index + 1] == UInt8(ascii: "\\")
            {
                index += 1
            }
            content.append(bytes[index])
            index += 1
        }
        return String(validating: content, as: UTF8.self)
    }

    /// A field's value as the message states it; nil when a text is not UTF-8.
    static func value(_ bytes: Span<UInt8>, _ field: LineScan.Field) -> DecodedValue? {
        switch field.kind {
        case .float: .typed(.float(Double(bitPattern: field.bits)))
        case .integer: .typed(.integer(Int64(bitPattern: field.bits)))
        case .unsigned:
            Int64(exactly: field.bits).map { .typed(.integer($0)) } ?? .unsigned(field.bits)
        case .boolean: .typed(.boolean(field.bits != 0))
        case .text: text(bytes, field).map { .typed(.text($0)) }
        }
    }

    /// A field's value, or what its bytes in hexadecimal stand for; nil when a text cannot be read.
    static func value(
        _ bytes: Span<UInt8>, _ field: LineScan.Field, of key: Key
    ) -> DecodedValue? {
        guard let kind = key.bits else {
            if key.isLoose, field.kind == .float { return .number(Double(bitPattern: field.bits)) }
            return value(bytes, field)
        }
        guard field.kind == .text, let digits = text(bytes, field) else { return nil }
        return exact(digits.utf8, kind).map { .typed($0) }
    }

    private static func exact(_ digits: String.UTF8View, _ kind: ValueKind) -> Value? {
        var content: [UInt8] = []
        var index = digits.startIndex
        while index < digits.endIndex {
            guard let end = digits.index(index, offsetBy: 2, limitedBy: digits.endIndex),
                let byte = UInt8(String(decoding: digits[index..<end], as: UTF8.self), radix: 16)
            else { return nil }
            content.append(byte)
            index = end
        }
        if kind == .text { return String(validating: content, as: UTF8.self).map(Value.text) }
        guard content.count == 8 else { return nil }
        return .float(Double(bitPattern: content.reduce(0) { $0 << 8 | UInt64($1) }))
    }
}

extension Quality {
    /// The quality of a word as files write it.
    init?(text: String) {
        guard let known = Quality.allCases.first(where: { $0.text == text }) else { return nil }
        self = known
    }

    /// The word for it in files.
    var text: String {
        switch self {
        case .good: "good"
        case .uncertain: "uncertain"
        case .bad: "bad"
        case .end: "end"
        }
    }
}
