/// CYCLE-BAND, which holds a value against those of the same place in the cycle.
///
/// A place is a key: a time of day, or what a machine was doing. Each key has a mean over its
/// visits; all share one scale. Where the keys do not explain most of what the values do, it says
/// nothing: that is the gate. One pass, no training, 21 bytes of state per key.
///
/// A visit is learned when it is over, so a fault is not held against itself.
public struct CycleBand: Hashable, Sendable {
    /// The name and version that rows show.
    public static let version = "cycle-band/1"
    private static let stateVersion: UInt8 = 1
    /// Visits are counted up to here.
    private static let visitLimit: UInt8 = 200

    /// What is known of a key.
    private struct Place: Hashable {
        var mean: Double
        var visits: UInt8
        /// The number of its last visit, counted over all keys.
        var last: UInt32
    }

    /// What a value is beside those of its key.
    public enum Judgement: Hashable, Sendable {
        /// Fewer points than a score needs.
        case learning
        /// The key has not been visited often enough.
        case noBaseline
        /// The keys do not explain the values.
        case noCycle
        /// A score, and what was expected.
        case scored(score: Double, expected: Double, low: Double, high: Double)
    }

    private var places: [UInt64: Place] = [:]
    private var scale = 0.0
    private var scaleCount = 0.0
    /// The mean of everything, and the residual around it: what there is without keys.
    private var plainMean = 0.0
    private var plainResidual = 0.0
    /// The residual around the means of the keys, wild values and all: what the gate compares.
    private var keyedResidual = 0.0
    private var tail = SurpriseTail(threshold: ModelConstants.cycleTailStart)
    private var visitNumber: UInt32 = 0
    /// The visit that is going on: its key, lap and values.
    private var key: UInt64?
    private var lap: Int64 = 0
    private var sum = 0.0
    private var sumCount = 0.0
    /// Points taken in so far.
    public private(set) var count = 0
    /// Points that had a score.
    public private(set) var scoredCount = 0

    /// A model that has seen nothing.
    public init() {}

    /// Keys that are remembered.
    public var keyCount: Int { places.count }

    /// Whether some key was visited often enough to count.
    public var hasBaselines: Bool {
        places.values.contains { Int($0.visits) >= ModelConstants.cycleVisitCount }
    }

    /// Whether the keys explain most of what the values do, as far as is known.
    public var hasCycle: Bool {
        scaleCount > 0 && keyedResidual < ModelConstants.cycleGate * plainResidual
    }

    /// The scale that surprises are counted in; a cycle without noise still has a little.
    private var step: Double {
        max(scale, ModelConstants.rangeFloor * plainResidual)
    }

    /// Judges a finite value from what came before it, then learns it.
    ///
    /// A visit lasts while key and lap stay the same; its mean is learned when it is over.
    public mutating func append(_ value: Double, key new: UInt64, lap newLap: Int64) -> Judgement {
        if key != new || lap != newLap {
            endVisit()
            key = new
            lap = newLap
        }
        count += 1
        let place = places[new]
        let judgement = judge(value, place)
        learn(value, place)
        sum += value
        sumCount += 1
        return judgement
    }

    private mutating func judge(_ value: Double, _ place: Place?) -> Judgement {
        guard count > ModelConstants.warmUpCount else { return .learning }
        guard let place, Int(place.visits) >= ModelConstants.cycleVisitCount else {
            return .noBaseline
        }
        guard hasCycle, step > 0 else { return .noCycle }
        scoredCount += 1
        let surprise = abs(value - place.mean) / step
        let reach = tail.threshold * step
        let score = tail.score(surprise)
        tail.append(surprise, isSteady: true)
        return .scored(
            score: score, expected: place.mean, low: place.mean - reach, high: place.mean + reach)
    }

    private mutating func learn(_ value: Double, _ place: Place?) {
        let memory = 1 / ModelConstants.cycleScaleWeight
        if let place {
            var residual = abs(value - place.mean)
            scaleCount = min(scaleCount + 1, memory)
            keyedResidual += (residual - keyedResidual) / scaleCount
            if scaleCount > 10, scale > 0 {
                residual = min(residual, ModelConstants.cycleScaleClip * scale)
            }
            scale += (residual - scale) / scaleCount
        }
        let weight = 1 / min(Double(count), memory)
        if count > 1 { plainResidual += (abs(value - plainMean) - plainResidual) * weight }
        plainMean += (value - plainMean) * weight
        // Values near the end of what numbers can hold overflow: then there is no cycle.
        let isFinite =
            scale.isFinite && keyedResidual.isFinite && plainResidual.isFinite
            && plainMean.isFinite && sum.isFinite
        if !isFinite { self = CycleBand() }
    }

    private mutating func endVisit() {
        guard let key, sumCount > 0 else { return }
        let mean = sum / sumCount
        sum = 0
        sumCount = 0
        visitNumber &+= 1
        guard var place = places[key] else {
            makeRoom()
            places[key] = Place(mean: mean, visits: 1, last: visitNumber)
            return
        }
        place.visits = min(place.visits + 1, CycleBand.visitLimit)
        var difference = mean - place.mean
        if step > 0 {
            let bound = ModelConstants.cycleUpdateClip * step
            difference = min(max(difference, -bound), bound)
        }
        place.mean += difference * max(ModelConstants.cycleWeight, 1 / Double(place.visits))
        place.last = visitNumber
        places[key] = place
    }

    private mutating func makeRoom() {
        guard places.count >= ModelConstants.cycleKeyCount else { return }
        // The visit number is different for each, so this is one key whatever the order.
        if let oldest = places.min(by: { $0.value.last < $1.value.last }) {
            places[oldest.key] = nil
        }
    }

    /// The state as bytes; resumed from them, the model goes on bit for bit.
    public func encode() -> [UInt8] {
        var writer = StateWriter(.cycleBand, version: Self.stateVersion)
        writer.put(count)
        writer.put(scoredCount)
        for value in [scale, scaleCount, plainMean, plainResidual, keyedResidual] {
            writer.put(value)
        }
        tail.encode(to: &writer)
        writer.put(visitNumber)
        writer.put(key != nil)
        writer.put(key ?? 0)
        writer.put(lap)
        writer.put(sum)
        writer.put(sumCount)
        writer.put(UInt32(places.count))
        for (key, place) in places.sorted(by: { $0.key < $1.key }) {
            writer.put(key)
            writer.put(place.mean)
            writer.put(place.visits)
            writer.put(place.last)
        }
        return writer.finish()
    }

    /// The model that `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(ModelStateError) {
        var reader = try StateReader(bytes, .cycleBand, newest: Self.stateVersion)
        count = try reader.count("count")
        scoredCount = try reader.count("scored count", atMost: count)
        scale = try reader.positive("scale")
        scaleCount = try reader.positive("scale count")
        plainMean = try reader.number("mean")
        plainResidual = try reader.positive("residual")
        keyedResidual = try reader.positive("keyed residual")
        tail = try SurpriseTail(from: &reader)
        visitNumber = try reader.uint32()
        let isVisiting = try reader.boolean("visit")
        let current = try reader.uint64()
        key = isVisiting ? current : nil
        lap = try reader.int64()
        sum = try reader.number("sum")
        sumCount = try reader.positive("sum count")
        let placeCount = Int(try reader.uint32())
        guard placeCount <= ModelConstants.cycleKeyCount else { throw .impossible(field: "keys") }
        var newest: UInt64?
        for _ in 0..<placeCount {
            let key = try reader.uint64()
            guard newest.map({ $0 < key }) ?? true else { throw .impossible(field: "key order") }
            newest = key
            let mean = try reader.number("key mean")
            let visits = try reader.byte()
            guard visits >= 1, visits <= CycleBand.visitLimit else {
                throw .impossible(field: "visits")
            }
            places[key] = Place(mean: mean, visits: visits, last: try reader.uint32())
        }
        try reader.finish()
    }
}
