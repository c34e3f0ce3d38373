import PolluxModel

extension SlowQuestion {
    /// What the note of a row of one asset says, where the specification fixes it.
    func addNotes(
        _ answer: SlowAnswer, _ subject: SlowAnswer.Subject, _ whole: Range<Int>,
        _ parts: [Range<Int>], to row: inout Row
    ) {
        guard !isDuringJobs, left == nil, shift == nil, let range = span(of: subject) else {
            return
        }
        let asked = Self.clipped(subject.stays, parts)
        if stride != nil || event == "job" {
            // Of slices: what goes on is open; what the range or a stay cuts is cut.
            let isOpen = whole.upperBound > now
            let inside = whole.clamped(to: range.lowerBound..<min(range.upperBound, now))
            let isThere = asked.reduce(0) { $0 + $1.clamped(to: inside).count } == inside.count
            row.notes["open"] = isOpen
            row.notes["cut"] =
                whole.lowerBound < range.lowerBound || !isThere
                || (whole.upperBound > range.upperBound && !isOpen)
        }
        guard filter == nil, items.allSatisfy({ Self.curveWords.contains($0.word) }) else { return }
        row.notes["provisional"] = items.contains { item in
            let measure = item.condition?.measure ?? item.measure
            return asked.joined().contains {
                answer.isHeldAtTheEdge(measure, of: subject, $0)
            }
        }
        guard items.count == 1 else { return }
        let heap = heap(answer, items[0], subject, asked)
        let seconds = asked.joined().count { $0 < now }
        row.known = seconds > 0 ? heap.known / Double(seconds) : nil
    }

    private static let curveWords = ["avg", "min", "max", "total", "time", "share", "mode"]

    /// The newest value of all, in the plant of now, and its age.
    func newestRow(_ answer: SlowAnswer, _ subject: SlowAnswer.Subject) -> Row? {
        guard let present = subject.stays.first(where: { $0.contains(now) }) else { return nil }
        let measure = items[0].measure
        // Its own, or of the machine that the asset is in now, since it is there.
        let own = plant.series["\(measure) \(subject.name)"]
        let homes = plant.stays.filter { $0.spindle == subject.name }
        let places =
            own != nil || homes.isEmpty
            ? [(String(subject.name.prefix(2)), SlowPlant.farPast..<SlowPlant.farFuture)]
            : homes.filter { $0.from <= now && now <= $0.to }.max { $0.from < $1.from }
                .map { [($0.machine, $0.from..<$0.to)] } ?? []
        let all = places.flatMap { machine, stay in
            (own ?? plant.series["\(measure) \(machine)"])?.samples.filter {
                $0.isGood && !$0.isEnd && $0.second <= now && stay.contains($0.second)
            } ?? []
        }.filter { sample in
            // Since it came into the path.
            present.contains(sample.second)
        }
        guard let newest = all.max(by: { $0.second < $1.second }) else { return nil }
        let gap = ["c": plant.counterGap, "p": nil, "s": plant.stateGap][measure] ?? plant.gap
        let value: Value = measure == "s" ? .word(newest.word) : .number(newest.value)
        let age = now - newest.second
        return Row(
            name: subject.name, start: SlowDatabase.at(newest.second), end: nil,
            cells: [Cell(value: value), Cell(value: .number(Double(age)))],
            notes: ["stale": gap.map { age > $0 } ?? false])
    }
}

extension SlowAnswer {
    /// Whether a second of a line is known only because its last sample is held, as neither its gap
    /// nor the stay of the asset has ended yet.
    func isHeldAtTheEdge(_ measure: String, of subject: Subject, _ second: Int) -> Bool {
        guard piece(measure, of: subject, second) != nil,
            subject.stays.contains(where: { $0.contains(second) && $0.upperBound >= now })
        else { return false }
        var key = "\(measure) \(subject.name)"
        if plant.series[key] == nil {
            let home = plant.stays.first {
                $0.spindle == subject.name && ($0.from..<$0.to).contains(second)
            }
            key = "\(measure) \(home?.machine ?? String(subject.name.prefix(2)))"
        }
        guard let series = plant.series[key], series.isLinear,
            SlowPlant.Series.entry(series.next, second) == nil,
            let last = SlowPlant.Series.entry(series.before, second)
        else { return false }
        return series.gap.map { last.second + $0 >= now } ?? true
    }
}
