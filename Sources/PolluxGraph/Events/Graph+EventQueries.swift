public import PolluxKeyValue
public import PolluxModel

extension Graph {
    /// The events of an asset of one name, or of all, that overlap a range (instants inside it), by
    /// start.
    public func events(
        of asset: AssetID, named name: String? = nil, overlapping range: TimeRange,
        limit: Int = .max, in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] {
        var words: [UInt32] = []
        if let name {
            guard let word = try wordMatch(.event, name, in: transaction) else { return [] }
            words = [word]
        } else {
            words = try eventWords(of: asset, in: transaction)
        }
        var found: [Event] = []
        for word in words {
            found += try events(of: asset, word, overlapping: range, in: transaction)
        }
        found.sort { ($0.start, $0.id) < ($1.start, $1.id) }
        return limit < found.count ? Array(found.prefix(limit)) : found
    }

    private func events(
        of asset: AssetID, _ word: UInt32, overlapping range: TimeRange,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] {
        let prefix = GraphKey(asset).with(word)
        let reach = Int64(clamping: try extent(asset, word, in: transaction))
        let first = range.start.advanced(by: -reach)
        var ids: [EventID] = []
        try scan(tables.eventOpen, prefix: prefix.bytes, in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 8, table: self.tables.eventOpen)
            if try reader.instant() >= first { return false }
            ids.append(EventID(rawValue: try reader.uint64()))
            try reader.finish()
            return true
        }
        let start = prefix.with(first).bytes
        try scan(tables.eventAssets, prefix: prefix.bytes, from: start, in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 8, table: self.tables.eventAssets)
            let start = try reader.instant()
            let end = try reader.instant()
            let id = EventID(rawValue: try reader.uint64())
            try reader.finish()
            if start >= range.end { return false }
            if end > range.start || start >= range.start { ids.append(id) }
            return true
        }
        return try existing(ids, in: transaction)
    }

    private func existing(
        _ ids: [EventID], in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] {
        var found: [Event] = []
        for id in ids {
            guard let event = try event(id, in: transaction) else {
                throw .corrupt(
                    table: tables.events.name, record: "\(id.rawValue)", reason: "it is missing")
            }
            found.append(event)
        }
        return found
    }

    /// The numbers of the event names an asset has, found by skipping from one to the next.
    private func eventWords(
        of asset: AssetID, in transaction: ReadTransaction
    ) throws(GraphError) -> [UInt32] {
        var words: [UInt32] = []
        let prefix = GraphKey(asset).bytes
        var next: UInt32? = 0
        while let from = next {
            next = nil
            let start = GraphKey(asset).with(from).bytes
            try scan(tables.eventAssets, prefix: prefix, from: start, in: transaction) {
                (key, _) throws(GraphError) in
                var reader = GraphKeyReader(key, skipping: 4, table: self.tables.eventAssets)
                let word = try reader.uint32()
                words.append(word)
                next = word == .max ? nil : word + 1
                return false
            }
        }
        return words
    }

    /// The events of all assets that begin in a range, by start.
    public func events(
        named name: String? = nil, startingIn range: TimeRange, limit: Int,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] {
        var found: [Event] = []
        var start = GraphKey()
        start.add(range.start)
        guard limit > 0 else { return found }
        try scan(tables.eventTimes, prefix: [], from: start.bytes, in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(key, skipping: 0, table: self.tables.eventTimes)
            if try reader.instant() >= range.end { return false }
            let id = EventID(rawValue: try reader.uint64())
            try reader.finish()
            let event = try self.existing([id], in: transaction)[0]
            if name == nil || event.name == name { found.append(event) }
            return found.count < limit
        }
        return found
    }

    /// The `count`-th last event of an asset that began before an instant (1 is the last).
    public func lastEvent(
        named name: String, of asset: AssetID, before instant: Timestamp, count: Int = 1,
        in transaction: ReadTransaction
    ) throws(GraphError) -> Event? {
        guard count > 0, let word = try wordMatch(.event, name, in: transaction) else { return nil }
        let prefix = GraphKey(asset).with(word)
        var rest = count
        var found: EventID?
        try scanBackwards(
            tables.eventAssets, prefix: prefix.bytes, before: prefix.with(instant).bytes,
            in: transaction
        ) { (key, _) throws(GraphError) in
            rest -= 1
            if rest > 0 { return true }
            var reader = GraphKeyReader(key, skipping: 24, table: self.tables.eventAssets)
            found = EventID(rawValue: try reader.uint64())
            return false
        }
        guard let found else { return nil }
        return try existing([found], in: transaction)[0]
    }

    /// The events of a name with a label, on any asset or on one, by start.
    public func events(
        named name: String, label: String, of asset: AssetID? = nil, limit: Int = 1000,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Event] {
        guard let word = try wordMatch(.event, name, in: transaction), limit > 0 else { return [] }
        var prefix = GraphKey()
        prefix.add(word)
        prefix.add(folded: Array(label.utf8.prefix(GraphName.byteCountLimit)))
        if let asset { prefix.add(asset.rawValue) }
        var found: [Event] = []
        try scan(tables.eventLabels, prefix: prefix.bytes, in: transaction) {
            (key, _) throws(GraphError) in
            var reader = GraphKeyReader(
                key, skipping: key.count - 8, table: self.tables.eventLabels)
            let id = EventID(rawValue: try reader.uint64())
            let event = try self.existing([id], in: transaction)[0]
            if event.label == label { found.append(event) }
            return found.count < limit
        }
        return found.sorted { ($0.start, $0.id) < ($1.start, $1.id) }
    }

    /// Whose events of a name count for an asset at an instant: its own if it has any that began
    /// before, else those of the nearest asset that contains it and has some; nil when none has.
    public func eventOwner(
        named name: String, for asset: AssetID, at instant: Timestamp,
        in transaction: ReadTransaction
    ) throws(GraphError) -> AssetID? {
        guard let during = Graph.frozen(instant) else { return nil }
        let slices = try sources(forMeasureOf: asset, during: during, in: transaction)
        for candidate in slices.first?.candidates ?? [] {
            let last = try lastEvent(
                named: name, of: candidate, before: instant, in: transaction)
            if last != nil { return candidate }
        }
        return nil
    }
}
