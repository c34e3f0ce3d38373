import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// Carries out a fold: finds the sources, reads group by group on several threads, and adds up per
/// asset.
struct FoldRun {
    let question: Question
    /// By leaf of the question.
    let needs: [Int: LaneFold.Needs]

    /// An asset and what is read of it.
    struct Target {
        var subject: Subject
        var leaves: [Int]
        /// The sources by leaf where they are known already.
        var sources: [Int: [PlantReader.Source]] = [:]
    }

    /// One asset with its slices and what was added up, by leaf and slice.
    struct Folded {
        var target: Target
        var read: TimeRange
        var slices: [SliceRows.Slice]
        /// The group it belongs to, over all of what is read; nil where nothing is merged.
        var label: String?
        var samples: [Int: [SampleSums]] = [:]
        var curves: [Int: [CurveSums]] = [:]
        var provisionalFrom: [Int: Int64] = [:]

        var subject: Subject { target.subject }
    }

    /// The assets of the question's path with their sums; nil when the slices need the evaluator.
    func run() throws -> [Folded]? {
        let leaves = needs.keys.sorted()
        return try run(question.subjects.map { Target(subject: $0, leaves: leaves) })
    }

    /// Assets with their sums, or nil when the slices need the evaluator.
    func run(_ targets: [Target]) throws -> [Folded]? {
        var folded: [Folded] = []
        folded.reserveCapacity(targets.count)
        var groups = GroupScans(question: question)
        var shelf = SliceShelf()
        let hasCurves = needs.values.contains { $0.curve }
        for target in targets {
            let subject = target.subject
            guard let spans = try question.spans(of: subject) else {
                question.addNote(question.absentEvent(of: subject))
                continue
            }
            guard let cut = try shelf.slices(of: spans, for: subject, question) else { return nil }
            guard !cut.slices.isEmpty else { continue }
            try question.spend(cut.slices.count * Allowance.sliceCost)
            if hasCurves, cut.read.end > question.context.now { return nil }
            folded.append(Folded(target: target, read: cut.read, slices: cut.slices))
            if question.query.clauses.grouping != nil {
                let groups = try GroupLabels(question: question).groups(of: subject, in: cut.read)
                // An asset that changes its group has to be read in parts.
                guard groups.count == 1 else { return nil }
                folded[folded.count - 1].label = groups[0].label
            }
            for leaf in target.leaves {
                try addLanes(target, folded.count - 1, leaf, cut, to: &groups)
            }
            try question.checkLimits()
            try groups.checkSize()
        }
        for lane in try groups.run() { merge(lane, into: &folded) }
        return folded
    }

    private func addLanes(
        _ target: Target, _ index: Int, _ leaf: Int, _ cut: SliceShelf.Cut,
        to groups: inout GroupScans
    ) throws {
        guard case .measure(let measure) = question.leaves[leaf].source,
            let needs = needs[leaf]
        else { return }
        let reader = PlantReader(question: question)
        let sources =
            try target.sources[leaf]
            ?? reader.sources(of: measure, for: target.subject, in: cut.read)
        for source in sources {
            question.note(source)
            guard let inside = source.range.intersection(cut.read) else { continue }
            try question.noteExpiry(source, in: inside)
            question.stats.series += 1
            var fold = LaneFold(
                windows: cut.windows, needs: needs, definition: source.definition,
                piece: source.range, wanted: cut.read, now: question.context.now.nanoseconds)
            if question.allowance != nil, try question.snapshot.hasExpiries,
                try !question.snapshot.rollupMarks(of: source.series.id).isEmpty
            {
                try question.refuseBrief()
            }
            var rollups = RollupChoice(question: question, source: source, needs: needs)
            let before = needs.curve ? try reader.usable(before: inside.start, in: source) : nil
            fold.use(try rollups.choose(cut.windows, in: inside, after: before))
            var next: Point?
            var hasNext = false
            if needs.curve {
                let entering = rollups.point(before: before)
                try question.noteExpiry(source, before: inside, found: entering)
                if let entering { fold.enter(entering) }
                (next, hasNext) = try following(inside, source, rollups)
            }
            try groups.add(
                ScanLane(
                    subject: index, leaf: leaf, series: source.series,
                    memory: question.snapshot.memoryRows(of: source.series), range: inside,
                    fold: fold, next: next, hasNext: hasNext))
        }
    }

    /// The point behind a range that a line leads to, and whether the series goes on behind the
    /// source's span.
    private func following(
        _ inside: TimeRange, _ source: PlantReader.Source, _ rollups: RollupChoice
    ) throws -> (Point?, Bool) {
        let reader = PlantReader(question: question)
        let found = try reader.usable(atOrAfter: inside.end, in: source)
        guard let next = rollups.point(after: found) else {
            return (nil, false)
        }
        return next.instant < source.range.end ? (next, false) : (nil, true)
    }

    /// Adds what a source gave; sources of one leaf come in order of time.
    private func merge(_ lane: ScanLane, into folded: inout [Folded]) {
        let leaf = lane.leaf
        if lane.fold.needs.samples {
            if folded[lane.subject].samples[leaf] == nil {
                folded[lane.subject].samples[leaf] = lane.fold.samples
            } else {
                for slice in lane.fold.samples.indices {
                    folded[lane.subject].samples[leaf]?[slice].merge(lane.fold.samples[slice])
                }
            }
        }
        guard let curve = lane.fold.curve else { return }
        if let from = curve.provisionalFrom {
            let known = folded[lane.subject].provisionalFrom[leaf] ?? .max
            folded[lane.subject].provisionalFrom[leaf] = min(known, from)
        }
        if folded[lane.subject].curves[leaf] == nil {
            folded[lane.subject].curves[leaf] = curve.sums
        } else {
            for slice in curve.sums.indices {
                folded[lane.subject].curves[leaf]?[slice].merge(curve.sums[slice])
            }
        }
    }
}

/// Slices that were worked out before: most assets of a question share theirs.
struct SliceShelf {
    /// Slices, their windows, and what must be read for them.
    struct Cut {
        var slices: [SliceRows.Slice]
        var windows: Windows
        var read: TimeRange
    }

    private var known: [[TimeRange]: Cut] = [:]

    /// The slices in which a path meant a subject; nil when they cannot be folded.
    mutating func slices(
        of spans: [TimeRange], for subject: Subject, _ question: Question
    ) throws -> Cut? {
        let slicing = Slicing(question: question)
        var isShared = question.query.clauses.timezone?.form != .local
        if case .event? = question.query.clauses.every?.form.stride { isShared = false }
        // What `during` leaves of two ranges may be the same.
        if question.query.clauses.during != nil { isShared = false }
        let present = subject.present(in: spans)
        // Most assets are there all the time, and cut alike.
        isShared = isShared && present == spans && subject.pieces.count == 1
        if isShared, let cut = known[spans] { return cut }
        let slices = try slicing.slices(
            of: subject, spans: spans, present: present, episodes: nil)
        guard slices.allSatisfy({ $0.parts.count == 1 }), let cut = SliceShelf.cut(slices) else {
            return nil
        }
        if isShared { known[spans] = cut }
        return cut
    }

    private static func cut(_ slices: [SliceRows.Slice]) -> Cut? {
        guard let windows = Windows(slices.map(\.window)) else { return nil }
        guard let first = slices.first, let last = slices.last else {
            return Cut(
                slices: [], windows: windows,
                read: TimeRange(start: .distantPast, end: .distantPast))
        }
        return Cut(
            slices: slices, windows: windows,
            read: TimeRange(start: first.window.start, end: last.window.end))
    }
}

extension Question {
    /// Remembers that an answer depends on a source.
    func note(_ source: PlantReader.Source) {
        dependencies.series.insert(source.series.id)
        dependencies.measures.insert(source.series.measure)
        if let gap = source.definition.gap {
            dependencies.largestGap = max(dependencies.largestGap ?? 0, gap)
        }
    }
}
