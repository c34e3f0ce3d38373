import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Events as rows: `tool-change of machine CNC-3 last 7d`.
struct EventRows {
    let question: Question

    /// The events of the range; nil when the only item is not an event's name.
    func rows() throws -> QueryResult? {
        let query = question.query
        guard query.outputs.count == 1, case .name(let name) = query.outputs[0].expression.form,
            query.clauses.every == nil, query.clauses.episode == nil
        else { return nil }
        let transaction = question.snapshot.transaction
        let graph = question.context.graph
        guard let event = try graph.eventName(matching: name.text, in: transaction),
            try graph.measureNames(like: name.text, in: transaction).isEmpty
        else { return nil }
        try question.refuseBrief()
        try refuseOtherClauses(name)
        question.dependencies.hasEvents = true
        let filter = query.clauses.filter.map {
            EventFilter(question: question, eventName: event, condition: $0.form)
        }
        var unsaid = filter?.names ?? []
        var table = RowTable(
            items: [
                RowTable.Field(
                    name: query.outputs[0].alias?.text ?? name.text, kind: .text, unit: nil)
            ])
        table.showsEnd = true
        var said: Set<String> = []
        for subject in question.subjects {
            let ranges = try question.ranges(for: subject)
            guard let spans = try ranges.spans(query.clauses, for: subject) else { continue }
            for event in try ranges.events(name, of: subject) {
                let span = ranges.span(of: event)
                let isInside = spans.contains {
                    event.isInstant ? $0.contains(event.start) : $0.overlaps(span)
                }
                let isMeant = subject.pieces.contains {
                    $0.range.contains(event.start) || $0.range.overlaps(span)
                }
                guard isInside, isMeant else { continue }
                if let filter {
                    let isChosen = try filter.holds(event, subject) == true
                    said.formUnion(event.attributes.map(\.name))
                    for word in unsaid where try filter.says(word, event, subject) {
                        unsaid.remove(word)
                    }
                    guard isChosen else { continue }
                }
                table.rows.append(row(event, span, subject))
            }
        }
        for word in unsaid.sorted() where !table.rows.isEmpty || !said.isEmpty {
            question.addNote(
                "no \(name.text) in the range says `\(word)`; they say: "
                    + said.union(["name"]).sorted().joined(separator: ", "))
        }
        return table.result(zone: question.context.zone)
    }

    /// Clauses that make something else of values say so where there are none.
    private func refuseOtherClauses(_ name: NameSyntax) throws {
        let clauses = question.query.clauses
        let count = "`count \(name.text) …`"
        let unfit: [(place: SourceRange?, word: String)] = [
            (clauses.grouping?.range, "merging"), (clauses.ranking?.range, "ranking"),
            (clauses.points?.range, "`points`"), (clauses.on?.range, "`on`"),
        ]
        for (place, word) in unfit {
            guard let place else { continue }
            throw question.context.wrong(
                .clauseDoesNotFit, "\(word) does not fit a list of events", at: place,
                notes: ["count them: \(count)"])
        }
    }

    private func row(_ event: Event, _ span: TimeRange, _ subject: Subject) -> RowTable.Row {
        let attributes = event.attributes.filter { $0.name != "name" }.map {
            "\($0.name) = \(PlantListing.text(of: $0.value))"
        }
        return RowTable.Row(
            key: RowKey(asset: subject.asset, name: subject.name, range: span),
            cells: [event.label.isEmpty ? .missing : .text(event.label)],
            notes: (event.end == nil ? ["open"] : []) + attributes)
    }
}
