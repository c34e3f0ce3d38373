import PolluxKeyValue
import PolluxLanguage
import PolluxModel

/// How far corrections of the past have come in what an alert or a continuous query has stored.
struct Corrections: Hashable, Sendable {
    /// Up to where the past is being worked out again; nil when it is not.
    var replayEnd: Timestamp?
    /// What is stored before may be as it was before a correction; nil when all is corrected.
    var uncorrectedBefore: Timestamp?

    private static let format: UInt8 = 1

    static func read(
        _ kind: DroppedKind, _ name: String, _ tables: LiveTables, in transaction: ReadTransaction
    ) throws -> Corrections {
        guard let bytes = try transaction.value(tables.corrections, LiveTables.key(kind, name))
        else { return Corrections() }
        var reader = try LiveRecordReader(bytes, format: format, name: name)
        func instant() throws -> Timestamp? {
            let instant = try reader.instant()
            return instant == .distantPast ? nil : instant
        }
        return Corrections(replayEnd: try instant(), uncorrectedBefore: try instant())
    }

    func write(
        _ kind: DroppedKind, _ name: String, _ tables: LiveTables, in transaction: WriteTransaction
    ) throws {
        let key = LiveTables.key(kind, name)
        guard self != Corrections() else {
            try transaction.remove(tables.corrections, key)
            return
        }
        var writer = LiveRecordWriter(format: Corrections.format)
        writer.put(replayEnd ?? .distantPast)
        writer.put(uncorrectedBefore ?? .distantPast)
        try transaction.put(tables.corrections, key, writer.finish())
    }

    /// What a reader of `name` must know; nil when there is nothing.
    func remark(on name: String, from position: Timestamp?) -> String? {
        var parts: [String] = []
        if let uncorrectedBefore {
            parts.append(
                "\(name) before \(uncorrectedBefore) may be as it was before a correction that "
                    + "came too late: a week is gone back, and no further than points are kept")
        }
        if let replayEnd, let position {
            parts.append("\(name) is being worked out again from \(position) to \(replayEnd)")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
