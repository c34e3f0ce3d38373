import PolluxGraph
import PolluxModel

/// One observation as a document, an entity message or an adapter's line tells it.
struct MTConnectObservation: Sendable {
    var id: String
    var type = ""
    var category = MTConnectSignal.Category.event
    /// The time as written, and what it means.
    var timeText = ""
    var instant: Timestamp
    var sequence = ""
    /// The value as text.
    var text = ""
    /// Entries of a data set or table.
    var entries: [MTConnectElement] = []
    /// What else is said: codes, rates, levels.
    var attributes: [String: String] = [:]

    init(id: String, instant: Timestamp) {
        self.id = id
        self.instant = instant
    }

    /// Reads an element of a stream, or an entity message, which is flat.
    ///
    /// - Returns: nil with a reason when it says not which signal it is of, or not when.
    init?(
        _ element: MTConnectElement, category: MTConnectSignal.Category?,
        problems: inout [String]
    ) {
        guard let id = element.attributes["dataItemId"], !id.isEmpty else {
            problems.append("an observation <\(element.name)> has no dataItemId")
            return nil
        }
        let time = element.attributes["timestamp"] ?? ""
        guard let instant = Timestamp(message: time) else {
            problems.append("the timestamp `\(time.prefix(60))` of \(id) is no time")
            return nil
        }
        self.init(id: id, instant: instant)
        timeText = time
        attributes = element.attributes
        sequence = attributes["sequence"] ?? ""
        type = attributes["type"] ?? MTConnectNames.type(ofElement: element.name)
        entries = element.children.filter { $0.name == "Entry" }
        text = element.text.isEmpty ? attributes["result"] ?? "" : element.text
        guard let category else {
            takeEntity(element)
            return
        }
        self.category = category
        if category == .condition {
            attributes["level"] = attributes["level"] ?? element.name
            attributes["message"] = attributes["message"] ?? element.text
        }
    }

    private mutating func takeEntity(_ element: MTConnectElement) {
        let word = attributes["category"]?.uppercased() ?? ""
        if let known = MTConnectSignal.Category(rawValue: word) {
            category = known
        } else {
            category = attributes["level"] == nil ? .event : .condition
        }
        if text.isEmpty, let set = element.child("result") {
            entries = set.children
            for (key, value) in set.attributes.sorted(by: { $0.key < $1.key }) {
                var entry = MTConnectElement(name: "Entry")
                entry.attributes["key"] = key
                entry.text = value
                entries.append(entry)
            }
        }
    }

    /// What tells observations of one signal apart that hold at the same time.
    var key: String {
        guard category == .condition else { return id }
        return id + "\u{0}" + (attributes["conditionId"] ?? attributes["nativeCode"] ?? "")
    }
}

/// Turns observations into points, alarms and tool changes.
struct MTConnectValues {
    let device: MTConnectDevice
    var message: DecodedMessage

    /// Numbers of one observation that are taken.
    static let seriesLimit = 100_000

    /// Adds what an observation says.
    mutating func add(_ observation: MTConnectObservation, of signal: MTConnectSignal) {
        if signal.category == .condition { return addCondition(observation, signal) }
        let isUnavailable = observation.text.uppercased() == "UNAVAILABLE"
        if isUnavailable, signal.type != "AVAILABILITY" { return addGap(observation, signal) }
        if !observation.entries.isEmpty || ["DATA_SET", "TABLE"].contains(signal.representation) {
            return addEntries(observation, signal)
        }
        if signal.representation == "TIME_SERIES" || observation.attributes["sampleCount"] != nil {
            return addSeries(observation, signal)
        }
        if signal.isNumeric { return addNumbers(observation, signal) }
        if signal.type == "MESSAGE" { addMessage(observation, signal) }
        append(.typed(.text(observation.text)), signal.measure, observation, signal)
        addTool(observation, signal)
        if signal.type == "PROGRAM", ["", "ACTIVE", "MAIN"].contains(signal.subType) {
            addProgram(observation)
        }
    }

    private mutating func append(
        _ value: DecodedValue, _ measure: String, _ observation: MTConnectObservation,
        _ signal: MTConnectSignal, at instant: Timestamp? = nil
    ) {
        var point = DecodedPoint(
            measure: measure, value: value, time: instant ?? observation.instant)
        switch value {
        case .number, .typed(.integer): point.unit = MTConnectNames.single(signal.units)
        default: break
        }
        JSONPayload.append(point, to: signal.address, of: &message)
    }

    private static let axes = ["x", "y", "z"]

    /// The value is not known from here on.
    private mutating func addGap(_ observation: MTConnectObservation, _ signal: MTConnectSignal) {
        guard signal.units.hasSuffix("_3D") else {
            return append(.gone, signal.measure, observation, signal)
        }
        for axis in MTConnectValues.axes {
            append(.gone, signal.measure + "/" + axis, observation, signal)
        }
    }

    private mutating func addNumbers(
        _ observation: MTConnectObservation, _ signal: MTConnectSignal
    ) {
        let words = MTConnectValues.withoutTrigger(observation.text).split(separator: " ")
        let numbers = words.compactMap { PlainText.decimal(Array($0.utf8)) }
        guard numbers.count == words.count, numbers.count == 1 || numbers.count == 3 else {
            message.problems.append(
                "the value `\(observation.text.prefix(60))` of \(signal.id) is no number")
            return
        }
        if numbers.count == 1 {
            return append(numbers[0], signal.measure, observation, signal)
        }
        for (axis, number) in zip(MTConnectValues.axes, numbers) {
            append(number, signal.measure + "/" + axis, observation, signal)
        }
    }

    /// The value of a counter that names why it was reset: `0:DAY`.
    private static func withoutTrigger(_ text: String) -> Substring {
        guard let colon = text.firstIndex(of: ":") else { return text[...] }
        return text[..<colon]
    }

    /// Numbers at a rate; the time of the observation is that of the last one.
    private mutating func addSeries(
        _ observation: MTConnectObservation, _ signal: MTConnectSignal
    ) {
        let words = observation.text.split(separator: " ")
        let numbers = words.compactMap { PlainText.decimal(Array($0.utf8)) }
        let rate = observation.attributes["sampleRate"].flatMap { Double($0) } ?? 0
        guard numbers.count == words.count, numbers.count <= MTConnectValues.seriesLimit,
            numbers.count < 2 || (rate > 0 && rate <= 1e9)
        else {
            message.problems.append(
                "the time series of \(signal.id) is not numbers with a rate in hertz")
            return
        }
        for (index, number) in numbers.enumerated() {
            let back = Double(numbers.count - 1 - index) / max(rate, 1e-9) * 1e9
            guard back < 1e18 else { continue }
            append(
                number, signal.measure, observation, signal,
                at: observation.instant.advanced(by: -Int64(back.rounded())))
        }
    }

    /// Each entry of a set is a measure of its own, each cell of a table too.
    private mutating func addEntries(
        _ observation: MTConnectObservation, _ signal: MTConnectSignal
    ) {
        for entry in observation.entries {
            guard let key = entry.attributes["key"], !key.isEmpty else { continue }
            let measure = signal.measure + "/" + key
            if entry.attributes["removed"] == "true" {
                append(.gone, measure, observation, signal)
                continue
            }
            guard !entry.children.isEmpty else {
                append(MTConnectValues.entryValue(entry.text), measure, observation, signal)
                continue
            }
            for cell in entry.children {
                guard let name = cell.attributes["key"], !name.isEmpty else { continue }
                append(
                    MTConnectValues.entryValue(cell.text), measure + "/" + name, observation,
                    signal)
            }
        }
    }

    private static func entryValue(_ text: String) -> DecodedValue {
        if text.isEmpty || text.uppercased() == "UNAVAILABLE" { return .gone }
        return PlainText.decimal(Array(text.utf8)) ?? .typed(.text(text))
    }

    /// Conditions are alarms that begin and end.
    private mutating func addCondition(
        _ observation: MTConnectObservation, _ signal: MTConnectSignal
    ) {
        let level = (observation.attributes["level"] ?? "").uppercased()
        let said = observation.attributes
        let code = said["conditionId"] ?? said["nativeCode"] ?? ""
        var episode = DecodedEpisode(
            name: "alarm", label: "", time: observation.instant,
            scope: Attribute("condition", .text(signal.id)))
        switch level {
        case "NORMAL": episode.endingLabel = code
        case "UNAVAILABLE": break
        case "WARNING", "FAULT":
            episode.label = code.isEmpty ? MTConnectNames.kebab(signal.type) : code
            episode.endingLabel = episode.label
            episode.attributes = [
                Attribute("level", .text(level.lowercased())),
                Attribute("kind", .text(MTConnectNames.kebab(signal.type))),
            ]
            for (name, key) in [
                ("text", "message"), ("native-code", "nativeCode"),
                ("severity", "nativeSeverity"), ("qualifier", "qualifier"),
            ] {
                if let text = said[key], !text.isEmpty {
                    episode.attributes.append(Attribute(name, .text(text)))
                }
            }
        default:
            message.problems.append(
                "the level `\(level.prefix(40))` of the condition \(signal.id) is not known")
            return
        }
        message.groups[message.group(of: signal.address)].episodes.append(episode)
    }

    private mutating func addMessage(
        _ observation: MTConnectObservation, _ signal: MTConnectSignal
    ) {
        guard !observation.text.isEmpty else { return }
        var event = DecodedEvent(name: "message", time: observation.instant)
        event.label = observation.attributes["nativeCode"] ?? ""
        if !event.label.isEmpty { event.attributes.append(Attribute("name", .text(event.label))) }
        event.attributes.append(Attribute("text", .text(observation.text)))
        message.add(event, of: signal.address)
    }

    /// The program that runs is an episode of the machine.
    private mutating func addProgram(_ observation: MTConnectObservation) {
        var episode = DecodedEpisode(
            name: "program", label: observation.text, time: observation.instant, scope: nil)
        episode.attributes = []
        message.groups[message.group(of: device.address)].episodes.append(episode)
    }

    /// The tool in the spindle, by its asset's id or by the number in programs.
    private mutating func addTool(_ observation: MTConnectObservation, _ signal: MTConnectSignal) {
        let text = observation.text
        var placement = DecodedPlacement(
            item: text, type: "tool", holder: device.toolHolder, isIn: true,
            time: observation.instant)
        switch signal.type {
        case "TOOL_ASSET_ID": break
        case "TOOL_NUMBER" where !device.tellsToolAssets && signal.subType != "COMMANDED":
            if text == "0" || text.isEmpty {
                placement.item = ""
            } else {
                // A number means a tool of this machine only.
                let machine = device.address.levels.last?.name ?? device.uuid
                placement.item = device.tools[text] ?? "\(machine)-T\(text)"
            }
        default: return
        }
        message.groups[message.group(of: device.address)].placements.append(placement)
    }
}
