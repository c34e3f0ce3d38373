import PolluxGraph
import PolluxModel

/// JSON payloads: one value, an object of metrics, the shapes of a unified namespace, events.
enum JSONPayload {
    /// Reads a whole payload into groups and problems.
    static func read(
        _ value: JSONValue, topic: String, rules: TopicRules, into message: inout DecodedMessage
    ) {
        switch value {
        case .array(let elements):
            guard !elements.isEmpty else { return }
            message.format = "JSON array"
            for (index, element) in elements.enumerated() {
                guard case .object(let object) = element else {
                    message.problems.append(
                        "element \(index + 1) of the array is no object: a value in an array has "
                            + "no time")
                    continue
                }
                read(object, topic: topic, rules: rules, into: &message)
            }
            message.refuseRepeated()
            message.format = "JSON array of \(elements.count)"
        case .object(let object):
            read(object, topic: topic, rules: rules, into: &message)
        default:
            message.problems.append("the payload is neither a JSON object nor an array")
        }
    }

    private static func read(
        _ object: JSONObject, topic: String, rules: TopicRules,
        into message: inout DecodedMessage
    ) {
        if object["event"]?.text != nil {
            message.format = "JSON event"
            return JSONEvent.read(object, topic: topic, rules: rules, into: &message)
        }
        if DittoEnvelope.read(object, into: &message) { return }
        if UnifiedNamespace.read(object, topic: topic, rules: rules, into: &message) { return }
        if let point = single(object) {
            message.format = "JSON value"
            // A value that names its measure needs no measure in the topic.
            let namesMeasures = !point.measure.isEmpty
            guard let match = rules.match(topic, namesMeasures: namesMeasures) else {
                return message.problems.append(
                    PayloadReader.noRule(topic, rules, namesMeasures: namesMeasures))
            }
            message.rule = match.rule
            return append(point, under: match, to: &message)
        }
        message.format = "JSON object"
        guard let match = rules.match(topic, namesMeasures: true) else {
            return message.problems.append(
                PayloadReader.noRule(topic, rules, namesMeasures: true))
        }
        message.rule = match.rule
        for point in metrics(object, problems: &message.problems) {
            append(point, under: match, to: &message)
        }
    }

    /// Adds a point to the group of the address that came last, or to a new one.
    static func append(
        _ point: DecodedPoint, under match: TopicMatch, to message: inout DecodedMessage
    ) {
        var point = point
        if !match.measure.isEmpty {
            point.measure =
                point.measure.isEmpty ? match.measure : match.measure + "/" + point.measure
        }
        if point.unit.isEmpty { point.unit = match.unit }
        append(point, to: match.address, of: &message)
    }

    /// Adds a point of an address.
    static func append(
        _ point: DecodedPoint, to address: AssetAddress, of message: inout DecodedMessage
    ) {
        message.groups[message.group(of: address)].points.append(point)
    }

    /// The one value that an object like `{"value":1.2,"timestamp":…,"unit":"mm/s"}` is; nil when
    /// it is an object of metrics.
    static func single(_ object: JSONObject) -> DecodedPoint? {
        guard let holder = object.members.first(where: { isValue($0) }),
            let value = JSONFields.scalar(holder.value)
        else { return nil }
        var point = DecodedPoint(measure: "", value: value)
        for member in object.members where member.name != holder.name {
            if JSONFields.timeNames.contains(member.name) {
                guard let instant = JSONFields.instant(member.name, member.value) else {
                    return nil
                }
                point.time = point.time ?? instant
            } else if JSONFields.unitNames.contains(member.name) {
                // OPC UA numbers its units.
                point.unit = member.value.text ?? member.value.integer.map { "\($0)" } ?? ""
            } else if JSONFields.qualityNames.contains(member.name) {
                point.quality = JSONFields.quality(member.name, member.value)
            } else if JSONFields.measureNames.contains(member.name) {
                point.measure = member.value.text ?? ""
            } else if member.value.text == nil || holder.name == "v" {
                return nil
            }
        }
        return point
    }

    private static func isValue(_ member: JSONObject.Member) -> Bool {
        JSONFields.valueNames.contains(member.name) && JSONFields.scalar(member.value) != nil
    }

    /// The points of an object of metrics; inner objects are flattened with `/`.
    static func metrics(_ object: JSONObject, problems: inout [String]) -> [DecodedPoint] {
        let time = JSONFields.time(of: object)
        var points: [DecodedPoint] = []
        for member in object.members where member.name != time?.name {
            flatten(member.value, member.name, time?.instant, &points, &problems)
        }
        return points
    }

    private static func flatten(
        _ value: JSONValue, _ name: String, _ time: Timestamp?, _ points: inout [DecodedPoint],
        _ problems: inout [String]
    ) {
        if let scalar = JSONFields.scalar(value) {
            points.append(DecodedPoint(measure: name, value: scalar, time: time))
            return
        }
        switch value {
        case .object(let object):
            if var point = single(object) {
                point.measure = point.measure.isEmpty ? name : name + "/" + point.measure
                point.time = point.time ?? time
                points.append(point)
                return
            }
            let inner = JSONFields.time(of: object)
            for member in object.members where member.name != inner?.name {
                flatten(
                    member.value, name + "/" + member.name, inner?.instant ?? time, &points,
                    &problems)
            }
        case .array(let elements):
            guard elements.count <= 64 else {
                return problems.append(
                    "`\(name)` is an array of \(elements.count) elements; at most 64 become "
                        + "measures")
            }
            for (index, element) in elements.enumerated() {
                flatten(element, "\(name)/\(index)", time, &points, &problems)
            }
        default: break
        }
    }
}
