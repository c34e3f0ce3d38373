import PolluxGraph
import PolluxModel

/// OPC UA PubSub in JSON: network messages, the data set messages in them, and what they may leave
/// out when header bits are off.
///
/// Source: OPC 10000-14, 7.2.5 and annex on MQTT.
struct OPCUAMessage {
    private let topic: String
    private let levels: OPCUATopic?
    private let rules: TopicRules
    private let publishers: OPCUAPublishers
    private var message: DecodedMessage

    /// Reads a payload when it is one of PubSub; false when it is none.
    ///
    /// - Parameter levels: what the topic says, if it is one of PubSub.
    static func read(
        _ value: JSONValue, topic: String, _ levels: OPCUATopic?, rules: TopicRules,
        _ publishers: OPCUAPublishers, into message: inout DecodedMessage
    ) -> Bool {
        guard levels?.encoding == "json" || isNetworkMessage(value) else { return false }
        // A rule of one's own for plain objects stands above a topic that only looks like PubSub.
        if !isTold(value), !rules.isBuiltIn,
            rules.match(topic, namesMeasures: true) != nil
        {
            return false
        }
        var reader = OPCUAMessage(
            topic: topic, levels: levels, rules: rules, publishers: publishers, message: message)
        reader.read(value, publisher: nil, depth: 0)
        message = reader.message
        return true
    }

    /// What to say of the binary encoding, which is not read.
    static let binaryProblem =
        "UADP, the binary encoding of OPC UA PubSub, is not read here: set the writer group's "
        + "message mapping to JSON"

    /// Types of messages with a payload; a delta frame holds fewer fields, each as in a key frame.
    private static let valueTypes: Set<String> = [
        "ua-keyframe", "ua-deltaframe", "ua-event", "ua-data",
    ]

    private static func isNetworkMessage(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object):
            object["MessageType"]?.text?.hasPrefix("ua-") == true
                || (object["Messages"] != nil
                    && (object["PublisherId"] != nil || object["MessageId"] != nil))
        case .array(let elements): elements.first.map(isNetworkMessage) ?? false
        default: false
        }
    }

    /// Whether the payload itself says that it is PubSub.
    private static func isTold(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object): isNetworkMessage(value) || isDataSet(object)
        case .array(let elements): elements.first.map(isTold) ?? false
        default: false
        }
    }

    private static func isDataSet(_ object: JSONObject) -> Bool {
        object["Payload"] != nil || object["DataSetWriterId"] != nil
            || object["MessageType"]?.text?.hasPrefix("ua-") == true
    }

    private mutating func read(_ value: JSONValue, publisher: String?, depth: Int) {
        switch value {
        case .array(let elements):
            guard depth < 4 else {
                return message.problems.append("network messages are nested too deeply")
            }
            for element in elements { read(element, publisher: publisher, depth: depth + 1) }
            if elements.count > 1 { message.refuseRepeated() }
        case .object(let object):
            let publisher = object["PublisherId"].flatMap(OPCUAMessage.name) ?? publisher
            let type = object["MessageType"]?.text ?? ""
            switch type {
            case "ua-metadata":
                readMetadata(object, publisher)
            case "ua-status":
                readState(object, publisher)
            case "ua-application", "ua-connection", "ua-endpoints":
                message.format = "OPC UA \(type), which holds no values"
            case _ where type.hasPrefix("ua-action"):
                message.format = "OPC UA \(type), which holds no values"
            default: readData(object, publisher, depth)
            }
        default:
            message.problems.append("an OPC UA message is an object or an array of them")
        }
    }

    private mutating func readData(_ object: JSONObject, _ publisher: String?, _ depth: Int) {
        if let messages = object["Messages"] {
            if case .array(let elements) = messages, elements.isEmpty {
                message.format = "OPC UA network message without content"
                return
            }
            return read(messages, publisher: publisher, depth: depth + 1)
        }
        if levels?.kind == "metadata" { return readMetadata(object, publisher) }
        guard levels == nil || levels?.kind == "data" else {
            message.format = "OPC UA \(levels?.kind ?? ""), which holds no values"
            return
        }
        message.format = "OPC UA data set"
        guard OPCUAMessage.isDataSet(object) else {
            // All header bits are off: the body is the payload.
            return readFields(object, JSONObject(), publisher)
        }
        let type = object["MessageType"]?.text ?? "ua-keyframe"
        if type == "ua-keepalive" {
            message.format = "OPC UA keep-alive"
            return
        }
        guard OPCUAMessage.valueTypes.contains(type) else {
            return message.problems.append("a message of type `\(type)` is not known here")
        }
        guard case .object(let payload)? = object["Payload"] else {
            return message.problems.append("the data set message has no Payload object")
        }
        if type == "ua-event" {
            return readEvent(payload, object, publisher)
        }
        readFields(payload, object, publisher)
    }

    /// The text of a name or of an id that may be a number.
    static func name(_ json: JSONValue) -> String? {
        switch json {
        case .text(let text): text.isEmpty ? nil : text
        case .integer(let number): "\(number)"
        default: nil
        }
    }

    private mutating func origin(_ publisher: String?) -> OPCUAOrigin? {
        guard
            let origin = OPCUAOrigin(
                topic: topic, levels: levels, publisher: publisher, rules: rules)
        else {
            message.problems.append(
                "neither the topic `\(topic)` nor the message names a publisher")
            return nil
        }
        message.rule = origin.rule
        return origin
    }

    /// The time of a message, which may have none; nil, with the reason told, when what it states
    /// is no time.
    private mutating func time(of header: JSONObject) -> Timestamp?? {
        do throws(IngestError) {
            return .some(try OPCUAField.time("Timestamp", in: header))
        } catch {
            message.problems.append(error.description)
            return nil
        }
    }

    private mutating func readFields(
        _ payload: JSONObject, _ header: JSONObject, _ publisher: String?
    ) {
        guard let origin = origin(publisher), let time = time(of: header) else { return }
        let (writer, id) = writer(header, origin)
        let (address, prefix) = origin.place(writer: writer.name, id: id)
        var note = OPCUANote(publisher: origin.publisher)
        if address != origin.base { note.places.insert(address) }
        let status = header["Status"].map(OPCUAField.quality) ?? .good
        for member in payload.members {
            let name = prefix.isEmpty ? member.name : prefix + "/" + member.name
            do throws(IngestError) {
                let field = try OPCUAField(member.value)
                for (suffix, value) in field.values {
                    var point = DecodedPoint(
                        measure: name + suffix, value: value, time: field.time ?? time,
                        unit: suffix.isEmpty ? writer.units[member.name] ?? "" : "")
                    point.quality =
                        field.quality.rawValue >= status.rawValue ? field.quality : status
                    if address == origin.base { note.measures.insert(point.measure) }
                    JSONPayload.append(point, to: address, of: &message)
                }
            } catch {
                message.problems.append("field `\(member.name)` \(error.description)")
            }
        }
        message.opcua.append(note)
    }

    /// The data set writer of a message and its id: its name is told, or the topic's, or what
    /// metadata told before for the id.
    private func writer(
        _ header: JSONObject, _ origin: OPCUAOrigin
    ) -> (writer: OPCUAWriter, id: String?) {
        let id = header["DataSetWriterId"].flatMap(OPCUAMessage.name)
        var name = header["DataSetWriterName"]?.text ?? ""
        if name.isEmpty { name = origin.topicWriter }
        var writer = publishers.writer(id: id, name: name, of: origin.publisher) ?? OPCUAWriter()
        if !name.isEmpty { writer.name = name }
        return (writer, id)
    }

    /// An event: its type or condition names it, the other fields are its attributes.
    private mutating func readEvent(
        _ payload: JSONObject, _ header: JSONObject, _ publisher: String?
    ) {
        message.format = "OPC UA event"
        guard let origin = origin(publisher), let time = time(of: header) else { return }
        var event = DecodedEvent(name: "event", time: time)
        for member in payload.members {
            guard let field = try? OPCUAField(member.value) else {
                message.problems.append("field `\(member.name)` of the event cannot be read")
                continue
            }
            for (suffix, value) in field.values {
                guard let value = value.typed else { continue }
                event.attributes.append(Attribute(member.name + suffix, value))
            }
        }
        func text(_ name: String) -> String? {
            event.attributes.first { $0.name == name }?.value.text.flatMap {
                $0.isEmpty || $0.contains("=") ? nil : $0
            }
        }
        event.name = text("ConditionName") ?? text("EventType") ?? "event"
        if let stamp = payload["Time"].flatMap({ try? OPCUAField($0) })?.values.first?.value,
            case .typed(.text(let text)) = stamp,
            let instant = JSONFields.instant("Time", .text(text))
        {
            event.time = instant
        }
        let (writer, id) = writer(header, origin)
        message.add(event, of: origin.place(writer: writer.name, id: id).address)
    }

    /// The state of a publisher: `ua-status`, retained and left as its last will.
    private mutating func readState(_ object: JSONObject, _ publisher: String?) {
        message.format = "OPC UA status"
        guard let origin = origin(publisher) else { return }
        // PubSubState, OPC 10000-14, 6.2.1.
        let words = ["disabled", "paused", "operational", "error", "pre-operational"]
        guard let code = (object["Status"]?.integer ?? object["Status"]?["Code"]?.integer),
            words.indices.contains(Int(code))
        else {
            return message.problems.append("the status of the publisher is not one from 0 to 4")
        }
        let word = words[Int(code)]
        let isAway = ["disabled", "paused", "error"].contains(word)
        guard let time = time(of: object) else { return }
        let point = DecodedPoint(
            measure: "pubsub-state", value: .typed(.text(word)),
            // A last will was written when the publisher came: its time says nothing.
            time: isAway ? nil : time)
        JSONPayload.append(point, to: origin.base, of: &message)
        if isAway { endValues(of: origin) }
    }

    /// Ends all values that a publisher is known to have sent, and no other of the same assets.
    private mutating func endValues(of origin: OPCUAOrigin) {
        let note = publishers.note(of: origin.publisher)
        var places = note.places
        for (id, writer) in note.writers {
            let place = origin.place(writer: writer.name, id: id)
            if place.address != origin.base { places.insert(place.address) }
        }
        for address in places.sorted(by: { $0.text < $1.text }) {
            message.groups.append(DecodedGroup(address: address, endsAt: .distantFuture))
        }
        for measure in note.measures.sorted() {
            message.groups.append(
                DecodedGroup(address: origin.base, endsAt: .distantFuture, endsBelow: measure))
        }
    }

    private mutating func readMetadata(_ object: JSONObject, _ publisher: String?) {
        message.format = "OPC UA metadata"
        guard let origin = origin(publisher) else { return }
        let (known, id) = writer(object, origin)
        let (address, prefix) = origin.place(writer: known.name, id: id)
        var writer = OPCUAWriter(name: known.name)
        guard let fields = (object["MetaData"]?["Fields"] ?? object["Fields"])?.array else {
            return message.problems.append("the metadata has no Fields")
        }
        for field in fields {
            guard let name = field["Name"]?.text, !name.isEmpty else {
                message.problems.append("a field of the metadata has no name")
                continue
            }
            let declaration = OPCUAMetadata.declaration(
                of: field, named: prefix.isEmpty ? name : prefix + "/" + name)
            if !declaration.unit.isEmpty { writer.units[name] = declaration.unit }
            message.declare(declaration, of: address)
        }
        var note = OPCUANote(publisher: origin.publisher)
        if let id { note.writers[id] = writer }
        if !writer.name.isEmpty || id == nil { note.writers["=" + writer.name] = writer }
        message.opcua.append(note)
    }
}

extension DecodedValue {
    /// The value when the message states or implies its kind.
    fileprivate var typed: Value? {
        switch self {
        case .typed(let value): value
        case .number(let number): .float(number)
        case .written(let text): .text(text)
        case .unsigned, .gone: nil
        }
    }
}
