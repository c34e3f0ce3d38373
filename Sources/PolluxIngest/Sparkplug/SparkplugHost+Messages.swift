import PolluxModel

extension SparkplugHost {
    /// Takes one message and what it sets free; points of known series go into the write at once.
    ///
    /// - Returns: what must still be looked up, and problems.
    mutating func take(
        _ message: TopicMessage, _ topic: SparkplugTopic, _ around: Surroundings,
        cache: inout SeriesKeyCache, write: inout PendingWrite
    ) throws -> DecodedMessage {
        var decoded = DecodedMessage()
        decoded.format = "Sparkplug \(topic.kind.rawValue)"
        // Commands are another application's wish, not something that happened.
        if topic.kind == .nodeCommand || topic.kind == .deviceCommand { return decoded }
        // What the broker sends again had its place in the order when it came first.
        if message.delivery?.isStored == true { return decoded }
        guard topic.group.utf8.count + topic.node.utf8.count + topic.device.utf8.count <= 400 else {
            decoded.problems.append("the ids of the topic are longer than 400 bytes")
            return decoded
        }
        guard let index = try entry(message.topic, topic, around) else {
            decoded.problems.append("more than \(SparkplugHost.nodeLimit) edge nodes")
            return decoded
        }
        if nodes[index].source.isEmpty { update(index) { $0.source = around.source } }
        let pass = Pass(index: index, around: around)
        do throws(ProtobufError) {
            let payload = try SparkplugPayload(message.payload.span)
            try dispatch(
                message, topic, payload, pass, cache: &cache, write: &write, &decoded)
        } catch {
            decoded.problems.append("Sparkplug payload, \(error)")
            requestBirth(of: index, at: message.receivedAt)
        }
        keepRecord(of: index, &write)
        return decoded
    }

    /// One message on its way: which node, and what surrounds it.
    struct Pass {
        let index: Int
        let around: Surroundings
    }

    private mutating func dispatch(
        _ message: TopicMessage, _ topic: SparkplugTopic, _ payload: SparkplugPayload,
        _ pass: Pass, cache: inout SeriesKeyCache, write: inout PendingWrite,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        switch topic.kind {
        case .nodeBirth:
            // What waits from before this birth belongs to the session that it ends.
            try applyAllHeld(before: payload.timestamp, pass, &cache, &write, &decoded)
            try takeBirth(message, topic, payload, pass, &write, &decoded)
        case .nodeDeath:
            try applyAllHeld(before: .max, pass, &cache, &write, &decoded)
            try takeNodeDeath(message, payload, pass, &decoded)
        case .deviceBirth, .deviceDeath, .deviceValues, .nodeValues:
            // Copies and letters taken again have no place in the order.
            if let sequence = payload.sequence, !topic.isCertificate, !pass.around.isReplay {
                guard try isNext(sequence, message, topic, pass, &cache, &write, &decoded) else {
                    return
                }
            }
            try apply(message, topic, payload, pass, &cache, &write, &decoded)
        case .nodeCommand, .deviceCommand: return
        }
        try releaseHeld(pass, &cache, &write, &decoded)
    }

    /// Whether a message is the next of its node; one that is not waits.
    private mutating func isNext(
        _ sequence: UInt8, _ message: TopicMessage, _ topic: SparkplugTopic, _ pass: Pass,
        _ cache: inout SeriesKeyCache, _ write: inout PendingWrite, _ decoded: inout DecodedMessage
    ) throws(ProtobufError) -> Bool {
        if let next = nodes[pass.index].nextSequence, next != sequence {
            let held = SparkplugNode.Held(
                sequence: sequence, topic: topic, payload: message.payload,
                receivedAt: message.receivedAt)
            let timeout = reorderTimeout
            if update(pass.index, { $0.hold(held, for: timeout) }) { return false }
            giveUpWaiting(pass, at: message.receivedAt, &cache, &write, &decoded)
        }
        update(pass.index) { $0.nextSequence = sequence &+ 1 }
        return true
    }

    /// Applies what waits and was sent before an instant (milliseconds since 1970).
    private mutating func applyAllHeld(
        before instant: UInt64, _ pass: Pass, _ cache: inout SeriesKeyCache,
        _ write: inout PendingWrite, _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        guard nodes[pass.index].heldUntil != nil else { return }
        countGap(of: pass.index)
        let timeout = reorderTimeout
        for held in update(pass.index, { $0.takeAllHeld() }) {
            if try SparkplugPayload(held.payload.span).timestamp < instant {
                try applyHeld(held, pass, &cache, &write, &decoded)
            } else {
                _ = update(pass.index) { $0.hold(held, for: timeout) }
            }
        }
    }

    /// Why a metric cannot be stored before a birth.
    func noBirth(_ topic: SparkplugTopic) -> String {
        "no birth is known of \(topic.device.isEmpty ? "node" : "device \(topic.device) of node") "
            + "\(topic.nodePath), and the metric has no name and type of its own"
    }

    /// Applies a message whose turn it is.
    private mutating func apply(
        _ message: TopicMessage, _ topic: SparkplugTopic, _ payload: SparkplugPayload,
        _ pass: Pass, _ cache: inout SeriesKeyCache, _ write: inout PendingWrite,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        switch topic.kind {
        case .deviceBirth: try takeBirth(message, topic, payload, pass, &write, &decoded)
        case .deviceDeath:
            guard let member = update(pass.index, { $0.member(topic.device) }) else { return }
            end([member], of: pass, at: payload.instant ?? message.receivedAt, &decoded)
        default:
            try takeValues(message, topic, payload, pass, &cache, &write, &decoded)
        }
    }

    /// Applies what waited for the message that has just come.
    private mutating func releaseHeld(
        _ pass: Pass, _ cache: inout SeriesKeyCache, _ write: inout PendingWrite,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        while let held = update(pass.index, { $0.takeNextHeld() }) {
            update(pass.index) { $0.nextSequence = held.sequence &+ 1 }
            try applyHeld(held, pass, &cache, &write, &decoded)
        }
    }

    private mutating func applyHeld(
        _ held: SparkplugNode.Held, _ pass: Pass, _ cache: inout SeriesKeyCache,
        _ write: inout PendingWrite, _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        let message = TopicMessage(topic: "", payload: held.payload, receivedAt: held.receivedAt)
        let payload = try SparkplugPayload(held.payload.span)
        try apply(message, held.topic, payload, pass, &cache, &write, &decoded)
    }

    /// Takes what is due: messages that waited too long, devices whose births did not come.
    mutating func settle(
        at now: Timestamp, rules: (String) -> Surroundings, cache: inout SeriesKeyCache,
        write: inout PendingWrite
    ) -> [DecodedMessage] {
        var messages: [DecodedMessage] = []
        for index in dueNodes(at: now) {
            var decoded = DecodedMessage()
            let pass = Pass(index: index, around: rules(nodes[index].source))
            if let due = nodes[index].heldUntil, due <= now {
                giveUpWaiting(pass, at: now, &cache, &write, &decoded)
            }
            for (number, member) in nodes[index].members.enumerated() {
                if case .awaited(let since) = member.condition,
                    since.advanced(by: birthTimeout) <= now
                {
                    end([number], of: pass, at: since, &decoded)
                }
            }
            keepRecord(of: index, &write)
            messages.append(decoded)
        }
        return messages
    }

    /// Goes on after a message that never came.
    ///
    /// A host application takes the node as stale until it is born again; a passive reader has no
    /// way to ask, so it goes on with what it knows.
    private mutating func giveUpWaiting(
        _ pass: Pass, at now: Timestamp, _ cache: inout SeriesKeyCache,
        _ write: inout PendingWrite, _ decoded: inout DecodedMessage
    ) {
        countGap(of: pass.index)
        let held = update(pass.index) { $0.takeAllHeld() }
        if hosts[nodes[pass.index].source] != nil {
            markStale(pass, after: nodes[pass.index].newest, &decoded)
            requestBirth(of: pass.index, at: now)
        }
        if let last = held.last {
            update(pass.index) { $0.nextSequence = last.sequence &+ 1 }
        }
        for message in held {
            do throws(ProtobufError) {
                try applyHeld(message, pass, &cache, &write, &decoded)
            } catch {
                decoded.problems.append("Sparkplug payload, \(error)")
            }
        }
    }
}
