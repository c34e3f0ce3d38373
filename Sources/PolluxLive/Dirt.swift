import PolluxModel
import PolluxQuery
import PolluxStore

/// What commits have changed since it was last looked at.
struct Dirt: Sendable {
    /// The series that got points, with the span of their times.
    private(set) var touched: [SeriesID: ClosedRange<Int64>] = [:]
    /// Whether the plant changed.
    var plant = false
    /// Whether events changed.
    var events = false
    /// Whether anything may have changed.
    var all = false
    /// The earliest instant whose answers an edit of the plant can have changed.
    var plantFrom: Timestamp?

    /// More series than this are not told apart.
    private static let seriesLimit = 200_000

    init() {}

    /// Whether nothing has changed.
    var isEmpty: Bool { touched.isEmpty && !plant && !events && !all }

    mutating func add(_ notice: CommitNotice) {
        plant = plant || notice.plantChanged
        events = events || notice.eventsChanged
        for one in notice.touched where one.first <= one.last {
            add(one.series, one.first...one.last)
        }
    }

    private mutating func add(_ series: SeriesID, _ span: ClosedRange<Int64>) {
        if let old = touched[series] {
            let low = min(old.lowerBound, span.lowerBound)
            touched[series] = low...max(old.upperBound, span.upperBound)
        } else if touched.count < Dirt.seriesLimit {
            touched[series] = span
        } else {
            all = true
        }
    }

    mutating func add(_ other: Dirt) {
        plant = plant || other.plant
        events = events || other.events
        all = all || other.all
        if let from = other.plantFrom { plantFrom = min(plantFrom ?? from, from) }
        for (series, span) in other.touched { add(series, span) }
    }

    /// The newest series that is touched; those are numbered in the order of their making.
    var newestSeries: SeriesID? { touched.keys.max() }

    /// What of it concerns an answer: the span of times, and whether everything must be run again.
    ///
    /// A series made after `newest` may belong to any path, so it counts as a change of the plant.
    func share(
        of dependencies: QueryDependencies, newest: SeriesID
    ) -> (span: ClosedRange<Int64>?, isEverything: Bool) {
        var span: ClosedRange<Int64>?
        var isEverything = all || plant || (events && dependencies.hasEvents)
        for (series, one) in touched {
            if series > newest { isEverything = true }
            guard dependencies.series.contains(series) else { continue }
            let old = span ?? one
            let low = min(old.lowerBound, one.lowerBound)
            span = low...max(old.upperBound, one.upperBound)
        }
        return (span, isEverything)
    }

    /// The earliest instant at which answers to a question can have changed; nil for nowhere.
    func earliest(for question: Question) -> Timestamp? {
        var earliest = plantFrom
        for (series, span) in touched
        where series > question.newestSeries || question.dependencies.series.contains(series) {
            let start = Timestamp(nanoseconds: span.lowerBound)
            earliest = min(earliest ?? start, start)
        }
        return earliest
    }
}
