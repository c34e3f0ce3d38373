import PolluxGraph

/// The levels of a topic of OPC UA PubSub over MQTT: `PREFIX/ENCODING/KIND/PUBLISHER/GROUP/WRITER`.
///
/// The prefix may have several levels. Source: OPC 10000-14, 7.3.4.7.
struct OPCUATopic: Hashable, Sendable {
    /// `json`, or `uadp` for the binary encoding.
    var encoding: String
    /// What travels there, such as `data` or `metadata`.
    var kind: String
    /// The publisher's name.
    var publisher: String
    /// The data set writer's name; empty when the topic does not name one.
    var writer: String

    private static let kinds: Set<String> = [
        "data", "metadata", "status", "connection", "application", "endpoints",
    ]

    /// Reads a topic; nil when it is none of PubSub's.
    init?(_ topic: String) {
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
        guard
            let place = levels.indices.dropFirst(2).first(where: {
                OPCUATopic.kinds.contains(String(levels[$0]))
                    && (levels[$0 - 1] == "json" || levels[$0 - 1] == "uadp")
            }), place + 1 < levels.count, !levels[place + 1].isEmpty
        else { return nil }
        encoding = String(levels[place - 1])
        kind = String(levels[place])
        publisher = OPCUATopic.unescaped(levels[place + 1])
        writer = place + 3 < levels.count ? OPCUATopic.unescaped(levels[place + 3]) : ""
    }

    /// A level without its escapes: `%2F`, or `_2F` as umati writes it.
    ///
    /// Only what a level cannot hold is escaped by `_`, so that `pump_20` stays a name.
    static func unescaped(_ level: Substring) -> String {
        let bytes = Array(level.utf8)
        var plain: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if index + 2 < bytes.count, bytes[index] == UInt8(ascii: "%"),
                let byte = hexadecimal(bytes[index + 1], bytes[index + 2])
            {
                plain.append(byte)
                index += 3
            } else if index + 2 < bytes.count, bytes[index] == UInt8(ascii: "_"),
                let byte = hexadecimal(bytes[index + 1], bytes[index + 2]),
                [UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "#")].contains(byte)
            {
                plain.append(byte)
                index += 3
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        return String(validating: plain, as: UTF8.self) ?? String(level)
    }

    private static func hexadecimal(_ high: UInt8, _ low: UInt8) -> UInt8? {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard let high = digit(high), let low = digit(low) else { return nil }
        return high << 4 | low
    }
}

/// Where the values of one publisher belong.
struct OPCUAOrigin {
    /// The rule that placed it, for people.
    var rule: String
    /// The publisher, or what a rule of one's own makes of the topic.
    let base: AssetAddress
    /// What the publisher is called, on all of its topics.
    let publisher: String
    /// What a rule of one's own puts before every measure.
    private let measure: String
    /// The writer that the topic names; empty when it names none.
    let topicWriter: String

    /// Places a publisher: by a rule of one's own that matches the topic, else as a machine of the
    /// publisher's name.
    ///
    /// - Returns: nil when the topic matches nothing and no publisher is named.
    init?(topic: String, levels: OPCUATopic?, publisher: String?, rules: TopicRules) {
        topicWriter = levels?.writer ?? ""
        self.publisher = levels?.publisher ?? publisher ?? topic
        if !rules.isBuiltIn, let match = rules.match(topic, namesMeasures: true) {
            rule = match.rule
            base = match.address
            measure = match.measure
            return
        }
        guard levels != nil || publisher != nil, !self.publisher.isEmpty else { return nil }
        rule = "OPC UA PubSub: a publisher is a machine, a data set writer its part"
        base = AssetAddress(levels: [.init(type: "machine", name: self.publisher)])
        measure = ""
    }

    /// The asset of a data set writer and what its measures begin with.
    ///
    /// A writer's name is a path of parts: `.Monitoring.Spindle_Writer` is the part `Spindle` of
    /// the part `Monitoring` (umati). A writer that has a number alone keeps its fields apart from
    /// those of others by the measure's name.
    func place(writer name: String?, id: String?) -> (address: AssetAddress, prefix: String) {
        var address = base
        var words = (name ?? "")[...]
        if words.hasSuffix("_Writer") { words = words.dropLast(7) }
        let parts = words.split(separator: ".").map(String.init)
        address.parts += parts.map { .init(type: $0, name: "") }
        var prefix = measure
        if parts.isEmpty, let id {
            prefix += (prefix.isEmpty ? "" : "/") + "writer-\(id)"
        }
        return (address, prefix)
    }
}
