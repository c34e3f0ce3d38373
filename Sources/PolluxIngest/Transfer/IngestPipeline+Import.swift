import PolluxKeyValue
public import PolluxModel
import PolluxStore

/// How far a file was taken in; storage-format/deliveries.md §2.
public struct ImportProgress: Hashable, Sendable {
    /// What identifies the file and how it is read, such as its path, size and time of change.
    public var file: String
    /// Bytes of it that are stored.
    public var byteCount: UInt64
    /// The line that comes next, from 1.
    public var line: UInt64
    /// Points stored from it.
    public var pointCount: UInt64
    /// Lines that were refused.
    public var refusedCount: UInt64

    /// A file of which nothing is stored yet.
    public init(file: String) {
        self.file = file
        (byteCount, line, pointCount, refusedCount) = (0, 1, 0, 0)
    }

    var key: [UInt8] {
        let message = TopicMessage(topic: file, payload: [], receivedAt: .distantPast)
        return Array(
            "import/\(LineText.hexadecimal(DeliveryWindow.digest(message)))".utf8)
    }

    var record: [UInt8] {
        SealedRecord.seal(
            KeyBytes().with(UInt8(2)).with(byteCount).with(line).with(pointCount)
                .with(refusedCount).with(file).bytes)
    }

    /// Reads a record; version 1 was not sealed.
    init?(record: UnsafeRawBufferPointer) {
        guard let fields = SealedRecord.fieldsSealedSinceVersion2(of: record) else { return nil }
        var reader = KeyReader(fields)
        guard let byteCount = reader.uint64(), let line = reader.uint64(),
            let points = reader.uint64(), let refused = reader.uint64(), let file = reader.text(),
            reader.byte() == nil
        else { return nil }
        self.file = file
        self.byteCount = byteCount
        self.line = line
        pointCount = points
        refusedCount = refused
    }
}

extension IngestPipeline {
    /// How far a file was taken in by an import that did not come to its end, or nil.
    public func importProgress(of file: String) throws -> ImportProgress? {
        let transaction = try store.environment.beginRead()
        defer { transaction.close() }
        let key = ImportProgress(file: file).key
        guard let record = try transaction.value(settings, key) else { return nil }
        let progress = ImportProgress(record: record)
        return progress?.file == file ? progress : nil
    }

    /// Stores a part of a file and how far it goes in one commit; blocks.
    ///
    /// No limit on new assets and series holds: an operator brings them in on purpose.
    /// - Parameters:
    ///   - writtenAt: the time of lines without one.
    ///   - now: the instant after which a time lies in the future.
    ///   - progress: what holds after this part; its counts are filled in here.
    ///   - tally: takes the part in.
    /// - Throws: an error of the store when nothing could be committed.
    public func importLines(
        _ bytes: [UInt8], precision: TimestampPrecision, writtenAt: Timestamp, now: Timestamp,
        progress: inout ImportProgress, tally: inout ImportTally
    ) throws -> WriteOutcome {
        let settings = settings
        let before = progress
        let earlier = try store.snapshot()
        defer { earlier.close() }
        let (write, job, result) = try EditedPlant.retrying { isFresh in
            let (write, job) = prepare(
                bytes, precision, writtenAt, "import", now: now, isLimited: false, isFresh: isFresh)
            let result = try store.writeBlocking { transaction in
                let result = try job.run(transaction)
                let refused = write.refusalCount + result.refusals.count
                var after = before
                after.pointCount += UInt64(result.pointCount)
                after.refusedCount += UInt64(refused)
                try transaction.transaction.put(settings, after.key, after.record)
                return result
            }
            return (write, job, result)
        }
        let outcome = finish(write, job, result, bytes: bytes.count, now) { origin in
            LineFinder.text(ofLine: origin, in: bytes)
        }
        try tally.take(result.batch, earlier: earlier)
        progress.pointCount += UInt64(outcome.pointCount)
        progress.refusedCount += UInt64(outcome.rejectedCount)
        return outcome
    }

    /// Forgets how far a file was taken in: it came to its end.
    public func forgetImport(of file: String) throws {
        let settings = settings
        let key = ImportProgress(file: file).key
        try store.writeBlocking { transaction in
            _ = try transaction.transaction.remove(settings, key)
        }
    }
}
