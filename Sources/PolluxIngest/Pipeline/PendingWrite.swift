import PolluxGraph
import PolluxModel

/// Where what waits for the commit stands among all that the write brings: where two speak of the
/// same series and instant, the later one wins.
struct PendingPlace: Sendable {
    /// Rows of the batch before it.
    var row: Int
    /// How many others that wait come before it.
    var rank: Int
}

/// A point whose series is not known yet.
struct PendingPoint: Sendable {
    /// The line or message it came with.
    var origin: Int
    var place: PendingPlace
    /// The field's name as the cache knows it.
    var name: [UInt8]
    /// When, the time of arrival filled in.
    var instant: Timestamp
    var point: DecodedPoint
}

/// An event with its time of arrival filled in.
struct PendingEvent: Sendable {
    var origin: Int
    var instant: Timestamp
    var event: DecodedEvent
}

/// What a message says of a measure, and which message that was.
struct PendingDeclaration: Sendable {
    var origin: Int
    var declaration: DecodedDeclaration
}

/// A relation with its time of arrival filled in.
struct PendingRelation: Sendable {
    var origin: Int
    var instant: Timestamp
    var relation: DecodedRelation
}

/// A change of an episode, and which message that was.
struct PendingEpisode: Sendable {
    var origin: Int
    var instant: Timestamp
    var episode: DecodedEpisode
}

/// Where an item came to be, and which message that was.
struct PendingPlacement: Sendable {
    var origin: Int
    var instant: Timestamp
    var placement: DecodedPlacement
}

/// The end of values of an asset, and which message told it.
struct PendingEnd: Sendable {
    var origin: Int
    var place: PendingPlace
    var instant: Timestamp
    /// The measure and those below it that end; empty for all.
    var below = ""
    /// Whether parts end too.
    var includesParts = false
}

/// What is to be written for one key whose names must be looked up in the commit.
struct PendingGroup: Sendable {
    /// The key under which the cache remembers it afterwards.
    var key: [UInt8]
    var address: AssetAddress
    var attributes: [Attribute]
    /// Whether the cache may take what the commit finds.
    var isRemembered = true
    var points: [PendingPoint] = []
    var events: [PendingEvent] = []
    /// Measures to describe.
    var declarations: [PendingDeclaration] = []
    var relations: [PendingRelation] = []
    var episodes: [PendingEpisode] = []
    var placements: [PendingPlacement] = []
    /// When what has no time of its own came: attributes, descriptions.
    var declaredAt = Timestamp.distantFuture
    /// When values of the asset end.
    var ends: [PendingEnd] = []
    var removedAttributes: [String] = []

    /// Whether it carries attributes or the name of an item, which can change.
    var carriesFacts: Bool {
        !attributes.isEmpty || address.parts.last?.name.isEmpty == false
    }

    /// The asset, or the place in which its item is mounted.
    var place: AssetAddress {
        var place = address
        if !place.parts.isEmpty { place.parts[place.parts.count - 1].name = "" }
        return place
    }

    /// The earliest instant anything in it speaks of.
    var earliest: Timestamp {
        let point = points.map(\.instant).min() ?? .distantFuture
        let event = events.map(\.instant).min() ?? .distantFuture
        let relation = relations.map(\.instant).min() ?? .distantFuture
        let episode = episodes.map(\.instant).min() ?? .distantFuture
        let placement = placements.map(\.instant).min() ?? .distantFuture
        return min(
            point, event, relation, min(episode, placement), declaredAt,
            ends.map(\.instant).min() ?? .distantFuture)
    }
}

/// A refusal, by the number of the line or message.
struct Refusal: Hashable, Sendable {
    var origin: Int
    var reason: RefusalReason
    var kind: RejectionKind
    var isSyntax = false
}

extension Refusal {
    /// A refusal that reads the same in every format.
    init(origin: Int, reason: String, kind: RejectionKind, isSyntax: Bool = false) {
        self.init(origin: origin, reason: .words(reason), kind: kind, isSyntax: isSyntax)
    }
}

/// Everything that one write wants; values only, so that the body of a commit may run again.
struct PendingWrite: Sendable {
    /// Points of known series.
    var batch = PointBatch()
    var groups: [PendingGroup] = []
    private var groupIndexes: [[UInt8]: Int] = [:]
    private var placedCount = 0
    /// The group that spoke last for an asset or place, of those that carry facts.
    private var speakers: [AssetAddress: Int] = [:]
    /// Whether a group carries facts: then what was known of any before may hold no longer.
    var hasFacts: Bool { !speakers.isEmpty }
    /// Refusals found before the commit, in order; bounded by `refuse`.
    var refusals: [Refusal] = []
    /// All refusals, also those not listed.
    var refusalCount = 0
    /// All refusals by their kind.
    var refusalsByKind: [RejectionKind: Int] = [:]
    /// Lines or messages with a refusal.
    var refusedOrigins: Set<Int> = []
    /// Refused points of known series.
    var refusedPoints: [SeriesID: UInt64] = [:]
    /// Refused because of a time in the future.
    var futureCount = 0
    /// Left out as replays of retained messages.
    var replayedCount = 0
    /// Lines or messages looked at.
    var originCount = 0

    /// Births and sessions of edge nodes to keep in the same commit.
    var sparkplugRecords: [SparkplugRecord] = []
    /// Whether nothing of it is to be stored.
    private var isEmptied = false

    /// Lines or messages that may be stored in full.
    var storedOriginCount: Int { isEmptied ? 0 : originCount }

    /// The newest time of a point, in nanoseconds since 1970.
    var newestTime: Int64? {
        var newest = batch.times.max()
        for group in groups {
            for point in group.points {
                newest = max(newest ?? .min, point.instant.nanoseconds)
            }
        }
        return newest
    }

    /// The place behind everything that came so far.
    mutating func nextPlace() -> PendingPlace {
        placedCount += 1
        return PendingPlace(row: batch.count, rank: placedCount - 1)
    }

    /// Drops everything but the refusals.
    mutating func empty() {
        batch = PointBatch()
        groups = []
        refusedPoints = [:]
        isEmptied = true
    }

    /// Whether no commit is needed.
    var hasNothing: Bool {
        batch.isEmpty && groups.isEmpty && sparkplugRecords.isEmpty && refusedPoints.isEmpty
    }

    /// Notes a refusal; only the first ones keep their words.
    mutating func refuse(_ refusal: Refusal, listed: Int, count: Int = 1) {
        refusalCount += count
        refusalsByKind[refusal.kind, default: 0] += count
        if refusedOrigins.count < 1_000_000 { refusedOrigins.insert(refusal.origin) }
        if refusals.count < listed { refusals.append(refusal) }
    }

    /// The group of a key, made by `make` when there is none yet; nil when `make` fails.
    ///
    /// Facts hold from their first point on: a key that speaks for an asset again after another one
    /// did gets another group.
    mutating func group(
        _ key: [UInt8], make: () -> PendingGroup?
    ) -> Int? {
        if let index = groupIndexes[key],
            !groups[index].carriesFacts || speakers[groups[index].place] == index
        {
            return index
        }
        guard let group = make() else { return nil }
        groups.append(group)
        groupIndexes[key] = groups.count - 1
        if group.carriesFacts { speakers[group.place] = groups.count - 1 }
        return groups.count - 1
    }
}

/// What the cache may remember once a commit is durable.
struct CacheAddition: Sendable {
    var key: [UInt8]
    var asset: AssetID
    var hasFacts: Bool
    var series: [(name: [UInt8], known: KnownSeries)]
}

/// What the body of a commit found and did.
struct CommitResult: Sendable {
    /// The points, in the order in which they came.
    var batch = PointBatch()
    var pointCount: Int { batch.count }
    var eventCount = 0
    var newAssetCount = 0
    var newSeriesCount = 0
    var attributeCount = 0
    var declarationCount = 0
    var limitedCount = 0
    var deadLetterCount = 0
    var refusals: [Refusal] = []
    var additions: [CacheAddition] = []
    /// The edit of the plant by which everything was looked up.
    var plantVersion: UInt64 = 0
}
