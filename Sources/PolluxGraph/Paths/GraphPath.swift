public import PolluxModel

/// A path through the plant as written: `spindle of machine CNC-3` has two steps and one link.
public struct GraphPath: Hashable, Sendable {
    /// The steps in the order written: the first is what the path names, the last is the anchor.
    public var steps: [PathStep]
    /// The links between neighbouring steps; one fewer than the steps.
    public var links: [PathLink]

    /// A path; `links` has one entry fewer than `steps`.
    public init(steps: [PathStep], links: [PathLink] = []) {
        self.steps = steps
        self.links = links
    }

    /// The path that names one asset.
    public init(asset: AssetID) {
        self.init(steps: [PathStep(type: nil, names: .assets([asset]))])
    }
}

/// How a step of a path is reached from the step after it.
public enum PathLink: Hashable, Sendable {
    /// A part, any number of levels down.
    case of
    /// A container, any number of levels up.
    case above
    /// Along a relation: the step's assets are its subjects, or its objects when `isInverse`.
    case that(RelationID, isInverse: Bool)
}

/// One step of a path.
public struct PathStep: Hashable, Sendable {
    /// Which assets of the type are meant.
    public enum Names: Hashable, Sendable {
        /// All of them.
        case any
        /// Those with one of the names; each name means exactly one asset at an instant.
        case named([String])
        /// Those whose name fits a pattern, `*` for any text and `?` for one character.
        case like(String)
        /// These very assets.
        case assets([AssetID])
    }

    /// The type, subtypes included; nil means any.
    public var type: TypeID?
    /// Which of them.
    public var names: Names
    /// Whether all that fit are meant (`every`, a plural); otherwise exactly one at an instant.
    public var isEvery: Bool

    /// A step.
    public init(type: TypeID?, names: Names = .any, isEvery: Bool = false) {
        self.type = type
        self.names = names
        self.isEvery = isEvery
    }
}

/// An asset that a path meant over a span of time.
public struct PathPiece: Hashable, Sendable {
    /// The asset to show and to read: the item if one is known, else the place, else the asset.
    public var subject: AssetID
    /// The place, when the path went through one or ended on one.
    public var place: AssetID?
    /// The item mounted in the place, or named itself.
    public var item: AssetID?
    /// When the path meant it, clipped to the range asked for, to validity and to its life.
    public var range: TimeRange

    /// A piece.
    public init(
        subject: AssetID, place: AssetID? = nil, item: AssetID? = nil, range: TimeRange
    ) {
        self.subject = subject
        self.place = place
        self.item = item
        self.range = range
    }
}

/// A span over which a step that means exactly one asset fitted several.
public struct PathAmbiguity: Hashable, Sendable {
    /// The step's index in `GraphPath.steps`.
    public var step: Int
    /// The asset of the next step (towards the anchor) that has several; nil at the anchor.
    public var container: AssetID?
    /// Those that fit, in order of name.
    public var candidates: [AssetID]
    /// When there were several; no piece covers it.
    public var range: TimeRange
}

/// What a path meant over a range.
public struct PathResolution: Hashable, Sendable {
    /// The pieces, ordered by name of the subject, then by time; pieces of one subject are
    /// disjoint.
    public var pieces: [PathPiece]
    /// Where a singular step fitted several assets; those minutes are in no piece.
    public var ambiguities: [PathAmbiguity]
    /// The steps (indexes) that fitted nothing in the range; empty when all did.
    public var emptySteps: [Int]
}

/// Assets to read a measure from, best first, over a span of time.
public struct SourceSlice: Hashable, Sendable {
    /// When this order holds.
    public var range: TimeRange
    /// The asset itself, the place it is mounted in, the item mounted in it, then its containers
    /// upwards: the first that has the series is the one to read.
    public var candidates: [AssetID]
}

/// An asset that contains another over a span of time.
public struct ContainerPiece: Hashable, Sendable {
    /// The containing asset.
    public var asset: AssetID
    /// Its type.
    public var type: TypeID
    /// Levels between: 1 for the direct container.
    public var distance: Int
    /// When it contains the asset.
    public var range: TimeRange
}
