import PolluxModel
import PolluxTestKit

/// A random question with the rows that loops over arrays give.
struct SlowQuestion {
    /// A cell.
    enum Value {
        case missing
        case number(Double)
        case word(String)
        /// Two answers are right, such as the mode of a tie.
        case anything
    }

    /// A row.
    struct Row {
        var name: String
        var start: Timestamp
        var end: Timestamp?
        var values: [Value]
    }

    /// One aggregate of a measure or of a condition.
    struct Item {
        var word: String
        var measure: String
        var condition: SlowAnswer.Condition?
        var across: String?

        var text: String {
            var text = across.map { $0 + " " } ?? ""
            text += word + " "
            guard let condition else { return text + measure }
            if let word = condition.word { return text + "(\(condition.measure) = \"\(word)\")" }
            return text
                + "(\(condition.measure) \(condition.isAbove ? ">" : "<") \(condition.limit))"
        }
    }

    private(set) var plant: SlowPlant
    let now: Int
    private(set) var text = ""
    private let low: Int
    private let high: Int
    private var items: [Item] = []
    private var stride: Int?
    private var length: Int?
    private var isFromStart = false
    private var filter: SlowAnswer.Condition?
    private var grouping: String?
    private var ranking: (isTop: Bool, count: Int)?
    private var episode: (condition: SlowAnswer.Condition, minimum: Int)?
    /// Whether only the time inside jobs is asked about.
    private var isDuringJobs = false
    private var path = ""

    init(plant: SlowPlant, _ random: inout Seed) {
        self.plant = plant
        now = SlowPlant.seconds + Int.random(in: 0...40, using: &random)
        low = Int.random(in: -300..<(SlowPlant.seconds - 60), using: &random)
        high = Int.random(in: (low + 30)...now, using: &random)
        let isMachine = random.unit() < 0.4
        path =
            (isMachine
            ? ["every machine", "machine M1", "every machine of line L1"]
            : ["every spindle", "spindle of machine M1", "every spindle of line L1", "spindle S2"])
            .randomElement(using: &random) ?? ""
        let measures = isMachine ? ["p", "p", "c"] : ["v", "v", "w", "p"]
        choose(measures, isMachine, &random)
        text = items.map(\.text).joined(separator: ", ")
        text += " of \(path) between \(SlowDatabase.at(low)) and \(SlowDatabase.at(high))"
        addClauses(measures, isMachine, &random)
        let canBeDuring =
            episode == nil && !items.contains { $0.word == "times" }
        if canBeDuring, random.unit() < 0.3 {
            isDuringJobs = true
            text += " during every job"
        }
        // A spindle by its name has no machine to look in where it is nowhere.
        if path != "spindle S2", random.unit() < 0.2 {
            let second = Int.random(in: 0...now, using: &random)
            self.plant = plant.frozen(at: second)
            text += " as of \(SlowDatabase.at(second))"
        }
    }

    private mutating func choose(
        _ measures: [String], _ isMachine: Bool, _ random: inout Seed
    ) {
        let words = [
            "avg", "min", "max", "total", "coverage", "mean", "count", "median", "p90", "stddev",
            "earliest", "latest", "slope",
        ]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let chance = random.unit()
            let measure = measures.randomElement(using: &random) ?? "p"
            var item = Item(word: words.randomElement(using: &random) ?? "avg", measure: measure)
            if chance < 0.2 {
                item.word = ["time", "share", "times"].randomElement(using: &random) ?? "time"
                item.condition = Self.condition(measure, isMachine, &random)
            } else if chance < 0.3, isMachine {
                (item.word, item.measure) = (random.unit() < 0.7 ? "delta" : "rate", "c")
            } else if chance < 0.4, isMachine {
                (item.word, item.measure) = ("mode", "s")
            }
            if !items.contains(where: { $0.text == item.text }) { items.append(item) }
        }
    }

    private static func condition(
        _ measure: String, _ isMachine: Bool, _ random: inout Seed
    ) -> SlowAnswer.Condition {
        if isMachine, random.unit() < 0.4 {
            return SlowAnswer.Condition(measure: "s", isAbove: true, limit: 0, word: "running")
        }
        // Between the eighths that values are, so that no curve touches it.
        let limit = Double(Int.random(in: -60...60, using: &random)) / 8 + 0.03125
        return SlowAnswer.Condition(
            measure: measure == "c" ? "p" : measure, isAbove: random.unit() < 0.5, limit: limit)
    }

    private mutating func addClauses(
        _ measures: [String], _ isMachine: Bool, _ random: inout Seed
    ) {
        if random.unit() < 0.15 {
            let condition = Self.condition(measures[0], isMachine, &random)
            episode = (condition, [0, 5, 40].randomElement(using: &random) ?? 0)
            items.removeAll { $0.condition != nil }
            if items.isEmpty { items = [Item(word: "max", measure: measures[0])] }
            text = items.map(\.text).joined(separator: ", ")
            text += " of \(path) between \(SlowDatabase.at(low)) and \(SlowDatabase.at(high))"
            let bare = Item(word: "", measure: "", condition: condition).text
            text += " when \(bare.dropFirst(2).dropLast())"
            if let minimum = episode?.minimum, minimum > 0 { text += " for \(minimum)s" }
            return
        }
        if random.unit() < 0.6 {
            stride = [60, 300, 420, 900].randomElement(using: &random)
            text += " every \((stride ?? 60) / 60)m"
            if random.unit() < 0.25 {
                length = [30, 120, 600].randomElement(using: &random)
                text += " over \(length ?? 0)s"
            }
            if random.unit() < 0.3 {
                isFromStart = true
                text += " from start"
            }
        }
        let hasConditions = items.contains { $0.condition != nil }
        let hasCounters = items.contains { $0.measure == "c" && $0.word != "avg" }
        if !hasConditions, !hasCounters, random.unit() < 0.2 {
            filter = SlowAnswer.Condition(
                measure: isMachine ? "p" : "w", isAbove: random.unit() < 0.5,
                limit: Double(Int.random(in: -40...40, using: &random)) / 8 + 0.03125)
            text +=
                " where \(filter?.measure ?? "") \(filter?.isAbove == true ? ">" : "<") "
                + "\(filter?.limit ?? 0)"
        }
        if random.unit() < 0.3 {
            grouping = isMachine || random.unit() < 0.5 ? "line" : "machine"
            if random.unit() < 0.2 { grouping = "" }
            text += grouping == "" ? " overall" : " per \(grouping ?? "")"
        }
        if items.first?.word != "mode", random.unit() < 0.2 {
            ranking = (random.unit() < 0.5, Int.random(in: 1...2, using: &random))
            text += ranking?.isTop == true ? " top" : " bottom"
            text += " \(ranking?.count ?? 1)"
        }
    }

    // MARK: Rows

    /// The rows by loops over seconds.
    func rows() -> [Row] {
        let answer = SlowAnswer(plant: plant, now: now)
        if let episode { return episodeRows(answer, episode.condition, Double(episode.minimum)) }
        var groups: [(name: String, members: [(SlowAnswer.Subject, [Range<Int>])])] = []
        for subject in subjects {
            let asked = stretches(from: anchor(of: subject))
            guard !Self.clipped(subject.stays, asked).isEmpty else { continue }
            let jobTime = plant.jobTime(of: subject.name)
            for (name, all) in labels(of: subject, asked) {
                let stays = isDuringJobs ? Self.clipped(all, jobTime) : all
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
                row(answer, group.name, group.members, whole, slice)
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
    private var subjects: [SlowAnswer.Subject] {
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
        for stay in stays {
            rest = rest.flatMap { range -> [Range<Int>] in
                let before =
                    range.lowerBound..<max(range.lowerBound, min(range.upperBound, stay.from))
                let after = min(range.upperBound, max(range.lowerBound, stay.to))..<range.upperBound
                return [before, after].filter { !$0.isEmpty }
            }
        }
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
        guard isDuringJobs, stride == nil else { return low }
        let all = grouping == nil ? [subject] : subjects
        return all.compactMap { one in
            let asked = Self.clipped(one.stays, [low..<high])
            return Self.clipped(plant.jobTime(of: one.name), asked).first?.lowerBound
        }.min() ?? low
    }

    private func stretches(from anchor: Int) -> [Range<Int>] {
        guard stride != nil else { return [low..<high] }
        return Self.joined(
            wholes(from: anchor).map { $0.clamped(to: low..<high) }.filter { !$0.isEmpty })
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
        guard stride == nil else {
            return wholes(from: anchor).map { ($0, $0.clamped(to: low..<high)) }
                .filter { !$0.1.isEmpty }
        }
        guard grouping == nil, let subject = members.first else {
            return [(anchor..<high, low..<high)]
        }
        let jobTime = plant.jobTime(of: subject.name)
        return Self.clipped(subject.stays, [low..<high]).map { stay in
            let read = isDuringJobs ? Self.clipped([stay], jobTime) : [stay]
            return ((read.first ?? stay).lowerBound..<stay.upperBound, stay)
        }
    }

    private func row(
        _ answer: SlowAnswer, _ name: String, _ members: [(SlowAnswer.Subject, [Range<Int>])],
        _ whole: Range<Int>, _ slice: Range<Int>
    ) -> Row? {
        let isThere = members.contains { !Self.clipped($0.1, [slice]).isEmpty }
        guard isThere else { return nil }
        let values = items.map { item -> Value in
            if item.word == "mode" { return mode(answer, members, slice) }
            return number(answer, item, members, [slice]).map { .number($0) } ?? .missing
        }
        return Row(name: name, start: SlowDatabase.at(whole.lowerBound), end: nil, values: values)
    }

    private func number(
        _ answer: SlowAnswer, _ item: Item, _ members: [(SlowAnswer.Subject, [Range<Int>])],
        _ stretches: [Range<Int>]
    ) -> Double? {
        let heaps = members.map { subject, stays -> SlowAnswer.Heap in
            let parts = Self.clipped(stays, stretches)
            if let condition = item.condition {
                return answer.heap(condition, of: subject, over: parts, from: low)
            }
            return answer.heap(item.measure, of: subject, over: parts, where: filter)
        }
        return SlowAnswer.value(item.word, SlowAnswer.pooled(heaps))
    }

    private func mode(
        _ answer: SlowAnswer, _ members: [(SlowAnswer.Subject, [Range<Int>])], _ slice: Range<Int>
    ) -> Value {
        let heap = SlowAnswer.pooled(
            members.map { subject, stays in
                answer.heap("s", of: subject, over: Self.clipped(stays, [slice]), where: filter)
            })
        guard let longest = heap.words.values.max() else { return .missing }
        let words = heap.words.filter { $0.value == longest }
        return words.count > 1 ? .anything : words.first.map { .word($0.key) } ?? .missing
    }

    private func episodeRows(
        _ answer: SlowAnswer, _ condition: SlowAnswer.Condition, _ minimum: Double
    ) -> [Row] {
        subjects.flatMap { subject -> [Row] in
            answer.episodes(condition, of: subject, minimum: minimum).filter { episode in
                episode.start < Double(high) && episode.end > Double(low)
                    && !Self.clipped(subject.stays, [low..<high]).isEmpty
            }.map { episode in
                func time(_ second: Double) -> Timestamp {
                    SlowDatabase.at(0).advanced(by: Int64((second * 1e9).rounded()))
                }
                return Row(
                    name: subject.name, start: time(episode.start), end: time(episode.end),
                    values: items.map { _ in .anything })
            }
        }
    }
}
