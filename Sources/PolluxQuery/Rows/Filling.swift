import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Writes empty cells as `fill` says; never changes an aggregate (S15).
struct Filling {
    let question: Question
    let items: [RowTable.Field]
    private let clause: FillClause
    private let within: Int64?
    /// What `fill VALUE` writes, by item.
    private let values: [ResultCell]

    /// A cell that was known at an instant.
    struct Known {
        var time: Int64
        var cell: ResultCell
    }

    /// The filling a question asks for, or nil.
    init?(question: Question, items: [RowTable.Field]) throws {
        guard let clause = question.query.clauses.fill, clause.form.filling != .none else {
            return nil
        }
        self.question = question
        self.items = items
        self.clause = clause.form
        within = try clause.form.within.map {
            try question.context.period($0).approximateNanoseconds
        }
        guard case .value(let literal) = clause.form.filling else {
            values = []
            return
        }
        values = try items.map { try Filling.cell(literal, $0, question.context) }
        guard values.contains(where: { $0 != .missing }) else {
            throw question.context.wrong(
                .differentKinds, "the value fits no column", at: literal.range)
        }
    }

    /// The value in the unit of a column; missing where it is of another kind.
    private static func cell(
        _ literal: LiteralSyntax, _ item: RowTable.Field, _ context: StatementContext
    ) throws -> ResultCell {
        let (value, written) = try context.value(literal)
        switch (value, item.kind) {
        case (.text(let text), .text): return .text(text)
        case (.boolean(let flag), .boolean): return .boolean(flag)
        case (.integer(let whole), .integer) where written == nil: return .integer(whole)
        case (_, .float), (_, .integer), (_, .duration):
            guard var number = value.number else { return .missing }
            if let written {
                let unit = try UnitRules.unit(written, context)
                let target = item.kind == .duration ? "s" : item.unit ?? ""
                guard let conversion = unit.conversion(to: Unit.parse(target) ?? .one) else {
                    throw context.wrong(
                        .convertedUnits,
                        "\(written.symbol) does not fit \(item.name) "
                            + "(\(target.isEmpty ? "no unit" : target))",
                        at: written.range)
                }
                number = conversion(number)
            }
            if item.kind == .duration { return .duration(Int64((number * 1e9).rounded())) }
            return .float(number)
        default: return .missing
        }
    }

    // MARK: Filling rows of one asset

    /// Fills the empty cells of rows of one asset or group, in time order.
    ///
    /// `before` is what was known before the range, by item; `curves` the samples of items that are
    /// curves, which are carried instead of the cells above.
    func fill(_ rows: inout [RowTable.Row], curves: [HeldSamples?], before: [Known?]) {
        for item in items.indices {
            switch clause.filling {
            case .none: break
            case .value:
                for row in rows.indices where rows[row].cells[item] == .missing {
                    write(values[item], item, &rows[row])
                }
            case .hold: hold(item, &rows, curves[item], before[item])
            case .linear: drawLines(item, &rows, curves[item], before[item])
            }
        }
    }

    /// Whether the curve between samples is shown before anything is carried.
    var readsCurves: Bool { clause.filling == .hold || clause.filling == .linear }

    /// Puts a cell into a row and says so.
    func write(_ cell: ResultCell, _ item: Int, _ row: inout RowTable.Row) {
        guard cell != .missing else { return }
        row.cells[item] = cell
        guard !row.notes.contains("filled") else { return }
        row.notes.removeAll { $0 == "known 0 %" }
        row.notes.append("filled")
    }

    private func isNear(_ distance: Int64) -> Bool { within.map { distance <= $0 } ?? true }

    private func hold(
        _ item: Int, _ rows: inout [RowTable.Row], _ curve: HeldSamples?, _ before: Known?
    ) {
        var known = before
        for row in rows.indices {
            let time = rows[row].key.range.start.nanoseconds
            guard rows[row].cells[item] == .missing else {
                known = Known(time: time, cell: rows[row].cells[item])
                continue
            }
            let sample = curve?.known(at: time)
            let newest = [known, sample].compactMap { $0 }.max { $0.time < $1.time }
            guard let newest, isNear(time.subtractingSaturated(newest.time)) else { continue }
            write(newest.cell, item, &rows[row])
        }
    }

    private func drawLines(
        _ item: Int, _ rows: inout [RowTable.Row], _ curve: HeldSamples?, _ before: Known?
    ) {
        guard items[item].kind == .float || items[item].kind == .integer else { return }
        var known: [Known] = before.map { [$0] } ?? []
        for row in rows where row.cells[item] != .missing {
            known.append(Known(time: row.key.range.start.nanoseconds, cell: row.cells[item]))
        }
        known += curve?.all ?? []
        known.sort { $0.time < $1.time }
        var next = 0
        for row in rows.indices where rows[row].cells[item] == .missing {
            let time = rows[row].key.range.start.nanoseconds
            while next < known.count, known[next].time < time { next += 1 }
            guard next > 0, next < known.count else { continue }
            let (left, right) = (known[next - 1], known[next])
            guard let first = left.cell.number, let last = right.cell.number,
                isNear(right.time.subtractingSaturated(left.time)), right.time > left.time
            else { continue }
            let share = Double(time - left.time) / Double(right.time - left.time)
            write(.float(first + (last - first) * share), item, &rows[row])
        }
    }

    // MARK: Before the range

    /// What was known before the range: the newest slice before it that holds a sample.
    func lead(
        of group: SliceRows.Gathered, _ outputs: [Question.Output], _ filters: SliceFilters,
        _ demand: RollupDemand
    ) throws -> [Known?] {
        let nothing: [Known?] = Array(repeating: nil, count: outputs.count)
        guard clause.filling == .hold || clause.filling == .linear,
            let every = question.query.clauses.every?.form,
            case .period(let written) = every.stride, question.query.clauses.episode == nil,
            let first = group.slices.first(where: { $0.role == .row })?.whole.start,
            let subject = group.subjects.first
        else { return nothing }
        var newest: [Timestamp] = []
        for subject in group.subjects {
            newest += try lastKnown(of: subject, before: first, demand)
        }
        let grid = try Slicing(question: question).grid(every, written, of: subject, from: first)
        var known = nothing
        // The newest first: a slice may hold no sample and yet a value.
        for whole in Set(newest.map { grid.slice(containing: $0) }).sorted(by: {
            $0.start > $1.start
        })
        where isNear(first.nanoseconds(since: whole.start)) {
            let found = try self.known(in: whole, of: group, outputs, filters, demand)
            for item in known.indices { known[item] = known[item] ?? found[item] }
        }
        return known
    }

    /// What one slice before the range holds, by item.
    private func known(
        in whole: TimeRange, of group: SliceRows.Gathered, _ outputs: [Question.Output],
        _ filters: SliceFilters, _ demand: RollupDemand
    ) throws -> [Known?] {
        var groups = SliceRows.GatheredGroups()
        defer { groups.release(to: question) }
        for subject in group.subjects {
            let parts = subject.present(in: [whole])
            guard !parts.isEmpty else { continue }
            let slice = SliceRows.Slice(whole: whole, parts: parts)
            let evaluator = try question.columns(
                of: subject, in: whole, rollups: demand.reading(question, subject, [slice]))
            try SliceRows(question: question).gather(
                subject, [slice], evaluator, filter: filters.samples, into: &groups)
        }
        guard let found = groups.all.first(where: { $0.name == group.name }) else {
            return Array(repeating: nil, count: outputs.count)
        }
        let values = SliceValues(question: question, group: found, slice: 0)
        return zip(outputs, items).map { output, item in
            guard output.isAggregate else {
                return found.evaluators.first.flatMap {
                    HeldSamples(question: question, output: output, item: item, evaluator: $0)
                }?.all.last
            }
            let cell = values.cell(output, item)
            return cell == .missing
                ? nil : Known(time: whole.start.nanoseconds, cell: cell)
        }
    }

    /// The newest samples before an instant, and how long a step among them holds.
    private func lastKnown(
        of subject: Subject, before instant: Timestamp, _ demand: RollupDemand
    ) throws -> [Timestamp] {
        let reader = PlantReader(question: question)
        var found: [Timestamp] = []
        for (index, leaf) in question.leaves.enumerated() {
            guard case .measure(let measure) = leaf.source else { continue }
            let shift = question.shift(of: leaf) ?? 0
            let limit = instant.advanced(by: -shift)
            for source in try reader.sources(of: measure, for: subject, scope: leaf.scope)
            where source.range.start < limit {
                let end = min(limit, source.range.end)
                var newest = try reader.usable(before: end, in: source)?.instant
                if demand.needs[index] != nil {
                    newest = [newest, try lastOfRollups(source, before: end)].compactMap { $0 }
                        .max()
                }
                guard let newest, newest >= source.range.start else { continue }
                found.append(newest.advanced(by: shift))
                if source.definition.shape == .step, let gap = source.definition.gap {
                    found.append(
                        min(newest.advanced(by: shift + gap - 1), instant.advanced(by: -1)))
                }
            }
        }
        return found
    }

    /// The newest instant before another one that rollups know of points that have gone.
    private func lastOfRollups(
        _ source: PlantReader.Source, before limit: Timestamp
    ) throws -> Timestamp? {
        let series = source.series.id
        guard let expired = try question.snapshot.expiry(of: series)?.expired else { return nil }
        var newest: Int64?
        let end = min(limit.nanoseconds, expired.nanoseconds)
        for mark in try question.snapshot.rollupMarks(of: series) {
            let bucket = try question.snapshot.lastRollup(
                of: series, length: mark.length, before: end)
            // Of a bucket that reaches beyond the instant nobody knows what was before it; the
            // slices begin where shorter ones do, or are not answered by rollups.
            guard let bucket, !bucket.isLost, bucket.end <= end else { continue }
            let time = bucket.count > 0 ? bucket.lastTime : bucket.leadEnd
            newest = [newest, time].compactMap { $0 }.max()
        }
        return newest.map { Timestamp(nanoseconds: $0) }
    }
}

/// The samples of an item that is a plain curve, to be carried into cells where it is not known.
struct HeldSamples {
    private let times: [Int64]
    private let cell: (Int) -> ResultCell

    /// The samples of an item; nil where it is a formula.
    init?(
        question: Question, output: Question.Output, item: RowTable.Field, evaluator: Evaluator
    ) {
        var conversion: Unit.Conversion?
        var expression = output.expression
        if case .conversion(let inner, let change) = expression.form {
            (expression, conversion) = (inner, change)
        }
        guard case .leaf(let index) = expression.form else { return nil }
        let leaf = evaluator.leaves[index]
        let before = leaf.entering.first?.sample.flatMap { $0.isEnded ? nil : $0 }
        let times = (before.map { [$0.time] } ?? []) + leaf.sampleTimes
        self.times = times
        let values = (before.map { [$0.value] } ?? []) + leaf.sampleValues
        cell = { index in
            question.cell(
                conversion?(values[index]) ?? values[index], item, leaf: leaf,
                at: conversion == nil ? times[index] : nil)
        }
    }

    /// The sample at or before an instant.
    func known(at time: Int64) -> Filling.Known? {
        let low = times.endOfPrefix { $0 <= time }
        return low > 0 ? Filling.Known(time: times[low - 1], cell: cell(low - 1)) : nil
    }

    /// All of them, in time order.
    var all: [Filling.Known] {
        times.indices.map { Filling.Known(time: times[$0], cell: cell($0)) }
    }
}
