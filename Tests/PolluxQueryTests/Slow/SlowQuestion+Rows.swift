import PolluxModel

extension SlowQuestion {
    /// The rows for a plant, by loops over seconds; `left` is the plant that some cells may be
    /// about instead.
    func rows(of plant: SlowPlant, orOf left: SlowPlant? = nil) -> [Row] {
        var question = self
        question.plant = seen(plant)
        question.left = left.map { seen($0) }
        guard let shift else { return question.rows() }
        let rows = question.rows()
        question.low -= shift
        question.high -= shift
        return Self.compared(rows, question.rows(), shift)
    }

    private func seen(_ plant: SlowPlant) -> SlowPlant {
        let placed = frozen.map { plant.frozen(at: $0) } ?? plant
        return quality.map { placed.including($0) } ?? placed
    }

    /// Each cell with that of the earlier row, the difference, and the percentage.
    private static func compared(_ rows: [Row], _ earlier: [Row], _ shift: Int) -> [Row] {
        rows.map { row in
            let other = earlier.first { other in
                other.name == row.name
                    && row.start.nanoseconds(since: other.start) == Int64(shift) * 1_000_000_000
            }
            var row = row
            row.cells = row.cells.indices.flatMap { index -> [Cell] in
                let values = (row.cells[index].value, other?.cells[index].value ?? .missing)
                guard let now = values.0.number, let then = values.1.number else {
                    return [values.0, values.1, .missing, .missing].map { Cell(value: $0) }
                }
                let part: Value =
                    then > 0 ? .number((now - then) / then * 100) : then < 0 ? .anything : .missing
                return [values.0, values.1, .number(now - then), part].map { Cell(value: $0) }
            }
            return row
        }
    }

    private func rows() -> [Row] {
        let answer = SlowAnswer(plant: plant, now: now)
        if let episode {
            // No bucket tells of episodes.
            let answer = SlowAnswer(plant: left ?? plant, now: now)
            return subjects.flatMap { episodeRows(answer, $0, episode) }
        }
        if isNewest { return subjects.compactMap { newestRow(answer, $0) } }
        if event != nil { return subjects.flatMap { eventRows(answer, $0) } }
        var groups: [(name: String, members: [(SlowAnswer.Subject, [Range<Int>])])] = []
        for subject in subjects {
            guard let span = span(of: subject) else { continue }
            let asked = Self.clipped(stretches(from: anchor(of: subject)), [span])
            guard !Self.clipped(subject.stays, asked).isEmpty else { continue }
            let jobTime = plant.jobTime(of: subject.name)
            for (name, all) in labels(of: subject, asked) {
                let stays = Self.clipped(all, isDuringJobs ? jobTime : [span])
                if isDuringJobs, Self.clipped(stays, asked).isEmpty { continue }
                let member = (subject, stays)
                if grouping != nil, let index = groups.firstIndex(where: { $0.name == name }) {
                    groups[index].members.append(member)
                } else {
                    groups.append((name, [member]))
                }
            }
        }
        if grouping != nil { groups.sort { $0.name < $1.name } }
        var ranked: [(rows: [Row], value: Double?)] = groups.map { group in
            let from = group.members.first.map { anchor(of: $0.0) } ?? low
            let rows = slices(of: group.members.map(\.0), from).compactMap { whole, slice in
                row(answer, group.name, group.members, whole, [slice])
            }
            let all = stretches(from: from)
            let value = items.first.flatMap { number(answer, $0, group.members, all) }
            return (rows, value)
        }
        if let ranking {
            let order = ranked.indices.filter {
                ranked[$0].value != nil && !ranked[$0].rows.isEmpty
            }.sorted { left, right in
                let (first, second) = (ranked[left].value ?? 0, ranked[right].value ?? 0)
                if first == second { return left < right }
                return ranking.isTop ? first > second : first < second
            }
            ranked = order.prefix(ranking.count).map { ranked[$0] }
        }
        return ranked.flatMap(\.rows)
    }

    /// The assets of the path, in order of name.
    var subjects: [SlowAnswer.Subject] {
        let always = [SlowPlant.farPast..<SlowPlant.farFuture]
        func spindles(_ machines: [String]) -> [SlowAnswer.Subject] {
            SlowPlant.spindles.compactMap { name in
                let stays = plant.stays.filter {
                    $0.spindle == name && machines.contains($0.machine)
                }.map { $0.from..<$0.to }
                return stays.isEmpty
                    ? nil : SlowAnswer.Subject(name: name, stays: Self.joined(stays))
            }
        }
        let places = SlowPlant.machines.map { machine in
            SlowAnswer.Subject(name: "\(machine)/spindle", stays: plant.emptiness(of: machine))
        }.filter { !$0.stays.isEmpty }
        func all(_ machines: [String], _ found: [SlowAnswer.Subject]) -> [SlowAnswer.Subject] {
            places.filter { machines.contains(String($0.name.prefix(2))) } + found
        }
        switch path {
        case "every machine":
            return SlowPlant.machines.map { SlowAnswer.Subject(name: $0, stays: always) }
        case "machine M1": return [SlowAnswer.Subject(name: "M1", stays: always)]
        case "every machine of line L1":
            return ["M1", "M2"].map { SlowAnswer.Subject(name: $0, stays: always) }
        case "spindle of machine M1": return all(["M1"], spindles(["M1"]))
        case "every spindle of line L1": return all(["M1", "M2"], spindles(["M1", "M2"]))
        case "spindle S2": return [SlowAnswer.Subject(name: "S2", stays: always)]
        default:
            return all(
                SlowPlant.machines,
                SlowPlant.spindles.map { SlowAnswer.Subject(name: $0, stays: always) })
        }
    }

    private static func joined(_ stays: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for stay in stays.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // Windows of `over` overlap; what they share counts once.
            if let last = result.last, last.upperBound >= stay.lowerBound {
                result[result.count - 1] =
                    last.lowerBound..<max(last.upperBound, stay.upperBound)
            } else {
                result.append(stay)
            }
        }
        return result
    }

    /// The groups of an asset and when it belongs to them.
    private func labels(
        of subject: SlowAnswer.Subject, _ asked: [Range<Int>]
    ) -> [(String, [Range<Int>])] {
        guard let grouping else { return [(subject.name, subject.stays)] }
        if grouping == "" { return [("", subject.stays)] }
        let machine = String(subject.name.prefix(2))
        if let line = SlowPlant.lines[machine] {
            return [(grouping == "machine" ? machine : line, subject.stays)]
        }
        var found: [(String, [Range<Int>])] = []
        var rest = subject.stays
        let stays = plant.stays.filter { $0.spindle == subject.name }
        for stay in stays {
            let label =
                grouping == "machine" ? stay.machine : SlowPlant.lines[stay.machine] ?? ""
            let parts = Self.clipped(subject.stays, [stay.from..<stay.to])
            if parts.isEmpty { continue }
            if let index = found.firstIndex(where: { $0.0 == label }) {
                found[index].1 += parts
            } else {
                found.append((label, parts))
            }
        }
        rest = rest.flatMap { Self.rest(of: $0, without: stays.map { $0.from..<$0.to }) }
        if !rest.isEmpty { found.append(("no \(grouping)", rest)) }
        // In the order in which the range meets them.
        return found.filter { !Self.clipped($0.1, asked).isEmpty }.sorted {
            (Self.clipped($0.1, asked).first?.lowerBound ?? 0)
                < (Self.clipped($1.1, asked).first?.lowerBound ?? 0)
        }
    }

    static func clipped(_ ranges: [Range<Int>], _ others: [Range<Int>]) -> [Range<Int>] {
        ranges.flatMap { range in others.map { range.clamped(to: $0) } }.filter { !$0.isEmpty }
            .sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Where the slices of a subject are counted from: the start of the range; without slices, of
    /// what is asked about it, or about any asset where groups are asked for.
    private func anchor(of subject: SlowAnswer.Subject) -> Int {
        let all = grouping == nil ? [subject] : subjects
        if isSinceChange {
            let spans = all.compactMap { one in
                span(of: one).flatMap { Self.clipped(one.stays, [$0]).isEmpty ? nil : $0 }
            }
            return spans.map(\.lowerBound).min() ?? low
        }
        guard isDuringJobs, stride == nil else { return low }
        return all.compactMap { one in
            let asked = Self.clipped(one.stays, [low..<high])
            return Self.clipped(plant.jobTime(of: one.name), asked).first?.lowerBound
        }.min() ?? low
    }

    /// The range of an asset; nil for one without such an event.
    func span(of subject: SlowAnswer.Subject) -> Range<Int>? {
        guard isSinceChange else { return low..<high }
        var machine = String(subject.name.prefix(2))
        if SlowPlant.spindles.contains(subject.name) {
            // The one that contained it last in the path.
            let last = plant.stays.filter {
                $0.spindle == subject.name
                    && !Self.clipped(subject.stays, [$0.from..<$0.to]).isEmpty
            }.max { $0.from < $1.from }
            machine = last?.machine ?? ""
        }
        return plant.changes[machine]?.last { $0 <= now }.map { $0..<now }
    }

    private func stretches(from anchor: Int) -> [Range<Int>] {
        let range = isSinceChange ? anchor..<high : low..<high
        guard stride != nil else { return [range] }
        return Self.joined(
            wholes(from: anchor).map { $0.clamped(to: range) }.filter { !$0.isEmpty })
    }

    /// The slices as the clock cuts them; second 0 is eight in the morning.
    private func wholes(from anchor: Int) -> [Range<Int>] {
        guard let stride else { return [anchor..<high] }
        var start = anchor
        if !isFromStart {
            start = -28_800 + (anchor + 28_800) / stride * stride
        }
        var found: [Range<Int>] = []
        while start < high {
            let end = start + stride
            found.append(start..<(length.map { start + $0 } ?? end))
            start = end
        }
        return found
    }

    /// Slices with the part that is read; without `every` one for each stay.
    private func slices(
        of members: [SlowAnswer.Subject], _ anchor: Int
    ) -> [(Range<Int>, Range<Int>)] {
        let range = isSinceChange ? anchor..<high : low..<high
        guard stride == nil else {
            return wholes(from: anchor).map { ($0, $0.clamped(to: range)) }
                .filter { !$0.1.isEmpty }
        }
        guard grouping == nil, let subject = members.first else {
            return [(anchor..<high, range)]
        }
        let jobTime = plant.jobTime(of: subject.name)
        return Self.clipped(subject.stays, [range]).map { stay in
            let read = isDuringJobs ? Self.clipped([stay], jobTime) : [stay]
            return ((read.first ?? stay).lowerBound..<stay.upperBound, stay)
        }
    }

    private func row(
        _ answer: SlowAnswer, _ name: String, _ members: [(SlowAnswer.Subject, [Range<Int>])],
        _ whole: Range<Int>, _ parts: [Range<Int>]
    ) -> Row? {
        let isThere = members.contains { !Self.clipped($0.1, parts).isEmpty }
        guard isThere else { return nil }
        var row = Row(
            name: name, start: SlowDatabase.at(whole.lowerBound), end: nil,
            cells: items.map { cell(answer, $0, members, parts) })
        if grouping == nil, let subject = members.first?.0 {
            addNotes(answer, subject, whole, parts, to: &row)
        }
        return row
    }

    private func cell(
        _ answer: SlowAnswer, _ item: Item, _ members: [(SlowAnswer.Subject, [Range<Int>])],
        _ stretches: [Range<Int>]
    ) -> Cell {
        let pieces = pieces(item, members, stretches)
        let whole = pieces.map { heap(answer, item, $0.subject, $0.parts) }
        var cell = Cell(value: value(item, SlowAnswer.pooled(whole)))
        guard let left else { return cell }
        // Each piece is answered by its buckets or by the points that are left.
        let less = SlowAnswer(plant: left, now: now)
        var choices = [whole]
        for (index, piece) in pieces.enumerated()
        where !items.allSatisfy({ isInBuckets($0, piece) }) {
            let poorer = heap(less, item, piece.subject, piece.parts)
            guard poorer != whole[index] else { continue }
            choices += choices.map { choice in
                var choice = choice
                choice[index] = poorer
                return choice
            }
        }
        cell.others = choices.dropFirst().map { value(item, SlowAnswer.pooled($0)) }
        return cell
    }

    /// An asset and a stretch of its time; for rates all of its time.
    private typealias Part = (
        subject: SlowAnswer.Subject, stays: [Range<Int>], parts: [Range<Int>]
    )

    private func pieces(
        _ item: Item, _ members: [(SlowAnswer.Subject, [Range<Int>])], _ stretches: [Range<Int>]
    ) -> [Part] {
        members.flatMap { subject, stays -> [Part] in
            let parts = Self.clipped(stays, stretches)
            if item.word == "rate" { return [(subject, stays, parts)] }
            let borders = machineBorders(item, subject)
            return parts.flatMap { Self.cut($0, at: borders) }.map { (subject, stays, [$0]) }
        }
    }

    /// Where a spindle changes its machine, when the measure is the machines': the buckets and the
    /// points of each are its own.
    private func machineBorders(_ item: Item, _ subject: SlowAnswer.Subject) -> Set<Int> {
        let measure = item.condition?.measure ?? item.measure
        guard plant.series["\(measure) \(subject.name)"] == nil else { return [] }
        return Set(
            plant.stays.filter { $0.spindle == subject.name }.flatMap { [$0.from, $0.to] })
    }

    private static func cut(_ part: Range<Int>, at borders: Set<Int>) -> [Range<Int>] {
        let inside = borders.filter { part.lowerBound < $0 && $0 < part.upperBound }.sorted()
        return zip([part.lowerBound] + inside, inside + [part.upperBound]).map { $0..<$1 }
    }

    private func number(
        _ answer: SlowAnswer, _ item: Item, _ members: [(SlowAnswer.Subject, [Range<Int>])],
        _ stretches: [Range<Int>]
    ) -> Double? {
        let heaps = pieces(item, members, stretches).map {
            heap(answer, item, $0.subject, $0.parts)
        }
        return value(item, SlowAnswer.pooled(heaps)).number
    }

    func heap(
        _ answer: SlowAnswer, _ item: Item, _ subject: SlowAnswer.Subject, _ parts: [Range<Int>]
    ) -> SlowAnswer.Heap {
        if let condition = item.condition {
            let start = span(of: subject)?.lowerBound ?? low
            return answer.heap(condition, of: subject, over: parts, from: start)
        }
        return answer.heap(item.measure, of: subject, over: parts, where: filter)
    }

    private func value(_ item: Item, _ heap: SlowAnswer.Heap) -> Value {
        if let percent = ["median": 50, "p90": 90.0][item.word] {
            return SlowAnswer.percentile(heap.samples.map(\.value), percent)
        }
        if item.isWord, item.word != "mode" {
            // Of several at one second the first by the alphabet.
            let sign = item.word == "latest" ? -1 : 1
            return heap.samples.min { (sign * $0.second, $0.word) < (sign * $1.second, $1.word) }
                .map { .word($0.word) } ?? .missing
        }
        guard item.word == "mode" else {
            return SlowAnswer.value(item.word, heap).map { .number($0) } ?? .missing
        }
        // Of several the least.
        guard let longest = heap.words.values.max() else { return .missing }
        return .word(heap.words.filter { $0.value == longest }.keys.min() ?? "")
    }

    /// Whether buckets surely hold what an item asks about a piece, so that it does not matter how
    /// many of its points are left.
    private func isInBuckets(_ item: Item, _ piece: Part) -> Bool {
        let measure = item.condition?.measure ?? item.measure
        let key = "\(measure) \(piece.subject.name)"
        let plain = ["avg", "min", "max", "total", "mean", "count", "earliest", "latest"]
        let words =
            switch measure {
            case "s":
                ["mode", "time", "share", "times", "count", "earliest", "latest", "coverage"]
            case "c": plain + ["coverage", "delta", "rate"]
            default: plain + ["coverage", "median", "p90"]
            }
        guard let life = plant.lives[measure], plant.series[key] != nil, words.contains(item.word),
            filter == nil, !isFromStart, length == nil, !isDuringJobs, !isSinceChange, event == nil,
            quality == nil,
            grouping == nil || labels(of: piece.subject, [low..<high]).count == 1
        else { return false }
        func isBorder(_ second: Int, _ length: Int) -> Bool {
            // Second 0 is eight in the morning, which is a multiple of the lengths but for 7m.
            (second + 1_772_438_400).isMultiple(of: length)
        }
        if let doomed = plant.doomed[key]?.stretch, let longest = life.buckets.max() {
            guard isBorder(doomed.lowerBound, longest), isBorder(doomed.upperBound, longest) else {
                return false
            }
        }
        let stays = Self.clipped(piece.stays, [low..<high])
        let borders = stays.flatMap { [$0.lowerBound, $0.upperBound] }
        return life.buckets.contains { length in
            borders.allSatisfy { isBorder($0, length) }
                && (stride == nil
                    || wholes(from: low).allSatisfy {
                        isBorder($0.lowerBound, length) && isBorder($0.upperBound, length)
                    })
        }
    }

    private func episodeRows(
        _ answer: SlowAnswer, _ subject: SlowAnswer.Subject, _ episode: SlowAnswer.Episode
    ) -> [Row] {
        guard !Self.clipped(subject.stays, [low..<high]).isEmpty else { return [] }
        return answer.spans(of: episode, of: subject).filter { span in
            span.start < Double(high) && span.end > Double(low)
        }.map { span in
            func time(_ second: Double) -> Timestamp {
                SlowDatabase.at(0).advanced(by: Int64((second * 1e9).rounded()))
            }
            // Items are about whole seconds only.
            let isWhole = span.start.rounded() == span.start && span.end.rounded() == span.end
            let inside = (Int(span.start)..<Int(span.end)).clamped(to: low..<high)
            let cells = items.map { item -> Cell in
                guard isWhole else { return Cell(value: .anything) }
                return cell(answer, item, [(subject, subject.stays)], [inside])
            }
            return Row(
                name: subject.name, start: time(span.start), end: time(span.end), cells: cells,
                notes: ["began earlier": span.start < Double(low)])
        }
    }

    /// A row for each span of an event that an asset took part in.
    private func eventRows(_ answer: SlowAnswer, _ subject: SlowAnswer.Subject) -> [Row] {
        let isSpindle = SlowPlant.spindles.contains(subject.name)
        let homes =
            isSpindle
            ? plant.stays.filter { $0.spindle == subject.name }
            : [
                SlowPlant.Stay(
                    spindle: "", machine: String(subject.name.prefix(2)),
                    from: SlowPlant.farPast, to: SlowPlant.farFuture)
            ]
        var rows: [(whole: Range<Int>, parts: [Range<Int>])] = []
        var nobodys = [low..<high]
        for machine in SlowPlant.machines {
            let here = Self.clipped(
                homes.filter { $0.machine == machine }.map { $0.from..<$0.to }, subject.stays)
            let spans = eventSpans(of: machine)
            let counts = event == "job" ? !Self.clipped(here, spans).isEmpty : spans.count > 1
            guard counts else { continue }
            nobodys = event == "job" ? [] : nobodys.flatMap { Self.rest(of: $0, without: here) }
            let read = Self.clipped(here, [low..<high])
            for whole in spans {
                let parts = Self.clipped(read, [whole])
                guard let part = parts.first else { continue }
                // What has no bounds of its own goes from where it is read first to now.
                let start =
                    whole.lowerBound == SlowPlant.farPast ? part.lowerBound : whole.lowerBound
                let end = whole.upperBound == SlowPlant.farFuture ? now : whole.upperBound
                rows.append((start..<end, parts))
            }
        }
        // Time in which nobody's events count; of jobs where none ever did.
        rows += nobodys.map { ($0, Self.clipped(subject.stays, [$0])) }
        rows.sort { $0.whole.lowerBound < $1.whole.lowerBound }
        return rows.compactMap { whole, parts in
            var row = row(answer, subject.name, [(subject, subject.stays)], whole, parts)
            if nobodys.contains(whole) {
                row?.notes = ["cut": true, "open": whole.upperBound > now]
            }
            return row
        }
    }

    /// The parts of a range outside others.
    private static func rest(of range: Range<Int>, without others: [Range<Int>]) -> [Range<Int>] {
        others.reduce([range]) { rest, other in
            rest.flatMap { part in
                [
                    part.clamped(to: SlowPlant.farPast..<other.lowerBound),
                    part.clamped(to: other.upperBound..<SlowPlant.farFuture),
                ].filter { !$0.isEmpty }
            }
        }
    }

    /// The spans of jobs of a machine, or from one change of its tool to the next.
    private func eventSpans(of machine: String) -> [Range<Int>] {
        if event == "job" { return plant.jobs[machine] ?? [] }
        let borders =
            [SlowPlant.farPast] + (plant.changes[machine] ?? []) + [SlowPlant.farFuture]
        return zip(borders, borders.dropFirst()).map { $0..<$1 }
    }
}
