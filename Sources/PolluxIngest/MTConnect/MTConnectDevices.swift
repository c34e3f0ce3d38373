import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore

/// What is known of the devices of a plant, and how their messages are read.
///
/// A value: a commit that fails changes nothing. What must outlive the process is handed out as
/// records for the commit that holds the points.
struct MTConnectDevices: Sendable {
    private(set) var devices: [String: MTConnectDevice] = [:]
    /// Adapters by the topic of their lines, and what they have said.
    private(set) var adapters: [String: SHDRState] = [:]
    /// Devices that changed since the value was taken.
    private(set) var changed: Set<String> = []
    private(set) var changedAdapters: Set<String> = []
    /// Descriptions to keep: device and document.
    private(set) var records: [(uuid: String, payload: [UInt8])] = []

    /// Devices that are remembered.
    static let deviceLimit = 10_000

    /// Whether a message is MTConnect's: by its topic, or by what its document calls itself.
    func owns(_ message: TopicMessage) -> Bool {
        if message.topic.hasPrefix("MTConnect/") || isLine(message) { return true }
        let start = MTConnectDevices.content(message.payload).prefix(48)
        guard let first = start.first else { return false }
        if first == UInt8(ascii: "<") {
            // Any other text in angle brackets is a text.
            return String(decoding: message.payload.prefix(1024), as: UTF8.self)
                .contains("MTConnect")
        }
        guard first == UInt8(ascii: "{") else { return false }
        let name = start.dropFirst().drop { $0 <= 0x20 }
        return name.starts(with: "\"MTConnect".utf8)
    }

    /// Takes over what another value learned.
    mutating func merge(_ other: MTConnectDevices) {
        for uuid in other.changed { devices[uuid] = other.devices[uuid] }
        for topic in other.changedAdapters { adapters[topic] = other.adapters[topic] }
    }

    /// Makes the lines of an adapter known.
    mutating func add(_ adapter: SHDRAdapter) {
        adapters[adapter.topic] = SHDRState(adapter)
    }

    private func isLine(_ message: TopicMessage) -> Bool {
        message.topic.hasPrefix("SHDR/") && adapters[message.topic] != nil
    }

    /// Reads one message.
    ///
    /// - Parameter isReplay: whether it is taken again from the dead letters, so that what was seen
    ///   counts too.
    mutating func read(_ message: TopicMessage, isReplay: Bool = false) -> DecodedMessage {
        var decoded = DecodedMessage()
        decoded.format = "MTConnect"
        decoded.rule = "MTConnect describes its devices itself"
        if isLine(message), var adapter = adapters.removeValue(forKey: message.topic) {
            let decoded = SHDRReader.read(message, &adapter)
            adapters[message.topic] = adapter
            changedAdapters.insert(message.topic)
            return decoded
        }
        let levels = message.topic.split(separator: "/").map(String.init)
        guard let first = MTConnectDevices.content(message.payload).first else { return decoded }
        if message.topic.hasPrefix("MTConnect/"), levels.last == "Availability", levels.count > 3 {
            readAvailability(of: levels[levels.count - 2], message, &decoded)
            return decoded
        }
        guard let root = MTConnectDevices.root(first, message.payload, &decoded) else {
            return decoded
        }
        let uuid = levels.count > 2 && levels[0] == "MTConnect" ? levels[2] : ""
        if root.attributes["dataItemId"] != nil {
            decoded.format = "MTConnect observation"
            readEntity(root, of: uuid, isReplay, &decoded)
            return decoded
        }
        let parts = root.all(["Device", "Agent", "DeviceStream", "Assets"])
        if parts.isEmpty, levels.count > 1, levels[1] == "Asset" {
            readAssets(root.name == "" ? root.children : [root], of: uuid, message, &decoded)
        } else if parts.isEmpty, root.attributes["uuid"] != nil {
            readDevice(root, message, &decoded)
        } else if parts.isEmpty, root.all(["Streams", "Devices"]).isEmpty {
            decoded.problems.append("the document holds no device, no observation and no asset")
        }
        let instance = root.all(["Header"]).first?.attributes["instanceId"] ?? ""
        for part in parts {
            switch part.name {
            case "Device", "Agent": readDevice(part, message, &decoded)
            case "DeviceStream": readStream(part, instance: instance, isReplay, &decoded)
            default: readAssets(part.children, of: uuid, message, &decoded)
            }
        }
        return decoded
    }

    /// A payload without what may stand before the document.
    private static func content(_ payload: [UInt8]) -> ArraySlice<UInt8> {
        payload[LineScanner.contentStart(payload.span)...].drop { $0 <= 0x20 }
    }

    /// The outermost element; a nameless one around the members of a JSON document.
    private static func root(
        _ first: UInt8, _ payload: [UInt8], _ decoded: inout DecodedMessage
    ) -> MTConnectElement? {
        if first == UInt8(ascii: "<") {
            do throws(XMLError) {
                return try XMLReader.parse(payload)
            } catch {
                decoded.problems.append(error.description)
                return nil
            }
        }
        do throws(JSONError) {
            return MTConnectElement(name: "", json: try JSONReader.parse(payload))
        } catch {
            decoded.problems.append(error.description)
            return nil
        }
    }

    /// The device of an id; a new one, of which nothing is known, when it has none.
    private mutating func device(_ uuid: String) -> MTConnectDevice? {
        if let known = devices[uuid] { return known }
        guard !uuid.isEmpty, devices.count < MTConnectDevices.deviceLimit else { return nil }
        return MTConnectDevice(uuid: uuid)
    }

    /// Like `device`, and takes it out until it is kept again, so that it is changed in place.
    private mutating func takeDevice(_ uuid: String) -> MTConnectDevice? {
        guard let device = device(uuid) else { return nil }
        devices[uuid] = nil
        return device
    }

    /// Remembers a device.
    mutating func keep(_ device: MTConnectDevice) {
        devices[device.uuid] = device
        changed.insert(device.uuid)
    }

    private mutating func readDevice(
        _ element: MTConnectElement, _ message: TopicMessage, _ decoded: inout DecodedMessage
    ) {
        decoded.format = "MTConnect probe"
        guard let probe = MTConnectProbe(element), probe.device.uuid.utf8.count <= 200 else {
            decoded.problems.append(
                "a device has no uuid of up to 200 bytes, or more than "
                    + "\(MTConnectProbe.signalLimit) data items")
            return
        }
        var new = probe.device
        guard let old = device(new.uuid) else {
            decoded.problems.append("more than \(MTConnectDevices.deviceLimit) devices")
            return
        }
        new.inherit(old)
        keep(new)
        records.append((new.uuid, message.payload))
        decoded.groups += probe.groups
    }

    /// The agent, or the machine behind it, came or went.
    private mutating func readAvailability(
        of uuid: String, _ message: TopicMessage, _ decoded: inout DecodedMessage
    ) {
        decoded.format = "MTConnect availability"
        guard let text = String(validating: message.payload, as: UTF8.self),
            let device = device(uuid)
        else { return decoded.problems.append("the availability is no text") }
        let word = XMLReader.trimmed(text)
        if word == "UNAVAILABLE", !message.isRetained {
            // The machine's own one by one: the availability below must stand.
            for signal in device.signals where signal.address == device.address {
                guard signal.category != .condition, signal.type != "AVAILABILITY" else { continue }
                let point = DecodedPoint(
                    measure: signal.measure, value: .gone, time: message.receivedAt, quality: .end)
                JSONPayload.append(point, to: device.address, of: &decoded)
            }
            for address in Set(device.signals.map(\.address)) where address != device.address {
                decoded.groups.append(
                    DecodedGroup(address: address, endsAt: message.receivedAt))
            }
        }
        let point = DecodedPoint(
            measure: "availability", value: .typed(.text(word)), time: message.receivedAt)
        JSONPayload.append(point, to: device.address, of: &decoded)
    }

    private mutating func readEntity(
        _ element: MTConnectElement, of uuid: String, _ isReplay: Bool,
        _ decoded: inout DecodedMessage
    ) {
        guard var device = takeDevice(element.attributes["deviceUuid"] ?? uuid) else {
            return decoded.problems.append(
                "the observation names no device: publish it to "
                    + "MTConnect/Devices/UUID/Observations/ID")
        }
        if let observation = MTConnectObservation(
            element, category: nil, problems: &decoded.problems)
        {
            take([observation], of: &device, isReplay, &decoded)
        }
        keep(device)
    }

    private mutating func readStream(
        _ stream: MTConnectElement, instance: String, _ isReplay: Bool,
        _ decoded: inout DecodedMessage
    ) {
        decoded.format = "MTConnect streams"
        guard var device = takeDevice(stream.attributes["uuid"] ?? "") else {
            return decoded.problems.append("a stream has no uuid, or there are too many devices")
        }
        device.begin(instance: instance)
        var observations: [MTConnectObservation] = []
        for component in stream.all(["ComponentStream"]) {
            for list in component.children {
                let category: MTConnectSignal.Category
                switch list.name {
                case "Samples": category = .sample
                case "Events": category = .event
                case "Condition": category = .condition
                default: continue
                }
                for element in list.children {
                    if let observation = MTConnectObservation(
                        element, category: category, problems: &decoded.problems)
                    {
                        observations.append(observation)
                    }
                }
            }
        }
        // Conditions and tools depend on the order in which things happened.
        observations.sort { $0.instant < $1.instant }
        take(observations, of: &device, isReplay, &decoded)
        keep(device)
    }

    private func take(
        _ observations: [MTConnectObservation], of device: inout MTConnectDevice, _ isReplay: Bool,
        _ decoded: inout DecodedMessage
    ) {
        var values = MTConnectValues(device: device, message: decoded)
        for observation in observations {
            let isRepeated = device.isRepeated(
                observation.key, sequence: observation.sequence, time: observation.timeText)
            if isRepeated, !isReplay {
                values.message.repeatedCount += 1
                continue
            }
            values.add(observation, of: device.signal(observation.id) ?? device.guess(observation))
        }
        decoded = values.message
    }

    private mutating func readAssets(
        _ elements: [MTConnectElement], of uuid: String, _ message: TopicMessage,
        _ decoded: inout DecodedMessage
    ) {
        decoded.format = "MTConnect assets"
        for element in elements where !element.children.isEmpty || !element.attributes.isEmpty {
            guard element.name == "CuttingTool" else {
                decoded.problems.append("assets of the kind \(element.name) are not read")
                continue
            }
            let owner = element.attributes["deviceUuid"] ?? uuid
            guard let tool = MTConnectTool(element), var device = device(owner) else {
                decoded.problems.append("a cutting tool has no assetId or no device")
                continue
            }
            if let number = tool.programNumber { device.tools[number] = tool.id }
            keep(device)
            tool.add(to: &decoded, of: device, at: message.receivedAt)
        }
    }
}

extension MTConnectDevice {
    /// A signal that no probe described: a measure of the machine by its id, which is unique.
    func guess(_ observation: MTConnectObservation) -> MTConnectSignal {
        var signal = MTConnectSignal(
            id: observation.id, category: observation.category, type: observation.type,
            address: address, measure: observation.id)
        signal.subType = observation.attributes["subType"] ?? ""
        signal.units = MTConnectNames.unit(ofType: observation.type)
        return signal
    }
}

/// Descriptions of devices as they are kept over a restart (storage-format/ingest.md §4).
enum MTConnectRecord {
    static func value(_ payload: [UInt8], receivedAt: Timestamp) -> [UInt8] {
        SealedRecord.seal(KeyBytes().with(UInt8(1)).with(receivedAt).bytes + payload)
    }

    /// The devices that are stored; a record that does not hold up counts as absent.
    static func devices(
        in table: Table, _ transaction: ReadTransaction
    ) throws(KeyValueError) -> MTConnectDevices {
        var devices = MTConnectDevices()
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: [])
        while let (key, value) = entry {
            if let content = SealedRecord.content(value), content.count > 9, content[0] == 1 {
                var name = KeyReader(key)
                if let uuid = name.text(), let device = device(uuid, content) {
                    devices.keep(device)
                }
            }
            entry = try cursor.next()
        }
        return devices.settled
    }

    /// The device that the content of a record describes, nil when it describes none of that name.
    static func device(_ uuid: String, _ content: UnsafeRawBufferPointer) -> MTConnectDevice? {
        let message = TopicMessage(
            topic: "MTConnect/Probe/-", payload: Array(content[9...]), receivedAt: .distantPast)
        var read = MTConnectDevices()
        _ = read.read(message)
        return read.devices[uuid]
    }
}

extension MTConnectDevices {
    /// The same with nothing to take over and nothing to write.
    var settled: MTConnectDevices {
        var copy = self
        copy.changed = []
        copy.changedAdapters = []
        copy.records = []
        return copy
    }
}
