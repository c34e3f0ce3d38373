import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel

/// `forecast x of … last 7d next 1h every 1m`: what slices will be, with bounds, method and
/// history (S28); with `when`, when a condition is expected to come true.
///
/// The history is the range: means of the curve over slices before now, or the aggregate that is
/// asked for. Each asset is carried on from its own past.
struct ForecastHead {
    let question: Question
    private let outputs: [Question.Output]
    private let names: [String]
    private let next: Period
    private let method: SeriesForecast.Method?

    /// One item of one asset carried on.
    struct Carried {
        var forecast: SeriesForecast
        var historyCount: Int
    }

    /// An asset with its forecasts and the slices they are for.
    struct Future {
        var subject: Subject
        var slices: [TimeRange]
        var items: [Carried]
        var history: TimeRange
    }

    /// Binds items, horizon and method.
    init(question: Question) throws {
        self.question = question
        guard let clause = question.query.clauses.next else {
            throw question.context.wrong(
                .clauseDoesNotFit, "`forecast` needs to know how far", at: question.query.range,
                suggestions: [.init("add `next 1h`", replacement: nil)])
        }
        next = try question.context.period(clause.form)
        method = try question.query.clauses.using.map { using in
            let word = try question.context.text(of: using.form.name)
            if let key = using.form.keys.first {
                throw question.context.wrong(
                    .clauseDoesNotFit, "`by` does not go with `forecast`", at: key.range)
            }
            guard let method = SeriesForecast.Method(rawValue: word.lowercased()) else {
                let known = SeriesForecast.Method.allCases.map(\.rawValue)
                throw question.context.wrong(
                    .unknownMethod, "there is no method `\(word)` for forecasts",
                    at: using.form.name.range,
                    suggestions: Suggestions.nearest(to: word, in: known, limit: 1).map {
                        .init("did you mean `\($0)`?", replacement: $0)
                    }, notes: ["methods: " + known.joined(separator: ", ")])
            }
            return method
        }
        var outputs: [Question.Output] = []
        for written in question.query.outputs {
            var output = try question.output(written)
            guard output.expression.valueClass == .number else {
                throw question.context.wrong(
                    .methodDoesNotFit, "`forecast` carries on numbers", at: written.range)
            }
            if !output.isAggregate { output = ForecastHead.averaged(output, question) }
            outputs.append(output)
        }
        self.outputs = outputs
        names = question.query.outputs.map { $0.alias?.text ?? TwinQL.print($0.expression) }
    }

    /// A curve is carried on by its means over slices.
    private static func averaged(
        _ output: Question.Output, _ question: Question
    ) -> Question.Output {
        let argument = output.expression
        question.aggregates.append(
            BoundAggregate(
                word: .avg, across: nil, argument: argument, unit: argument.unit,
                valueClass: .number, factor: 1, range: argument.range))
        var result = output
        result.expression = BoundExpression(
            form: .aggregate(question.aggregates.count - 1), valueClass: .number,
            unit: argument.unit, range: argument.range)
        return result
    }

    // MARK: Rows

    /// Rows of slices to come, or of predicted episodes.
    func rows() throws -> QueryResult {
        var futures: [Future] = []
        var shortages: [String] = []
        for subject in question.subjects
        where subject.pieces.contains(where: {
            $0.range.contains(question.context.now) || $0.range.end >= question.context.now
        }) {
            do {
                futures.append(try future(of: subject))
            } catch let shortage as Shortage {
                shortages.append(shortage.sentence)
            }
        }
        guard !futures.isEmpty else {
            throw question.context.wrong(
                .tooLittleHistory,
                shortages.first ?? "nothing of the path is there now",
                at: question.query.clauses.time?.range ?? question.query.range,
                notes: ["a longer range, or shorter slices (`every 1m`), give more history"])
        }
        for shortage in shortages { question.addNote(shortage) }
        if let clause = question.query.clauses.episode {
            return try PredictedEpisodes(
                question: question, clause: clause.form, outputs: outputs, names: names
            ).rows(futures)
        }
        var fields: [RowTable.Field] = []
        for (output, name) in zip(outputs, names) {
            let unit = output.expression.unit?.symbol
            for suffix in ["", " low", " high"] {
                fields.append(RowTable.Field(name: name + suffix, kind: .float, unit: unit))
            }
        }
        fields.append(RowTable.Field(name: "method", kind: .text, unit: nil))
        fields.append(RowTable.Field(name: "history", kind: .text, unit: nil))
        var table = RowTable(items: fields)
        for future in futures {
            for (index, slice) in future.slices.enumerated() {
                let steps = future.items.map { $0.forecast.steps[index] }
                let numbers = steps.flatMap { [$0.value, $0.low, $0.high] }
                table.rows.append(
                    RowTable.Row(
                        key: RowKey(
                            asset: future.subject.asset, name: future.subject.name, range: slice),
                        cells: numbers.map { .float($0) } + [
                            .text(methodText(future)), .text(historyText(future)),
                        ], notes: []))
            }
        }
        return table.result(zone: try question.shownZone())
    }

    /// How it was made, by item where methods differ.
    func methodText(_ future: Future) -> String {
        let texts = future.items.map { item in
            item.forecast.period.map { "season of \($0) steps" } ?? item.forecast.method.rawValue
        }
        guard let first = texts.first, texts.contains(where: { $0 != first }) else {
            return texts.first ?? ""
        }
        return zip(names, texts).map { "\($0): \($1)" }.joined(separator: ", ")
    }

    /// What it was made from.
    func historyText(_ future: Future) -> String {
        let known = future.items.map(\.forecast.known).min() ?? 0
        let length = Period(nanoseconds: future.slices.first?.nanoseconds ?? 0)
        return "\(known) of \(future.items.first?.historyCount ?? 0) slices of \(length) from "
            + question.context.shown(future.history.start)
    }

    // MARK: From the history

    /// Why an asset has no forecast.
    private struct Shortage: Error {
        var sentence: String
    }

    /// The most slices of history that are used, and the most rows that are given unasked.
    private static let historyLimit = 5000
    private static let rowWish = 200

    private func future(of subject: Subject) throws -> Future {
        guard let spans = try question.spans(of: subject), let first = spans.first,
            let last = spans.last
        else { throw Shortage(sentence: question.absentEvent(of: subject)) }
        let now = question.context.now
        let zone = try question.zone(of: subject)
        let horizon = zone.adding(next, to: now)
        let history = TimeRange(start: first.start, end: min(last.end, now))
        guard horizon > now, !history.isEmpty else {
            throw question.context.wrong(
                .emptyRange, "there is nothing to carry on, or nowhere to go",
                at: question.query.range)
        }
        let grid = try self.grid(history, ahead: horizon, subject: subject)
        var past = grid.slices(over: history, limit: 200_000).filter { $0.end <= now }
        past = past.suffix(ForecastHead.historyLimit)
        let start = past.last?.end ?? grid.start(containing: now)
        let coming = grid.slices(
            over: TimeRange(start: start, end: horizon),
            limit: min(question.context.options.rowLimit, .max - 1) + 1)
        guard coming.count <= question.context.options.rowLimit else {
            throw QueryError.runtime(.rowLimit, "the forecast has too many slices")
        }
        let values = try self.values(of: subject, in: past)
        let items = try values.map { history in
            do {
                let forecast = try SeriesForecast.make(
                    history, count: coming.count, periods: seasons(past), method: method)
                return Carried(forecast: forecast, historyCount: history.count)
            } catch let shortage as SeriesForecast.Shortage {
                throw Shortage(sentence: sentence(shortage, subject, past.first))
            }
        }
        return Future(
            subject: subject, slices: coming, items: items,
            history: TimeRange(start: past.first?.start ?? start, end: start))
    }

    private func sentence(
        _ shortage: SeriesForecast.Shortage, _ subject: Subject, _ slice: TimeRange?
    ) -> String {
        let length = Period(nanoseconds: slice?.nanoseconds ?? 0)
        switch shortage {
        case .tooFew(let known, let needed):
            return "too little history: \(subject.name) has \(known) known slices of \(length), "
                + "and a forecast needs \(needed)"
        case .tooFar(let known, let ahead):
            return "too little history: \(known) known slices of \(subject.name) do not reach "
                + "\(ahead) slices ahead"
        case .noSeason:
            return "too little history: \(subject.name) has no three whole seasons in the range"
        }
    }

    /// The slices as written; else the shortest round ones of which not too many are needed.
    private func grid(
        _ history: TimeRange, ahead horizon: Timestamp, subject: Subject
    ) throws -> SliceGrid {
        if let every = question.query.clauses.every?.form {
            guard case .period(let written) = every.stride, every.over == nil else {
                throw question.context.wrong(
                    .clauseDoesNotFit, "a forecast needs slices of equal length, such as 1m",
                    at: question.query.clauses.every?.range ?? .none)
            }
            return try Slicing(question: question).grid(
                every, written, of: subject, from: history.start)
        }
        let ahead = horizon.nanoseconds(since: question.context.now)
        let second: Int64 = 1_000_000_000
        let lengths: [Int64] = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 28_800]
        let length = lengths.map { $0 * second }.first {
            ahead / $0 <= Int64(ForecastHead.rowWish) && history.nanoseconds / $0 <= 2100
        }
        let period = length.map { Period(nanoseconds: $0) } ?? .days(1)
        return try SliceGrid(every: period, zone: try question.zone(of: subject))
    }

    /// Seasons of an hour, a shift, a day and a week, in slices.
    private func seasons(_ past: [TimeRange]) -> [Int] {
        guard let length = past.last?.nanoseconds, length > 0 else { return [] }
        let hour: Int64 = 3_600_000_000_000
        return [hour, 8 * hour, 24 * hour, 168 * hour].compactMap { season in
            season % length == 0 && season / length >= 4 ? Int(season / length) : nil
        }
    }

    /// The value of each item in each slice of the past.
    private func values(of subject: Subject, in past: [TimeRange]) throws -> [[Double?]] {
        guard let first = past.first, let last = past.last else {
            return outputs.map { _ in [] }
        }
        let evaluator = try question.columns(
            of: subject, in: TimeRange(start: first.start, end: last.end))
        let slices = past.map { whole in
            SliceRows.Slice(whole: whole, parts: subject.present(in: [whole]))
        }
        var groups = SliceRows.GatheredGroups()
        try SliceRows(question: question).gather(
            subject, slices, evaluator, filter: nil, into: &groups)
        guard let group = groups.taken(from: question).first else {
            return outputs.map { _ in [] }
        }
        return outputs.map { output in
            slices.indices.map { slice in
                SliceValues(question: question, group: group, slice: slice)
                    .evaluate(output.expression)
            }
        }
    }
}
