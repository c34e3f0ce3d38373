/// NOVELTY-3, which scores how unlike anything seen before a value, its spread or its change is.
///
/// Three features (the value; the deviation of the last 3; the distance from the mean of the last
/// 48) are each held against a memory of 64 values. One pass, no training, 1.3 KB of state.
public struct Novelty3: Hashable, Sendable {
    /// The name and version that rows show.
    public static let version = "novelty-3/1"
    private static let stateVersion: UInt8 = 1

    private var features = [NoveltyFeature](repeating: NoveltyFeature(), count: 3)
    private var recent: [Double] = []
    private var next = 0
    private var sum = 0.0
    private var hold = AlarmHold()
    /// Points taken in so far.
    public private(set) var count = 0

    /// A model that has seen nothing.
    public init() {}

    /// Whether the points so far are enough for a score.
    public var isReady: Bool { count >= ModelConstants.warmUpCount }
    /// Whether an alarm was raised within the last hundred points.
    public var isHolding: Bool { hold.isHolding }

    /// Scores a finite value from what came before it, then learns it.
    ///
    /// About 200 ns. `cycle` is the score of the value's place in a cycle: the larger of the two
    /// goes through the hold.
    public mutating func append(
        _ value: Double, level: Double, beside cycle: Double? = nil
    ) -> ModelOutput {
        let before = recent.isEmpty ? value : sum / Double(recent.count)
        remember(value)
        let measured = (value, spread(), value - before)
        let band = features[0].band
        let expected = features[0].spread.mean
        let levelScore = features[0].append(measured.0)
        let spreadScore = features[1].append(measured.1)
        let changeScore = features[2].append(measured.2)
        var best = levelScore
        var cause = AnomalyCause.level
        if spreadScore > best { (best, cause) = (spreadScore, .spread) }
        if changeScore > best { (best, cause) = (changeScore, .change) }
        if let cycle, cycle > best { (best, cause) = (cycle, .cycle) }
        count += 1
        guard count > ModelConstants.warmUpCount else {
            return ModelOutput(
                condition: .learning(seen: count, of: ModelConstants.warmUpCount))
        }
        let passed = hold.pass(best, level: level)
        return ModelOutput(
            score: passed.score, isAlarm: passed.isAlarm, expected: expected, low: band.low,
            high: band.high, cause: cause, condition: .ready)
    }

    private mutating func remember(_ value: Double) {
        if recent.count < ModelConstants.changeWindow {
            recent.append(value)
            sum += value
            next = recent.count % ModelConstants.changeWindow
        } else {
            sum += value - recent[next]
            recent[next] = value
            next = (next + 1) % ModelConstants.changeWindow
        }
        // Adding and subtracting drifts; once round the window the sum is taken afresh.
        if next == 0 { sum = recent.reduce(0, +) }
    }

    private func spread() -> Double {
        let width = min(ModelConstants.spreadWindow, recent.count)
        var total = 0.0
        var values = (0.0, 0.0, 0.0)
        for back in 1...width {
            let index = (next - back + ModelConstants.changeWindow) % ModelConstants.changeWindow
            let value = recent[min(index, recent.count - 1)]
            total += value
            values = (value, values.0, values.1)
        }
        let mean = total / Double(width)
        var squares = (values.0 - mean) * (values.0 - mean)
        if width > 1 { squares += (values.1 - mean) * (values.1 - mean) }
        if width > 2 { squares += (values.2 - mean) * (values.2 - mean) }
        return (squares / Double(width)).squareRoot()
    }

    /// The state as bytes; resumed from them, the model goes on bit for bit.
    public func encode() -> [UInt8] {
        var writer = StateWriter(.novelty, version: Self.stateVersion)
        writer.put(count)
        writer.put(next)
        writer.put(sum)
        writer.put(recent)
        hold.encode(to: &writer)
        for feature in features { feature.encode(to: &writer) }
        return writer.finish()
    }

    /// The model that `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(ModelStateError) {
        var reader = try StateReader(bytes, .novelty, newest: Self.stateVersion)
        count = try reader.count("count")
        next = try reader.count("position", atMost: ModelConstants.changeWindow - 1)
        sum = try reader.number("sum")
        recent = try reader.numbers("window", atMost: ModelConstants.changeWindow)
        guard recent.count == min(count, ModelConstants.changeWindow),
            recent.count == ModelConstants.changeWindow || next == recent.count
        else { throw .impossible(field: "window") }
        hold = try AlarmHold(from: &reader)
        for index in features.indices { features[index] = try NoveltyFeature(from: &reader) }
        try reader.finish()
    }
}

/// One feature of NOVELTY-3: its memory, its spread and the tail of its surprises.
struct NoveltyFeature: Hashable, Sendable {
    private var memory = ValueMemory()
    private(set) var spread = RobustSpread()
    private var tail = SurpriseTail()
    /// What the remembered values are counted from, so that single precision is enough.
    private var origin: Double?

    init() {}

    /// What would not surprise, from what has been seen.
    var band: (low: Double, high: Double) {
        let scale = max(spread.deviation, ModelConstants.rangeFloor * memory.range)
        let reach = tail.threshold * scale
        let base = origin ?? 0
        return (base + memory.low - reach, base + memory.high + reach)
    }

    /// Scores a value and learns it.
    mutating func append(_ value: Double) -> Double {
        let base = origin ?? value
        origin = base
        let stored = Float(value - base)
        guard stored.isFinite else { return ModelConstants.scoreCap }
        let position = memory.position(of: stored)
        let distance = memory.distance(to: stored, at: position)
        let range = memory.range
        let deviation = spread.deviation
        let scale = max(deviation, ModelConstants.rangeFloor * range)
        let surprise = scale > 0 ? distance / scale : 0
        let score = tail.score(surprise)
        tail.append(surprise)
        spread.append(value)
        let nearest = max(
            ModelConstants.rememberSpread * deviation,
            ModelConstants.rememberSpacing * range / Double(ModelConstants.memoryCount))
        if memory.values.isEmpty || distance > nearest { memory.insert(stored, at: position) }
        return score
    }

    func encode(to writer: inout StateWriter) {
        writer.put(origin != nil)
        writer.put(origin ?? 0)
        memory.encode(to: &writer)
        spread.encode(to: &writer)
        tail.encode(to: &writer)
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        let isSet = try reader.boolean("origin")
        let base = try reader.number("origin")
        origin = isSet ? base : nil
        memory = try ValueMemory(from: &reader)
        spread = try RobustSpread(from: &reader)
        tail = try SurpriseTail(from: &reader)
    }
}
