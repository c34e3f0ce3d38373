import PolluxGraph
import PolluxModel

/// What a message is taken in with, the same for all of its metrics.
struct SparkplugMoment {
    let mapping: SparkplugMapping
    /// The payload's time, if it says one.
    let sentAt: Timestamp?
    let receivedAt: Timestamp
    /// Points after this lie in the future.
    let latest: Timestamp
    /// The generation of the cache of series.
    let generation: UInt64
    /// Until when values had ended before this birth: what the birth repeats from before holds
    /// again from the birth on.
    var endedUntil = Timestamp.distantPast

    /// The time of a metric: its own, else the payload's, else that of arrival.
    @inline(__always)
    func instant(_ metric: SparkplugMetric) -> Timestamp {
        let own = metric.instant ?? sentAt ?? receivedAt
        guard own <= endedUntil else { return own }
        let sent = sentAt ?? receivedAt
        return sent > endedUntil ? sent : endedUntil.advanced(by: 1)
    }
}

/// A template instance or definition as it stands in a payload.
struct SparkplugTemplate {
    var metrics: [Range<Int>] = []
    var reference = ""
    var isDefinition = false

    /// Templates within each other that are followed.
    static let depthLimit = 8

    init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ProtobufError) {
        var reader = ProtobufReader(range)
        while !reader.isAtEnd {
            let (number, wire) = try reader.field(bytes)
            switch (number, wire) {
            case (2, .bytes): metrics.append(try reader.range(bytes))
            case (4, .bytes):
                let range = try reader.range(bytes)
                reference = BytesText.text(bytes, range) ?? ""
            case (5, .varint): isDefinition = try reader.varint(bytes) != 0
            default: try reader.skip(wire, bytes)
            }
        }
    }
}

/// Goes through the metrics of a birth: fills a member and collects its first points.
struct SparkplugBirthReader {
    let moment: SparkplugMoment
    private(set) var member: SparkplugMember
    private(set) var message = DecodedMessage()
    /// The number of the session, which a node's birth carries.
    private(set) var sessionNumber: UInt64?
    /// The newest time of any point.
    private(set) var newest = Timestamp.distantPast

    init(device: String, moment: SparkplugMoment) {
        member = SparkplugMember(device: device)
        self.moment = moment
        message.format = "Sparkplug birth"
        message.rule = moment.mapping.rule
    }

    /// Reads every metric of the payload.
    mutating func read(
        _ payload: SparkplugPayload, _ bytes: Span<UInt8>
    ) throws(ProtobufError) {
        for range in payload.metrics {
            let metric = try SparkplugMetric(bytes, range)
            try take(metric, bytes, prefix: "", instances: [])
        }
    }

    private mutating func take(
        _ metric: SparkplugMetric, _ bytes: Span<UInt8>, prefix: String,
        instances: [AssetAddress.Level]
    ) throws(ProtobufError) {
        guard let range = metric.name, let name = BytesText.text(bytes, range), !name.isEmpty else {
            message.problems.append("a metric of the birth has no name")
            return
        }
        if prefix.isEmpty, SparkplugBirthReader.isControl(name) {
            if name == "bdSeq", case .integer(let number) = metric.content {
                sessionNumber = number
            }
            return
        }
        guard member.signals.count < SparkplugMember.signalLimit else {
            throw ProtobufError(
                offset: range.lowerBound,
                reason: "more than \(SparkplugMember.signalLimit) metrics")
        }
        if case .template(let inner) = metric.content {
            return try takeTemplate(metric, name, inner, bytes, prefix, instances)
        }
        guard let type = SparkplugType(rawValue: metric.typeCode) else {
            message.problems.append("`\(name)` has the unknown datatype \(metric.typeCode)")
            return
        }
        var properties = SparkplugProperties()
        if let range = metric.properties { properties = try SparkplugProperties(bytes, range) }
        guard let place = moment.mapping.place(name, in: instances) else {
            message.problems.append("no rule for spBv1.0/ matches the metric `\(name)`")
            return
        }
        let index = member.add(
            prefix + name, alias: metric.alias, type: type, unit: properties.unit, place: place)
        declare(type, properties, place)
        guard !metric.isTransient else { return }
        let instant = moment.instant(metric)
        newest = max(newest, instant)
        SparkplugPoints.append(
            metric, bytes, type: type, quality: properties.quality, unit: properties.unit,
            place: place, at: instant, name: member.signals[index].name, to: &message)
    }

    private mutating func takeTemplate(
        _ metric: SparkplugMetric, _ name: String, _ range: Range<Int>, _ bytes: Span<UInt8>,
        _ prefix: String, _ instances: [AssetAddress.Level]
    ) throws(ProtobufError) {
        let template = try SparkplugTemplate(bytes, range)
        // The type appears with its first instance, whose birth has every member.
        guard !template.isDefinition else { return }
        guard !template.reference.isEmpty else {
            message.problems.append("the template instance `\(name)` names no definition")
            return
        }
        guard instances.count < SparkplugTemplate.depthLimit else {
            message.problems.append("templates stand deeper than \(SparkplugTemplate.depthLimit)")
            return
        }
        let level = AssetAddress.Level(type: template.reference, name: name)
        if let place = moment.mapping.place(name, in: instances) {
            _ = member.add(
                prefix + name, alias: metric.alias, type: .template, unit: "", place: place)
        }
        for inner in template.metrics {
            let metric = try SparkplugMetric(bytes, inner)
            try take(
                metric, bytes, prefix: prefix + name + "/", instances: instances + [level])
        }
    }

    /// Unit and range reach the measure even when the birth holds no value yet.
    private mutating func declare(
        _ type: SparkplugType, _ properties: SparkplugProperties, _ place: SparkplugPlace
    ) {
        guard let kind = type.kind,
            !properties.unit.isEmpty || properties.low != nil || properties.high != nil
        else { return }
        var declaration = DecodedDeclaration(measure: place.measure, kind: kind)
        declaration.unit = properties.unit
        declaration.low = properties.low
        declaration.high = properties.high
        message.declare(declaration, of: place.address)
    }

    /// Metrics that steer the session and are no values of the plant.
    static func isControl(_ name: String) -> Bool {
        name == "bdSeq" || name.hasPrefix("Node Control/") || name.hasPrefix("Device Control/")
    }
}

/// Turns one metric into points that wait for their names to be looked up.
enum SparkplugPoints {
    static func append(
        _ metric: SparkplugMetric, _ bytes: Span<UInt8>, type: SparkplugType, quality: Quality,
        unit: String, place: SparkplugPlace, at instant: Timestamp, name: String,
        to message: inout DecodedMessage
    ) {
        func add(_ value: DecodedValue, _ measure: String) {
            var point = DecodedPoint(
                measure: measure, value: value, time: instant, quality: quality, unit: unit)
            if case .typed(.float(let number)) = value, !number.isFinite { point.quality = .bad }
            if case .gone = value { point.quality = .end }
            JSONPayload.append(point, to: place.address, of: &message)
        }
        if metric.isNull { return add(.gone, place.measure) }
        if type.isArray {
            guard case .bytes(let range) = metric.content,
                let elements = SparkplugArrays.elements(type, bytes, range)
            else { return message.problems.append("`\(name)` holds no array of its type") }
            guard elements.count <= SparkplugArrays.elementLimit else {
                return message.problems.append(
                    "`\(name)` is an array of \(elements.count) elements; at most "
                        + "\(SparkplugArrays.elementLimit) become measures")
            }
            for (index, element) in elements.enumerated() {
                add(element, "\(place.measure)/\(index)")
            }
            return
        }
        if type == .dataSet {
            guard case .dataSet(let range) = metric.content else {
                return message.problems.append("`\(name)` holds no data set")
            }
            do {
                for (column, value) in try SparkplugArrays.row(bytes, range) {
                    add(value, place.measure + "/" + column)
                }
            } catch {
                message.problems.append("`\(name)`: \(error.reason)")
            }
            return
        }
        guard type.kind != nil else {
            return message.problems.append("`\(name)` holds \(type), which is not stored")
        }
        guard let value = type.value(metric.content, bytes) else {
            return message.problems.append("the value of `\(name)` is no \(type)")
        }
        add(value, place.measure)
    }
}
