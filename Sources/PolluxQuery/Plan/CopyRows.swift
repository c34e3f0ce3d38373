import PolluxLanguage
import PolluxModel
import PolluxStore

/// Carries out a `CopyPlan`: samples go from chunks and memory into the columns of the answer.
struct CopyRows {
    let question: Question
    let plan: CopyPlan

    /// Rows by asset and time.
    func rows(_ outputs: [Question.Output]) throws -> QueryResult {
        var columns = AnswerColumns(outputs.map { question.sampleItem($0) })
        for subject in question.subjects {
            guard let spans = try question.spans(of: subject) else {
                question.addNote(question.absentEvent(of: subject))
                continue
            }
            for span in spans {
                var leaves: [Int: LeafPoints] = [:]
                for leaf in plan.leaves where leaves[leaf] == nil {
                    leaves[leaf] = try points(of: leaf, subject, in: span)
                }
                append(subject, plan.leaves.map { leaves[$0] ?? LeafPoints() }, to: &columns)
            }
            try question.checkRowCount(columns.rowCount)
        }
        return columns.result(zone: try question.shownZone())
    }

    /// The samples of one leaf for one asset.
    private func points(
        of leaf: Int, _ subject: Subject, in range: TimeRange
    ) throws -> LeafPoints {
        guard case .measure(let measure) = question.leaves[leaf].source else {
            return LeafPoints()
        }
        var points = LeafPoints()
        let sources = try PlantReader(question: question).sources(
            of: measure, for: subject, in: range)
        for source in sources {
            question.note(source)
            guard let inside = source.range.intersection(range) else { continue }
            try question.noteExpiry(source, in: inside)
            question.stats.series += 1
            try question.checkLimits()
            try read(source.series, inside, into: &points)
            // More rows than the answer may have need not be gathered first.
            guard points.times.count <= question.context.options.rowLimit else { break }
        }
        return points
    }

    private func read(
        _ series: SeriesDescription, _ range: TimeRange, into points: inout LeafPoints
    ) throws {
        let rule = QualityRule(question.qualities)
        let memory = question.snapshot.memoryRows(of: series)
        try question.spend(memory.count)
        var columns: [SealedColumn] = []
        for chunk in try question.chunks(of: series.group, in: range) {
            guard let column = try chunk.column(of: series.id),
                column.last >= range.start.nanoseconds, column.first < range.end.nanoseconds
            else { continue }
            try question.spend(column.count + Allowance.columnCost)
            columns.append(column)
        }
        let lastSealed = columns.last?.last ?? .min
        if let span = memory.span, span.lowerBound <= lastSealed,
            span.upperBound >= range.start.nanoseconds
        {
            try question.refuseBrief()
            let reader = try question.snapshot.reader(series.id, range)
            var batch = ColumnBatch(kind: series.kind)
            while try reader.next(into: &batch) {
                try question.checkLimits()
                count(batch.count)
                points.append(batch, in: range, rule)
            }
            return
        }
        for column in columns {
            try question.checkLimits()
            question.scanCounts.columnsRead += 1
            if let rows = try points.append(column, in: range) {
                count(rows)
                continue
            }
            let batch = ColumnBatch(
                times: try column.times(), values: try column.values(),
                qualities: try column.qualities())
            count(points.append(batch, in: range, rule))
        }
        guard memory.count > 0 else { return }
        let batch = memory.merged(in: range)
        question.scanCounts.memoryRows += batch.count
        count(points.append(batch, in: range, rule))
    }

    private func count(_ rows: Int) {
        question.stats.points += rows
        question.stats.batches += 1
        question.scanCounts.points += rows
    }

    // MARK: Rows

    private func append(
        _ subject: Subject, _ items: [LeafPoints], to columns: inout AnswerColumns
    ) {
        guard let first = items.first else { return }
        let times: [Int64]
        let isShared = items.dropFirst().allSatisfy { $0.times == first.times }
        if isShared {
            times = first.times
        } else {
            times = CopyRows.union(items.map(\.times))
        }
        guard !times.isEmpty else { return }
        let name = columns.names.number(of: subject.name)
        columns.starts += times
        columns.names.indices += repeatElement(name, count: times.count)
        columns.notes.indices += repeatElement(0, count: times.count)
        columns.keys.reserveCapacity(columns.keys.count + times.count)
        for time in times {
            let instant = Timestamp(nanoseconds: time)
            columns.keys.append(
                RowKey(
                    asset: subject.asset, name: subject.name,
                    range: TimeRange(start: instant, end: instant)))
        }
        for (item, points) in items.enumerated() {
            columns.numbers[item].append(
                points, conversion: plan.conversions[item], at: isShared ? nil : times)
        }
    }

    /// The distinct times of several ascending lists, ascending.
    private static func union(_ lists: [[Int64]]) -> [Int64] {
        var result: [Int64] = []
        for list in lists where !list.isEmpty {
            guard !result.isEmpty else {
                result = list
                continue
            }
            var merged: [Int64] = []
            merged.reserveCapacity(result.count + list.count)
            var (left, right) = (0, 0)
            while left < result.count || right < list.count {
                if right == list.count || left < result.count && result[left] < list[right] {
                    merged.append(result[left])
                    left += 1
                } else {
                    if left < result.count, result[left] == list[right] { left += 1 }
                    merged.append(list[right])
                    right += 1
                }
            }
            result = merged
        }
        return result
    }
}

/// The samples of a leaf: times ascend; `integers` are filled for series of integers only.
struct LeafPoints {
    var times: [Int64] = []
    var floats: [Double] = []
    var integers: [Int64] = []

    /// Appends the points of a range of a column of good doubles, of which nothing else is decoded,
    /// and returns their number; nil, and nothing is appended, where more must be looked at.
    mutating func append(_ column: SealedColumn, in range: TimeRange) throws -> Int? {
        guard let values = try column.openFloats() else { return nil }
        let all = try column.openTimes()
        try column.check(all)
        let low = try all.firstRow(notBefore: range.start.nanoseconds)
        let high = try all.firstRow(notBefore: range.end.nanoseconds)
        guard low < high else { return 0 }
        var room: [Double] = []
        let isWhole = try values.withValues(low..<high, room: &room) { first in
            let found = UnsafeBufferPointer(start: first, count: high - low)
            guard found.allSatisfy(\.isFinite) else { return false }
            floats += found
            return true
        }
        guard isWhole else { return nil }
        times += try all.times(low..<high)
        return high - low
    }

    /// Appends the usable points of a range and returns how many of the batch lie in it.
    @discardableResult
    mutating func append(
        _ batch: ColumnBatch, in range: TimeRange, _ rule: QualityRule
    ) -> Int {
        let rows = batch.times.withUnsafeBufferPointer { times -> Range<Int> in
            guard let base = times.baseAddress else { return 0..<0 }
            let all = 0..<times.count
            let low = RowSearch.first(base, all, notBefore: range.start.nanoseconds, hint: 0)
            let high = RowSearch.first(
                base, low..<times.count, notBefore: range.end.nanoseconds, hint: .max)
            return low..<high
        }
        switch batch.values {
        case .floats(let values):
            let isWhole =
                batch.qualities.isEmpty && values[rows].allSatisfy(\.isFinite)
            guard !isWhole else {
                times += batch.times[rows]
                floats += values[rows]
                break
            }
            for row in rows
            where rule.takes(batch.quality(at: row).rawValue) && values[row].isFinite {
                times.append(batch.times[row])
                floats.append(values[row])
            }
        case .integers(let values):
            for row in rows where rule.takes(batch.quality(at: row).rawValue) {
                times.append(batch.times[row])
                integers.append(values[row])
            }
        case .booleans, .texts: break
        }
        return rows.count
    }
}

extension AnswerColumns.Numbers {
    /// Adds the samples of a leaf: one row each, or at `times`, which hold all of theirs.
    mutating func append(
        _ points: LeafPoints, conversion: Unit.Conversion?, at times: [Int64]?
    ) {
        guard let times else {
            if field.kind == .integer {
                integers += points.integers
            } else if let conversion {
                floats += points.floats.map { conversion($0) }
            } else {
                floats += points.floats
            }
            missing += repeatElement(false, count: points.times.count)
            return
        }
        var next = 0
        for time in times {
            let isThere = next < points.times.count && points.times[next] == time
            if field.kind == .integer {
                integers.append(isThere ? points.integers[next] : 0)
            } else {
                let value = isThere ? points.floats[next] : 0
                floats.append(isThere ? conversion.map { $0(value) } ?? value : 0)
            }
            missing.append(!isThere)
            if isThere { next += 1 } else { hasMissing = true }
        }
    }
}
