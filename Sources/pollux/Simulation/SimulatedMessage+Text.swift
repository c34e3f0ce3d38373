import PolluxModel

/// The two ways a simulated message leaves: as a JSON payload for its topic, and as line protocol.
extension SimulatedMessage {
    /// The payload as a JSON object with the instant in whole milliseconds under `timestamp`.
    var payload: [UInt8] {
        var text = "{"
        for field in fields {
            text += "\"\(field.name)\":\(SimulatedMessage.json(field.value)),"
        }
        text += "\"timestamp\":\(time.nanoseconds / 1_000_000)}"
        return Array(text.utf8)
    }

    /// The message as one line of line protocol, nil for an event, which line protocol cannot say.
    var line: String? {
        guard !isEvent else { return nil }
        let levels = topic.split(separator: "/")
        guard levels.count >= 3 else { return nil }
        let part = levels.count > 3 ? levels[3] : "machine"
        let values = fields.map { field in
            switch field.value {
            case .integer(let number): "\(field.name)=\(number)i"
            default: "\(field.name)=\(SimulatedMessage.json(field.value))"
            }
        }
        return "\(part),site=\(levels[0]),line=\(levels[1]),machine=\(levels[2]) "
            + values.joined(separator: ",") + " \(time.nanoseconds)"
    }

    private static func json(_ field: Field) -> String {
        switch field {
        case .decimal(let value, let places): decimal(value, places: places)
        case .integer(let value): String(value)
        case .boolean(let value): value ? "true" : "false"
        // Names here are made by the simulator and hold no quotes.
        case .text(let value): "\"\(value)\""
        }
    }

    /// A decimal with a fixed number of places, as instruments print them.
    private static func decimal(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        return String(describing: (value * scale).rounded() / scale)
    }
}
