import PolluxGraph
import PolluxModel

/// Messages of the Ditto protocol: what happened to a thing, or what is to become of it.
///
/// A thing is a machine inside of its namespace, a feature a part of it; properties are measures,
/// attributes are attributes.
struct DittoEnvelope {
    private let machine: AssetAddress
    private let action: String
    private let time: Timestamp?

    /// Verbs that change a thing.
    private static let actions: Set<String> = [
        "create", "modify", "merge", "delete", "created", "modified", "merged", "deleted",
    ]

    /// Reads an object when it is an envelope; false when it is none.
    static func read(_ object: JSONObject, into message: inout DecodedMessage) -> Bool {
        guard let topic = object["topic"]?.text, let path = object["path"]?.text,
            path.hasPrefix("/")
        else { return false }
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        guard levels.count >= 5, ["things", "policies", "connections"].contains(levels[2]) else {
            return false
        }
        message.format = "Ditto"
        message.rule = "a thing is a machine in its namespace, a feature a part of it"
        // Answers and errors say what became of a request, not what happened to a thing.
        guard object["status"] == nil, levels[2] == "things", levels.count >= 6 else { return true }
        guard ["twin", "live"].contains(levels[3]), ["commands", "events"].contains(levels[4])
        else {
            if levels[4] == "messages" {
                message.problems.append("messages of the Ditto protocol are not stored")
            }
            return true
        }
        guard actions.contains(levels[5]) else { return true }
        // A live command is a wish to the device, which answers with what came of it.
        guard levels[4] == "events" || levels[3] == "twin" else { return true }
        guard !levels[1].isEmpty else {
            message.problems.append("the topic `\(topic)` names no thing")
            return true
        }
        var machine = AssetAddress()
        if !levels[0].isEmpty, levels[0] != "_" {
            machine.levels.append(.init(type: "namespace", name: levels[0]))
        }
        machine.levels.append(.init(type: "machine", name: levels[1]))
        do throws(IngestError) {
            let time = try JSONFields.time("timestamp", in: .object(object))
            let envelope = DittoEnvelope(machine: machine, action: levels[5], time: time)
            envelope.take(path, object["value"], into: &message)
        } catch {
            message.problems.append(error.description)
        }
        return true
    }

    private func take(_ path: String, _ value: JSONValue?, into message: inout DecodedMessage) {
        message.format = "Ditto \(action)"
        let pointer = path.split(separator: "/").map { DittoEnvelope.unescaped(String($0)) }
        if action.hasPrefix("delete") {
            return end(pointer, into: &message)
        }
        guard let value else {
            return message.problems.append("the envelope has no value")
        }
        takeThing(pointer[...], value, into: &message)
    }

    /// `~1` stands for a slash in a name, `~0` for a tilde.
    private static func unescaped(_ name: String) -> String {
        guard name.contains("~") else { return name }
        return name.replacing("~1", with: "/").replacing("~0", with: "~")
    }

    /// Takes what stands at a path below the thing.
    private func takeThing(
        _ path: ArraySlice<String>, _ value: JSONValue, into message: inout DecodedMessage
    ) {
        guard let first = path.first else {
            guard let thing = value.object else {
                if value == .null { return end([], into: &message) }
                return message.problems.append("a thing is an object")
            }
            for member in thing.members {
                takeThing([member.name], member.value, into: &message)
            }
            return
        }
        switch first {
        case "attributes": takeAttributes(path.dropFirst(), value, into: &message)
        case "features": takeFeatures(path.dropFirst(), value, into: &message)
        case "definition": takeAttributes(["definition"], value, into: &message)
        // Policies and other rights are no facts of the plant.
        default: return
        }
    }

    private func takeAttributes(
        _ path: ArraySlice<String>, _ value: JSONValue, into message: inout DecodedMessage
    ) {
        let name = path.joined(separator: "/")
        if case .object(let object) = value {
            for member in object.members {
                takeAttributes(path + [member.name], member.value, into: &message)
            }
            return
        }
        guard !name.isEmpty else { return }
        let group = group(of: machine, &message)
        let text: Value
        switch value {
        case .null: return message.groups[group].removedAttributes.append(name)
        case .boolean(let flag): text = .boolean(flag)
        case .integer(let number): text = .integer(number)
        case .number(let number): text = .float(number)
        case .text(let word): text = .text(word)
        case .array, .object: text = .text(value.description)
        }
        message.groups[group].attributes.append(Attribute(name, text))
    }

    /// The group of an address, with the time of the envelope.
    private func group(of address: AssetAddress, _ message: inout DecodedMessage) -> Int {
        let index = message.group(of: address)
        message.groups[index].time = time
        return index
    }

    private func takeFeatures(
        _ path: ArraySlice<String>, _ value: JSONValue, into message: inout DecodedMessage
    ) {
        guard let name = path.first else {
            for member in value.object?.members ?? [] {
                takeFeatures([member.name], member.value, into: &message)
            }
            return
        }
        let inner = path.dropFirst()
        guard let section = inner.first else {
            if value == .null { return end(["features", name], into: &message) }
            for member in value.object?.members ?? [] {
                takeFeatures([name, member.name], member.value, into: &message)
            }
            return
        }
        guard section == "properties" || section == "desiredProperties" else { return }
        let prefix = section == "properties" ? "" : "desired/"
        takeProperty(
            of: name, section: section, prefix: prefix, Array(inner.dropFirst()), value,
            into: &message)
    }

    /// Takes a property or what is inside of it; null ends it.
    private func takeProperty(
        of feature: String, section: String, prefix: String, _ path: [String], _ value: JSONValue,
        into message: inout DecodedMessage
    ) {
        if value == .null {
            return end(["features", feature, section] + path, into: &message)
        }
        if case .object(let object) = value, path.isEmpty || JSONPayload.single(object) == nil {
            for member in object.members {
                takeProperty(
                    of: feature, section: section, prefix: prefix, path + [member.name],
                    member.value, into: &message)
            }
            return
        }
        guard !path.isEmpty else {
            return message.problems.append("the properties of \(feature) are no object")
        }
        let name = prefix + path.joined(separator: "/")
        let named = JSONObject(members: [.init(name: name, value: value)])
        for var point in JSONPayload.metrics(named, problems: &message.problems) {
            point.time = point.time ?? time
            JSONPayload.append(point, to: part(feature), of: &message)
        }
    }

    private func part(_ feature: String) -> AssetAddress {
        var address = machine
        address.parts.append(.init(type: feature, name: ""))
        return address
    }

    /// What stands at a path is gone.
    private func end(_ path: [String], into message: inout DecodedMessage) {
        if path.first == "attributes", path.count > 1 {
            let group = group(of: machine, &message)
            message.groups[group].removedAttributes.append(
                path.dropFirst().joined(separator: "/"))
            return
        }
        guard path.isEmpty || path[0] == "features" else { return }
        let address = path.count > 1 ? part(path[1]) : machine
        var group = DecodedGroup(address: address)
        // A time of arrival is filled in where the envelope has none.
        group.endsAt = time ?? .distantFuture
        group.endsParts = path.count < 2
        if path.count > 2 {
            let prefix = path[2] == "desiredProperties" ? ["desired"] : []
            group.endsBelow = (prefix + path.dropFirst(3)).joined(separator: "/")
        }
        message.groups.append(group)
    }
}
