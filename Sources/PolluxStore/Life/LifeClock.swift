import PolluxKeyValue
import PolluxModel

/// The instant that ages are counted from: the wall clock, unless it ran ahead of time that passed
/// (docs/decisions/0007).
///
/// A clock that was set wrong, or a machine that starts in another century, would make everything
/// old at once. So what the clock is ahead by counts only after it has been ahead for a day in
/// which the server ran; until then this instant goes on as time passes.
struct LifeClock: Hashable, Sendable {
    /// The instant that ages are counted from, nanoseconds since 1970.
    private(set) var trusted: Int64
    /// For how long the server has run with a clock that is ahead, nanoseconds.
    private(set) var doubted: Int64 = 0

    /// How far ahead a clock may be: it is corrected by as much, and a server is off for as long.
    static let tolerance: Int64 = 3_600_000_000_000
    /// How long a clock has to be ahead until it is believed.
    static let patience: Int64 = 86_400_000_000_000

    init(trusted: Int64, doubted: Int64 = 0) {
        self.trusted = trusted
        self.doubted = doubted
    }

    /// Goes on by the time that passed since the last call; `wall` is what the clock says.
    mutating func advance(wall: Int64, elapsed: Int64) {
        let (reached, overflow) = trusted.addingReportingOverflow(max(0, elapsed))
        let expected = overflow ? Int64.max : reached
        // A clock that was set back makes nothing younger that has gone; ages stand still.
        guard wall > expected else {
            trusted = max(trusted, min(wall, expected))
            doubted = 0
            return
        }
        let (ahead, isFar) = wall.subtractingReportingOverflow(expected)
        if isFar || ahead > LifeClock.tolerance {
            doubted += max(0, elapsed)
            guard doubted >= LifeClock.patience else {
                trusted = expected
                return
            }
        }
        trusted = wall
        doubted = 0
    }

    /// How far the wall clock is ahead of the instant that ages are counted from.
    func lag(behind wall: Int64) -> Int64 {
        let (lag, overflow) = wall.subtractingReportingOverflow(trusted)
        return overflow ? .max : max(0, lag)
    }

    // MARK: Bytes

    static let key = Array("life-clock".utf8)

    func encode() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: trusted)
        bytes.append(littleEndian: doubted)
        return withChecksum(bytes)
    }

    init(decoding record: UnsafeRawBufferPointer) throws(RecordDefect) {
        var reader = RecordReader(try checkedPayload(record))
        trusted = try reader.integer()
        doubted = try reader.integer()
        guard doubted >= 0, reader.remaining == 0 else {
            throw RecordDefect("its length or its time is impossible")
        }
    }

    /// The clock that a database keeps, nil when it keeps none.
    static func read(_ transaction: ReadTransaction, _ tables: Tables) throws -> LifeClock? {
        guard let bytes = try transaction.value(tables.meta, key) else { return nil }
        do {
            return try LifeClock(decoding: bytes)
        } catch {
            throw StoreError.corrupt(record: "meta life-clock", reason: error.reason)
        }
    }
}
