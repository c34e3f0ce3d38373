import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxStore

/// What a statement that changes or lists the plant works with: the text, the instant that counts
/// as now, the zone, the parameters.
struct StatementContext: Sendable {
    let graph: Graph
    let text: String
    let options: QueryOptions
    let now: Timestamp
    let zone: ZoneRules
    /// The units that can be written, of the commit that the statement sees.
    var units = UnitCatalog.standard

    /// The same in another zone.
    func inZone(_ zone: ZoneRules) -> StatementContext {
        StatementContext(graph: graph, text: text, options: options, now: now, zone: zone)
    }

    /// Who is written into the log.
    var provenance: Provenance { Provenance(recordedAt: now, source: options.source) }

    /// A diagnostic at a range of the text.
    func wrong(
        _ code: DiagnosticCode, _ message: String, at range: SourceRange,
        suggestions: [Diagnostic.Suggestion] = [], notes: [String] = []
    ) -> QueryError {
        .diagnostics([
            Diagnostic(
                code, message, at: range, in: text, suggestions: suggestions, notes: notes)
        ])
    }

    /// A graph's refusal as a diagnostic; failures underneath stay what they are.
    func translated(_ error: any Error, at range: SourceRange) -> any Error {
        guard let error = error as? GraphError else { return error }
        let code: DiagnosticCode
        switch error {
        case .storage(let failure): return failure
        case .corrupt: return QueryError.runtime(.storageFailure, error.description)
        case .exists, .conflict: code = .alreadyThere
        case .unknown(let what, _): code = what == "type" ? .unknownType : .unknownAsset
        case .ambiguous: code = .ambiguousName
        case .outsideLife(let asset, let life, let instant):
            guard instant < life.end else { return afterEnd(asset, life, at: range) }
            code = .beforeStart
        case .containsItself: code = .insideItself
        case .badName: code = .unexpectedWord
        case .refused, .tooFar: code = .typeDoesNotFit
        }
        return wrong(code, error.description, at: range)
    }

    /// "Spindle SP-8 was retired": what to do instead stands below.
    func afterEnd(_ asset: String, _ life: TimeRange, at range: SourceRange) -> QueryError {
        let start = life.start == .distantPast ? "ever" : day(life.start)
        let type = asset.split(separator: " ").first.map(String.init) ?? "machine"
        return wrong(
            .afterEnd, "\(asset) was retired on \(day(life.end))", at: range,
            suggestions: [.init("after its end (it lived \(start) to \(day(life.end)))")],
            notes: ["a replacement is a new asset: `create asset \(type) NAME of … from …`"])
    }

    /// Runs a body and turns the graph's refusals into diagnostics at a range.
    func placed<Result>(at range: SourceRange, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw translated(error, at: range)
        }
    }

    /// The text behind a label; a parameter's value when it is one.
    func text(of label: LabelSyntax) throws -> String {
        if let literal = label.literal { return literal }
        guard case .parameter(let parameter) = label else { return "" }
        switch options.parameters[parameter.name] {
        case .text(let text): return text
        case .integer(let number): return String(number)
        case .number(let number): return String(number)
        case .boolean(let flag): return String(flag)
        case nil:
            throw wrong(
                .missingParameter, "the parameter $\(parameter.name) has no value",
                at: parameter.range)
        }
    }

    // MARK: Moments

    /// The instant a moment means where no asset is asked about.
    func instant(_ moment: MomentSyntax) throws -> Timestamp {
        switch moment.form {
        case .now: return now
        case .timestamp(let written): return try instant(written)
        case .ago(let period): return zone.subtracting(try self.period(period), from: now)
        case .before(let period, let other):
            return zone.subtracting(try self.period(period), from: try instant(other))
        case .after(let period, let other):
            return zone.adding(try self.period(period), to: try instant(other))
        case .parameter(let name):
            try require(name, at: moment.range)
            if case .text(let text) = options.parameters[name],
                let read = Timestamp.parseRFC3339(Array(text.utf8))
            {
                return read.instant
            }
            throw wrong(
                .badTimestamp, "the parameter $\(name) is not a time such as 2026-03-02T10:00:00Z",
                at: moment.range)
        case .start(let span) where span.form == .today: return zone.startOfDay(containing: now)
        case .end(let span) where span.form == .today:
            return zone.adding(.days(1), to: zone.startOfDay(containing: now))
        case .lastEvent, .start, .end:
            throw wrong(
                .clauseDoesNotFit, "a statement needs a date and time, `now`, or `2h ago` here",
                at: moment.range)
        }
    }

    private func require(_ parameter: String, at range: SourceRange) throws {
        guard options.parameters[parameter] == nil else { return }
        throw wrong(
            .missingParameter, "the parameter $\(parameter) has no value", at: range)
    }

    /// The instant of something that is written down: one beyond what can be stored is refused.
    func storedInstant(_ moment: MomentSyntax) throws -> Timestamp {
        let instant = try self.instant(moment)
        guard instant > .distantPast, instant < .distantFuture else {
            throw wrong(
                .badTimestamp, "times that can be stored reach from 1677-09-22 to 2262-04-11",
                at: moment.range)
        }
        return instant
    }

    /// The instant of something that was measured or has happened: one that lies ahead is refused,
    /// as it is where points arrive.
    func pastInstant(_ moment: MomentSyntax, of what: String) throws -> Timestamp {
        let instant = try storedInstant(moment)
        let tolerance = options.futureTolerance
        guard instant <= now.advanced(by: tolerance) else {
            let limit = TwinQL.print(Period(nanoseconds: tolerance))
            throw wrong(
                .futureRange, "\(what) in the future, at \(shown(instant))", at: moment.range,
                notes: [
                    "what is recorded has happened: it begins \(limit) ahead of now at most, "
                        + "as clocks differ"
                ])
        }
        return instant
    }

    private func instant(_ written: TimestampSyntax) throws -> Timestamp {
        if let offset = written.offsetSeconds, let local = written.civil.instant {
            return local.advanced(by: -Int64(offset) * 1_000_000_000)
        }
        var civil = written.civil
        if written.granularity == .clock {
            let today = zone.civil(at: now)
            (civil.year, civil.month, civil.day) = (today.year, today.month, today.day)
            let candidate = zone.instants(of: civil).first
            return candidate <= now ? candidate : zone.subtracting(.days(1), from: candidate)
        }
        return zone.instants(of: civil).first
    }

    func period(_ written: PeriodSyntax) throws -> Period {
        switch written.form {
        case .literal(let period): return period
        case .parameter(let name):
            try require(name, at: written.range)
            if case .text(let text) = options.parameters[name], let period = Period.parse(text) {
                return period
            }
            throw wrong(
                .badPeriod, "the parameter $\(name) is not a length of time such as 1h30m",
                at: written.range)
        }
    }

    // MARK: Assets

    /// The one asset that is named; an error says which there are.
    func asset(_ named: AssetSyntax, in transaction: ReadTransaction) throws -> Asset {
        let name = try text(of: named.name)
        var type: AssetType?
        if let label = named.type {
            let word = try text(of: label)
            guard let match = try graph.type(named: word, in: transaction) else {
                throw try unknownType(word, at: label.range, in: transaction)
            }
            type = match.type
        }
        let found = try graph.assets(named: name, type: type?.id, in: transaction).assets
        guard let first = found.first else {
            throw try unknownAsset(name, type: type, at: named.name.range, in: transaction)
        }
        guard found.count == 1 else {
            let names = try found.prefix(5).map {
                "\(try graph.type($0.type, in: transaction)?.name ?? "") "
                    + (try graph.displayName(of: $0.id, in: transaction))
            }
            throw wrong(
                .ambiguousName, "`\(name)` can mean \(found.count) assets", at: named.range,
                notes: ["there are: \(names.joined(separator: ", "))"])
        }
        return first
    }

    /// "There is no type …" with near names.
    func unknownType(
        _ word: String, at range: SourceRange, in transaction: ReadTransaction
    ) throws -> QueryError {
        let near = Suggestions.nearest(
            to: word, in: try graph.types(in: transaction).map(\.name), limit: 3)
        return wrong(
            .unknownType, "there is no type `\(word)`", at: range,
            suggestions: near.map { .init("did you mean `\($0)`?", replacement: $0) })
    }

    /// "There is no machine …" with near names.
    func unknownAsset(
        _ name: String, type: AssetType?, at range: SourceRange, in transaction: ReadTransaction
    ) throws -> QueryError {
        var candidates: [String] = []
        var count = ""
        if let type {
            let most = 1000
            let all = try graph.assets(ofType: type.id, limit: most + 1, in: transaction)
            candidates = all.map(\.name).filter { !$0.isEmpty }
            let number = all.count > most ? "more than \(most)" : "\(all.count)"
            count = " (\(number) \(type.plural): \\a \(type.name))"
        }
        var near = Suggestions.nearest(to: name, in: candidates, limit: 3)
        // Names further off than the best would only distract.
        if let best = near.first.map({ Suggestions.editDistance(name, $0) }) {
            near = near.filter { Suggestions.editDistance(name, $0) == best }
        }
        return wrong(
            .unknownAsset, "there is no \(type?.name ?? "asset") `\(name)`", at: range,
            suggestions: near.enumerated().map {
                .init(
                    "did you mean `\($0.element)`?" + ($0.offset == 0 ? count : ""),
                    replacement: $0.element)
            })
    }

    // MARK: Values

    /// A literal as a value of the model, its unit apart.
    func value(_ literal: LiteralSyntax) throws -> (value: Value, unit: UnitSyntax?) {
        switch literal.form {
        case .number(let number, let unit):
            if case .integer(let whole) = number { return (.integer(whole), unit) }
            return (.float(number.value), unit)
        case .duration(let period):
            return (.float(Double(period.nanoseconds) / 1e9 + Double(period.days) * 86_400), nil)
        case .timestamp(let written):
            return (.text(try instant(written).formatted(offsetSeconds: 0)), nil)
        case .text(let text): return (.text(text), nil)
        case .boolean(let flag): return (.boolean(flag), nil)
        case .parameter(let name):
            switch options.parameters[name] {
            case .text(let text): return (.text(text), nil)
            case .integer(let number): return (.integer(number), nil)
            case .number(let number): return (.float(number), nil)
            case .boolean(let flag): return (.boolean(flag), nil)
            case nil:
                throw wrong(
                    .missingParameter, "the parameter $\(name) has no value", at: literal.range)
            }
        }
    }

    /// Settings as attributes; bare words are text.
    func attributes(_ settings: [SettingSyntax]) throws -> [Attribute] {
        try settings.map { setting in
            switch setting.value {
            case .literal(let literal):
                Attribute(setting.name.text, try value(literal).value)
            case .name(let name): Attribute(setting.name.text, .text(name.text))
            }
        }
    }
}
