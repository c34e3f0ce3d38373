import PolluxGraph
import PolluxModel

/// Events as JSON: `{"event":"tool-change","tool":"T-42"}`.
enum JSONEvent {
    private static let beginWords: Set<String> = [
        "start", "started", "begin", "begun", "open", "on", "active",
    ]
    private static let endWords: Set<String> = [
        "end", "ended", "stop", "stopped", "finished", "done", "close", "closed", "off", "cleared",
    ]
    /// Levels of a topic that only say that events come there.
    private static let eventLevels: Set<String> = ["event", "events", "alarm", "alarms"]

    /// Reads an event of the asset that the topic addresses.
    static func read(
        _ object: JSONObject, topic: String, rules: TopicRules,
        into message: inout DecodedMessage
    ) {
        guard let name = object["event"]?.text, !name.isEmpty else {
            return message.problems.append("the event has no name")
        }
        var path = topic
        if let last = topic.split(separator: "/").last,
            eventLevels.contains(String(last)) || last == name
        {
            path = String(topic.dropLast(last.count + 1))
        }
        guard let match = rules.match(path, namesMeasures: true) else {
            return message.problems.append(
                PayloadReader.noRule(topic, rules, namesMeasures: true))
        }
        message.rule = match.rule
        var event = DecodedEvent(name: name)
        let time = JSONFields.time(of: object)
        event.time = time?.instant
        for member in object.members where member.name != "event" && member.name != time?.name {
            if let problem = apply(member, to: &event) { message.problems.append(problem) }
        }
        if name == "mount" || name == "unmount" {
            if event.item.isEmpty {
                return message.problems.append("a \(name) must name its item: \"item\":\"SP-9\"")
            }
        }
        message.add(event, of: match.address)
    }

    /// Takes over one member and returns what is wrong with it.
    private static func apply(
        _ member: JSONObject.Member, to event: inout DecodedEvent
    ) -> String? {
        let isMount = event.name == "mount" || event.name == "unmount"
        switch (member.name, member.value) {
        case ("end", let value):
            guard let end = JSONFields.instant("end", value) else {
                return "the end of the event is no time"
            }
            event.phase = .until(end)
        case ("state", .text(let word)) where beginWords.contains(word.lowercased()):
            event.phase = .begins
        case ("state", .text(let word)) where endWords.contains(word.lowercased()):
            event.phase = .ends
        case ("item", .text(let item)) where isMount: event.item = item
        case ("place", .text(let place)) where isMount: event.place = place
        default: addAttribute(member.name, member.value, to: &event)
        }
        return nil
    }

    private static func addAttribute(
        _ name: String, _ value: JSONValue, to event: inout DecodedEvent
    ) {
        switch value {
        case .null: return
        case .boolean(let flag): event.attributes.append(Attribute(name, .boolean(flag)))
        case .integer(let number): event.attributes.append(Attribute(name, .integer(number)))
        case .number(let number): event.attributes.append(Attribute(name, .float(number)))
        case .text(let text):
            event.attributes.append(Attribute(name, .text(text)))
            if event.label.isEmpty, ["name", "label", "id"].contains(name) { event.label = text }
        case .object(let object):
            for member in object.members {
                addAttribute(name + "/" + member.name, member.value, to: &event)
            }
        case .array: event.attributes.append(Attribute(name, .text(value.description)))
        }
    }
}
