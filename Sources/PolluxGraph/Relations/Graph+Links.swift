public import PolluxKeyValue
public import PolluxModel

/// Relations as stored: by subject and start, and again by object and end, so that what holds now
/// is found without walking through what held once (storage-format/graph.md §6).
extension Graph {
    /// A link with what only storage and ingest need to know.
    struct StoredLink {
        var link: Link
        /// When data first showed the mount; nil when a person recorded it.
        var firstSeen: Timestamp?
    }

    /// The links from a subject by one relation that overlap a range, by start.
    func outgoing(
        _ subject: AssetID, _ relation: RelationID, during range: TimeRange = .always,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [StoredLink] {
        var found: [StoredLink] = []
        let prefix = GraphKey(subject).with(relation.rawValue)
        let table = tables.links
        func read(
            _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
        ) throws(GraphError) -> StoredLink {
            var reader = GraphKeyReader(key, skipping: 8, table: table)
            let from = try reader.instant()
            let object = try reader.asset()
            try reader.finish()
            return try readLink(
                value,
                Link(
                    relation: relation, subject: subject, object: object,
                    range: TimeRange(start: from, end: from)))
        }
        var start = prefix.bytes
        if relation == .containment || relation == .mounting {
            // One location at a time: only the last that began before can reach into the range.
            try scanBackwards(
                table, prefix: prefix.bytes, before: prefix.with(range.start).bytes,
                in: transaction
            ) { (key, value) throws(GraphError) in
                let link = try read(key, value)
                if link.link.range.overlaps(range) { found.append(link) }
                return false
            }
            start = prefix.with(range.start).bytes
        }
        try scan(table, prefix: prefix.bytes, from: start, in: transaction) {
            (key, value) throws(GraphError) in
            let link = try read(key, value)
            if link.link.range.start >= range.end { return false }
            if link.link.range.overlaps(range) { found.append(link) }
            return true
        }
        return found
    }

    /// The links to an object from subjects of exactly one type that overlap a range, by end.
    ///
    /// Links stand in order of their ends. Those that begin before the range is over and have ended
    /// since end no later than the longest of them lasts, so the search stops there and goes on
    /// with those that last until further notice: what came later is not walked through.
    func incoming(
        _ object: AssetID, _ relation: RelationID, subjectType: TypeID, during range: TimeRange,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Link] {
        let prefix = GraphKey(object).with(relation.rawValue).with(subjectType.rawValue)
        var found: [Link] = []
        let start =
            range.start == .distantFuture
            ? prefix.with(range.start)
            : prefix.with(range.start.advanced(by: 1))
        let extent = try linkExtent(prefix.bytes, in: transaction)
        let last = max(
            range.end.advanced(by: Int64(clamping: extent.length)), extent.sinceEverUntil)
        var isCut = false
        try scan(tables.backlinks, prefix: prefix.bytes, from: start.bytes, in: transaction) {
            (key, _) throws(GraphError) in
            let link = try self.readBacklink(key, object: object, relation: relation)
            isCut = link.range.end > last && link.range.end < .distantFuture
            if isCut { return false }
            if link.range.overlaps(range) { found.append(link) }
            return true
        }
        guard isCut else { return found }
        let open = prefix.with(.distantFuture).bytes
        try scan(tables.backlinks, prefix: open, in: transaction) { (key, _) throws(GraphError) in
            let link = try self.readBacklink(key, object: object, relation: relation)
            if link.range.start >= range.end { return false }
            found.append(link)
            return true
        }
        return found
    }

    /// How long the links of one kind to an object last (storage-format/graph.md §6).
    private struct LinkExtent {
        /// The longest one that has both a start and an end, in nanoseconds.
        var length: UInt64 = 0
        /// The latest end of those that hold since ever.
        var sinceEverUntil = Timestamp.distantPast
    }

    private func linkExtent(
        _ key: [UInt8], in transaction: ReadTransaction
    ) throws(GraphError) -> LinkExtent {
        guard let bytes = try value(tables.linkExtents, key, in: transaction) else {
            return LinkExtent()
        }
        var reader = try RecordReader(bytes, table: tables.linkExtents, record: "extent")
        let extent = LinkExtent(length: try reader.number(), sinceEverUntil: try reader.instant())
        try reader.finish()
        return extent
    }

    /// Lets the extent of a kind of links to an object reach as far as one more of them.
    private func widenExtent(
        _ link: Link, subjectType: TypeID, in transaction: WriteTransaction
    ) throws {
        guard link.range.end != .distantFuture else { return }
        let key = GraphKey(link.object).with(link.relation.rawValue).with(subjectType.rawValue)
            .bytes
        let known = try linkExtent(key, in: transaction)
        var extent = known
        if link.range.start == .distantPast {
            extent.sinceEverUntil = max(extent.sinceEverUntil, link.range.end)
        } else {
            let length = UInt64(max(0, link.range.end.nanoseconds(since: link.range.start)))
            extent.length = max(extent.length, length)
        }
        guard extent.length != known.length || extent.sinceEverUntil != known.sinceEverUntil else {
            return
        }
        var writer = RecordWriter()
        writer.put(number: extent.length)
        writer.put(extent.sinceEverUntil)
        try transaction.put(tables.linkExtents, key, writer.finish())
    }

    /// The links to an object by one relation, of all types of subjects, that overlap a range.
    func incoming(
        _ object: AssetID, _ relation: RelationID, during range: TimeRange,
        in transaction: ReadTransaction
    ) throws(GraphError) -> [Link] {
        let prefix = GraphKey(object).with(relation.rawValue)
        var found: [Link] = []
        var next: UInt32? = 0
        // From one type of subjects to the next.
        while let from = next {
            next = nil
            var type: UInt32?
            let start = prefix.with(from).bytes
            try scan(tables.backlinks, prefix: prefix.bytes, from: start, in: transaction) {
                (key, _) throws(GraphError) in
                var reader = GraphKeyReader(key, skipping: 8, table: self.tables.backlinks)
                type = try reader.uint32()
                return false
            }
            guard let type else { break }
            found += try incoming(
                object, relation, subjectType: TypeID(rawValue: type), during: range,
                in: transaction)
            next = type == .max ? nil : type + 1
        }
        return found
    }

    private func readBacklink(
        _ key: UnsafeRawBufferPointer, object: AssetID, relation: RelationID
    ) throws(GraphError) -> Link {
        var reader = GraphKeyReader(key, skipping: 12, table: tables.backlinks)
        let end = try reader.instant()
        let start = try reader.instant()
        let subject = try reader.asset()
        try reader.finish()
        guard start < end else { throw reader.corrupt("it ends before it begins") }
        return Link(
            relation: relation, subject: subject, object: object,
            range: TimeRange(start: start, end: end))
    }

    /// A link from its whole key and record.
    func readLink(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(GraphError) -> Link {
        var reader = GraphKeyReader(key, skipping: 0, table: tables.links)
        let subject = try reader.asset()
        let relation = RelationID(rawValue: try reader.uint32())
        let from = try reader.instant()
        let object = try reader.asset()
        try reader.finish()
        return try readLink(
            value,
            Link(
                relation: relation, subject: subject, object: object,
                range: TimeRange(start: from, end: from))
        ).link
    }

    private func readLink(
        _ value: UnsafeRawBufferPointer, _ key: Link
    ) throws(GraphError) -> StoredLink {
        var reader = try RecordReader(
            value, table: tables.links,
            record: "\(key.subject.rawValue)-\(key.relation.rawValue)-\(key.object.rawValue)")
        let end = try reader.instant()
        let flags = try reader.byte()
        guard flags < 2 else { throw reader.corrupt("unknown flags \(flags)") }
        let firstSeen = flags & 1 != 0 ? try reader.instant() : nil
        try reader.finish()
        guard end > key.range.start else { throw reader.corrupt("it ends before it begins") }
        var link = key
        link.range.end = end
        return StoredLink(link: link, firstSeen: firstSeen)
    }

    private func linkKey(_ link: Link) -> [UInt8] {
        GraphKey(link.subject).with(link.relation.rawValue).with(link.range.start)
            .with(link.object.rawValue).bytes
    }

    /// A link's entry in the index by object.
    func backlinkKey(_ link: Link, subjectType: TypeID) -> [UInt8] {
        GraphKey(link.object).with(link.relation.rawValue).with(subjectType.rawValue)
            .with(link.range.end).with(link.range.start).with(link.subject.rawValue).bytes
    }

    func putLink(
        _ link: Link, firstSeen: Timestamp? = nil, in transaction: WriteTransaction
    ) throws {
        guard !link.range.isEmpty else { return }
        let subjectType = try existingAsset(link.subject, in: transaction).type
        var writer = RecordWriter()
        writer.put(link.range.end)
        writer.put(firstSeen == nil ? 0 : 1)
        if let firstSeen { writer.put(firstSeen) }
        try transaction.put(tables.links, linkKey(link), writer.finish())
        try transaction.put(
            tables.backlinks, backlinkKey(link, subjectType: subjectType), [])
        try widenExtent(link, subjectType: subjectType, in: transaction)
        if link.relation == .containment || link.relation == .mounting {
            let holder = try existingAsset(link.object, in: transaction)
            try noteAdjacency(
                container: holder.type, relation: link.relation, part: subjectType,
                in: transaction)
        }
    }

    func removeLink(_ link: Link, in transaction: WriteTransaction) throws {
        let subjectType = try existingAsset(link.subject, in: transaction).type
        try transaction.remove(tables.links, linkKey(link))
        try transaction.remove(tables.backlinks, backlinkKey(link, subjectType: subjectType))
    }

    /// The relations of an asset, as subject and as object, that overlap a range, by start.
    public func links(
        of id: AssetID, during range: TimeRange, in transaction: ReadTransaction
    ) throws(GraphError) -> [Link] {
        var found: [Link] = []
        for relation in try schema(in: transaction).relations.keys.sorted(by: {
            $0.rawValue < $1.rawValue
        }) {
            found += try outgoing(id, relation, during: range, in: transaction).map(\.link)
            found += try incoming(id, relation, during: range, in: transaction)
        }
        return found.sorted {
            ($0.range.start, $0.relation.rawValue, $0.subject, $0.object)
                < ($1.range.start, $1.relation.rawValue, $1.subject, $1.object)
        }
    }

    /// Where an asset is, contained or mounted, over a range, by start; never two at an instant.
    public func locations(
        of id: AssetID, during range: TimeRange, in transaction: ReadTransaction
    ) throws(GraphError) -> [Link] {
        let contained = try outgoing(id, .containment, during: range, in: transaction)
        let mounted = try outgoing(id, .mounting, during: range, in: transaction)
        if mounted.isEmpty { return contained.map(\.link) }
        return (contained + mounted).map(\.link).sorted { $0.range.start < $1.range.start }
    }

    /// Whether an asset is in a container, any number of levels up, at any time.
    func isInside(
        _ id: AssetID, _ container: AssetID, depth: Int = 0, in transaction: ReadTransaction
    ) throws(GraphError) -> Bool {
        guard depth < PathWalk.depthLimit else { return false }
        for link in try locations(of: id, during: .always, in: transaction) {
            if link.object == container { return true }
            if try isInside(link.object, container, depth: depth + 1, in: transaction) {
                return true
            }
        }
        return false
    }

    /// An asset as statements name it: its type and its name.
    func describe(_ asset: Asset, in transaction: ReadTransaction) throws(GraphError) -> String {
        let type = try schema(in: transaction).types[asset.type]?.name ?? "?"
        if !asset.name.isEmpty {
            return "\(QuotedName.label(type)) \(QuotedName.label(asset.name))"
        }
        guard let last = try locations(of: asset.id, during: .always, in: transaction).last
        else { return QuotedName.label(type) }
        let container = try existingAsset(last.object, in: transaction)
        return "\(QuotedName.label(type)) of \(try describe(container, in: transaction))"
    }
}

/// Instants as statements write them.
enum InstantText {
    static func from(_ instant: Timestamp) -> String {
        instant == .distantPast ? "" : " from \(instant)"
    }
}
