/// Time-weighted sums over the cuts of the tool in use, enough for its mean condition.
struct ToolUseSums: Hashable, Sendable {
    private(set) var minutes = 0.0
    private(set) var lastCondition: CutCondition?
    private var sums = [Double](repeating: 0, count: CutCondition.columnCount)
    private var weights = [Double](repeating: 0, count: CutCondition.columnCount)

    init() {}

    mutating func append(_ more: Double, _ condition: CutCondition) {
        minutes = min(minutes + more, 1e12)
        lastCondition = condition
        for (index, column) in condition.columns.enumerated() {
            guard let column else { continue }
            sums[index] += more * column
            weights[index] += more
        }
    }

    /// The condition on average; nil parts were never known.
    var meanCondition: CutCondition {
        func mean(_ index: Int) -> Double? {
            weights[index] > 0 ? sums[index] / weights[index] : nil
        }
        return CutCondition(
            speed: mean(0).map(exponential), feed: mean(1).map(exponential),
            depth: mean(2).map(exponential), material: mean(3))
    }

    func encode(to writer: inout StateWriter) {
        writer.put(minutes)
        writer.put(lastCondition != nil)
        let last = lastCondition ?? CutCondition()
        for part in [last.speed, last.feed, last.depth, last.material] {
            writer.put(optional: part)
        }
        writer.put(sums)
        writer.put(weights)
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        minutes = try reader.positive("minutes")
        let isCut = try reader.boolean("condition")
        let parts = [
            try reader.optional("speed"), try reader.optional("feed"),
            try reader.optional("depth"), try reader.optional("material"),
        ]
        lastCondition =
            isCut
            ? CutCondition(speed: parts[0], feed: parts[1], depth: parts[2], material: parts[3])
            : nil
        sums = try reader.numbers("sums", atMost: CutCondition.columnCount)
        weights = try reader.numbers("weights", atMost: CutCondition.columnCount)
        guard sums.count == CutCondition.columnCount, weights.count == sums.count else {
            throw .impossible(field: "sums")
        }
    }
}
