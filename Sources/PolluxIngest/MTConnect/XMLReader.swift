/// Where and why bytes are not the XML that is read here.
struct XMLError: Error, Hashable, Sendable, CustomStringConvertible {
    var line: Int
    var reason: String
    var description: String { "XML, line \(line): \(reason)" }
}

/// Reads XML documents of devices: elements, attributes, text, CDATA and the five named entities.
///
/// Document types are refused, so nothing is ever fetched or expanded; depth and number of elements
/// are bounded, so hostile bytes cost no more than their length.
struct XMLReader {
    /// Elements within each other.
    static let depthLimit = 64
    /// Elements in all.
    static let elementLimit = 500_000

    private let bytes: [UInt8]
    private var position = 0
    private var elementCount = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The outermost element.
    ///
    /// - Throws: `XMLError` with the line of the first fault.
    static func parse(_ bytes: [UInt8]) throws(XMLError) -> MTConnectElement {
        var reader = XMLReader(bytes)
        return try reader.readDocument()
    }

    private mutating func readDocument() throws(XMLError) -> MTConnectElement {
        if starts(with: "\u{FEFF}") { position += 3 }
        var open: [MTConnectElement] = []
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                let text = try readText()
                if let last = open.indices.last {
                    open[last].text += text
                } else if text.utf8.contains(where: { $0 > 0x20 }) {
                    throw fault("text stands outside of the document")
                }
            } else if starts(with: "<!--") {
                try skip(past: "-->", "a comment does not end")
            } else if starts(with: "<?") {
                try skip(past: "?>", "an instruction does not end")
            } else if starts(with: "<![CDATA[") {
                let text = try readCharacterSection()
                guard let last = open.indices.last else {
                    throw fault("text stands outside of the document")
                }
                open[last].text += text
            } else if starts(with: "<!") {
                throw fault("document types are not read")
            } else if starts(with: "</") {
                guard var ended = open.popLast() else { throw fault("an end without a beginning") }
                try readEnd(of: ended.name)
                ended.text = XMLReader.trimmed(ended.text)
                guard let last = open.indices.last else { return try finish(ended) }
                open[last].children.append(ended)
            } else {
                let (element, isEmpty) = try readStart()
                if !isEmpty {
                    guard open.count < XMLReader.depthLimit else {
                        throw fault("elements stand deeper than \(XMLReader.depthLimit)")
                    }
                    open.append(element)
                } else if let last = open.indices.last {
                    open[last].children.append(element)
                } else {
                    return try finish(element)
                }
            }
        }
        throw fault(open.last.map { "<\($0.name)> does not end" } ?? "there is no element")
    }

    private mutating func finish(_ root: MTConnectElement) throws(XMLError) -> MTConnectElement {
        while position < bytes.count {
            if starts(with: "<!--") {
                try skip(past: "-->", "a comment does not end")
            } else if bytes[position] <= 0x20 || bytes[position] == 0 {
                position += 1
            } else {
                throw fault("something follows the document")
            }
        }
        return root
    }

    /// Reads `<name a="b">` or `<name/>`.
    private mutating func readStart() throws(XMLError) -> (MTConnectElement, isEmpty: Bool) {
        position += 1
        elementCount += 1
        guard elementCount <= XMLReader.elementLimit else {
            throw fault("more than \(XMLReader.elementLimit) elements")
        }
        var element = MTConnectElement(name: try readName())
        while true {
            skipBlank()
            guard position < bytes.count else { throw fault("<\(element.name) does not end") }
            if bytes[position] == UInt8(ascii: ">") {
                position += 1
                return (element, false)
            }
            if starts(with: "/>") {
                position += 2
                return (element, true)
            }
            let name = try readName()
            skipBlank()
            guard starts(with: "=") else { throw fault("the attribute \(name) has no value") }
            position += 1
            skipBlank()
            element.attributes[name] = try readQuoted(name)
        }
    }

    private mutating func readEnd(of name: String) throws(XMLError) {
        position += 2
        guard try readName() == name else { throw fault("<\(name)> is not the one that ends") }
        skipBlank()
        guard starts(with: ">") else { throw fault("</\(name) does not end") }
        position += 1
    }

    /// A name without its prefix.
    private mutating func readName() throws(XMLError) -> String {
        var start = position
        while position < bytes.count, XMLReader.isName(bytes[position]) {
            position += 1
            if bytes[position - 1] == UInt8(ascii: ":") { start = position }
        }
        guard position > start,
            let name = String(validating: bytes[start..<position], as: UTF8.self)
        else { throw fault("a name is missing") }
        return name
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: ":"), 0x80...:
            true
        default: false
        }
    }

    private mutating func readQuoted(_ name: String) throws(XMLError) -> String {
        guard position < bytes.count,
            bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
        else { throw fault("the value of \(name) is not quoted") }
        let quote = bytes[position]
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != quote { position += 1 }
        guard position < bytes.count else { throw fault("the value of \(name) does not end") }
        let text = try resolve(bytes[start..<position])
        position += 1
        return text
    }

    private mutating func readText() throws(XMLError) -> String {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
        return try resolve(bytes[start..<position])
    }

    private mutating func readCharacterSection() throws(XMLError) -> String {
        let start = position + 9
        try skip(past: "]]>", "a CDATA section does not end")
        guard start <= position - 3,
            let text = String(validating: bytes[start..<(position - 3)], as: UTF8.self)
        else { throw fault("the text is not UTF-8") }
        return text
    }

    /// The text that bytes with entities stand for.
    private func resolve(_ slice: ArraySlice<UInt8>) throws(XMLError) -> String {
        guard slice.contains(UInt8(ascii: "&")) else {
            guard let text = String(validating: slice, as: UTF8.self) else {
                throw fault("the text is not UTF-8")
            }
            return text
        }
        var resolved: [UInt8] = []
        var rest = slice
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&") else {
                resolved.append(byte)
                continue
            }
            guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
                throw fault("an entity does not end")
            }
            let name = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
            guard let scalar = XMLReader.scalar(name) else {
                throw fault("the entity &\(name); is not known")
            }
            resolved += String(Character(scalar)).utf8
            rest = rest[(end + 1)...]
        }
        guard let text = String(validating: resolved, as: UTF8.self) else {
            throw fault("the text is not UTF-8")
        }
        return text
    }

    private static func scalar(_ entity: String) -> Unicode.Scalar? {
        switch entity {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard entity.hasPrefix("#") else { return nil }
            let isHex = entity.hasPrefix("#x")
            let digits = entity.dropFirst(isHex ? 2 : 1)
            guard let code = UInt32(digits, radix: isHex ? 16 : 10), code > 0 else { return nil }
            return Unicode.Scalar(code)
        }
    }

    private mutating func skipBlank() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    private mutating func skip(past mark: String, _ reason: String) throws(XMLError) {
        while position < bytes.count {
            if starts(with: mark) {
                position += mark.utf8.count
                return
            }
            position += 1
        }
        throw fault(reason)
    }

    private func starts(with text: String) -> Bool {
        bytes[position...].starts(with: text.utf8)
    }

    private func fault(_ reason: String) -> XMLError {
        let line = bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
        return XMLError(line: line, reason: reason)
    }

    /// The text without blanks at both ends.
    static func trimmed(_ text: String) -> String {
        var scalars = Substring(text).unicodeScalars
        while let first = scalars.first, first.value <= 0x20 { scalars.removeFirst() }
        while let last = scalars.last, last.value <= 0x20 { scalars.removeLast() }
        return String(scalars)
    }
}
