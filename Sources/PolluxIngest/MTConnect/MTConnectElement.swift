import PolluxModel

/// One element of an MTConnect document: the same from XML and from both forms of its JSON.
struct MTConnectElement: Hashable, Sendable {
    /// The name without a namespace's prefix.
    var name: String
    /// Attributes by name.
    var attributes: [String: String] = [:]
    /// The text inside, blanks at both ends cut off.
    var text = ""
    /// Elements inside, in order.
    var children: [MTConnectElement] = []

    /// The first element inside of that name.
    func child(_ name: String) -> MTConnectElement? { children.first { $0.name == name } }

    /// A text that is an attribute in one form and an element in another.
    func value(_ name: String) -> String? {
        if let attribute = attributes[name] { return attribute }
        guard let text = child(name)?.text, !text.isEmpty else { return nil }
        return text
    }

    /// Every element of one of the names, at any depth, not looked for inside each other.
    func all(_ names: Set<String>) -> [MTConnectElement] {
        if names.contains(name) { return [self] }
        return children.flatMap { $0.all(names) }
    }

    /// The element that a member of a JSON document is.
    ///
    /// Version 1 of the JSON wraps each element of a list in an object with its name; version 2
    /// lists elements of one name under it. Scalars are attributes, `value` is the text.
    init(name: String, json value: JSONValue) {
        self.name = name
        switch value {
        case .object(let object):
            for member in object.members { take(member) }
        case .array(let elements):
            for element in elements { takeWrapped(element) }
        default: text = MTConnectElement.text(value)
        }
    }

    init(name: String) { self.name = name }

    private mutating func take(_ member: JSONObject.Member) {
        switch member.value {
        case .object(let object) where member.name == "value":
            for entry in object.members { children.append(.entry(entry)) }
        case .object:
            children.append(MTConnectElement(name: member.name, json: member.value))
        case .array(let elements) where member.name == "value":
            text = elements.map(MTConnectElement.text).joined(separator: " ")
        case .array(let elements)
        where member.name == "result" && elements.allSatisfy(MTConnectElement.isScalar):
            attributes["result"] = elements.map(MTConnectElement.text).joined(separator: " ")
        case .array(let elements):
            if elements.allSatisfy(MTConnectElement.isWrapped) {
                children.append(MTConnectElement(name: member.name, json: member.value))
            } else {
                for element in elements {
                    children.append(MTConnectElement(name: member.name, json: element))
                }
            }
        default:
            let text = MTConnectElement.text(member.value)
            if member.name == "value" { self.text = text } else { attributes[member.name] = text }
        }
    }

    private mutating func takeWrapped(_ element: JSONValue) {
        guard case .object(let object) = element else {
            let own = MTConnectElement.text(element)
            text = text.isEmpty ? own : text + " " + own
            return
        }
        for member in object.members {
            children.append(MTConnectElement(name: member.name, json: member.value))
        }
    }

    private static func isScalar(_ element: JSONValue) -> Bool {
        switch element {
        case .array, .object: false
        default: true
        }
    }

    /// Whether an element of a list is an object that only names what it holds.
    private static func isWrapped(_ element: JSONValue) -> Bool {
        guard case .object(let object) = element, object.members.count == 1,
            let first = object.members[0].name.utf8.first
        else { return false }
        return (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
    }

    /// An entry of a data set, or a row of a table.
    private static func entry(_ member: JSONObject.Member) -> MTConnectElement {
        var entry = MTConnectElement(name: "Entry")
        entry.attributes["key"] = member.name
        if case .object(let cells) = member.value {
            for cell in cells.members {
                var inner = MTConnectElement(name: "Cell")
                inner.attributes["key"] = cell.name
                inner.text = text(cell.value)
                entry.children.append(inner)
            }
        } else {
            entry.text = text(member.value)
        }
        return entry
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "UNAVAILABLE"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .text(let text): text
        case .array, .object: value.description
        }
    }
}
