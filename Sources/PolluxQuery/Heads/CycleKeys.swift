import PolluxAnalytics
public import PolluxGraph
public import PolluxModel
public import PolluxStore

/// What a machine was doing at an instant, as one key: the values of some measures there.
///
/// Of the asset, or of what it is part of, as everywhere; a value holds until the next one or as
/// long as its gap allows. Where one of them is not known there is no key.
public struct CycleKeys {
    private let names: [String]
    private var reading: HeadReading
    private var traces: [AssetID: Traces] = [:]

    /// The spells of each measure of an asset, and how far they were looked at.
    private struct Traces {
        var range: TimeRange
        var spells: [[Spell]]
        var cursors: [Int]

        /// The key at an instant; quick when instants rise.
        mutating func key(at time: Int64) -> UInt64? {
            var key: UInt64 = 0xcbf2_9ce4_8422_2325
            for (index, spells) in spells.enumerated() {
                var cursor = cursors[index]
                if cursor > 0, spells[cursor - 1].end > time { cursor = 0 }
                while cursor < spells.count, spells[cursor].end <= time { cursor += 1 }
                cursors[index] = cursor
                guard cursor < spells.count, spells[cursor].start <= time else { return nil }
                key = CycleKeys.mixed(spells[cursor].code, from: key)
            }
            return key
        }
    }

    /// A span in which a measure held one value.
    private struct Spell {
        var start: Int64
        var end: Int64
        var code: UInt64
    }

    /// Keys by the values of measures; nothing is read yet.
    public init(measures: [String], snapshot: Snapshot, graph: Graph) {
        self.init(
            measures: measures,
            reading: HeadReading(snapshot: snapshot, graph: graph, cancellation: nil))
    }

    init(measures: [String], reading: HeadReading) {
        names = measures
        self.reading = reading
    }

    /// What was read so far.
    public var dependencies: QueryDependencies { reading.dependencies }
    var stats: QueryStatistics { reading.stats }

    /// The key of an asset at an instant of a range; nil where it is not known.
    ///
    /// Quick when instants rise; another range reads anew.
    public mutating func key(
        of asset: AssetID, at instant: Timestamp, in range: TimeRange
    ) throws -> UInt64? {
        if traces[asset]?.range != range {
            let spells = try names.map { try self.spells(of: asset, $0, range) }
            traces[asset] = Traces(
                range: range, spells: spells, cursors: names.map { _ in 0 })
        }
        return traces[asset]?.key(at: instant.nanoseconds)
    }

    private mutating func spells(
        of asset: AssetID, _ name: String, _ range: TimeRange
    ) throws -> [Spell] {
        var spells: [Spell] = []
        for source in try reading.sources(of: asset, measure: name, during: range) {
            let gap = try reading.definition(of: source)?.gap
            var held = try entering(source, gap)
            func close(at time: Int64) {
                guard let value = held else { return }
                let trusted = Timestamp(nanoseconds: value.time).advanced(by: gap ?? .max)
                let start = max(value.time, source.range.start.nanoseconds)
                let end = min(time, trusted.nanoseconds)
                guard end > start else { return }
                if let last = spells.last, last.end == start, last.code == value.code {
                    spells[spells.count - 1].end = end
                } else {
                    spells.append(Spell(start: start, end: end, code: value.code))
                }
            }
            try reading.forEachBatch(of: source) { batch in
                for row in 0..<batch.count {
                    let quality = batch.quality(at: row)
                    guard quality == .good || quality == .end else { continue }
                    close(at: batch.times[row])
                    held = nil
                    if quality == .good {
                        held = (batch.times[row], CycleKeys.code(batch.values[row]))
                    }
                }
            }
            close(at: source.range.end.nanoseconds)
        }
        return spells
    }

    /// The value that a source holds when its span begins.
    private func entering(_ source: HeadSource, _ gap: Int64?) throws -> (
        time: Int64, code: UInt64
    )? {
        guard source.range.start > .distantPast,
            let point = try reading.snapshot.point(
                of: source.series.id, before: source.range.start),
            point.quality == .good
        else { return nil }
        if let gap, source.range.start.nanoseconds(since: point.instant) > gap { return nil }
        return (point.instant.nanoseconds, CycleKeys.code(point.value))
    }

    /// FNV-1a over 64 bits of what a value is; whole numbers are the same however they are stored.
    private static func code(_ value: Value) -> UInt64 {
        switch value {
        case .text(let text):
            return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* prime }
        case .boolean(let flag): return flag ? 2 : 1
        case .integer(let number): return mixed(Double(number).bitPattern, from: 3)
        case .float(let number): return mixed((number == 0 ? 0 : number).bitPattern, from: 3)
        }
    }

    private static let prime: UInt64 = 0x100_0000_01b3

    private static func mixed(_ bits: UInt64, from start: UInt64) -> UInt64 {
        var hash = start
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            hash = (hash ^ (bits >> shift & 0xff)) &* prime
        }
        return hash
    }
}
