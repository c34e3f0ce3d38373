public import PolluxModel

/// What can go wrong in the store; every case says what, where and what to do.
public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The writer's queue is full: nothing was taken; try again after the given milliseconds.
    case overloaded(retryAfterMilliseconds: Int)
    /// The disk or the map is full: nothing of the write was kept, reads go on, and the next write
    /// tries again.
    case diskFull(reason: String)
    /// The store was closed before the write was taken.
    case closed
    /// A stored record is damaged; `record` names it as `pollux inspect` does.
    case corrupt(record: String, reason: String)
    /// The directory holds a format that this version does not know.
    case unknownFormat(found: UInt32, known: UInt32)
    /// A series was declared or written with another kind of value than the one it has.
    case kindMismatch(series: SeriesID, has: ValueKind, given: ValueKind)
    /// A point names a series that the catalog does not have.
    case unknownSeries(SeriesID)
    /// A point breaks a rule of its series, such as a text index that does not exist.
    case invalidPoint(series: SeriesID, reason: String)
    /// A directory that must be empty is not.
    case notEmpty(path: String)
    /// A snapshot's files do not match its manifest, or it has none.
    case badSnapshot(path: String, reason: String)
    /// Any other failure that the system reported.
    case failed(action: String, reason: String)

    /// One sentence: what, where, and what to do.
    public var description: String {
        switch self {
        case .overloaded(let wait):
            "the database is busy writing: try again in \(wait) ms"
        case .diskFull(let reason):
            "nothing was written: \(reason)"
        case .closed:
            "the database is closed"
        case .corrupt(let record, let reason):
            "\(record) is damaged (\(reason)): run `pollux check`, then restore a snapshot"
        case .unknownFormat(let found, let known):
            "the database has format \(found); this version of Pollux reads formats up to \(known)"
        case .kindMismatch(let series, let has, let given):
            "series \(series.rawValue) holds \(has) values and cannot take \(given) ones"
        case .unknownSeries(let series):
            "there is no series \(series.rawValue)"
        case .invalidPoint(let series, let reason):
            "a point of series \(series.rawValue) was refused: \(reason)"
        case .notEmpty(let path):
            "\(path) is not empty: give the name of a new or empty folder"
        case .badSnapshot(let path, let reason):
            "\(path) is no usable snapshot: \(reason)"
        case .failed(let action, let reason):
            "cannot \(action): \(reason)"
        }
    }
}
