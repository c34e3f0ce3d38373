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
        guard try graph.eventNames(in: transaction).contains(name.text),
            try graph.measureID(named: name.text, in: transaction) == nil
        else { return nil }
        question.dependencies.hasEvents = true
        var table = RowTable(items: [RowTable.Field(name: name.text, kind: .text, unit: nil)])
        table.showsEnd = true
        for subject in question.subjects {
            guard let range = try question.ranges.range(query.clauses, for: subject.asset) else {
                continue
            }
            for event in try question.ranges.events(name, label: nil, for: subject.asset) {
                let isInside =
                    event.isInstant ? range.contains(event.start) : event.range.overlaps(range)
                let isMeant = subject.pieces.contains {
                    $0.range.contains(event.start) || $0.range.overlaps(event.range)
                }
                guard isInside, isMeant else { continue }
                table.rows.append(row(event, subject))
            }
        }
        return table.result(zone: question.context.zone)
    }

    private func row(_ event: Event, _ subject: Subject) -> RowTable.Row {
        let attributes = event.attributes.map {
            "\($0.name) = \(PlantListing.text(of: $0.value))"
        }
        let isOpen = event.end == question.context.now && !event.isInstant
        return RowTable.Row(
            key: RowKey(
                asset: subject.asset, name: subject.name,
                range: TimeRange(start: event.start, end: event.end ?? question.context.now)),
            cells: [event.label.isEmpty ? .missing : .text(event.label)],
            notes: (isOpen ? ["open"] : []) + attributes)
    }
}
