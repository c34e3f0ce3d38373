import PolluxGraph
import PolluxLanguage
import PolluxModel

/// Makes the rows of an answer from what was added up per asset: merges groups (S16), filters rows,
/// writes notes.
struct FoldRows {
    let question: Question
    let plan: FoldPlan
    let outputs: [Question.Output]
    private let names: [String]

    init(question: Question, plan: FoldPlan, outputs: [Question.Output]) {
        self.question = question
        self.plan = plan
        self.outputs = outputs
        // Only what is timed is named, in notes about how much of its time is known.
        names = question.aggregates.enumerated().map { index, aggregate in
            aggregate.word.isTimed ? question.name(ofAggregate: index) : ""
        }
    }

    /// An asset or a group with its sums by aggregate and slice.
    struct Group {
        var name: String
        var asset: AssetID?
        var slices: [SliceRows.Slice]
        var sums: [AggregateSums]
        /// Values per asset by aggregate and slice; only where an aggregate works across assets.
        var perAsset: [[[Double]]] = []
        var provisionalFrom: [Int: Int64]
        /// How much time of each slice is asked about, of all assets together.
        var covered: [Int64]
    }

    /// The answer.
    func result(_ folded: [FoldRun.Folded]) throws -> QueryResult {
        let fields = outputs.map { question.item($0) }
        var columns = AnswerColumns(fields)
        for group in groups(folded) { try append(group, to: &columns) }
        var showsAsset = true
        if case .overall? = question.query.clauses.grouping?.form { showsAsset = false }
        return columns.result(
            zone: try question.shownZone(), showsEnd: question.showsEnd(of: columns.keys),
            showsAsset: showsAsset)
    }

    // MARK: Groups

    private func groups(_ folded: [FoldRun.Folded]) -> [Group] {
        guard question.query.clauses.grouping != nil else {
            return folded.map { own in
                group(own, name: own.subject.name, asset: own.subject.asset)
            }
        }
        var found: [Group] = []
        var indices: [String: Int] = [:]
        for own in folded {
            let label = own.label ?? ""
            var member = group(own, name: label, asset: nil)
            member.perAsset = valuesPerAsset(member)
            if let index = indices[label] {
                FoldRows.merge(member, into: &found[index])
            } else {
                indices[label] = found.count
                found.append(member)
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    private func group(_ own: FoldRun.Folded, name: String, asset: AssetID?) -> Group {
        let sums = question.aggregates.indices.map { index in
            let aggregate = question.aggregates[index]
            let leaf = aggregate.argument.leaves.first ?? 0
            return AggregateSums(
                name: names[index], word: aggregate.word, factor: aggregate.factor, leaf: leaf,
                samples: plan.needs[leaf]?.samples == true
                    ? own.samples[leaf]
                        ?? Array(repeating: SampleSums(), count: own.slices.count) : [],
                curves: plan.needs[leaf]?.curve == true
                    ? own.curves[leaf]
                        ?? Array(repeating: CurveSums(), count: own.slices.count) : [])
        }
        return Group(
            name: name, asset: asset, slices: own.slices, sums: sums,
            provisionalFrom: own.provisionalFrom,
            covered: own.slices.map { $0.covered(until: question.context.now) })
    }

    private func valuesPerAsset(_ member: Group) -> [[[Double]]] {
        guard question.aggregates.contains(where: { $0.across != nil }) else { return [] }
        return member.sums.map { sums in
            member.slices.indices.map { slice in
                sums.value(slice, covered: member.covered[slice]).map { [$0] } ?? []
            }
        }
    }

    /// Pools the sums of an asset into its group; assets may bring different slices.
    private static func merge(_ member: Group, into group: inout Group) {
        for (leaf, from) in member.provisionalFrom {
            group.provisionalFrom[leaf] = min(group.provisionalFrom[leaf] ?? .max, from)
        }
        var places: [TimeRange: Int] = [:]
        for (index, slice) in group.slices.enumerated() { places[slice.whole] = index }
        for (index, slice) in member.slices.enumerated() {
            if let place = places[slice.whole] {
                group.slices[place].addNotes(slice.notes)
                group.covered[place] += member.covered[index]
                for aggregate in member.sums.indices {
                    group.sums[aggregate].merge(member.sums[aggregate], index, into: place)
                }
                for aggregate in member.perAsset.indices {
                    group.perAsset[aggregate][place] += member.perAsset[aggregate][index]
                }
                continue
            }
            group.slices.append(slice)
            group.covered.append(member.covered[index])
            for aggregate in member.sums.indices {
                group.sums[aggregate].append(member.sums[aggregate], index)
            }
            for aggregate in member.perAsset.indices {
                group.perAsset[aggregate].append(member.perAsset[aggregate][index])
            }
        }
    }

    // MARK: Rows

    private func append(_ group: Group, to columns: inout AnswerColumns) throws {
        let isOrdered = zip(group.slices, group.slices.dropFirst()).allSatisfy {
            $0.whole.start <= $1.whole.start
        }
        let order =
            isOrdered
            ? Array(group.slices.indices)
            : group.slices.indices.sorted {
                group.slices[$0].whole.start < group.slices[$1].whole.start
            }
        // Most items are an aggregate as it is.
        let plain = outputs.map { output -> Int? in
            guard case .aggregate(let index) = output.expression.form else { return nil }
            return index
        }
        let hasCurves = group.sums.contains { !$0.curves.isEmpty }
        if columns.rowCount == 0 { columns.reserve(order.count) }
        var name: Int32?
        var values = [Double?](repeating: nil, count: group.sums.count)
        for slice in order {
            for index in values.indices { values[index] = aggregate(index, of: group, slice) }
            if let filter = plan.rowFilter, filter.rowValue({ values[$0] }) != 1 { continue }
            let whole = group.slices[slice].whole
            columns.starts.append(whole.start.nanoseconds)
            let number = name ?? columns.names.number(of: group.name)
            name = number
            columns.names.indices.append(number)
            columns.keys.append(RowKey(asset: group.asset, name: group.name, range: whole))
            var isTooLarge = false
            for item in outputs.indices {
                let value =
                    plain[item].map { values[$0] }
                    ?? outputs[item].expression.rowValue { values[$0] }
                isTooLarge = isTooLarge || value?.isFinite == false
                if value == nil, plain[item] == nil {
                    question.noteZeros(in: outputs[item]) { $0.rowValue { values[$0] } }
                }
                columns.numbers[item].append(value)
            }
            guard hasCurves || isTooLarge || !group.slices[slice].notes.isEmpty else {
                columns.notes.append("")
                continue
            }
            columns.notes.append(
                SliceNotes(
                    slice: group.slices[slice], provisionalFrom: group.provisionalFrom,
                    covered: group.covered[slice]
                ).text(group.sums, slice, isTooLarge: isTooLarge))
        }
        try question.checkRowCount(columns.rowCount)
    }

    private func aggregate(_ index: Int, of group: Group, _ slice: Int) -> Double? {
        guard let across = question.aggregates[index].across else {
            return group.sums[index].value(slice, covered: group.covered[slice])
        }
        return question.value(across, of: group.perAsset[index][slice])
    }
}

/// What must be said about a row: how much of its time is known, and whether it may change.
struct SliceNotes {
    let slice: SliceRows.Slice
    /// By leaf, where a value held at the live edge begins.
    let provisionalFrom: [Int: Int64]
    /// How much time is asked about, of all assets together.
    let covered: Int64

    /// What a row says of a sum beyond what a number holds.
    static let tooLarge = "too large"

    /// The notes of the slice at `index`, joined.
    func text(_ all: [AggregateSums], _ index: Int, isTooLarge: Bool) -> String {
        var notes = slice.notes
        let window = slice.window
        var isProvisional = false
        var shares: [KnownShare] = []
        for sums in all where !sums.curves.isEmpty {
            if let from = provisionalFrom[sums.leaf], from < window.end.nanoseconds {
                isProvisional = true
            }
            guard sums.isTimed, covered > 0 else { continue }
            let known = Double(sums.curves[index].knownTime)
            shares.append(KnownShare(name: sums.name, known: known, covered: covered))
        }
        notes += KnownShare.notes(shares)
        if isProvisional { notes.append("provisional") }
        if isTooLarge { notes.append(SliceNotes.tooLarge) }
        return notes.isEmpty ? "" : notes.joined(separator: ", ")
    }
}

/// The sums of one aggregate by slice, and what its word makes of them.
struct AggregateSums {
    /// The aggregate as it is written.
    var name: String
    let word: AggregateWord
    let factor: Double
    let leaf: Int
    var samples: [SampleSums]
    var curves: [CurveSums]

    /// Whether rows say how much of its time is known.
    var isTimed: Bool { word.isTimed }

    mutating func merge(_ other: AggregateSums, _ slice: Int, into place: Int) {
        if !samples.isEmpty { samples[place].merge(other.samples[slice]) }
        if !curves.isEmpty { curves[place].merge(other.curves[slice]) }
    }

    mutating func append(_ other: AggregateSums, _ slice: Int) {
        if !other.samples.isEmpty { samples.append(other.samples[slice]) }
        if !other.curves.isEmpty { curves.append(other.curves[slice]) }
    }

    /// The aggregate's value in a slice, or nil where nothing is known; the rules are those of
    /// `AggregateTotals`.
    func value(_ slice: Int, covered: Int64) -> Double? {
        raw(slice, covered).map { $0 * factor }
    }

    private func raw(_ slice: Int, _ covered: Int64) -> Double? {
        switch word {
        case .mean: return samples[slice].count > 0 ? mean(slice) : nil
        case .sum: return samples[slice].count > 0 ? samples[slice].sum : nil
        case .count: return Double(samples[slice].count)
        case .highest: return samples[slice].count > 0 ? samples[slice].maximum : nil
        case .lowest: return samples[slice].count > 0 ? samples[slice].minimum : nil
        case .earliest: return samples[slice].count > 0 ? samples[slice].first : nil
        case .latest: return samples[slice].count > 0 ? samples[slice].last : nil
        case .avg:
            let curve = curves[slice]
            guard curve.knownTime > 0 else { return samples[slice].count > 0 ? mean(slice) : nil }
            return curve.integral / (Double(curve.knownTime) / 1e9)
        case .min:
            let least = min(curves[slice].minimum, samples[slice].minimum)
            return least.isFinite ? least : nil
        case .max:
            let greatest = max(curves[slice].maximum, samples[slice].maximum)
            return greatest.isFinite ? greatest : nil
        case .total: return curves[slice].knownTime > 0 ? curves[slice].integral : nil
        case .coverage:
            let known = Double(curves[slice].knownTime)
            return covered > 0 ? known / Double(covered) : nil
        default: return nil
        }
    }

    private func mean(_ slice: Int) -> Double {
        samples[slice].sum / Double(samples[slice].count)
    }
}

extension AggregateWord {
    /// Whether it is about the curve, of which some time may not be known.
    fileprivate var isTimed: Bool {
        switch self {
        case .avg, .min, .max, .total, .coverage: true
        default: false
        }
    }
}

extension Question {
    /// What an outer aggregate makes of one value per asset.
    func value(_ across: AggregateWord, of values: [Double]) -> Double? {
        if across == .count { return Double(values.count) }
        guard !values.isEmpty else { return nil }
        var totals = SampleTotals()
        for (position, value) in values.enumerated() {
            totals.add(value, at: Int64(position), keepsValues: true)
        }
        switch across {
        case .sum: return totals.sum
        case .avg, .mean: return totals.mean
        case .min, .lowest: return totals.minimum
        case .max, .highest: return totals.maximum
        case .stddev: return totals.deviation
        case .median: return totals.percentile(50)
        case .percentile(let percent): return totals.percentile(percent)
        default: return nil
        }
    }
}
