import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// `remaining life of tool of machine CNC-3`: minutes of cut that are left, with the bounds of 90
/// and 10 %.
///
/// A position's history is replayed each time: the tools that were closed give the law, the tool in
/// use its damage. So the answer needs no state beyond points, events and mounts.
struct RemainingLifeHead {
    /// Makes one row for each piece.
    ///
    /// - Parameter unit: nil or `min` for minutes of cut, another unit of time, or `parts`.
    /// - Throws: `QueryError` for an unknown unit, when no piece has a history, or on cancellation;
    ///   what store and graph throw.
    func rows(
        pieces: [PathPiece], now: Timestamp, zone: ZoneRules, unit: String?, snapshot: Snapshot,
        graph: Graph, cancellation: CancellationFlag?
    ) throws -> QueryResult {
        let scale = try RemainingLifeScale(unit: unit)
        var history = ToolHistory(
            reading: HeadReading(snapshot: snapshot, graph: graph, cancellation: cancellation),
            now: now)
        history.reading.dependencies.hasEvents = true
        var rows: [RemainingLifeRow] = []
        var reasons: [String] = []
        var seen: Set<AssetID> = []
        for piece in pieces where seen.insert(piece.subject).inserted {
            try history.reading.checkCancellation()
            let name = try history.reading.name(of: piece.subject)
            do {
                let life = try history.remainingLife(of: piece)
                rows.append(try scale.row(life, asset: piece.subject, name: name))
            } catch let lack as LackOfHistory {
                reasons.append("\(name): \(lack.reason)")
            }
        }
        guard !rows.isEmpty else {
            let why =
                reasons.isEmpty ? "the path means no tool now" : reasons.joined(separator: "; ")
            throw QueryError.runtime(.tooLittleHistory, "no remaining life: \(why)")
        }
        return result(rows, reasons, history, scale, zone)
    }

    private func result(
        _ rows: [RemainingLifeRow], _ reasons: [String], _ history: ToolHistory,
        _ scale: RemainingLifeScale, _ zone: ZoneRules
    ) -> QueryResult {
        func numbers(
            _ name: String, unit: String, _ value: (RemainingLifeRow) -> Double
        ) -> ResultColumn {
            ResultColumn(
                name: name, kind: .float, unit: unit, cells: ResultCells(.floats(rows.map(value))))
        }
        let columns = [
            ResultColumn(
                name: "time", kind: .timestamp,
                cells: ResultCells(.integers(rows.map { _ in history.now.nanoseconds }))),
            ResultColumn(name: "asset", kind: .asset, cells: ResultCells(texts: rows.map(\.name))),
            numbers("p10", unit: scale.symbol) { $0.bounds.low },
            numbers("p50", unit: scale.symbol) { $0.bounds.median },
            numbers("p90", unit: scale.symbol) { $0.bounds.high },
            numbers("used", unit: "min") { $0.used },
            ResultColumn(
                name: "method", kind: .text, cells: ResultCells(texts: rows.map(\.method))),
            ResultColumn(name: "note", kind: .note, cells: ResultCells(texts: rows.map(\.note))),
        ]
        var result = QueryResult(content: .rows, columns: columns, notes: reasons, zone: zone)
        if let first = history.earliest {
            result.notes.insert(
                "history: \(history.reading.stats.points) points from \(first.text(in: zone)) to "
                    + history.now.text(in: zone), at: 0)
            result.range = TimeRange(start: first, end: history.now)
        }
        result.stats = history.reading.stats
        result.stats.rows = rows.count
        result.dependencies = history.reading.dependencies
        let instant = TimeRange(start: history.now, end: history.now)
        result.keys = rows.map { RowKey(asset: $0.asset, name: $0.name, range: instant) }
        return result
    }
}

/// Why a tool has no remaining life, in words for the reader; other tools may have one.
struct LackOfHistory: Error {
    var reason: String
}

/// What one tool's row shows.
struct RemainingLifeRow {
    var asset: AssetID
    var name: String
    var bounds: (low: Double, median: Double, high: Double)
    /// Minutes of cut so far.
    var used: Double
    var method: String
    var note: String
}

/// What a remaining life plus its history says.
struct ToolForecast {
    var life: RemainingLife
    var notes: [String]
    /// Whether `life` is known in minutes.
    var hasMinutes = true
    /// Parts that are left as the machine counts them; nil when it does not.
    var partsLeft: Double?
}

/// The unit that remaining lives are shown in.
struct RemainingLifeScale {
    /// The unit's symbol.
    let symbol: String
    /// Units in a minute; nil for parts.
    private let perMinute: Double?

    init(unit: String?) throws {
        guard let unit, unit != "min" else {
            symbol = "min"
            perMinute = 1
            return
        }
        if unit == "parts" {
            symbol = "parts"
            perMinute = nil
            return
        }
        guard let found = Unit.parse(unit), found.dimension == Unit.minute.dimension,
            let conversion = Unit.minute.conversion(to: found)
        else {
            throw QueryError.runtime(
                .unknownUnit,
                "remaining life is in a unit of time or in parts, not in '\(unit)'; "
                    + "write in min, in h or in parts")
        }
        symbol = found.symbol
        perMinute = conversion.slope
    }

    /// The row of a forecast in this unit.
    func row(_ forecast: ToolForecast, asset: AssetID, name: String) throws -> RemainingLifeRow {
        let life = forecast.life
        var bounds = (low: life.low, median: life.median, high: life.high)
        if let perMinute {
            guard forecast.hasMinutes else {
                throw LackOfHistory(
                    reason: "its life is told in parts: ask for it in parts, or count parts while "
                        + "it cuts")
            }
            bounds = (bounds.low * perMinute, bounds.median * perMinute, bounds.high * perMinute)
        } else if let left = forecast.partsLeft {
            bounds = (left, left, left)
        } else {
            guard let parts = life.parts else {
                throw LackOfHistory(
                    reason: "no parts were counted while it cut: the measure parts is needed for "
                        + "a life in parts")
            }
            bounds = parts
        }
        return RemainingLifeRow(
            asset: asset, name: name, bounds: bounds, used: life.minutesUsed, method: life.method,
            note: forecast.notes.joined(separator: "; "))
    }
}
