public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// Records an event and returns its number.
    ///
    /// The label is the text of the attribute `name`, else `label`, else `id`.
    @discardableResult
    public func record(
        event name: String, of asset: AssetID, at time: EventTime, attributes: [Attribute] = [],
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws -> EventID {
        let owner = try namedAsset(asset, in: transaction)
        let word = try ensureWord(.event, name, in: transaction)
        let id = EventID(rawValue: try nextNumber(.events, in: transaction))
        let bounds = try Graph.bounds(time)
        let event = Event(
            id: id, name: name, asset: asset, start: bounds.start, end: bounds.end,
            label: Graph.label(of: attributes), attributes: attributes,
            source: provenance.source)
        try putEvent(event, word: word, in: transaction)
        try appendLog(
            .record, assets: [asset], validFrom: event.start,
            try statement(event, of: owner, in: transaction), by: provenance, in: transaction)
        return id
    }

    /// Ends an open event.
    ///
    /// - Throws: `unknown`; `refused` when it has ended or would end before it began.
    public func endEvent(
        _ id: EventID, at instant: Timestamp, by provenance: Provenance,
        in transaction: WriteTransaction
    ) throws {
        let event = try existingEvent(id, in: transaction)
        if let end = event.end {
            throw GraphError.refused(reason: "the event \(event.name) ended at \(end) already")
        }
        guard instant > event.start else {
            throw GraphError.refused(
                reason: "\(event.name) began at \(event.start), after \(instant)")
        }
        try editEvent(
            id, time: .span(TimeRange(start: event.start, end: instant)), by: provenance,
            in: transaction)
    }

    /// Changes when an event happened, its attributes, or both; what it was is logged.
    public func editEvent(
        _ id: EventID, time: EventTime? = nil, attributes: [Attribute]? = nil,
        by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let before = try existingEvent(id, in: transaction)
        let word = try ensureWord(.event, before.name, in: transaction)
        var event = before
        if let time {
            let bounds = try Graph.bounds(time)
            event.start = bounds.start
            event.end = bounds.end
        }
        if let attributes {
            event.attributes = attributes
            event.label = Graph.label(of: attributes)
        }
        if event == before { return }
        try removeEvent(before, word: word, in: transaction)
        try putEvent(event, word: word, in: transaction)
        let owner = try existingAsset(event.asset, in: transaction)
        let text =
            try statement(event, of: owner, in: transaction) + "; it was "
            + statement(before, of: owner, in: transaction)
        try appendLog(
            .edit, assets: [event.asset], validFrom: min(event.start, before.start), text,
            by: provenance, in: transaction)
    }

    /// Deletes an event; what it was is logged.
    public func deleteEvent(
        _ id: EventID, by provenance: Provenance, in transaction: WriteTransaction
    ) throws {
        let event = try existingEvent(id, in: transaction)
        let word = try ensureWord(.event, event.name, in: transaction)
        try removeEvent(event, word: word, in: transaction)
        let owner = try existingAsset(event.asset, in: transaction)
        try appendLog(
            .delete, assets: [event.asset], validFrom: event.start,
            try statement(event, of: owner, in: transaction), by: provenance, in: transaction)
    }

    private func existingEvent(
        _ id: EventID, in transaction: ReadTransaction
    ) throws(GraphError) -> Event {
        guard let event = try event(id, in: transaction) else {
            throw .unknown(what: "event", name: "number \(id.rawValue)")
        }
        return event
    }

    private static func bounds(
        _ time: EventTime
    ) throws(GraphError) -> (start: Timestamp, end: Timestamp?) {
        switch time {
        case .instant(let instant): return (instant, instant)
        case .open(let start): return (start, nil)
        case .span(let range):
            guard !range.isEmpty else { throw .refused(reason: "an event cannot last no time") }
            return (range.start, range.end == .distantFuture ? nil : range.end)
        }
    }

    private func statement(
        _ event: Event, of asset: Asset, in transaction: ReadTransaction
    ) throws(GraphError) -> String {
        var text = "record event \(QuotedName.word(event.name)) of "
        text += try describe(asset, in: transaction)
        if event.isInstant {
            text += " at \(event.start)"
        } else {
            text += " between \(event.start) and \(event.end.map { "\($0)" } ?? "(open)")"
        }
        return text + QuotedName.settings(event.attributes)
    }
}
