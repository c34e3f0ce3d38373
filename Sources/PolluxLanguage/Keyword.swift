/// The words the grammar knows; the raw value is the word in lower case.
public enum Keyword: String, Hashable, Sendable, CaseIterable {
    // Reserved anywhere.
    case above, and, `as`, at, between, bottom, by, compare, during, every, `false`, fill, `for`
    case from, `in`, including, into, `is`, last, like, limit, next, not, of, offset, on, or, over
    case overall, per, points, since, that, this, timezone, to, today, top, `true`, until, using
    case wait, when, `where`, with, within, yesterday
    // Reserved as the first word of a statement or query.
    case watch, explain, show, describe, create, drop, move, relate, unrelate, retire, set, record
    case forecast, anomalies, remaining
    // Words with a meaning in one place only; names elsewhere.
    case life, now, ago, before, after, start, end, plural, inverse, type, measure, event, relation
    case unit, asset, continuous, query, alert, missing, stale, uncertain, bad, none, hold, linear,
        local
    // Aggregates and functions; names where nothing to work on follows.
    case avg, min, max, total, time, share, times, mode, coverage, mean, sum, count, median, stddev
    case slope, earliest, latest, highest, lowest, delta, rate, abs, sqrt, ln, round

    /// Whether the word can never be a name without brackets.
    public var isReserved: Bool { ordinal <= Keyword.yesterday.ordinal }

    /// Whether the word cannot begin a statement or query as a name.
    public var isLeading: Bool {
        ordinal >= Keyword.watch.ordinal && ordinal <= Keyword.remaining.ordinal
    }

    /// The aggregate it stands for, if it is one.
    public var aggregate: AggregateWord? {
        switch self {
        case .avg: .avg
        case .min: .min
        case .max: .max
        case .total: .total
        case .time: .time
        case .share: .share
        case .times: .times
        case .mode: .mode
        case .coverage: .coverage
        case .mean: .mean
        case .sum: .sum
        case .count: .count
        case .median: .median
        case .stddev: .stddev
        case .slope: .slope
        case .earliest: .earliest
        case .latest: .latest
        case .highest: .highest
        case .lowest: .lowest
        case .delta: .delta
        case .rate: .rate
        default: nil
        }
    }

    /// The place in the list above.
    var ordinal: Int { Keyword.ordinals[self] ?? 0 }

    /// The keyword of a word in any case, or nil.
    public init?(word: some StringProtocol) {
        var packed: UInt128 = 0
        var length = 0
        for byte in word.utf8 {
            length += 1
            guard length <= 16 else { return nil }
            packed = packed << 8 | UInt128(lowerCased(byte))
        }
        guard let keyword = Keyword.byPackedWord[packed] else { return nil }
        self = keyword
    }

    /// The keyword in a stretch of bytes, or nil.
    init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count <= 16 else { return nil }
        var packed: UInt128 = 0
        for byte in bytes { packed = packed << 8 | UInt128(lowerCased(byte)) }
        guard let keyword = Keyword.byPackedWord[packed] else { return nil }
        self = keyword
    }

    private static let ordinals: [Keyword: Int] = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    private static let byPackedWord: [UInt128: Keyword] = Dictionary(
        uniqueKeysWithValues: allCases.map { keyword in
            (keyword.rawValue.utf8.reduce(0) { $0 << 8 | UInt128($1) }, keyword)
        })
}

/// An ASCII letter in lower case; any other byte as it is.
func lowerCased(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte
}

extension AggregateWord {
    /// The word as written in a query.
    public var text: String {
        switch self {
        case .avg: return "avg"
        case .min: return "min"
        case .max: return "max"
        case .mean: return "mean"
        case .sum: return "sum"
        case .count: return "count"
        case .highest: return "highest"
        case .lowest: return "lowest"
        case .latest: return "latest"
        default: break
        }
        guard case .percentile(let percent) = self else { return "\(self)" }
        return percent == percent.rounded() ? "p\(Int(percent))" : "p\(percent)"
    }
}
