import PolluxGraph
import PolluxModel

/// Finds out what kind of payload a message carries and reads it; pure.
struct PayloadReader {
    let rules: TopicRules
    var lines: [LineRule] = []
    let options: IngestOptions
    /// What publishers of OPC UA said before.
    var publishers = OPCUAPublishers()

    /// Reads by rules.
    init(rules: IngestRules, options: IngestOptions) {
        self.rules = rules.topics
        lines = rules.lines
        self.options = options
    }

    /// Reads by rules about topics alone.
    init(rules: TopicRules, options: IngestOptions) {
        self.rules = rules
        self.options = options
    }

    /// Reads a message; what cannot be read is in `problems`.
    func read(topic: String, payload: [UInt8], receivedAt: Timestamp) -> DecodedMessage {
        var message = DecodedMessage()
        guard payload.count <= options.messageByteCountLimit else {
            message.format = "too long"
            message.problems = [
                "the payload of \(payload.count) bytes is longer than "
                    + "\(options.messageByteCountLimit) bytes"
            ]
            return message
        }
        if let skipped = skipped(topic) { return skipped }
        let rule = rules.rule(for: topic)
        let levels = OPCUATopic(topic)
        if levels?.encoding == "uadp" {
            message.format = "OPC UA UADP"
            message.problems = [OPCUAMessage.binaryProblem]
            return message
        }
        let start = LineScanner.contentStart(payload.span)
        let payload = start == 0 ? payload : Array(payload[start...])
        var first = 0
        while first < payload.count, payload[first] <= 0x20 { first += 1 }
        guard first < payload.count else {
            // An empty retained message clears the topic at the broker; it says nothing.
            message.format = "empty"
            return message
        }
        switch payload[first] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            readJSON(topic, payload, rule, levels, &message)
        default:
            readText(topic, payload, receivedAt, &message)
        }
        return message
    }

    /// What is said of a message whose topic a rule passes over; nil when none does.
    func skipped(_ topic: String) -> DecodedMessage? {
        guard let rule = rules.rule(for: topic), rule.isSkipped else { return nil }
        var message = DecodedMessage()
        message.format = "passed over by a rule"
        message.rule = rule.template
        return message
    }

    private func readJSON(
        _ topic: String, _ payload: [UInt8], _ rule: TopicRule?, _ levels: OPCUATopic?,
        _ message: inout DecodedMessage
    ) {
        message.format = "JSON"
        do throws(JSONError) {
            let value = try JSONReader.parse(payload)
            if let rule, rule.hasPaths {
                return ShapedPayload.read(value, by: rule, topic: topic, into: &message)
            }
            if OPCUAMessage.read(
                value, topic: topic, levels, rules: rules, publishers, into: &message)
            {
                return
            }
            JSONPayload.read(value, topic: topic, rules: rules, into: &message)
        } catch {
            message.problems.append(error.description)
        }
    }

    private func readText(
        _ topic: String, _ payload: [UInt8], _ receivedAt: Timestamp,
        _ message: inout DecodedMessage
    ) {
        if isLineProtocol(payload) {
            return LinePayload.read(
                payload, LinePlaces(containment: options.containment, rules: lines), &message)
        }
        guard let text = String(validating: payload, as: UTF8.self) else {
            message.format = "bytes"
            message.problems.append("the payload is neither UTF-8 text nor a known binary format")
            return
        }
        var point = DecodedPoint(measure: "", value: .gone, time: nil)
        (point.value, message.format) = PlainText.value(text)
        guard let match = rules.match(topic, namesMeasures: false) else {
            message.problems.append(PayloadReader.noRule(topic, rules, namesMeasures: false))
            return
        }
        message.rule = match.rule
        point.measure = match.measure
        point.unit = match.unit
        message.groups.append(DecodedGroup(address: match.address, points: [point]))
    }

    /// Whether the first line that says anything is line protocol.
    private func isLineProtocol(_ payload: [UInt8]) -> Bool {
        guard payload.contains(UInt8(ascii: "=")), payload.contains(UInt8(ascii: " ")) else {
            return false
        }
        var scanner = LineScanner()
        var line = LineScan()
        return scanner.next(payload.span, into: &line) && line.fault == nil
    }

    /// Why a topic is not mapped.
    static func noRule(_ topic: String, _ rules: TopicRules, namesMeasures: Bool) -> String {
        if rules.isBuiltIn {
            return "the topic `\(topic)` does not fit the built-in rule \(TopicRules.builtIn)"
                + (namesMeasures ? "" : " with at least an asset and a measure")
        }
        return "no rule matches the topic `\(topic)`"
    }
}

/// Plain payloads: one value and nothing else.
enum PlainText {
    /// The value that a text stands for, and what to call it.
    static func value(_ text: String) -> (DecodedValue, format: String) {
        var bytes = Array(text.utf8)[...]
        while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
        while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
        let trimmed = Array(bytes)
        if let value = decimal(trimmed) { return (value, "number") }
        let word = String(decoding: trimmed, as: UTF8.self)
        switch word.lowercased() {
        case "true": return (.typed(.boolean(true)), "boolean")
        case "false": return (.typed(.boolean(false)), "boolean")
        case "null": return (.gone, "null")
        case "nan", "-nan", "+nan": return (.number(.nan), "number")
        case "inf", "+inf", "infinity", "+infinity": return (.number(.infinity), "number")
        case "-inf", "-infinity": return (.number(-.infinity), "number")
        default: break
        }
        if trimmed.count >= 2, trimmed.first == UInt8(ascii: "\""),
            case .text(let inner)? = try? JSONReader.parse(trimmed)
        {
            return (.typed(.text(inner)), "text")
        }
        return (.typed(.text(word)), "text")
    }

    /// The number that bytes are, wholly; nil when they are something else.
    static func number(_ bytes: [UInt8]) -> Double? {
        scan(bytes)?.double(bytes.span, from: 0, to: bytes.count)
    }

    /// The value of a number that bytes are, wholly; nil when they are something else.
    static func decimal(_ bytes: [UInt8]) -> DecodedValue? {
        guard let scan = scan(bytes) else { return nil }
        if let whole = scan.whole(bytes.span, from: 0, to: bytes.count) {
            return JSONFields.whole(whole)
        }
        return .number(scan.double(bytes.span, from: 0, to: bytes.count))
    }

    private static func scan(_ bytes: [UInt8]) -> DecimalScan? {
        bytes.count <= 400 ? DecimalScan(whole: bytes) : nil
    }
}

/// Line protocol as a payload: the topic plays no part.
enum LinePayload {
    static func read(
        _ payload: [UInt8], _ places: LinePlaces, _ message: inout DecodedMessage
    ) {
        message.format = "line protocol"
        message.rule = "line protocol names the part itself"
        var scanner = LineScanner()
        var line = LineScan()
        var meanings: [[UInt8]: LineMapping.Key] = [:]
        var lastKey: [UInt8]?
        let bytes = payload.span
        while scanner.next(bytes, into: &line) {
            if let fault = line.fault {
                message.problems.append("line \(line.number): \(fault)")
                continue
            }
            let key = Array(payload[line.start..<line.keyEnd])
            if meanings[key] == nil {
                do throws(IngestError) {
                    meanings[key] = try LineMapping.key(key, places)
                } catch {
                    message.problems.append("line \(line.number): \(error)")
                    continue
                }
            }
            guard let meaning = meanings[key] else { continue }
            if key != lastKey {
                // A group of its own each time, so that the lines keep their order.
                lastKey = key
                message.groups.append(
                    DecodedGroup(address: meaning.address, attributes: meaning.attributes))
            }
            let group = message.groups.count - 1
            let time = line.timestamp.map { TimestampPrecision.automatic.instant($0) }
            for field in line.fields {
                guard
                    let name = LineMapping.name(Array(payload[field.keyStart..<field.keyEnd])),
                    let value = LineMapping.value(bytes, field, of: meaning)
                else {
                    message.problems.append("line \(line.number): a text cannot be read")
                    continue
                }
                message.groups[group].points.append(
                    DecodedPoint(
                        measure: name, value: value, time: time ?? nil,
                        quality: meaning.quality, unit: meaning.unit))
            }
        }
    }
}
