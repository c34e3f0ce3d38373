import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel

/// How far an alert has come, and its events that are not over.
struct OpenEvents: Hashable, Sendable {
    /// Up to where its answers were looked at.
    var position = Timestamp.distantPast
    /// The events that are not over, by number.
    var events: [EventID] = []

    private static let format: UInt8 = 1

    /// Who records the events of an alert, so that they are told from those recorded by hand.
    static func source(_ kind: DroppedKind, _ name: String) -> String {
        "\(kind.words) \(name)"
    }

    static func read(
        _ kind: DroppedKind, _ name: String, _ tables: LiveTables, in transaction: ReadTransaction
    ) throws -> OpenEvents? {
        guard let bytes = try transaction.value(tables.positions, LiveTables.key(kind, name))
        else { return nil }
        var reader = try LiveRecordReader(bytes, format: format, name: name)
        var open = OpenEvents(position: try reader.instant())
        for _ in 0..<(try reader.count()) {
            open.events.append(EventID(rawValue: UInt64(bitPattern: try reader.int64())))
        }
        return open
    }

    func write(
        _ kind: DroppedKind, _ name: String, _ tables: LiveTables, in transaction: WriteTransaction
    ) throws {
        var writer = LiveRecordWriter(format: OpenEvents.format)
        writer.put(position)
        writer.put(Int64(events.count))
        for event in events { writer.put(Int64(bitPattern: event.rawValue)) }
        try transaction.put(tables.positions, LiveTables.key(kind, name), writer.finish())
    }

    /// Ends what is open when its alert is dropped, because nothing else ever would.
    static func close(
        _ kind: DroppedKind, _ name: String, at now: Timestamp, tables: LiveTables, graph: Graph,
        in transaction: WriteTransaction
    ) throws -> Int {
        var ids = try read(kind, name, tables, in: transaction)?.events ?? []
        var keys: [[UInt8]] = []
        if kind == .continuousQuery {
            try transaction.forEach(tables.models, prefix: KeyBytes().with(name).bytes) {
                key, value in
                keys.append(Array(key))
                let model = try ModelState(decoding: value, name: name)
                if let event = model.event { ids.append(event) }
                return true
            }
        }
        for key in keys { try transaction.remove(tables.models, key) }
        let checkpoints = KeyBytes().with(name).bytes
        if kind == .continuousQuery {
            try transaction.remove(
                tables.checkpoints, from: checkpoints, to: checkpoints.dropLast() + [1])
        }
        let provenance = Provenance(recordedAt: now, source: source(kind, name))
        var ended = 0
        for id in ids {
            guard let event = try graph.event(id, in: transaction), event.end == nil,
                now > event.start
            else { continue }
            try graph.endEvent(id, at: now, by: provenance, in: transaction)
            ended += 1
        }
        return ended
    }
}
