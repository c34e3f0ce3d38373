public import PolluxGraph
public import PolluxLanguage
public import PolluxModel
import PolluxStore

/// What the path of a question means in the plant, without any data.
///
/// Two commits in which it is equal give the same rows, unless points, events, attributes or
/// declarations that the text names are changed.
public struct QueryMeaning: Hashable, Sendable {
    /// The assets that the path means, and when.
    public var pieces: [PathPiece] = []
    /// Where each piece's measures are read from, over time: itself, places, items, containers.
    public var sources: [[SourceSlice]] = []
    /// All assets of both.
    public var assets: Set<AssetID> = []

    /// Nothing.
    public init() {}
}

extension QueryEngine {
    /// Resolves the path of a question and what its measures are read from; reads no points.
    ///
    /// Cost: grows with the assets that the path means.
    /// - Throws: `QueryError` when the path means nothing.
    public func meaning(
        of query: QuerySyntax, text: String, options: QueryOptions
    ) throws -> QueryMeaning {
        try translating {
            let snapshot = try store.snapshot()
            defer { snapshot.close() }
            let question = try Question(
                query: query, text: text, options: options, engine: self, snapshot: snapshot)
            var meaning = QueryMeaning()
            for piece in question.subjects.flatMap(\.pieces) {
                let slices = try graph.sources(
                    forMeasureOf: piece.subject, during: piece.range, asOf: question.asOf,
                    in: snapshot.transaction)
                meaning.pieces.append(piece)
                meaning.sources.append(slices)
                meaning.assets.insert(piece.subject)
                meaning.assets.formUnion([piece.place, piece.item].compactMap { $0 })
                for slice in slices { meaning.assets.formUnion(slice.candidates) }
            }
            return meaning
        }
    }
}
