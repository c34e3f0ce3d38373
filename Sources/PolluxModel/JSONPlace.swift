/// Where a value stands in a JSON text that has been read, for messages about its meaning.
public struct JSONPlace: Hashable, Sendable {
    /// The line, from 1.
    public var line: Int
    /// The character in its line, from 1.
    public var column: Int

    /// One step into a value.
    public enum Step: Hashable, Sendable {
        /// The member of an object.
        case member(String)
        /// The element of an array, from 0.
        case element(Int)
    }

    /// Finds a value by its path, or the nearest value around it that is there.
    ///
    /// The text must be valid JSON. Cost: one pass over the bytes before the value.
    public static func find(_ path: [Step], in bytes: [UInt8]) -> JSONPlace {
        var scan = JSONScan(bytes: bytes)
        scan.skipBlank()
        for step in path {
            let start = scan.position
            guard scan.enter(step) else {
                scan.position = start
                break
            }
        }
        return JSONPlace(in: bytes, at: scan.position)
    }

    private init(in bytes: [UInt8], at offset: Int) {
        line = 1
        column = 1
        for byte in bytes.prefix(offset) {
            if byte == 10 {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
    }

    /// The path as people write it: `contents[3].schema`.
    public static func text(_ path: [Step]) -> String {
        var text = ""
        for step in path {
            switch step {
            case .member(let name): text += text.isEmpty ? name : "." + name
            case .element(let index): text += "[\(index)]"
            }
        }
        return text
    }
}

/// Walks over JSON without keeping it.
private struct JSONScan {
    let bytes: [UInt8]
    var position = 0

    private var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

    mutating func skipBlank() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains(byte) {
            position += 1
        }
    }

    /// Moves to the value of a step; false when it is not there.
    mutating func enter(_ step: JSONPlace.Step) -> Bool {
        let isObject = byte == UInt8(ascii: "{")
        guard isObject || byte == UInt8(ascii: "[") else { return false }
        position += 1
        var index = 0
        while position < bytes.count {
            skipBlank()
            guard byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]") else { return false }
            var isWanted = step == .element(index) && !isObject
            if isObject {
                let name = text()
                skipBlank()
                position += 1
                skipBlank()
                isWanted = step == .member(name)
            }
            if isWanted { return true }
            skipValue()
            skipBlank()
            if byte == UInt8(ascii: ",") { position += 1 }
            index += 1
        }
        return false
    }

    /// The text in quotes here, escapes left as they are: names that are looked for have none.
    private mutating func text() -> String {
        let start = position + 1
        skipText()
        return String(
            decoding: bytes[min(start, bytes.count)..<max(start, position - 1)], as: UTF8.self)
    }

    private mutating func skipText() {
        position += 1
        while position < bytes.count, byte != UInt8(ascii: "\"") {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, bytes.count)
    }

    private mutating func skipValue() {
        var depth = 0
        repeat {
            switch byte {
            case UInt8(ascii: "\""): skipText()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                position += 1
            case UInt8(ascii: ",") where depth == 0: return
            default: position += 1
            }
        } while position < bytes.count
            && (depth > 0
                || ![UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains(byte))
    }
}
