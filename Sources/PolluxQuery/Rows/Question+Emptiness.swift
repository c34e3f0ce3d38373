import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

extension Question {
    /// Why there are no rows: whether the assets existed then, and what is newest before the range.
    func explainEmptiness() throws -> [String] {
        var sentences: [String] = []
        var absent: [(subject: Subject, range: TimeRange)] = []
        var present: [(subject: Subject, range: TimeRange)] = []
        for subject in subjects.prefix(Self.examinedCount) {
            guard let range = try ranges(for: subject).range(query.clauses, for: subject) else {
                let sentence = absentEvent(of: subject)
                if !notes.contains(sentence) { sentences.append(sentence) }
                continue
            }
            let isThere =
                isLatestOnly ? isMeantNow(subject) : !subject.present(in: [range]).isEmpty
            if isThere { present.append((subject, range)) } else { absent.append((subject, range)) }
        }
        sentences = Array(sentences.prefix(3))
        guard !present.isEmpty else {
            for (subject, range) in absent.prefix(3) {
                if let life = try absence(subject, range) { sentences.append("0 rows: " + life) }
                for leaf in leaves.prefix(3) {
                    guard case .measure(let measure) = leaf.source else { continue }
                    sentences += try newest(measure, leaf, subject, range, isGone: true)
                }
            }
            return sentences
        }
        // Where others were measured meanwhile, an asset that never was explains nothing.
        var silent: [String] = []
        var isMeasured = false
        for (subject, range) in present.prefix(3) {
            var found: [String] = []
            for leaf in leaves.prefix(3) {
                guard case .measure(let measure) = leaf.source else { continue }
                found += try newest(measure, leaf, subject, range, isGone: false)
            }
            if found.isEmpty { isMeasured = true } else { silent += found }
        }
        let condition = emptyCondition(of: present.count)
        if let condition, isMeasured { return sentences + [condition] }
        if sentences.isEmpty, silent.isEmpty, let condition { return [condition] }
        return sentences + silent
    }

    /// That an asset has no event of those that the range goes by.
    func absentEvent(of subject: Subject) -> String {
        guard let during = query.clauses.during else {
            let words = query.clauses.time?.range.text(in: context.text) ?? ""
            return "\(subject.name) has no event yet for `\(words)`"
        }
        let words = during.range.text(in: context.text)
        return "\(subject.name) has no event for `\(words)`"
            + (query.clauses.time == nil ? "" : " in this range")
    }

    /// Whether the path means a subject now, as `latest` without a range asks.
    func isMeantNow(_ subject: Subject) -> Bool {
        subject.pieces.contains { $0.range.reaches(context.now) }
    }

    /// How many assets are looked at to explain an empty answer.
    private static let examinedCount = 1000

    private func emptyCondition(of count: Int) -> String? {
        let assets = count == 1 ? "" : " for any of \(count) assets"
        if let episode = query.clauses.episode {
            let text = episode.form.condition.range.text(in: context.text)
            return "0 rows: `when \(text)` never held long enough\(assets)"
        }
        if let filter = query.clauses.filter {
            let text = filter.form.range.text(in: context.text)
            return "0 rows: `where \(text)` does not hold in the range\(assets)"
        }
        return nil
    }

    /// What kept an asset out of a range, or nil.
    private func absence(_ subject: Subject, _ range: TimeRange) throws -> String? {
        guard isLatestOnly || subject.present(in: [range]).isEmpty,
            let asset = try context.graph.asset(subject.asset, in: snapshot.transaction)
        else { return nil }
        let type = try context.graph.type(asset.type, in: snapshot.transaction)?.name ?? "asset"
        let span =
            isLatestOnly
            ? "without a range `latest` reads what is there now"
            : "the range is \(shown(range))"
        if asset.life.end <= range.start {
            return "\(type) \(subject.name) was retired \(clock(asset.life.end, range)); \(span)"
        }
        if asset.life.start >= range.end {
            return
                "\(type) \(subject.name) exists since \(context.shown(asset.life.start)); \(span)"
        }
        let stays = subject.pieces.map { shown($0.range) }.prefix(3).joined(separator: ", ")
        return "\(subject.name) was there \(stays); \(span)"
    }

    private func newest(
        _ measure: MeasureID, _ leaf: BoundLeaf, _ subject: Subject, _ range: TimeRange,
        isGone: Bool
    ) throws -> [String] {
        var newest: (point: Point, series: SeriesDescription)?
        for source in try PlantReader(question: self).sources(
            of: measure, for: subject, in: .always)
        {
            let end = min(source.range.end, range.end)
            guard let point = try snapshot.point(of: source.series.id, before: end),
                newest.map({ $0.point.instant < point.instant }) ?? true
            else { continue }
            newest = (point, source.series)
        }
        guard let newest else {
            return ["0 rows: \(subject.name) has no \(leaf.name) in this range or before it"]
        }
        guard newest.point.instant < range.start || isGone else { return [] }
        let unit = leaf.unit.map { " " + $0.symbol } ?? ""
        let value = PlantListing.text(of: newest.point.value) + unit
        let time = clock(newest.point.instant, range)
        return [
            isGone
                ? "its newest value: \(value) \(time)"
                : "0 rows: the newest \(leaf.name) of \(subject.name) before the range is "
                    + "\(value) \(time)"
        ]
    }

    /// An instant as short as its day allows.
    private func clock(_ instant: Timestamp, _ range: TimeRange) -> String {
        let zone = context.zone
        guard zone.startOfDay(containing: instant) == zone.startOfDay(containing: range.start)
        else { return "on " + context.shown(instant) }
        return "at " + context.clock(instant)
    }

    private func shown(_ range: TimeRange) -> String {
        let zone = context.zone
        let start = range.start == .distantPast ? "ever" : context.shown(range.start)
        guard range.end < .distantFuture else { return "\(start) on" }
        if zone.startOfDay(containing: range.start) == zone.startOfDay(containing: range.end) {
            return "\(context.clock(range.start))–\(context.clock(range.end))"
        }
        return "\(start)–\(context.shown(range.end))"
    }
}

extension TimeRange {
    /// Whether an instant is in the range or where it ends.
    func reaches(_ instant: Timestamp) -> Bool { start <= instant && instant <= end }
}
