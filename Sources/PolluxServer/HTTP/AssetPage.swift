import PolluxGraph
import PolluxModel
import PolluxStore

/// One asset with what is known of it: attributes, relations, series with their newest point.
struct AssetPage {
    let view: TwinView
    let asset: Asset
    let now: Timestamp

    /// Writes the whole object.
    func write(to json: inout JSONBytes) throws {
        json.beginObject()
        try view.writeMembers(asset, to: &json)
        try writeAttributes(to: &json)
        try writeRelations(to: &json)
        try writeSeries(to: &json)
        json.endObject()
    }

    private func writeAttributes(to json: inout JSONBytes) throws {
        json.name("attributes")
        json.beginArray()
        let pieces = try view.graph.attributes(
            of: asset.id, during: .always, in: view.snapshot.transaction)
        for piece in pieces {
            json.beginObject()
            json.member("name", piece.name)
            json.name("value")
            if let value = piece.value { json.value(value) } else { json.null() }
            view.write(piece.range, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private func writeRelations(to json: inout JSONBytes) throws {
        var names: [RelationID: String] = [:]
        for definition in try view.graph.relations(in: view.snapshot.transaction) {
            names[definition.id] = definition.name
        }
        json.name("relations")
        json.beginArray()
        let links = try view.graph.links(
            of: asset.id, during: .always, in: view.snapshot.transaction)
        for link in links {
            json.beginObject()
            json.member("relation", names[link.relation] ?? "")
            for (role, id) in [("subject", link.subject), ("object", link.object)] {
                json.name(role)
                json.beginObject()
                json.member("id", Int(id.rawValue))
                json.member(
                    "display", try view.graph.displayName(of: id, in: view.snapshot.transaction))
                json.endObject()
            }
            view.write(link.range, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private func writeSeries(to json: inout JSONBytes) throws {
        json.name("series")
        json.beginArray()
        for series in try view.snapshot.seriesList(of: asset.id) {
            let name = try view.graph.measureName(series.measure, in: view.snapshot.transaction)
            let measure = try view.graph.measure(
                series.measure, of: asset.type, in: view.snapshot.transaction)
            let counts = try view.snapshot.counts(of: series.id)
            json.beginObject()
            json.member("measure", name ?? "")
            json.member("type", "\(series.kind)")
            if let unit = measure?.definition.unit, !unit.isEmpty { json.member("unit", unit) }
            json.member("points", Int(clamping: counts.points))
            json.member("late", Int(clamping: counts.late))
            json.member("duplicate", Int(clamping: counts.duplicate))
            json.member("rejected", Int(clamping: counts.rejected))
            json.name("last")
            if let last = try view.snapshot.last(of: series.id), last.quality != .end {
                json.beginObject()
                json.name("time")
                json.instant(last.instant)
                json.name("value")
                json.value(last.value)
                json.member("quality", "\(last.quality)")
                json.endObject()
            } else {
                json.null()
            }
            json.endObject()
        }
        json.endArray()
    }
}
