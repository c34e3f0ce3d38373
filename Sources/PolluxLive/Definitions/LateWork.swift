import PolluxKeyValue
import PolluxModel
import PolluxStore
import Synchronization

/// What was changed in the past and not looked at yet, as it is stored: it survives the process.
///
/// One record for each series with late points, written in the commit of the points, and one for
/// how far the plant's log has been looked at.
struct LateWork {
    let table: Table

    /// A series with late points.
    struct Span: Hashable {
        var first: Int64
        var last: Int64
        /// The newest commit that wrote some.
        var commit: UInt64
    }

    private static let format: UInt8 = 1
    /// No series has this number; its record says how far the log was looked at.
    private static let logKey = SeriesID(rawValue: 0)

    static func key(_ series: SeriesID) -> [UInt8] { KeyBytes().with(series.rawValue).bytes }

    static func encode(_ span: Span) -> [UInt8] {
        var writer = LiveRecordWriter(format: format)
        writer.put(span.first)
        writer.put(span.last)
        writer.put(Int64(bitPattern: span.commit))
        return writer.finish()
    }

    static func encode(log number: UInt64) -> [UInt8] {
        var writer = LiveRecordWriter(format: format)
        writer.put(Int64(bitPattern: number))
        return writer.finish()
    }

    private static func span(_ bytes: UnsafeRawBufferPointer) throws -> Span {
        var reader = try LiveRecordReader(bytes, format: format, name: "live.late")
        return Span(
            first: try reader.int64(), last: try reader.int64(),
            commit: UInt64(bitPattern: try reader.int64()))
    }

    /// Notes late points in the commit that writes them.
    func record(_ touched: [CommitNotice.Touched], in transaction: WriteTransaction) throws {
        for one in touched {
            let key = LateWork.key(one.series)
            var span = Span(first: one.first, last: one.last, commit: transaction.id)
            // A record that is damaged says nothing any more.
            if let known = try transaction.value(table, key),
                let old = try? LateWork.span(known)
            {
                span.first = min(span.first, old.first)
                span.last = max(span.last, old.last)
            }
            try transaction.put(table, key, LateWork.encode(span))
        }
    }

    /// What is noted, and the newest number of the log that was looked at; nil when that was never
    /// noted.
    func load(
        in transaction: ReadTransaction
    ) throws -> (spans: [SeriesID: Span], logNumber: UInt64?) {
        var spans: [SeriesID: Span] = [:]
        var logNumber: UInt64?
        try transaction.forEach(table, prefix: []) { key, value in
            guard key.count == 4 else { return true }
            let number = UInt32(bigEndian: key.loadUnaligned(as: UInt32.self))
            let series = SeriesID(rawValue: number)
            if series == LateWork.logKey {
                var reader = try LiveRecordReader(
                    value, format: LateWork.format, name: "live.late")
                logNumber = UInt64(bitPattern: try reader.int64())
            } else {
                spans[series] = try LateWork.span(value)
            }
            return true
        }
        return (spans, logNumber)
    }

    /// Notes that everything up to a commit and a number of the log has been looked at, and what
    /// was `found` at the start; whether newer late points are left.
    ///
    /// Commits of a database that was copied are numbered anew: what was found need not be older.
    func settle(
        commit: UInt64, found: [SeriesID: Span], logNumber: UInt64?,
        in transaction: WriteTransaction
    ) throws -> Bool {
        var done: [SeriesID] = []
        var isLeft = false
        for (series, span) in try load(in: transaction).spans {
            if span.commit <= commit || span == found[series] {
                done.append(series)
            } else {
                isLeft = true
            }
        }
        for series in done { try transaction.remove(table, LateWork.key(series)) }
        if let logNumber {
            try transaction.put(
                table, LateWork.key(LateWork.logKey), LateWork.encode(log: logNumber))
        }
        return isLeft
    }
}

extension LiveEngine {
    /// How old points are, in nanoseconds, that are noted in their commit.
    ///
    /// What is younger is looked at again after a start anyway (`SliceRun.restartReach`).
    private static let lateAge: Int64 = SliceRun.restartReach / 2

    /// Begins to note late points, as long as something stands that they may concern.
    func recordLatePoints() {
        let (late, clock, isNeeded, hasLate) = (
            LateWork(table: tables.late), options.clock,
            isStanding, hasLate
        )
        store.setLateRecorder(
            LateRecorder(
                before: {
                    guard isNeeded.value else { return .min }
                    return clock().advanced(by: -LiveEngine.lateAge).nanoseconds
                },
                record: { touched, transaction in
                    try late.record(touched, in: transaction)
                    hasLate.value = true
                }))
    }

    /// What an earlier process left: late points as dirt of the first turn, and from where the
    /// plant's log is read.
    func loadLateWork(_ work: inout Work, _ snapshot: Snapshot) throws -> Dirt {
        var dirt = Dirt()
        let (spans, logNumber) = try LateWork(table: tables.late).load(in: snapshot.transaction)
        for (series, span) in spans where span.first <= span.last {
            dirt.add(series, span.first...span.last)
        }
        hasLate.value = !spans.isEmpty
        work.foundLate = spans
        work.takenCommit = snapshot.id
        if let logNumber, !work.standing.isEmpty, logNumber < work.logNumber ?? 0 {
            work.logNumber = logNumber
            dirt.plant = true
            dirt.events = true
        }
        work.settledLogNumber = logNumber
        return dirt
    }

    /// Once everything that was taken has been looked at, its notes go.
    func settle(_ work: inout Work) {
        isStanding.value = !work.standing.isEmpty
        guard !work.standing.isEmpty,
            work.standing.values.allSatisfy({ $0.question == nil || $0.dirt.isEmpty }),
            hasLate.value || work.settledLogNumber != work.logNumber
        else { return }
        let (late, commit, number) = (
            LateWork(table: tables.late), work.takenCommit, work.logNumber
        )
        let found = work.foundLate
        hasLate.value = false
        do {
            let isLeft = try store.writeBlocking { transaction in
                try late.settle(
                    commit: commit, found: found, logNumber: number, in: transaction.transaction)
            }
            if isLeft { hasLate.value = true }
            work.settledLogNumber = number
            work.foundLate = [:]
        } catch {
            // What stays noted is looked at once more after the next start.
            hasLate.value = true
        }
    }
}

/// A truth value that threads share.
final class SharedFlag: Sendable {
    private let flag = Mutex(false)

    var value: Bool {
        get { flag.withLock { $0 } }
        set { flag.withLock { $0 = newValue } }
    }
}
