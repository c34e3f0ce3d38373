/// Payloads of Sparkplug B, written byte by byte.
enum SparkplugBytes {
    static let nodeBirthTopic = "spBv1.0/bench/NBIRTH/edge"
    static let birthTopic = "spBv1.0/bench/DBIRTH/edge/CNC-1"
    static let dataTopic = "spBv1.0/bench/DDATA/edge/CNC-1"

    private static func number(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func field(_ field: UInt64, _ value: UInt64, to bytes: inout [UInt8]) {
        number(field << 3, to: &bytes)
        number(value, to: &bytes)
    }

    private static func field(_ field: UInt64, _ value: [UInt8], to bytes: inout [UInt8]) {
        number(field << 3 | 2, to: &bytes)
        number(UInt64(value.count), to: &bytes)
        bytes += value
    }

    private static func field(_ field: UInt64, _ value: Double, to bytes: inout [UInt8]) {
        number(field << 3 | 1, to: &bytes)
        for shift in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift * 8)))
        }
    }

    /// The birth of the node: its session's number alone.
    static func nodeBirth(at time: UInt64) -> [UInt8] {
        var metric: [UInt8] = []
        field(1, Array("bdSeq".utf8), to: &metric)
        field(4, UInt64(8), to: &metric)
        field(11, UInt64(0), to: &metric)
        return payload([metric], sequence: 0, at: time)
    }

    /// The birth of the device: so many doubles with names and aliases.
    static func birth(_ count: Int, at time: UInt64) -> [UInt8] {
        let metrics = (0..<count).map { index in
            var metric: [UInt8] = []
            field(1, Array("sensor/value \(index)".utf8), to: &metric)
            field(2, UInt64(index + 1), to: &metric)
            field(3, time, to: &metric)
            field(4, UInt64(10), to: &metric)
            field(13, 0.0, to: &metric)
            return metric
        }
        return payload(metrics, sequence: 1, at: time)
    }

    /// A message of data: every metric by its alias.
    static func data(_ count: Int, message: Int, at time: UInt64) -> [UInt8] {
        let metrics = (0..<count).map { index in
            var metric: [UInt8] = []
            field(2, UInt64(index + 1), to: &metric)
            field(3, time, to: &metric)
            field(13, Double((message + index) % 1000) / 8, to: &metric)
            return metric
        }
        return payload(metrics, sequence: UInt64((message + 2) % 256), at: time)
    }

    private static func payload(
        _ metrics: [[UInt8]], sequence: UInt64, at time: UInt64
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        field(1, time, to: &bytes)
        for metric in metrics { field(2, metric, to: &bytes) }
        field(3, sequence, to: &bytes)
        return bytes
    }
}
