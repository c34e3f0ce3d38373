import PolluxGraph
import PolluxModel

/// What the series key of a line stands for, and the texts inside a line.
enum LineMapping {
    /// The part that measurement and tags address, and the tags that become attributes.
    ///
    /// Tags whose names are in `containment` place the part; a measurement of one of those names
    /// addresses that level itself. A tag named like the measurement names the item.
    static func address(
        of key: [UInt8], containment: [String]
    ) -> (address: AssetAddress, attributes: [Attribute])? {
        guard let parts = split(key) else { return nil }
        var address = AssetAddress()
        var tags = parts.tags
        let own = containment.firstIndex(of: parts.measurement)
        for (rank, type) in containment.enumerated() where rank <= own ?? .max {
            guard let index = tags.firstIndex(where: { $0.key == type }) else { continue }
            address.levels.append(.init(type: type, name: tags[index].value))
            tags.remove(at: index)
        }
        let name = tags.firstIndex { $0.key == parts.measurement }.map { tags.remove(at: $0).value }
        if address.levels.last?.type != parts.measurement {
            let part = AssetAddress.Level(type: parts.measurement, name: name ?? "")
            // What the line places nowhere is an asset of its own, named like its type if need be.
            if address.levels.isEmpty {
                address.levels.append(
                    AssetAddress.Level(type: part.type, name: name ?? part.type))
            } else {
                address.parts.append(part)
            }
        }
        return (address, tags.map { Attribute($0.key, .text($0.value)) })
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
}
