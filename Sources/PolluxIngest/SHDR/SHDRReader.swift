import PolluxGraph
import PolluxModel

/// Reads the lines of an adapter.
enum SHDRReader {
    /// What the source says when the connection is gone.
    static let disconnected = "* disconnected"

    /// Reads a line into points, alarms and tools.
    static func read(_ message: TopicMessage, _ state: inout SHDRState) -> DecodedMessage {
        var decoded = DecodedMessage()
        decoded.format = "SHDR"
        decoded.rule = "the description of \(state.adapter.name)"
        guard let text = String(validating: message.payload, as: UTF8.self) else {
            decoded.problems.append("the line is not UTF-8")
            return decoded
        }
        if !state.isDescribed {
            decoded.groups += state.adapter.groups
            state.isDescribed = true
        }
        if text == disconnected {
            end(&state, at: message.receivedAt, &decoded)
            return decoded
        }
        if text.hasPrefix("*") {
            readFact(text, state.device, &decoded)
            return decoded
        }
        let line = SHDRLine(text)
        var instant = message.receivedAt
        if !line.time.isEmpty {
            guard let time = Timestamp(message: line.time) else {
                decoded.problems.append("`\(line.time.prefix(60))` is no time")
                return decoded
            }
            instant = time
        }
        guard !line.tokens.isEmpty else {
            decoded.problems.append("the line has no key")
            return decoded
        }
        if line.tokens[0].hasPrefix("@") {
            readAsset(line, at: instant, message, &state, &decoded)
        } else {
            readTokens(line.tokens, at: instant, state.device, &decoded)
        }
        state.note(decoded)
        return decoded
    }

    /// `* manufacturer: Kern` is an attribute of the machine.
    private static func readFact(
        _ text: String, _ device: MTConnectDevice, _ decoded: inout DecodedMessage
    ) {
        let line = text.dropFirst()
        guard let colon = line.firstIndex(of: ":") else { return }
        let key = XMLReader.trimmed(String(line[..<colon]))
        let value = XMLReader.trimmed(String(line[line.index(after: colon)...]))
        let facts = ["uuid", "manufacturer", "serialNumber", "station", "description", "model"]
        guard facts.contains(key), !value.isEmpty else { return }
        var group = DecodedGroup(address: device.address)
        group.attributes = [Attribute(MTConnectNames.kebab(key), .text(value))]
        decoded.groups.append(group)
    }

    private static func readTokens(
        _ tokens: [String], at instant: Timestamp, _ device: MTConnectDevice,
        _ decoded: inout DecodedMessage
    ) {
        var values = MTConnectValues(device: device, message: decoded)
        var index = 0
        while index < tokens.count {
            let key = tokens[index]
            // Some adapters end their lines with a bar.
            if key.isEmpty, index == tokens.count - 1, index > 0 { break }
            let rest = Array(tokens[(index + 1)...])
            let signal = signal(key, rest, device)
            let count = min(fieldCount(signal), rest.count)
            guard count > 0, !key.isEmpty else {
                values.message.problems.append(
                    key.isEmpty ? "a key is missing" : "the key `\(key.prefix(80))` has no value")
                break
            }
            if let observation = observation(
                Array(rest.prefix(count)), of: signal, at: instant, &values.message.problems)
            {
                values.add(observation, of: signal)
            }
            index += 1 + count
        }
        decoded = values.message
    }

    /// The signal of a key, `device:key` too; one that no description knows is guessed.
    private static func signal(
        _ key: String, _ rest: [String], _ device: MTConnectDevice
    ) -> MTConnectSignal {
        if let known = device.signal(key) { return known }
        if let colon = key.firstIndex(of: ":"),
            let known = device.signal(String(key[key.index(after: colon)...]))
        {
            return known
        }
        let first = rest.first ?? ""
        let isCondition =
            rest.count >= 5 && ["NORMAL", "WARNING", "FAULT"].contains(first.uppercased())
        let isNumber = PlainText.number(Array(first.utf8)) != nil
        return MTConnectSignal(
            id: key, category: isCondition ? .condition : isNumber ? .sample : .event,
            type: isCondition ? key : "", address: device.address, measure: key)
    }

    /// Tokens that a signal's value takes.
    private static func fieldCount(_ signal: MTConnectSignal) -> Int {
        if signal.category == .condition { return 5 }
        if signal.representation == "TIME_SERIES" { return 3 }
        switch signal.type {
        case "MESSAGE", "ASSET_CHANGED", "ASSET_REMOVED": return 2
        case "ALARM": return 5
        default: return 1
        }
    }

    private static func observation(
        _ fields: [String], of signal: MTConnectSignal, at instant: Timestamp,
        _ problems: inout [String]
    ) -> MTConnectObservation? {
        var observation = MTConnectObservation(id: signal.id, instant: instant)
        observation.type = signal.type
        observation.category = signal.category
        observation.text = fields.last ?? ""
        let first = fields.first ?? ""
        if signal.category == .condition {
            observation.attributes["level"] = first
            for (index, name) in [
                (1, "nativeCode"), (2, "nativeSeverity"), (3, "qualifier"), (4, "message"),
            ] where index < fields.count && !fields[index].isEmpty {
                observation.attributes[name] = fields[index]
            }
            // `code:id` tells apart alarms of one code.
            if let code = observation.attributes["nativeCode"], let colon = code.firstIndex(of: ":")
            {
                observation.attributes["nativeCode"] = String(code[..<colon])
                observation.attributes["conditionId"] = String(code[code.index(after: colon)...])
            }
            return observation
        }
        if fields.contains(where: { $0.uppercased() == "UNAVAILABLE" }) {
            observation.text = "UNAVAILABLE"
            return observation
        }
        if signal.representation == "TIME_SERIES" {
            guard fields.count == 3 else {
                problems.append("the time series `\(signal.id)` needs count, rate and values")
                return nil
            }
            observation.attributes["sampleCount"] = fields[0]
            observation.attributes["sampleRate"] = fields[1]
        } else if ["DATA_SET", "TABLE"].contains(signal.representation) {
            guard let entries = SHDREntries.read(first) else {
                problems.append("the set `\(signal.id)` is not written as a=1 b=2")
                return nil
            }
            observation.entries = entries
        } else if signal.type == "MESSAGE", fields.count == 2 {
            observation.attributes["nativeCode"] = first
        }
        // Of a number, nothing is nothing known.
        if signal.isNumeric, observation.text.isEmpty { observation.text = "UNAVAILABLE" }
        return observation
    }

    private static func readAsset(
        _ line: SHDRLine, at instant: Timestamp, _ message: TopicMessage, _ state: inout SHDRState,
        _ decoded: inout DecodedMessage
    ) {
        let word = line.tokens[0].uppercased()
        guard word == "@ASSET@", line.tokens.count >= 4 else {
            if ["@REMOVE_ASSET@", "@REMOVE_ALL_ASSETS@"].contains(word) {
                return remove(word, line.tokens, at: instant, state.device, &decoded)
            }
            return decoded.problems.append(
                word == "@ASSET@"
                    ? "@ASSET@ needs an id, a kind and the asset" : "\(word) is not read")
        }
        guard line.tokens[2] == "CuttingTool" else {
            return decoded.problems.append("assets of the kind \(line.tokens[2]) are not read")
        }
        do throws(XMLError) {
            let text = line.tokens[3...].joined(separator: "|")
            let element = try XMLReader.parse(Array(text.utf8))
            guard
                let tool = MTConnectTool(element, id: line.tokens[1], instant: instant)
            else { return decoded.problems.append("the tool has no id") }
            if let number = tool.programNumber { state.device.tools[number] = tool.id }
            tool.add(to: &decoded, of: state.device, at: message.receivedAt)
        } catch {
            decoded.problems.append(error.description)
        }
    }

    /// A tool that the machine no longer has is in no place there.
    private static func remove(
        _ word: String, _ tokens: [String], at instant: Timestamp, _ device: MTConnectDevice,
        _ decoded: inout DecodedMessage
    ) {
        let isAll = word == "@REMOVE_ALL_ASSETS@"
        guard isAll || tokens.count > 1 else {
            return decoded.problems.append("@REMOVE_ASSET@ needs an id")
        }
        let placement = DecodedPlacement(
            item: isAll ? "" : tokens[1], type: "tool", holder: device.toolHolder, isIn: false,
            time: instant)
        decoded.groups[decoded.group(of: device.address)].placements.append(placement)
    }

    /// Everything that stands ends: the connection is gone.
    private static func end(
        _ state: inout SHDRState, at instant: Timestamp, _ decoded: inout DecodedMessage
    ) {
        decoded.format = "SHDR disconnected"
        let available = state.device.signals.first { $0.type == "AVAILABILITY" }
        let order = state.standing.sorted { $0.key.text < $1.key.text }
        for (address, measures) in order {
            for measure in measures.sorted() {
                var point = DecodedPoint(
                    measure: measure, value: .gone, time: instant, quality: .end)
                if address == available?.address, measure == available?.measure {
                    point.value = .typed(.text("UNAVAILABLE"))
                    point.quality = .good
                }
                JSONPayload.append(point, to: address, of: &decoded)
            }
        }
        for (address, ids) in state.conditions.sorted(by: { $0.key.text < $1.key.text }) {
            for id in ids.sorted() {
                decoded.groups[decoded.group(of: address)].episodes.append(
                    DecodedEpisode(
                        name: "alarm", label: "", time: instant,
                        scope: Attribute("condition", .text(id))))
            }
        }
        state.clear()
    }
}
