import PolluxGraph
import PolluxModel

/// The shapes of JSON that unified namespaces carry beside plain objects: IoTDB, MindConnect, UMH.
enum UnifiedNamespace {
    /// Reads an object when it has one of the shapes; false when it has none.
    static func read(
        _ object: JSONObject, topic: String, rules: TopicRules,
        into message: inout DecodedMessage
    ) -> Bool {
        if case .array(let series)? = object["timeseries"], isMindConnect(series) {
            readMindConnect(series, topic: topic, rules: rules, into: &message)
            return true
        }
        if let device = object["device"]?.text, let names = object["measurements"]?.array,
            let values = object["values"]?.array
        {
            readIoTDB(object, device, names, values, rules: rules, into: &message)
            return true
        }
        if topic.hasPrefix("umh/v1/") {
            readHistorian(object, topic: topic, into: &message)
            return true
        }
        return false
    }

    private static func isMindConnect(_ series: [JSONValue]) -> Bool {
        series.first?["values"]?.array?.first?["dataPointId"] != nil
    }

    /// Siemens MindConnect: rows of `values`, each with a data point, a value and a quality code.
    private static func readMindConnect(
        _ series: [JSONValue], topic: String, rules: TopicRules,
        into message: inout DecodedMessage
    ) {
        message.format = "MindConnect time series"
        guard let match = rules.match(topic, namesMeasures: true) else {
            return message.problems.append(
                PayloadReader.noRule(topic, rules, namesMeasures: true))
        }
        message.rule = match.rule
        for row in series {
            let time: Timestamp?
            do throws(IngestError) {
                time = try JSONFields.time("timestamp", in: row)
            } catch {
                message.problems.append(error.description)
                continue
            }
            for entry in row["values"]?.array ?? [] {
                guard let name = entry["dataPointId"]?.text, let value = entry["value"] else {
                    message.problems.append("an entry has no dataPointId or no value")
                    continue
                }
                var point = DecodedPoint(measure: name, value: .gone, time: time)
                // Values travel as text, also numbers.
                point.value = value.text.map { PlainText.value($0).0 } ?? scalar(value)
                if let code = entry["qualityCode"] {
                    point.quality = JSONFields.quality("qualityCode", code)
                }
                JSONPayload.append(point, under: match, to: &message)
            }
        }
        message.refuseRepeated()
    }

    private static func scalar(_ value: JSONValue) -> DecodedValue {
        JSONFields.scalar(value) ?? .typed(.text(value.description))
    }

    /// Apache IoTDB: a device path, names, and one row of values or several with `timestamps`.
    private static func readIoTDB(
        _ object: JSONObject, _ device: String, _ names: [JSONValue], _ values: [JSONValue],
        rules: TopicRules, into message: inout DecodedMessage
    ) {
        message.format = "IoTDB rows"
        var levels = device.split(separator: ".")
        if levels.first == "root" { levels.removeFirst() }
        let path = levels.joined(separator: "/")
        guard let match = rules.match(path, namesMeasures: true) else {
            return message.problems.append(
                PayloadReader.noRule(path, rules, namesMeasures: true))
        }
        message.rule = match.rule
        let stamps = object["timestamps"]?.array
        let rows = stamps == nil ? [JSONValue.array(values)] : values
        for (index, row) in rows.enumerated() {
            let time: Timestamp?
            do throws(IngestError) {
                if let stamps {
                    time = try JSONFields.time(
                        "timestamp", index < stamps.count ? stamps[index] : .null)
                } else {
                    time = try JSONFields.time("timestamp", in: .object(object))
                }
            } catch {
                message.problems.append("row \(index + 1): \(error)")
                continue
            }
            guard let cells = row.array, cells.count == names.count else {
                message.problems.append("row \(index + 1) has not one value for each name")
                continue
            }
            for (name, cell) in zip(names, cells) {
                // A null stands for "not measured in this row".
                guard let name = name.text, cell != .null else { continue }
                let point = DecodedPoint(measure: name, value: scalar(cell), time: time)
                JSONPayload.append(point, under: match, to: &message)
            }
        }
    }

    /// United Manufacturing Hub: `umh/v1/enterprise/site/area/line/cell/…/_contract/group…/tag`.
    private static func readHistorian(
        _ object: JSONObject, topic: String, into message: inout DecodedMessage
    ) {
        message.format = "UMH historian"
        message.rule = "umh/v1/{enterprise}/{site}/{area}/{line}/{machine}/{:type}/_contract"
        let segments = topic.split(separator: "/").dropFirst(2).map(String.init)
        guard let contract = segments.firstIndex(where: { $0.hasPrefix("_") }), contract > 0 else {
            return message.problems.append(
                "the topic `\(topic)` has no level such as _historian after an enterprise")
        }
        var match = TopicMatch(rule: "")
        let types = ["enterprise", "site", "area", "line", "machine"]
        for (index, segment) in segments[..<contract].enumerated() {
            if index < types.count {
                match.address.levels.append(.init(type: types[index], name: segment))
            } else {
                match.address.parts.append(.init(type: segment, name: ""))
            }
        }
        match.measure = segments[(contract + 1)...].joined(separator: "/")
        if let point = JSONPayload.single(object), !match.measure.isEmpty {
            return JSONPayload.append(point, under: match, to: &message)
        }
        for point in JSONPayload.metrics(object, problems: &message.problems) {
            JSONPayload.append(point, under: match, to: &message)
        }
    }
}
