import PolluxGraph
import PolluxModel

/// One asset that a path meant, with the spans in which it did: the unit of rows.
struct Subject: Sendable {
    var asset: AssetID
    var name: String
    /// The spans in the plant, not cut to the question's range; ascending and disjoint.
    var pieces: [PathPiece]
}
