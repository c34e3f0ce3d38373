public import PolluxKeyValue
import PolluxModel

/// Who notes, in the commit itself, that points were written or deleted far in the past.
///
/// An observer is told after the commit, so a process that ends between the two tells nobody.
public struct LateRecorder: Sendable {
    /// The instant before which points are late, `.min` for none; called once a commit.
    let before: @Sendable () -> Int64
    /// Notes the spans in the commit's transaction; throwing refuses the commit.
    let record: @Sendable ([CommitNotice.Touched], WriteTransaction) throws -> Void

    /// A recorder from its parts; both run on the writer's thread.
    public init(
        before: @escaping @Sendable () -> Int64,
        record: @escaping @Sendable ([CommitNotice.Touched], WriteTransaction) throws -> Void
    ) {
        self.before = before
        self.record = record
    }
}

extension CommitNotice {
    /// The spans of points of batches, and of removed spans, before an instant; each series once.
    static func touched(
        _ batches: [PointBatch], _ removed: [Touched], before limit: Int64
    ) -> [Touched] {
        var spans: [SeriesID: Touched] = [:]
        func add(_ series: SeriesID, _ first: Int64, _ last: Int64) {
            guard let known = spans[series] else {
                spans[series] = Touched(series: series, first: first, last: last)
                return
            }
            spans[series]?.first = min(known.first, first)
            spans[series]?.last = max(known.last, last)
        }
        for batch in batches {
            // Nearly always nothing is late: one comparison a point tells.
            var earliest = Int64.max
            for time in batch.times { earliest = min(earliest, time) }
            guard earliest < limit else { continue }
            for (series, time) in zip(batch.series, batch.times) where time < limit {
                add(series, time, time)
            }
        }
        for one in removed where one.first <= one.last && one.first < limit {
            add(one.series, one.first, min(one.last, limit))
        }
        return spans.values.sorted { $0.series < $1.series }
    }
}
