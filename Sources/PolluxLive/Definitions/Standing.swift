import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore

/// An alert or a continuous query at work.
struct Standing: Sendable {
    let definition: Definition
    /// Its question; nil when the stored text can no longer be read.
    var question: Question?
    /// The attributes of its events, as `with` gives them.
    var settings: [Attribute] = []
    /// The measure it writes.
    var into: String?
    var dirt = Dirt()
    private(set) var lastRun = Timestamp.distantPast
    private(set) var lastCost: Int64 = 0
    /// What a listing says.
    private(set) var state = "running"
    /// What readers of the measure and the events that it stores must know, by their names.
    private(set) var remarks: [String: String] = [:]

    /// How often it is looked at without a reason: conditions come true by passing time alone.
    private static let interval: Int64 = 1_000_000_000

    init(_ definition: Definition) {
        self.definition = definition
        dirt.all = true
        do {
            let statement = try TwinQL.parseStatement(definition.text)
            switch statement.form {
            case .create(.alert(let alert)):
                question = Standing.question(alert.query, definition)
                settings = try alert.settings.map { try Standing.attribute($0, definition) }
            case .create(.continuousQuery(let query)):
                question = Standing.question(query.query, definition)
                into = query.into.text
            default: state = "\(LiveError.damagedDefinition(definition.name))"
            }
        } catch {
            state = "\(error)"
        }
    }

    private static func question(_ query: QuerySyntax, _ definition: Definition) -> Question {
        Question(
            query: query, text: definition.text, parameters: definition.parameters,
            timezone: definition.timezone)
    }

    private static func attribute(
        _ setting: SettingSyntax, _ definition: Definition
    ) throws -> Attribute {
        let value: Value
        switch setting.value {
        case .name(let name): value = .text(name.text)
        case .literal(let literal):
            switch literal.form {
            case .number(.integer(let number), unit: nil): value = .integer(number)
            case .number(let number, unit: nil): value = .float(number.value)
            case .text(let text): value = .text(text)
            case .boolean(let flag): value = .boolean(flag)
            case .duration(let period): value = .text(TwinQL.print(period))
            case .parameter(let name):
                switch definition.parameters[name] {
                case .text(let text): value = .text(text)
                case .number(let number): value = .float(number)
                case .integer(let number): value = .integer(number)
                case .boolean(let flag): value = .boolean(flag)
                case nil: throw LiveError.notStorable("the parameter $\(name) has no value")
                }
            case .number, .timestamp:
                value = .text(TwinQL.print(ExpressionSyntax(.literal(literal))))
            }
        }
        return Attribute(setting.name.text, value)
    }

    /// Notes what commits changed.
    mutating func add(_ more: Dirt, now: Timestamp, limits: LiveOptions, _ understand: Understand) {
        dirt.noteMeaning(
            from: question?.look(at: more.edits, now: now, limits: limits, understand))
        dirt.add(more)
        guard let question else { return }
        dirt.edits.removeAll { edit in
            // What a model recorded is no reason to work it out again.
            let isOwn =
                question.query.head == .anomalies
                && edit.kind == .event(definition.name.lowercased())
            return isOwn || !question.isConcerned(by: edit)
        }
    }

    /// When it wants to be looked at; nil for never.
    func due(_ limits: LiveOptions) -> Timestamp? {
        guard let question else { return nil }
        let isTouched = dirt.earliest(for: question) != nil || dirt.all
        let pause = isTouched ? limits.throttle : Standing.interval
        // Nobody's question takes more than about a tenth of the time.
        return lastRun.advanced(by: max(pause, lastCost.multipliedReportingOverflow(by: 9).0))
    }

    /// Makes it due at once.
    mutating func hurry() {
        lastRun = .distantPast
        lastCost = 0
    }

    /// Takes over how far corrections of the past have come.
    mutating func note(corrections: (corrections: Corrections, position: Timestamp?)) {
        remarks = [:]
        for name in [into, definition.name].compactMap({ $0 }) {
            remarks[name] = corrections.corrections.remark(on: name, from: corrections.position)
        }
    }

    mutating func finished(at now: Timestamp, cost: Int64, error: (any Error)?) {
        lastRun = now
        lastCost = max(0, cost)
        guard let error else {
            state = remarks[into ?? definition.name].map { "running; \($0)" } ?? "running"
            return
        }
        state = (error as? QueryError)?.message ?? "\(error)"
    }
}

extension Question {
    /// The same question over the time from an instant up to now, when the text says no fixed
    /// range.
    func since(_ start: Timestamp, now: Timestamp) -> QuerySyntax {
        var query = query
        switch query.clauses.time?.form {
        case nil, .last:
            let length = max(1, now.nanoseconds(since: start))
            query.clauses.time = ClauseSyntax(
                .last(PeriodSyntax(.literal(.nanoseconds(length)))))
        default: break
        }
        return query
    }

    /// The length of the range in the text, in nanoseconds; nil when there is none of that form.
    var writtenLength: Int64? {
        guard case .last(let period)? = query.clauses.time?.form else { return nil }
        return length(of: period)
    }

    func length(of period: PeriodSyntax?) -> Int64? {
        switch period?.form {
        case nil: nil
        case .literal(let literal): literal.approximateNanoseconds
        case .parameter(let name):
            if case .text(let text)? = parameters[name] {
                Period.parse(text)?.approximateNanoseconds
            } else {
                nil
            }
        }
    }
}
