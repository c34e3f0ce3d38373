import PolluxKeyValue
import PolluxModel

/// Attributes, relations and events as statements.
extension PlantExport {
    /// The attributes that hold when an asset begins, written with its creation.
    func firstAttributes(of asset: Asset) throws -> [Attribute] {
        let instant = asset.life.start
        let pieces = try graph.attributes(of: asset.id, during: .always, in: transaction)
        return pieces.compactMap { piece in
            guard piece.range.contains(instant), let value = piece.value else { return nil }
            return Attribute(piece.name, value)
        }
    }

    func writeAttributes(_ asset: Asset) throws {
        let pieces = try graph.attributes(of: asset.id, during: .always, in: transaction)
        guard let name = reference(asset) else {
            if !pieces.isEmpty, !skipped.contains(asset.id) {
                try omit("the attributes of asset number \(asset.id.rawValue), which has no name")
            }
            return
        }
        for piece in pieces where !piece.range.contains(asset.life.start) {
            guard piece.range.start < asset.life.end else { continue }
            guard let value = piece.value.flatMap({ literal($0) }),
                piece.range.start != .distantPast
            else {
                try omit("\(piece.name) of \(name) from \(piece.range.start)")
                continue
            }
            try state(
                "set \(QuotedName.word(piece.name)) of \(name) = \(value)"
                    + InstantText.from(piece.range.start))
        }
    }

    func writeLinks(_ asset: Asset) throws {
        for relation in schema.relations.values.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            guard relation.id != .containment, relation.id != .mounting else { continue }
            for stored in try graph.outgoing(asset.id, relation.id, in: transaction) {
                let link = stored.link
                guard let subject = reference(asset), let object = try reference(link.object)
                else {
                    try omit("a relation \(relation.name) of asset number \(asset.id.rawValue)")
                    continue
                }
                try state(
                    "relate \(subject) that \(QuotedName.word(relation.name)) \(object)"
                        + " from \(link.range.start)"
                        + (link.range.end == .distantFuture ? "" : " to \(link.range.end)"))
            }
        }
    }

    func writeEvents() throws {
        let table = graph.tables.events
        try forEachKey(of: table) { key in
            let id = try key.withUnsafeBytes { bytes throws in
                var reader = GraphKeyReader(bytes, skipping: 0, table: table)
                return EventID(rawValue: try reader.uint64())
            }
            guard let event = try graph.event(id, in: transaction) else { return }
            guard let name = try reference(event.asset) else {
                try omit("event \(event.name) at \(event.start) of an asset without a name")
                return
            }
            var when = " from \(event.start)"
            if let end = event.end {
                when =
                    event.isInstant
                    ? " at \(event.start)" : " between \(event.start) and \(end)"
            }
            try state(
                "record event \(QuotedName.word(event.name)) of \(name)" + when
                    + (try settings(event.attributes, of: "event \(event.name)")))
        }
    }
}
