import PolluxModel

/// JSON whose value and time stand where a rule says: `value data.rms  time data.ts`.
enum ShapedPayload {
    /// Reads a payload by the paths of its topic's rule.
    static func read(
        _ json: JSONValue, by rule: TopicRule, topic: String, into message: inout DecodedMessage
    ) {
        message.format = "JSON by rule"
        message.rule = rule.template
        if case .array(let elements) = json, !rule.startsWithIndex {
            for element in elements {
                read(element, by: rule, topic: topic, into: &message)
            }
            message.refuseRepeated()
            message.format = "JSON array of \(elements.count) by rule"
            return
        }
        var time: Timestamp?
        if !rule.timePath.isEmpty {
            time = at(rule.timePath, of: json).flatMap { JSONFields.instant("timestamp", $0) }
            guard time != nil else {
                return message.problems.append(
                    "the payload has no time at `\(rule.timePath.joined(separator: "."))`")
            }
        }
        guard let holder = at(rule.valuePath, of: json) else {
            return message.problems.append(
                "the payload has nothing at `\(rule.valuePath.joined(separator: "."))`")
        }
        let segments = TopicRules.segments(of: topic)
        guard case .object(let object) = holder else {
            guard let value = JSONFields.scalar(holder) else {
                return message.problems.append(
                    "an array stands at `\(rule.valuePath.joined(separator: "."))`")
            }
            guard let match = rule.match(segments, namesMeasures: false) else {
                return message.problems.append(
                    "neither the topic nor the rule names the measure: add {measure} to the "
                        + "template or `measure NAME` to the rule")
            }
            let point = DecodedPoint(measure: "", value: value, time: time)
            return JSONPayload.append(point, under: match, to: &message)
        }
        guard let match = rule.match(segments, namesMeasures: true) else {
            return message.problems.append("the rule \(rule.template) does not fit the topic")
        }
        let own = rule.valuePath.isEmpty ? rule.timePath.joined(separator: "/") : ""
        if let single = JSONPayload.single(object),
            !match.measure.isEmpty || !single.measure.isEmpty
        {
            var point = single
            point.time = time ?? point.time
            return JSONPayload.append(point, under: match, to: &message)
        }
        for point in JSONPayload.metrics(object, problems: &message.problems)
        where own.isEmpty || point.measure != own {
            var point = point
            point.time = time ?? point.time
            JSONPayload.append(point, under: match, to: &message)
        }
    }

    /// What stands at a path of members and positions; nil when nothing does.
    private static func at(_ path: [String], of json: JSONValue) -> JSONValue? {
        var current = json
        for word in path {
            if let member = current.object?[word] {
                current = member
            } else if let elements = current.array, let index = Int(word),
                elements.indices.contains(index)
            {
                current = elements[index]
            } else {
                return nil
            }
        }
        return current
    }
}
