import PolluxGraph
import PolluxModel

/// One tool from when it was new until it was worn: everything it did in between, wherever.
///
/// A tool that leaves its place and comes back is the same spell: an automatic changer replaces
/// nothing. Tools without a name are told apart by the tool changes alone.
struct ToolSpell {
    /// How a spell ended.
    enum Ending: Hashable {
        /// The tool is in the position, or is the one that was asked about.
        case inUse
        /// It is out, and nothing says that it was worn: it may come back.
        case away
        case worn
        /// It was taken out for good before it was worn.
        case early
    }

    /// A span in one place.
    struct Stay: Hashable {
        var place: AssetID
        var range: TimeRange
    }

    /// The tool; nil where only tool changes tell tools apart.
    var item: AssetID?
    /// Its spans in places, in time order.
    var stays: [Stay]
    var ending: Ending
    /// Whether another tool had the name before.
    var isRenewed = false

    var start: Timestamp { stays.first?.range.start ?? .distantPast }
    var end: Timestamp { stays.last?.range.end ?? .distantPast }
    /// Whether it was there before anything was recorded, so that its life says only "longer".
    var beganEarlier: Bool { start == .distantPast }

    /// The same cut in two where a new tool came under the same name.
    func split(at resets: [Reset]) -> [ToolSpell] {
        var parts: [ToolSpell] = []
        var rest = self
        for reset in resets.sorted(by: { $0.instant < $1.instant }) {
            guard reset.instant > rest.start, reset.instant < rest.end else { continue }
            var before = rest
            before.stays = rest.stays.compactMap { stay in
                stay.range.intersection(TimeRange(start: .distantPast, end: reset.instant))
                    .map { Stay(place: stay.place, range: $0) }
            }
            before.ending = reset.ending
            rest.stays = rest.stays.compactMap { stay in
                stay.range.intersection(TimeRange(start: reset.instant, end: .distantFuture))
                    .map { Stay(place: stay.place, range: $0) }
            }
            rest.isRenewed = true
            parts.append(before)
        }
        return parts + [rest]
    }

    /// A new tool under the name of the old one, and how the old one ended.
    struct Reset: Hashable {
        var instant: Timestamp
        var ending: Ending
    }
}
