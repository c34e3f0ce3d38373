import PolluxKeyValue
import PolluxModel
import PolluxStore

/// What is kept of edge nodes over a restart (storage-format/ingest.md §3).
struct SparkplugRecord: Hashable, Sendable {
    var key: [UInt8]
    var value: [UInt8]

    /// The birth of a node or device: the payload as it came.
    static func birth(
        _ topic: SparkplugTopic, payload: [UInt8], receivedAt: Timestamp
    ) -> SparkplugRecord {
        SparkplugRecord(
            key: prefix(topic.group, topic.node).with(UInt8(2)).with(topic.device).bytes,
            value: SealedRecord.seal(
                KeyBytes().with(UInt8(1)).with(receivedAt).bytes + payload))
    }

    /// The session of a node: whether it is there, which members are not, and what waits.
    static func session(_ node: SparkplugNode) -> SparkplugRecord {
        var bytes = KeyBytes().with(UInt8(1)).with(UInt8(node.isOnline ? 1 : 0))
            .with(node.sessionNumber ?? .max).with(node.newest)
        let absent = node.members.filter { $0.condition != .alive && $0.condition != .unborn }
        bytes = bytes.with(UInt32(absent.count))
        for member in absent {
            bytes = bytes.with(member.device)
            switch member.condition {
            case .awaited(let since): bytes = bytes.with(UInt8(1)).with(since)
            case .ended(let instant): bytes = bytes.with(UInt8(2)).with(instant)
            case .alive, .unborn: continue
            }
        }
        // The number that is waited for only counts while something waits for it.
        bytes = bytes.with(UInt8(node.held.isEmpty ? 0 : node.nextSequence ?? 0))
            .with(UInt32(node.held.count))
        var value = bytes.bytes
        for message in node.held {
            value +=
                KeyBytes().with(message.sequence).with(message.topic.kind.rawValue)
                .with(message.topic.device).with(message.receivedAt)
                .with(UInt32(message.payload.count)).bytes
            value += message.payload
        }
        return SparkplugRecord(
            key: prefix(node.group, node.name).with(UInt8(1)).bytes,
            value: SealedRecord.seal(value))
    }

    /// What the keys of a node begin with.
    static func prefix(_ group: String, _ node: String) -> KeyBytes {
        KeyBytes().with(group).with(node)
    }
}

/// Reads the records of one node back.
struct SparkplugRecordReader {
    let table: Table
    let rules: TopicRules

    /// The node as it was stored; nil when nothing is stored or its records cannot be read.
    func node(
        of topic: SparkplugTopic, in transaction: ReadTransaction
    ) throws(KeyValueError) -> SparkplugNode? {
        let prefix = SparkplugRecord.prefix(topic.group, topic.node).bytes
        var node = SparkplugNode(group: topic.group, name: topic.node)
        var session: [UInt8]?
        var isKnown = false
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: prefix)
        while let (key, value) = entry, key.starts(with: prefix) {
            var reader = KeyReader(UnsafeRawBufferPointer(rebasing: key[prefix.count...]))
            // A record that does not hold up is as good as none: the node is asked for its birth.
            if let content = SealedRecord.content(value) {
                switch reader.byte() {
                case 1: session = Array(content)
                case 2:
                    let device = reader.text() ?? ""
                    if add(device, content, to: &node) { isKnown = true }
                default: break
                }
            }
            entry = try cursor.next()
        }
        guard isKnown else { return nil }
        if let session { SparkplugRecordReader.apply(session, to: &node) }
        node.isDirty = false
        return node
    }

    /// The nodes of which messages wait, or births of devices are awaited.
    func waitingNodes(in transaction: ReadTransaction) throws(KeyValueError) -> [SparkplugNode] {
        var waiting: [SparkplugTopic] = []
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: [])
        while let (key, value) = entry {
            var reader = KeyReader(key)
            if let group = reader.text(), let name = reader.text(), reader.byte() == 1,
                let session = SealedRecord.content(value)
            {
                var node = SparkplugNode(group: group, name: name)
                SparkplugRecordReader.apply(Array(session), to: &node)
                if node.isWaiting {
                    waiting.append(
                        SparkplugTopic(kind: .nodeBirth, group: group, node: name, device: ""))
                }
            }
            entry = try cursor.next()
        }
        var nodes: [SparkplugNode] = []
        for topic in waiting {
            if let node = try node(of: topic, in: transaction) { nodes.append(node) }
        }
        return nodes
    }

    /// Reads a stored birth; false when it is none.
    private func add(
        _ device: String, _ value: UnsafeRawBufferPointer, to node: inout SparkplugNode
    ) -> Bool {
        var reader = KeyReader(value)
        guard reader.byte() == 1, let receivedAt = reader.instant() else { return false }
        let bytes = Array(value[9...])
        let topic = SparkplugTopic(
            kind: device.isEmpty ? .nodeBirth : .deviceBirth, group: node.group, node: node.name,
            device: device)
        do throws(ProtobufError) {
            let payload = try SparkplugPayload(bytes.span)
            let moment = SparkplugMoment(
                mapping: SparkplugMapping(topic: topic, rules: rules), sentAt: payload.instant,
                receivedAt: receivedAt, latest: .distantFuture, generation: 0)
            var birth = SparkplugBirthReader(device: device, moment: moment)
            try birth.read(payload, bytes.span)
            var member = birth.member
            member.condition = .alive
            if device.isEmpty {
                node.isOnline = true
                node.sessionNumber = birth.sessionNumber
            }
            node.newest = max(node.newest, birth.newest)
            node.replace(member)
            return true
        } catch {
            return false
        }
    }

    private static func apply(_ bytes: [UInt8], to node: inout SparkplugNode) {
        bytes.withUnsafeBytes { buffer in
            var reader = KeyReader(buffer)
            guard reader.byte() == 1, let flags = reader.byte(), let session = reader.uint64(),
                let newest = reader.instant(), let count = reader.uint32()
            else { return }
            node.isOnline = flags & 1 == 1
            node.sessionNumber = session == .max ? nil : session
            node.newest = max(newest, node.newest)
            for _ in 0..<count {
                guard let device = reader.text(), let kind = reader.byte(),
                    let instant = reader.instant()
                else { return }
                guard let index = node.member(device) else { continue }
                node.setCondition(
                    kind == 1 ? .awaited(since: instant) : .ended(at: instant), of: index)
            }
            guard let next = reader.byte(), let heldCount = reader.uint32(), heldCount > 0 else {
                return
            }
            node.nextSequence = next
            for _ in 0..<heldCount {
                guard let message = held(&reader, node) else { return }
                _ = node.hold(message, for: 2_000_000_000)
            }
        }
    }

    private static func held(
        _ reader: inout KeyReader, _ node: SparkplugNode
    ) -> SparkplugNode.Held? {
        guard let sequence = reader.byte(), let word = reader.text(),
            let kind = SparkplugTopic.Kind(rawValue: word), let device = reader.text(),
            let receivedAt = reader.instant(), let count = reader.uint32(),
            count <= SparkplugNode.heldByteCountLimit
        else { return nil }
        var payload: [UInt8] = []
        for _ in 0..<count {
            guard let byte = reader.byte() else { return nil }
            payload.append(byte)
        }
        return SparkplugNode.Held(
            sequence: sequence,
            topic: SparkplugTopic(
                kind: kind, group: node.group, node: node.name, device: device),
            payload: payload, receivedAt: receivedAt)
    }
}

extension SparkplugHost {
    /// Hands out the session of a node when it changed.
    mutating func keepRecord(of index: Int, _ write: inout PendingWrite) {
        guard nodes[index].isDirty else { return }
        write.sparkplugRecords.append(SparkplugRecord.session(nodes[index]))
        update(index) { $0.isDirty = false }
    }
}
