import PolluxCodec
import PolluxStore

/// What samples add up to inside one window: eight words, so that many windows fit in the cache.
///
/// Sums are added run by run in order of time, each run as `FloatAggregate` defines it for rows of
/// a column; they differ from a sum taken value by value in the last bits only. All else is exact.
struct SampleSums: Sendable {
    var count = 0
    var sum = 0.0
    var minimum = Double.infinity
    var maximum = -Double.infinity
    /// The first sample; meaningless without one.
    var firstTime = Int64.max
    var first = 0.0
    /// The last sample; meaningless without one.
    var lastTime = Int64.min
    var last = 0.0

    /// Adds finite samples whose times ascend and lie behind those added before.
    ///
    /// The pointers are those of a whole column's rows, at whose multiples sums are cut.
    mutating func add(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ rows: Range<Int>,
        wantsExtremes: Bool
    ) {
        guard !rows.isEmpty else { return }
        let found = FloatAggregate(
            UnsafeBufferPointer(start: values, count: rows.upperBound), rows: rows,
            wantsExtremes: wantsExtremes)
        guard found.sum.isFinite else {
            addFinite(times, values, rows)
            return
        }
        add(found)
        noteEnds(
            times[rows.lowerBound], values[rows.lowerBound], times[rows.upperBound - 1],
            values[rows.upperBound - 1])
    }

    /// Adds finite samples by what they add up to, but does not say which was first or last.
    mutating func add(_ found: FloatAggregate) {
        count += found.count
        sum += found.sum
        minimum = min(minimum, found.minimum)
        maximum = max(maximum, found.maximum)
    }

    /// The same value by value, leaving out what is not a finite number.
    mutating func addFinite(_ values: UnsafePointer<Double>, count: Int) {
        for row in 0..<count where values[row].isFinite {
            self.count += 1
            sum += values[row]
            minimum = min(minimum, values[row])
            maximum = max(maximum, values[row])
        }
    }

    /// Like `add`, leaving out what is not a finite number.
    private mutating func addFinite(
        _ times: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ rows: Range<Int>
    ) {
        for row in rows where values[row].isFinite {
            count += 1
            sum += values[row]
            minimum = min(minimum, values[row])
            maximum = max(maximum, values[row])
            noteEnds(times[row], values[row], times[row], values[row])
        }
    }

    /// Of samples of several assets at one instant the least counts (S16), in whatever order they
    /// come.
    private mutating func noteEnds(
        _ firstTime: Int64, _ first: Double, _ lastTime: Int64, _ last: Double
    ) {
        if firstTime < self.firstTime || (firstTime == self.firstTime && first < self.first) {
            (self.firstTime, self.first) = (firstTime, first)
        }
        if lastTime > self.lastTime || (lastTime == self.lastTime && last < self.last) {
            (self.lastTime, self.last) = (lastTime, last)
        }
    }

    /// Adds the samples of a chunk by what its statistics say of them.
    mutating func add(_ statistics: ColumnStatistics) {
        guard statistics.goodCount > 0 else { return }
        count += statistics.goodCount
        sum += statistics.sum
        minimum = min(minimum, statistics.minimum)
        maximum = max(maximum, statistics.maximum)
        noteEnds(
            statistics.firstTime, statistics.first, statistics.lastTime, statistics.last)
    }

    /// Adds the samples of a bucket.
    mutating func add(_ bucket: RollupBucket) {
        guard bucket.count > 0 else { return }
        count += Int(clamping: bucket.count)
        sum += bucket.sum
        minimum = min(minimum, bucket.minimum)
        maximum = max(maximum, bucket.maximum)
        noteEnds(bucket.firstTime, bucket.first, bucket.lastTime, bucket.last)
    }

    /// Adds the samples of another source or asset.
    mutating func merge(_ other: SampleSums) {
        guard other.count > 0 else { return }
        count += other.count
        sum += other.sum
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        noteEnds(other.firstTime, other.first, other.lastTime, other.last)
    }
}
