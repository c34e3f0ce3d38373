import PolluxModel

/// Births and deaths.
extension SparkplugHost {
    /// Takes the birth of a node or a device.
    mutating func takeBirth(
        _ message: TopicMessage, _ topic: SparkplugTopic, _ payload: SparkplugPayload,
        _ pass: Pass, _ write: inout PendingWrite, _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        guard let number = update(pass.index, { $0.member(topic.device) }) else {
            decoded.problems.append("more than \(SparkplugNode.memberLimit) devices of one node")
            return
        }
        let isCopy = topic.isCertificate || message.isRetained
        let before = nodes[pass.index].members[number]
        // What a broker kept is news only while nothing is known.
        if isCopy, before.condition != .unborn, nodes[pass.index].isOnline { return }
        var reader = SparkplugBirthReader(
            device: topic.device,
            moment: moment(
                message, topic, payload, pass, endedUntil: SparkplugHost.end(of: before)))
        try reader.read(payload, message.payload.span)
        var member = reader.member
        member.condition = .alive
        let isNode = topic.device.isEmpty
        update(pass.index) { node in
            if isNode {
                SparkplugHost.startSession(
                    &node, payload, reader, message.receivedAt, isCopy: isCopy)
            }
            node.replace(member)
            node.newest = max(node.newest, reader.newest)
            node.isDirty = true
            node.source = pass.around.source
        }
        write.sparkplugRecords.append(
            SparkplugRecord.birth(
                topic, payload: message.payload, receivedAt: message.receivedAt))
        merge(reader.message, into: &decoded)
    }

    /// A new birth of the node itself: its devices must be born again too.
    private static func startSession(
        _ node: inout SparkplugNode, _ payload: SparkplugPayload, _ reader: SparkplugBirthReader,
        _ now: Timestamp, isCopy: Bool
    ) {
        node.isOnline = true
        node.sessionNumber = reader.sessionNumber
        // Any start is taken: the standard says zero in one place and 0 to 255 in another.
        node.nextSequence = isCopy ? nil : payload.sequence.map { $0 &+ 1 }
        node.nextRequest = .distantPast
        node.requestPause = SparkplugNode.firstPause
        for (index, member) in node.members.enumerated() where !member.device.isEmpty {
            if member.condition == .alive { node.setCondition(.awaited(since: now), of: index) }
        }
    }

    /// The node is gone: all it said ends when its death arrives, as only the broker saw it go.
    mutating func takeNodeDeath(
        _ message: TopicMessage, _ payload: SparkplugPayload, _ pass: Pass,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        var session: UInt64?
        for range in payload.metrics {
            let metric = try SparkplugMetric(message.payload.span, range)
            if case .integer(let number) = metric.content { session = number }
        }
        let node = nodes[pass.index]
        // The will of an earlier session may come after the birth of the next one.
        guard node.isOnline, node.sessionNumber == session || node.sessionNumber == nil else {
            return
        }
        update(pass.index) { node in
            node.isOnline = false
            node.nextSequence = nil
            _ = node.takeAllHeld()
        }
        end(Array(node.members.indices), of: pass, at: message.receivedAt, &decoded)
    }

    /// Ends what members said, at an instant or just after their last values if those are later.
    mutating func end(
        _ members: [Int], of pass: Pass, at instant: Timestamp, _ decoded: inout DecodedMessage
    ) {
        let node = nodes[pass.index]
        // A sender's clock may run ahead: an end before its last value would end nothing.
        let end = node.newest >= instant ? node.newest.advanced(by: 1) : instant
        for number in members {
            switch node.members[number].condition {
            case .alive, .awaited: break
            case .ended, .unborn: continue
            }
            SparkplugHost.appendEnds(node.members[number], at: end, &decoded)
            update(pass.index) { $0.setCondition(.ended(at: end), of: number) }
        }
    }

    /// Values of a node of which messages were lost are not known until its next birth.
    mutating func markStale(
        _ pass: Pass, after newest: Timestamp, _ decoded: inout DecodedMessage
    ) {
        guard newest > .distantPast else { return }
        for member in nodes[pass.index].members where member.condition == .alive {
            SparkplugHost.appendEnds(member, at: newest.advanced(by: 1), &decoded)
        }
    }

    private static func appendEnds(
        _ member: SparkplugMember, at end: Timestamp, _ decoded: inout DecodedMessage
    ) {
        for (signal, slot) in zip(member.signals, member.slots) {
            var measures = [signal.measure]
            if slot.type.isArray || slot.type == .dataSet { measures = [] }
            guard slot.type.kind != nil || slot.type.isArray else { continue }
            if slot.type.isArray {
                measures = (0..<SparkplugArrays.elementLimit).map { "\(signal.measure)/\($0)" }
            }
            for measure in measures {
                let point = DecodedPoint(
                    measure: measure, value: .gone, time: end, quality: .end)
                JSONPayload.append(point, to: member.addresses[signal.address], of: &decoded)
            }
        }
    }

    private static func end(of member: SparkplugMember) -> Timestamp {
        if case .ended(let instant) = member.condition { instant } else { .distantPast }
    }

    /// The surroundings of a payload's metrics.
    func moment(
        _ message: TopicMessage, _ topic: SparkplugTopic, _ payload: SparkplugPayload,
        _ pass: Pass, endedUntil: Timestamp = .distantPast
    ) -> SparkplugMoment {
        SparkplugMoment(
            mapping: SparkplugMapping(topic: topic, rules: pass.around.rules),
            sentAt: payload.instant, receivedAt: message.receivedAt,
            latest: message.receivedAt.advanced(by: pass.around.futureTolerance),
            generation: pass.around.generation, endedUntil: endedUntil)
    }

    private func merge(_ other: DecodedMessage, into decoded: inout DecodedMessage) {
        decoded.rule = other.rule
        decoded.groups += other.groups
        decoded.problems += other.problems
    }
}
