import PolluxModel
import PolluxStore

/// What a rollup says in a column, in place of the points it was made of.
struct BucketPart: Hashable, Sendable {
    /// The piece it belongs to.
    var piece: Int32
    /// How many samples of the column lie before it.
    var samplesBefore: Int
    var firstTime: Int64
    var lastTime: Int64
    var first: Double
    var last: Double
    var count: Int
    var sum: Double
    var minimum: Double
    var maximum: Double
    var knownTime: Int64
    var integral: Double
    /// Whether its curve stands among the spans of the column.
    var isDrawn: Bool
    /// For counters: exact values, and the increase between them.
    var firstInteger: Int64?
    var lastInteger: Int64?
    var increase = Increase.zero
    /// For counters: time between points in which the curve is not known.
    var bridgedTime: Int64 = 0
    /// How its values are spread.
    var bins: [RollupSketch.Bin] = []

    /// What a bucket with points says; texts get their numbers from the column.
    init(
        _ bucket: RollupBucket, piece: Int32, rollover: Double?, in column: inout LeafColumn
    ) {
        self.piece = piece
        samplesBefore = column.sampleTimes.count
        firstTime = bucket.firstTime
        lastTime = bucket.lastTime
        first = bucket.firstValue.map { column.number(of: $0) } ?? 0
        last = bucket.lastValue.map { column.number(of: $0) } ?? 0
        count = Int(clamping: bucket.count)
        sum = bucket.sum
        minimum = bucket.minimum
        maximum = bucket.maximum
        knownTime = bucket.knownTime
        integral = bucket.integral
        isDrawn = bucket.states?.isCrowded == false
        bins = bucket.sketch?.bins ?? []
        guard let counter = bucket.counter else { return }
        if case .integer(let value)? = counter.first { firstInteger = value }
        if case .integer(let value)? = counter.last { lastInteger = value }
        increase = Increase(counter.increase(rollover: rollover))
        if let firstInteger, let lastInteger, counter.fallCount == 0 {
            increase = Increase(exactly: Int128(lastInteger) - Int128(firstInteger))
        }
        bridgedTime = counter.bridgedTime
    }
}

extension LeafColumn {
    /// A value as a number: a text as its place among the words.
    mutating func number(of value: Value) -> Double {
        if case .text(let word) = value { return Double(index(of: word)) }
        return value.number ?? 0
    }
}

extension SpanBuilder {
    /// Adds what a bucket says behind the points that were added.
    ///
    /// The values of a state are drawn as runs that last as long and change as often as they did.
    mutating func add(
        _ bucket: RollupBucket, followsChanges: Bool, rollover: Double?,
        to column: inout LeafColumn
    ) {
        if let end = bucket.leadEnd { addEnd(time: end, to: &column) }
        guard bucket.count > 0 else { return }
        let part = BucketPart(bucket, piece: number, rollover: rollover, in: &column)
        column.buckets.append(part)
        enter(part, in: &column)
        if let states = bucket.states {
            var time = bucket.firstTime
            for visit in states.visits(followsChanges: followsChanges) ?? [] where visit.time > 0 {
                let value = column.number(of: states.values[visit.value].value)
                draw(time, time.addingSaturated(visit.time), value, in: &column)
                time = time.addingSaturated(visit.time)
            }
        }
        leave(part, isEnded: bucket.isEnded)
    }
}

/// A reader's place among buckets and points, both ascending.
struct BucketPassage {
    private let buckets: [RollupBucket]
    private var next = 0
    /// Points before this instant stand in a bucket.
    private var covered = Int64.min
    private let followsChanges: Bool
    private let rollover: Double?

    init(_ buckets: [RollupBucket], _ needs: LaneFold.Needs?, rollover: Double?) {
        self.buckets = buckets
        followsChanges = needs?.changes == true
        self.rollover = rollover
    }

    /// Adds the buckets that begin up to an instant; whether a point there stands in one.
    mutating func pass(
        until time: Int64, _ builder: inout SpanBuilder, _ column: inout LeafColumn
    ) -> Bool {
        while next < buckets.count, buckets[next].start <= time {
            builder.add(
                buckets[next], followsChanges: followsChanges, rollover: rollover, to: &column)
            covered = buckets[next].end
            next += 1
        }
        return time < covered
    }
}
