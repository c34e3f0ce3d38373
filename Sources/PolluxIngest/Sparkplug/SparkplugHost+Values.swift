import PolluxModel

/// Values: the loop that a plant's data spends its time in.
extension SparkplugHost {
    /// Takes the metrics of NDATA or DDATA.
    mutating func takeValues(
        _ message: TopicMessage, _ topic: SparkplugTopic, _ payload: SparkplugPayload,
        _ pass: Pass, _ cache: inout SeriesKeyCache, _ write: inout PendingWrite,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        guard let member = update(pass.index, { $0.member(topic.device) }) else {
            decoded.problems.append("more than \(SparkplugNode.memberLimit) devices of one node")
            return
        }
        let moment = moment(message, topic, payload, pass)
        var loop = ValueLoop(
            node: pass.index, member: member, moment: moment, topic: topic)
        loop.isBorn =
            nodes[pass.index].isOnline
            && nodes[pass.index].members[member].condition == .alive
        decoded.rule = moment.mapping.rule
        let bytes = message.payload.span
        for range in payload.metrics {
            let metric = try SparkplugMetric(bytes, range)
            try take(metric, bytes, prefix: "", &loop, &cache, &write, &decoded)
        }
        update(pass.index) { $0.newest = max($0.newest, loop.newest) }
        if loop.needsBirth || !loop.isBorn { requestBirth(of: pass.index, at: message.receivedAt) }
    }

    /// What the loop over the metrics of one payload carries along.
    struct ValueLoop {
        let node: Int
        let member: Int
        let moment: SparkplugMoment
        let topic: SparkplugTopic
        var isBorn = true
        var needsBirth = false
        var newest = Timestamp.distantPast
        /// Template instances around the metric.
        var instances: [AssetAddress.Level] = []
        /// Signals that went the long way, which ends behind the whole payload: what comes of them
        /// later must not get ahead.
        var slowSignals: Set<Int> = []
    }

    private mutating func take(
        _ metric: SparkplugMetric, _ bytes: Span<UInt8>, prefix: String, _ loop: inout ValueLoop,
        _ cache: inout SeriesKeyCache, _ write: inout PendingWrite,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        if metric.isTransient { return }
        guard let signal = signal(of: metric, bytes, prefix, &loop, &decoded) else { return }
        var slot = nodes[loop.node].slot(loop.member, signal)
        if case .template(let range) = metric.content {
            return try takeTemplate(
                range, bytes, signal, &loop, &cache, &write, &decoded)
        }
        let instant = loop.moment.instant(metric)
        if slot.generation != loop.moment.generation {
            slot = find(signal, loop, &cache) ?? slot
        }
        if slot.generation == loop.moment.generation, !metric.isNull,
            instant <= loop.moment.latest, !loop.slowSignals.contains(signal),
            let pattern = slot.type.bits(metric.content, as: slot.series.kind)
        {
            var quality = Quality.good
            if let range = metric.properties {
                quality = try SparkplugProperties(bytes, range).quality
            }
            loop.newest = max(loop.newest, instant)
            write.batch.appendBits(slot.series.id, at: instant, pattern, quality: quality)
            return
        }
        try takeSlowly(metric, bytes, signal, slot.type, instant, &loop, &decoded)
    }

    /// The long way: texts, nulls, arrays, and series that are not known yet.
    private func takeSlowly(
        _ metric: SparkplugMetric, _ bytes: Span<UInt8>, _ signal: Int, _ type: SparkplugType,
        _ instant: Timestamp, _ loop: inout ValueLoop, _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        loop.slowSignals.insert(signal)
        let member = nodes[loop.node].members[loop.member]
        let entry = member.signals[signal]
        var quality = Quality.good
        if let range = metric.properties {
            quality = try SparkplugProperties(bytes, range).quality
        }
        if instant <= loop.moment.latest { loop.newest = max(loop.newest, instant) }
        SparkplugPoints.append(
            metric, bytes, type: type, quality: quality, unit: entry.unit,
            place: SparkplugPlace(
                address: member.addresses[entry.address], measure: entry.measure),
            at: instant, name: entry.name, to: &decoded)
    }

    /// The signal that a metric means: by alias, by name, or, where no birth names it, by its own
    /// name and type.
    private mutating func signal(
        of metric: SparkplugMetric, _ bytes: Span<UInt8>, _ prefix: String,
        _ loop: inout ValueLoop, _ decoded: inout DecodedMessage
    ) -> Int? {
        if let alias = metric.alias, loop.isBorn,
            let found = nodes[loop.node].signal(alias: alias, of: loop.member)
        {
            return found
        }
        guard let range = metric.name, let name = BytesText.text(bytes, range), !name.isEmpty
        else {
            loop.needsBirth = true
            if loop.isBorn, let alias = metric.alias {
                decoded.problems.append(
                    "the alias \(alias) is in no birth of \(loop.topic.nodePath)")
            } else {
                decoded.problems.append(noBirth(loop.topic))
            }
            return nil
        }
        if prefix.isEmpty, SparkplugBirthReader.isControl(name) { return nil }
        if let known = nodes[loop.node].members[loop.member].signal(named: prefix + name) {
            return known
        }
        loop.needsBirth = true
        let type: SparkplugType?
        if case .template = metric.content {
            type = .template
        } else {
            type = SparkplugType(rawValue: metric.typeCode)
        }
        guard let type else {
            decoded.problems.append(
                "`\(prefix)\(name)` is in no birth of \(loop.topic.nodePath) and has no type")
            return nil
        }
        guard let place = loop.moment.mapping.place(name, in: loop.instances) else {
            decoded.problems.append("no rule for spBv1.0/ matches the metric `\(name)`")
            return nil
        }
        let member = loop.member
        return update(loop.node) { $0.add(prefix + name, type, place, to: member) }
    }

    private mutating func takeTemplate(
        _ range: Range<Int>, _ bytes: Span<UInt8>, _ signal: Int, _ loop: inout ValueLoop,
        _ cache: inout SeriesKeyCache, _ write: inout PendingWrite,
        _ decoded: inout DecodedMessage
    ) throws(ProtobufError) {
        let template = try SparkplugTemplate(bytes, range)
        guard loop.instances.count < SparkplugTemplate.depthLimit else {
            decoded.problems.append("templates stand deeper than \(SparkplugTemplate.depthLimit)")
            return
        }
        let name = nodes[loop.node].members[loop.member].signals[signal].name
        let own = name.split(separator: "/").last.map(String.init) ?? name
        loop.instances.append(.init(type: template.reference, name: own))
        defer { loop.instances.removeLast() }
        for inner in template.metrics {
            let metric = try SparkplugMetric(bytes, inner)
            try take(metric, bytes, prefix: name + "/", &loop, &cache, &write, &decoded)
        }
    }

    /// Looks a signal's series up in the cache of names and remembers it.
    private mutating func find(
        _ signal: Int, _ loop: ValueLoop, _ cache: inout SeriesKeyCache
    ) -> SparkplugSlot? {
        let entry = nodes[loop.node].members[loop.member].signals[signal]
        let key = nodes[loop.node].members[loop.member].keys[entry.address]
        guard let place = cache.find(key.span, 0, key.count) else { return nil }
        let name = Array(DecodedPoint.seriesName(entry.measure, entry.unit).utf8)
        guard let known = cache.series(place, hint: 0, name.span, 0, name.count),
            // The quick way copies bits: what must be converted goes the other way.
            known.conversion == nil
        else { return nil }
        update(loop.node) {
            $0.learn(known, generation: loop.moment.generation, loop.member, signal)
        }
        return nodes[loop.node].slot(loop.member, signal)
    }
}
