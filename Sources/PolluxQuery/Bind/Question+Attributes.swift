import PolluxGraph
import PolluxModel
import PolluxStore

extension Question {
    /// The values of an attribute of a subject over a range, ascending: its own, else those of the
    /// nearest asset that contains it and has the attribute; with the plant as it was, or frozen.
    func attributePieces(
        _ name: String, of subject: Subject, in range: TimeRange
    ) throws -> [(value: Value, range: TimeRange)] {
        let transaction = snapshot.transaction
        func own(_ asset: AssetID) throws -> [(value: Value, range: TimeRange)] {
            if let asOf {
                let value = try context.graph.attribute(
                    name, of: asset, at: asOf, in: transaction)
                return value.map { [($0, range)] } ?? []
            }
            return try context.graph.attributes(
                of: asset, named: name, during: range, in: transaction
            ).compactMap { piece in
                guard let value = piece.value, let inside = piece.range.intersection(range) else {
                    return nil
                }
                return (value, inside)
            }
        }
        let mine = try own(subject.asset)
        guard mine.isEmpty else { return mine }
        let containers = try context.graph.containers(
            of: subject.asset, type: nil, during: range, asOf: asOf, in: transaction)
        var found: [(value: Value, range: TimeRange)] = []
        var uncovered = [range]
        for container in containers.sorted(by: { $0.distance < $1.distance }) {
            guard !uncovered.isEmpty else { break }
            for piece in try own(container.asset) {
                guard let inside = piece.range.intersection(container.range) else { continue }
                for open in uncovered {
                    if let part = open.intersection(inside) { found.append((piece.value, part)) }
                }
                uncovered = uncovered.flatMap { $0.without(inside) }
            }
        }
        return found.sorted { $0.range.start < $1.range.start }
    }
}

extension TimeRange {
    /// What is left of the range beside another: none, one or two parts.
    func without(_ other: TimeRange) -> [TimeRange] {
        guard let shared = intersection(other) else { return [self] }
        return [
            TimeRange(start: start, end: shared.start), TimeRange(start: shared.end, end: end),
        ].filter { !$0.isEmpty }
    }
}
