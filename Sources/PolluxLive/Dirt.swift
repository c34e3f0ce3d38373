import PolluxGraph
import PolluxModel
import PolluxQuery
import PolluxStore

/// A series that was made lately.
struct NewSeries: Hashable, Sendable {
    var asset: AssetID
    /// The name of its measure.
    var measure: String
}

/// What commits have changed since it was last looked at.
struct Dirt: Sendable {
    /// The series that got points, with the span of their times.
    private(set) var touched: [SeriesID: ClosedRange<Int64>] = [:]
    /// Whether the plant changed in a way that is not known.
    var plant = false
    /// Whether events changed in a way that is not known.
    var events = false
    /// Whether anything may have changed.
    var all = false
    /// What of the plant changed, where that is known.
    var edits: [PlantEdit] = []
    /// The earliest instant from which the path of the question means something else.
    var meantFrom: Timestamp?
    /// What series are that are new, where that is known.
    var newSeries: [SeriesID: NewSeries] = [:]
    /// The newest commit of these.
    private(set) var commit: UInt64 = 0

    /// More series than this are not told apart.
    private static let seriesLimit = 200_000
    /// More edits than this are not told apart.
    static let editLimit = 1000

    init() {}

    /// Whether nothing has changed.
    var isEmpty: Bool {
        touched.isEmpty && !plant && !events && !all && edits.isEmpty && meantFrom == nil
    }

    mutating func add(_ notice: CommitNotice) {
        plant = plant || notice.plantChanged
        events = events || notice.eventsChanged
        commit = max(commit, notice.transactionID)
        for one in notice.touched where one.first <= one.last {
            add(one.series, one.first...one.last)
        }
    }

    /// Notes that a series has other points in a span.
    mutating func add(_ series: SeriesID, _ span: ClosedRange<Int64>) {
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
        edits += other.edits
        if edits.count > Dirt.editLimit {
            plant = true
            events = true
            edits = []
        }
        noteMeaning(from: other.meantFrom)
        newSeries.merge(other.newSeries) { first, _ in first }
        commit = max(commit, other.commit)
        for (series, span) in other.touched { add(series, span) }
    }

    /// Notes that the path of the question means something else from an instant on.
    mutating func noteMeaning(from instant: Timestamp?) {
        guard let instant else { return }
        meantFrom = min(meantFrom ?? instant, instant)
    }

    /// The newest series that is touched; those are numbered in the order of their making.
    var newestSeries: SeriesID? { touched.keys.max() }

    /// What of it concerns a question: the span of times, and whether everything must be run again.
    ///
    /// A series made since the question was asked concerns it when its asset takes part.
    func share(of question: Question) -> (span: ClosedRange<Int64>?, isEverything: Bool) {
        var span: ClosedRange<Int64>?
        var isEverything =
            all || plant || meantFrom != nil || (events && question.hasEvents)
            || edits.contains { question.isConcerned(by: $0) }
        for (series, one) in touched {
            if isNew(series, to: question) { isEverything = true }
            guard question.dependencies.series.contains(series) else { continue }
            let old = span ?? one
            let low = min(old.lowerBound, one.lowerBound)
            span = low...max(old.upperBound, one.upperBound)
        }
        return (span, isEverything)
    }

    private func isNew(_ series: SeriesID, to question: Question) -> Bool {
        guard series > question.newestSeries else { return false }
        guard let made = newSeries[series] else { return true }
        return question.mayRead(made)
    }

    /// The earliest instant at which answers to a question can have changed; nil for nowhere.
    func earliest(for question: Question) -> Timestamp? {
        var earliest = edits.filter {
            // A declaration is no reason to redo what is stored.
            if case .declaration = $0.kind { return false }
            return !$0.isCreation && question.isConcerned(by: $0)
        }.map(\.span.start).min()
        if let meantFrom { earliest = min(earliest ?? meantFrom, meantFrom) }
        for (series, span) in touched
        where isNew(series, to: question) || question.dependencies.series.contains(series) {
            let start = Timestamp(nanoseconds: span.lowerBound)
            earliest = min(earliest ?? start, start)
        }
        return earliest
    }
}
