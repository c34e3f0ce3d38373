import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Assets in listings, and one asset in detail.
extension PlantListing {
    /// The assets of a path as the plant is now, or was at any time of a range, with type and
    /// container: the last one of a range.
    func assets(
        _ path: PathSyntax, _ clauses: ClausesSyntax, _ snapshot: Snapshot
    ) throws -> QueryResult {
        let transaction = snapshot.transaction
        let isNow = clauses.time == nil && clauses.during == nil
        let asked =
            isNow
            ? TimeRange(start: context.now, end: context.now.advanced(by: 1))
            : try askedRange(clauses, snapshot)
        var bound = try PathTranslation(context: context).graphPath(path, in: transaction)
        let most = clauses.limit?.form ?? .max
        if most < Self.beginningCount, clauses.filter == nil {
            bound = try graph.beginning(
                of: bound, count: most, during: asked, in: transaction)
        }
        let resolution = try graph.resolve(bound, during: asked, in: transaction)
        let chosen = try chosenAssets(path, clauses, during: asked, snapshot)
        var lastPieces: [AssetID: TimeRange] = [:]
        for piece in resolution.pieces { lastPieces[piece.subject] = piece.range }
        let listed = resolution.pieces.lazy.filter {
            (chosen?.contains($0.subject) ?? true) && lastPieces[$0.subject] == $0.range
        }.prefix(most)
        var names: [String?] = []
        var types: [String?] = []
        var typeNames: [TypeID: String?] = [:]
        var ends: [(id: AssetID, range: TimeRange)] = []
        for piece in listed {
            let asset = try graph.asset(piece.subject, in: transaction)
            let type = asset?.type ?? TypeID(rawValue: 0)
            if typeNames[type] == nil {
                typeNames[type] = .some(try graph.type(type, in: transaction)?.name)
            }
            let name = asset?.name ?? ""
            names.append(
                name.isEmpty ? try graph.displayName(of: piece.subject, in: transaction) : name)
            types.append(typeNames[type] ?? nil)
            let end = min(piece.range.end, asked.end)
            ends.append((piece.subject, TimeRange(start: end.advanced(by: -1), end: end)))
        }
        var containerNames: [AssetID: String] = [:]
        let containers = try graph.nearestContainers(of: ends, in: transaction).map {
            container -> String? in
            guard let container else { return nil }
            if let known = containerNames[container] { return known }
            let name = try graph.displayName(of: container, in: transaction)
            containerNames[container] = name
            return name
        }
        var result = QueryResult(
            content: .listing,
            columns: [
                ResultColumn(name: "asset", kind: .asset, cells: ResultCells(texts: names)),
                ResultColumn(name: "type", kind: .text, cells: ResultCells(texts: types)),
                ResultColumn(name: "in", kind: .asset, cells: ResultCells(texts: containers)),
            ], zone: context.zone)
        if names.isEmpty {
            result.notes = ["there is nothing of that kind " + (isNow ? "now" : "in the range")]
        }
        return result
    }

    /// Up to how many assets are sought out by name before the path is walked.
    private static let beginningCount = 1000

    /// Everything known of the assets of a path: life, place, attributes, measures with counts.
    func describe(_ path: PathSyntax, asOf: MomentSyntax?) throws -> QueryResult {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let transaction = snapshot.transaction
        let instant = try asOf.map(context.instant) ?? context.now
        let moment = TimeRange(start: instant, end: instant.advanced(by: 1))
        let bound = try PathTranslation(context: context).graphPath(path, in: transaction)
        let resolution = try context.graph.resolve(bound, during: moment, in: transaction)
        var rows: [(asset: String, what: String, value: String)] = []
        for piece in resolution.pieces {
            try describe(piece, moment, snapshot) { rows.append($0) }
        }
        let columns: [(String, [String?])] = [
            ("asset", rows.map(\.asset)), ("property", rows.map(\.what)),
            ("value", rows.map(\.value)),
        ]
        var result = QueryResult(
            content: .listing,
            columns: columns.map {
                ResultColumn(
                    name: $0.0, kind: $0.0 == "asset" ? .asset : .text,
                    cells: ResultCells(texts: $0.1))
            }, zone: context.zone)
        if rows.isEmpty {
            result.notes = ["there is nothing of that kind at \(context.shown(instant))"]
        }
        return result
    }

    private func describe(
        _ piece: PathPiece, _ moment: TimeRange, _ snapshot: Snapshot,
        _ add: ((asset: String, what: String, value: String)) -> Void
    ) throws {
        let graph = context.graph
        let transaction = snapshot.transaction
        let name = try graph.displayName(of: piece.subject, in: transaction)
        guard let asset = try graph.asset(piece.subject, in: transaction) else { return }
        add((name, "type", try graph.type(asset.type, in: transaction)?.name ?? ""))
        if asset.life.start != .distantPast {
            add((name, "exists from", context.shown(asset.life.start)))
        }
        if asset.life.end != .distantFuture {
            add((name, "retired", context.shown(asset.life.end)))
        }
        for container in try graph.containers(
            of: piece.subject, type: nil, during: moment, in: transaction)
        {
            let type = try graph.type(container.type, in: transaction)?.name ?? ""
            add((name, type, try graph.displayName(of: container.asset, in: transaction)))
        }
        for attribute in try graph.attributes(of: piece.subject, during: moment, in: transaction) {
            guard let value = attribute.value else { continue }
            add((name, attribute.name, PlantListing.text(of: value)))
        }
        for series in try snapshot.seriesList(of: piece.subject) {
            let measure = try graph.measure(series.measure, of: asset.type, in: transaction)
            let counts = try snapshot.counts(of: series.id)
            let unit = measure?.definition.unit ?? ""
            var text =
                "\(counts.points) points, late \(counts.late), duplicate \(counts.duplicate)"
                + ", rejected \(counts.rejected)"
            if let definition = measure?.definition {
                text =
                    (unit.isEmpty ? "no unit" : unit) + ", \(definition.kind), "
                    + "\(definition.shape), gap \(PlantListing.gapText(definition.gap)), " + text
            }
            text += try lifeText(of: series, asset.type, snapshot)
            if let span = counts.span {
                text += ", \(context.shown(span.first)) to \(context.shown(span.last))"
            }
            let measureName = try graph.measureName(series.measure, in: transaction)
            add((name, measureName ?? "measure \(series.measure.rawValue)", text))
        }
    }

    /// How long points are kept and what has gone; empty where all are kept for good.
    private func lifeText(
        of series: SeriesDescription, _ type: TypeID, _ snapshot: Snapshot
    ) throws -> String {
        var text = ""
        let found = try context.graph.measureWithLife(
            series.measure, of: type, in: snapshot.transaction)
        for setting in LifeText.settings(found?.life ?? LifeDeclaration()) {
            text += ", " + setting
        }
        if let mark = try snapshot.expiry(of: series.id) {
            text += ", \(mark.pointCount) points before \(context.shown(mark.expired)) expired"
        }
        return text
    }

    /// The text of a number with up to six decimals, or nil: it has at most 15 digits, so no other
    /// text is as short and reads back to the same number.
    private static func shortText(of number: Double) -> String? {
        let scaled = (number.magnitude * 1e6).rounded()
        guard number.magnitude < 1e9, number.magnitude >= 1e-3, scaled / 1e6 == number.magnitude
        else { return nil }
        var (digits, places) = (UInt64(scaled), 6)
        while digits % 10 == 0, places > 0 {
            digits /= 10
            places -= 1
        }
        return String(unsafeUninitializedCapacity: 24) { room in
            var index = 24
            for place in 0..<17 where place <= places || digits > 0 {
                if place == places, place > 0 {
                    index -= 1
                    room[index] = UInt8(ascii: ".")
                }
                index -= 1
                room[index] = UInt8(48 + digits % 10)
                digits /= 10
            }
            if number < 0 {
                index -= 1
                room[index] = UInt8(ascii: "-")
            }
            for place in index..<24 { room[place - index] = room[place] }
            return 24 - index
        }
    }

    static func text(of value: Value) -> String {
        switch value {
        case .float(let number):
            // Zeros behind the point say nothing (S23).
            number.magnitude < 1e15 && number == number.rounded()
                ? "\(Int64(number))" : shortText(of: number) ?? "\(number)"
        case .integer(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .text(let text): text
        }
    }
}
