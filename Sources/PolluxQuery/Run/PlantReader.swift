import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Reads what a leaf says about a subject: follows pieces, places and items, stitches series.
struct PlantReader {
    let question: Question

    private var graph: Graph { question.context.graph }
    private var snapshot: Snapshot { question.snapshot }

    /// A series and the span in which it speaks for a subject.
    struct Source: Sendable {
        var series: SeriesDescription
        var definition: MeasureDefinition
        var range: TimeRange
    }

    /// The column of a leaf for a subject over a range.
    func column(
        _ leaf: BoundLeaf, of subject: Subject, in wanted: TimeRange,
        rollups: (needs: LaneFold.Needs, reading: RollupReading)? = nil
    ) throws -> LeafColumn {
        try question.checkLimits()
        let shift = question.shift(of: leaf)
        let rollups = rollups.map { given in
            (
                needs: given.needs,
                reading: shift.map { given.reading.shifted(by: -$0) } ?? given.reading
            )
        }
        let range = shift.map {
            TimeRange(start: wanted.start.advanced(by: -$0), end: wanted.end.advanced(by: -$0))
        }
        var column: LeafColumn
        switch leaf.source {
        case .measure(let measure):
            let subjects = try leaf.scope.map { try scoped($0, from: subject) } ?? [subject]
            column = LeafColumn(kind: leaf.definition.valueKind)
            var number: Int32 = 0
            for subject in subjects {
                for source in try sources(of: measure, for: subject, in: range ?? wanted) {
                    try read(
                        source, wanted: range ?? wanted, number: number, rollups: rollups,
                        into: &column)
                    number += 1
                }
            }
        case .attribute:
            column = try attribute(leaf.name, of: subject, in: range ?? wanted)
        case .event:
            column = try events(leaf, of: subject, in: range ?? wanted)
        }
        if let shift { column.shift(by: shift) }
        return column
    }

    // MARK: Sources

    /// The series to read, by the rule of place and item: the first candidate that has the measure.
    func sources(
        of measure: MeasureID, for subject: Subject, in wanted: TimeRange
    ) throws -> [Source] {
        // With one piece they are found once, for whatever range; the next may be an earlier one.
        guard subject.pieces.count == 1, subject.pieces[0].range.overlaps(wanted) else {
            return try find(measure, for: subject, in: wanted)
        }
        let key = Question.SourceKey(measure: measure, piece: subject.pieces[0])
        let all: [Source]
        if let known = question.sources[key] {
            all = known
        } else {
            all = try find(measure, for: subject, in: .always)
            if question.sources.count < PlantReader.keptCount { question.sources[key] = all }
        }
        return PlantReader.reaching(wanted, all)
    }

    /// How many measures of pieces a question remembers the sources of.
    private static let keptCount = 4096

    private func find(
        _ measure: MeasureID, for subject: Subject, in wanted: TimeRange
    ) throws -> [Source] {
        var found: [Source] = []
        for piece in PlantReader.near(subject.pieces, wanted) {
            // The asset's own series comes before any other candidate, whenever it has one.
            if let own = try snapshot.series(of: piece.subject, measure: measure) {
                found.append(try source(own, range: piece.range))
                continue
            }
            for slice in try graph.sources(
                forMeasureOf: piece.subject, during: piece.range, asOf: question.asOf,
                in: snapshot.transaction)
            {
                for candidate in slice.candidates {
                    guard let series = try snapshot.series(of: candidate, measure: measure) else {
                        continue
                    }
                    found.append(try source(series, range: slice.range))
                    break
                }
            }
        }
        return PlantReader.reaching(
            wanted, PlantReader.joined(found.sorted { $0.range.start < $1.range.start }))
    }

    /// The sources that speak in a range; a value held from before it may come from before it.
    private static func reaching(_ wanted: TimeRange, _ sources: [Source]) -> [Source] {
        sources.filter {
            $0.range.end > wanted.start.advanced(by: -1) && $0.range.start < wanted.end
        }
    }

    /// The pieces that a range reaches, and the next ones without a break: where they are read from
    /// the same series a line goes on beyond the range.
    private static func near(_ pieces: [PathPiece], _ wanted: TimeRange) -> [PathPiece] {
        let inside = pieces.indices.filter {
            pieces[$0].range.end > wanted.start.advanced(by: -1)
                && pieces[$0].range.start < wanted.end
        }
        guard var first = inside.first, var last = inside.last else { return [] }
        for _ in 0..<neighbourCount where first > 0 {
            guard pieces[first - 1].range.end == pieces[first].range.start else { break }
            first -= 1
        }
        for _ in 0..<neighbourCount where last + 1 < pieces.count {
            guard pieces[last].range.end == pieces[last + 1].range.start else { break }
            last += 1
        }
        return Array(pieces[first...last])
    }

    /// Pieces on each side of a range that are looked at for the other end of a line.
    private static let neighbourCount = 8

    /// A series as a source over a span, with its measure as the type of its asset has it.
    private func source(_ series: SeriesDescription, range: TimeRange) throws -> Source {
        guard let asset = try graph.asset(series.asset, in: snapshot.transaction) else {
            throw StoreError.corrupt(
                record: "series \(series.id.rawValue)", reason: "its asset is missing")
        }
        let key = Question.DefinitionKey(measure: series.measure, type: asset.type)
        var definition: MeasureDefinition
        if let known = question.definitions[key] {
            definition = known
        } else {
            definition =
                try graph.measure(series.measure, of: asset.type, in: snapshot.transaction)?
                .definition ?? MeasureDefinition(name: "", valueKind: series.kind)
            question.definitions[key] = definition
        }
        definition.valueKind = series.kind
        return Source(series: series, definition: definition, range: range)
    }

    /// The series of a leaf over all time, for binding.
    func sources(of measure: MeasureID, for subject: Subject, scope: Int?) throws -> [Source] {
        let subjects = try scope.map { try scoped($0, from: subject) } ?? [subject]
        return try subjects.flatMap { try sources(of: measure, for: $0, in: .always) }
    }

    /// Neighbouring spans of one series are one: nothing changed between them.
    private static func joined(_ sources: [Source]) -> [Source] {
        var result: [Source] = []
        for source in sources {
            if let last = result.last, last.series.id == source.series.id,
                last.range.end == source.range.start
            {
                result[result.count - 1].range.end = source.range.end
            } else {
                result.append(source)
            }
        }
        return result
    }

    /// The assets that `(x of path)` means, seen from a subject: its own parts, then what contains
    /// it.
    private func scoped(_ index: Int, from subject: Subject) throws -> [Subject] {
        let path = question.scopes[index]
        let translation = PathTranslation(context: question.context)
        var graphPath = try translation.graphPath(path, in: snapshot.transaction)
        let anchor = PathStep(type: nil, names: .assets([subject.asset]))
        if case .any = graphPath.steps.last?.names ?? .any {
            graphPath.steps.append(anchor)
            graphPath.links.append(.of)
        }
        var pieces = try graph.resolve(
            graphPath, during: .always, asOf: question.asOf, in: snapshot.transaction
        ).pieces
        if pieces.isEmpty, graphPath.links.last == .of {
            graphPath.links[graphPath.links.count - 1] = .above
            pieces = try graph.resolve(
                graphPath, during: .always, asOf: question.asOf, in: snapshot.transaction
            ).pieces
        }
        return [Subject(asset: subject.asset, name: subject.name, pieces: pieces)]
    }

    // MARK: Points

    private func read(
        _ source: Source, wanted: TimeRange, number: Int32,
        rollups: (needs: LaneFold.Needs, reading: RollupReading)?, into column: inout LeafColumn
    ) throws {
        question.dependencies.series.insert(source.series.id)
        question.dependencies.measures.insert(source.series.measure)
        if let gap = source.definition.gap {
            question.dependencies.largestGap = max(question.dependencies.largestGap ?? 0, gap)
        }
        guard let inside = source.range.intersection(wanted) else { return }
        try question.noteExpiry(source, in: inside)
        question.stats.series += 1
        var builder = SpanBuilder(
            definition: source.definition, piece: source.range, wanted: wanted,
            now: question.knownEnd, number: number)
        while column.entering.count <= Int(number) { column.entering.append(.nothing) }
        var choice = rollups.map {
            RollupChoice(question: question, source: source, needs: $0.needs)
        }
        let newest = try newest(before: inside.start, in: source, orEnd: true)
        let before = usable(newest, in: source)
        let sample = try sample(upTo: newest, in: source)
        var passage = BucketPassage([], nil, rollover: nil)
        if let rollups, let within = source.range.intersection(rollups.reading.range) {
            let buckets =
                try choice?.choose(
                    rollups.reading.windows, in: within,
                    after: rollups.needs.increase ? sample : before) ?? []
            question.scanCounts.rollups += buckets.count
            passage = BucketPassage(buckets, rollups.needs, rollover: source.definition.rollover)
        } else {
            choice = nil
        }
        let entering = choice.map({ $0.point(before: before) }) ?? before
        try question.noteExpiry(source, before: inside, found: entering)
        if let entering { add(entering, to: &builder, &column) }
        column.entering[Int(number)] = try self.entering(
            choice.map({ $0.sample(before: sample) }) ?? sample, in: source,
            isEnded: entering?.quality == .end, isWhole: choice?.isWhole == true)
        let reader = try snapshot.reader(source.series.id, inside)
        var batch = ColumnBatch(kind: source.series.kind)
        while try reader.next(into: &batch) {
            try question.checkLimits()
            question.stats.points += batch.count
            question.stats.batches += 1
            add(batch, to: &builder, &passage, &column)
        }
        _ = passage.pass(until: .max, &builder, &column)
        var hasNext = false
        let next = try usable(atOrAfter: inside.end, in: source)
        if let next = choice.map({ $0.point(after: next) }) ?? next {
            if next.instant < source.range.end {
                add(next, to: &builder, &column)
            } else {
                hasNext = true
            }
        }
        builder.finish(hasNext: hasNext, in: &column)
    }

    /// The newest point before an instant whose quality is asked for.
    ///
    /// A line is not drawn from before the source's span into it; a step that held then holds.
    func usable(before instant: Timestamp, in source: Source) throws -> Point? {
        usable(try newest(before: instant, in: source, orEnd: true), in: source)
    }

    private func usable(_ point: Point?, in source: Source) -> Point? {
        guard let point, point.instant >= source.range.start || source.definition.shape == .step
        else { return nil }
        return point
    }

    /// The newest sample before an instant, wherever it lies; with `orEnd` an end mark, if that is
    /// newer.
    private func newest(
        before instant: Timestamp, in source: Source, orEnd: Bool
    ) throws -> Point? {
        var limit = instant
        for _ in 0..<1000 {
            guard let point = try snapshot.point(of: source.series.id, before: limit)
            else { return nil }
            if question.qualities.contains(point.quality) || (orEnd && point.quality == .end) {
                return point
            }
            limit = point.instant
        }
        return nil
    }

    /// The newest point unless that is an end mark, else the sample before it: what is counted goes
    /// on from there.
    private func sample(upTo newest: Point?, in source: Source) throws -> Point? {
        guard let newest, newest.quality == .end else { return newest }
        return try self.newest(before: newest.instant, in: source, orEnd: false)
    }

    /// What comes before the first sample that is read, as far as `sample` says.
    private func entering(
        _ sample: Point?, in source: Source, isEnded: Bool, isWhole: Bool
    ) throws -> LeafColumn.Entering {
        guard let sample else {
            // What has gone is not the beginning.
            return try isWhole || question.expiry(of: source) == nil ? .nothing : .beyond
        }
        guard let value = sample.value.number, sample.instant >= source.range.start else {
            return .beyond
        }
        var whole: Int64?
        if case .integer(let exact) = sample.value { whole = exact }
        return .sample(
            LeafColumn.EnteringValue(
                time: sample.instant.nanoseconds, value: value, integer: whole, isEnded: isEnded))
    }

    /// The first point from an instant on, up to now, whose quality is asked for.
    func usable(atOrAfter instant: Timestamp, in source: Source) throws -> Point? {
        var limit = instant
        for _ in 0..<1000 {
            guard let point = try snapshot.point(of: source.series.id, atOrAfter: limit),
                point.instant <= question.context.now
            else { return nil }
            if question.qualities.contains(point.quality) || point.quality == .end { return point }
            limit = point.instant.advanced(by: 1)
        }
        return nil
    }

    private func add(_ point: Point, to builder: inout SpanBuilder, _ column: inout LeafColumn) {
        let time = point.instant.nanoseconds
        guard point.quality != .end else {
            builder.addEnd(time: time, to: &column)
            return
        }
        let value: Double
        var integer: Int64 = 0
        switch point.value {
        case .float(let number): value = number
        case .integer(let number):
            value = Double(number)
            integer = number
        case .boolean(let flag): value = flag ? 1 : 0
        case .text(let word): value = Double(column.index(of: word))
        }
        builder.add(time: time, value: value, integer: integer, quality: point.quality, to: &column)
    }

    private func add(
        _ batch: ColumnBatch, to builder: inout SpanBuilder, _ passage: inout BucketPassage,
        _ column: inout LeafColumn
    ) {
        for row in 0..<batch.count {
            let quality = batch.quality(at: row)
            let time = batch.times[row]
            if passage.pass(until: time, &builder, &column) { continue }
            if quality == .end {
                builder.addEnd(time: time, to: &column)
                continue
            }
            guard question.qualities.contains(quality) else { continue }
            var integer: Int64 = 0
            let value: Double
            switch batch.values {
            case .floats(let values): value = values[row]
            case .integers(let values):
                integer = values[row]
                value = Double(integer)
            case .booleans(let values): value = values[row] ? 1 : 0
            case .texts(let values): value = Double(column.index(of: values[row]))
            }
            guard value.isFinite else { continue }
            builder.add(time: time, value: value, integer: integer, quality: quality, to: &column)
        }
    }

    // MARK: Attributes and events

    private func attribute(
        _ name: String, of subject: Subject, in wanted: TimeRange
    ) throws -> LeafColumn {
        let pieces = try question.attributePieces(name, of: subject, in: wanted)
        guard let kind = pieces.first?.value.kind else { return LeafColumn(kind: .text) }
        var column = LeafColumn(kind: kind)
        for piece in pieces {
            var number = piece.value.number ?? 0
            if case .text(let word) = piece.value { number = Double(column.index(of: word)) }
            column.appendSpan(
                piece.range.start.nanoseconds, piece.range.end.nanoseconds, number, number)
        }
        return column
    }

    private func events(
        _ leaf: BoundLeaf, of subject: Subject, in wanted: TimeRange
    ) throws -> LeafColumn {
        question.dependencies.hasEvents = true
        var column = LeafColumn(kind: .float)
        let found = try question.ranges.events(
            NameSyntax(leaf.name, range: leaf.range), of: subject)
        for event in found where wanted.contains(event.start) {
            let time = event.start.nanoseconds
            if column.sampleTimes.last != time { column.appendSpan(time, time, 1, 1) }
            column.sampleTimes.append(time)
            column.sampleValues.append(1)
            column.samplePieces.append(0)
        }
        return column
    }
}

extension LeafColumn {
    /// The index of a word, which is added when it is new.
    mutating func index(of word: String) -> Int {
        // States have few words; the newest are the likeliest.
        if let known = words.lastIndex(of: word) { return known }
        words.append(word)
        return words.count - 1
    }

    /// Moves everything in time, for `offset`.
    mutating func shift(by nanoseconds: Int64) {
        shift = nanoseconds
        for index in sampleTimes.indices {
            sampleTimes[index] = sampleTimes[index].addingSaturated(nanoseconds)
        }
        for index in spanStarts.indices {
            spanStarts[index] = spanStarts[index].addingSaturated(nanoseconds)
            spanEnds[index] = spanEnds[index].addingSaturated(nanoseconds)
        }
        for index in bridges.indices {
            bridges[index] = bridges[index].addingSaturated(nanoseconds)
        }
        for index in buckets.indices {
            let bucket = buckets[index]
            buckets[index].firstTime = bucket.firstTime.addingSaturated(nanoseconds)
            buckets[index].lastTime = bucket.lastTime.addingSaturated(nanoseconds)
        }
        for index in entering.indices {
            if case .sample(var value) = entering[index] {
                value.time = value.time.addingSaturated(nanoseconds)
                entering[index] = .sample(value)
            }
        }
    }
}

extension Question {
    /// How much later than they were the values of a leaf with `offset` are shown; nil without it.
    func shift(of leaf: BoundLeaf) -> Int64? {
        leaf.offset.map { period in
            context.now.nanoseconds(since: context.zone.subtracting(period, from: context.now))
        }
    }
}
