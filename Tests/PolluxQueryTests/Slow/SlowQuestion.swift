import PolluxModel
import PolluxTestKit

/// A random question with the rows that loops over arrays give.
struct SlowQuestion {
    /// A cell.
    enum Value {
        case missing
        case number(Double)
        case word(String)
        /// Between two samples; what buckets tell of it is within 1 % of them.
        case percentile(Double, between: Double, and: Double)
        /// Not looked at.
        case anything

        /// Its number, if it is one.
        var number: Double? {
            switch self {
            case .number(let number), .percentile(let number, _, _): number
            case .missing, .word, .anything: nil
            }
        }
    }

    /// A row.
    struct Row {
        var name: String
        var start: Timestamp
        var end: Timestamp?
        var cells: [Cell]
        /// Whether its note has some words, and how much of it is known.
        var notes: [String: Bool] = [:]
        var known: Double?
    }

    /// A value, and others that are right too.
    struct Cell {
        var value: Value
        var others: [Value] = []
    }

    /// One aggregate of a measure or of a condition.
    struct Item {
        var word: String
        var measure: String
        var condition: SlowAnswer.Condition?
        var across: String?

        /// Whether its answer is a word.
        var isWord: Bool { measure == "s" && ["mode", "earliest", "latest"].contains(word) }

        var text: String {
            var text = across.map { $0 + " " } ?? ""
            text += word + " "
            guard let condition else { return text + measure }
            if let word = condition.word { return text + "(\(condition.measure) = \"\(word)\")" }
            return text
                + "(\(condition.measure) \(condition.isAbove ? ">" : "<") \(condition.limit))"
        }
    }

    var plant: SlowPlant
    /// What is left of it, where that shows.
    var left: SlowPlant?
    /// The second at which the plant is frozen.
    private(set) var frozen: Int?
    private var strides = [60, 300, 420, 900]
    let now: Int
    private(set) var text = ""
    var low: Int
    var high: Int
    var items: [Item] = []
    var stride: Int?
    var length: Int?
    var isFromStart = false
    var filter: SlowAnswer.Condition?
    var grouping: String?
    var ranking: (isTop: Bool, count: Int)?
    var episode: SlowAnswer.Episode?
    /// Whether the range of each asset begins with the last change of its machine's tool.
    var isSinceChange = false
    /// The event whose spans are the slices.
    var event: String?
    /// Whether the newest value of all is asked for.
    var isNewest = false
    /// The worst quality of samples that are taken for good ones.
    var quality: String?
    /// How much earlier the span is that the answer is compared with.
    var shift: Int?
    /// Whether only the time inside jobs is asked about.
    var isDuringJobs = false
    var path = ""

    init(plant: SlowPlant, _ random: inout Seed) {
        self.plant = plant
        now = SlowPlant.seconds + Int.random(in: 0...40, using: &random)
        var low = Int.random(in: -300..<(SlowPlant.seconds - 60), using: &random)
        var high = Int.random(in: (low + 30)...now, using: &random)
        let lengths = plant.lives.values.flatMap(\.buckets)
        if let grid = lengths.randomElement(using: &random), random.unit() < 0.7 {
            // As buckets begin and end.
            low = Int((Double(low) / Double(grid)).rounded(.down)) * grid
            high = max(low + grid, high / grid * grid)
            strides = [1, 2, 3].map { $0 * grid }.filter { $0.isMultiple(of: 60) }
        }
        (self.low, self.high) = (low, high)
        let isMachine = random.unit() < 0.4
        path =
            (isMachine
            ? ["every machine", "machine M1", "every machine of line L1"]
            : ["every spindle", "spindle of machine M1", "every spindle of line L1", "spindle S2"])
            .randomElement(using: &random) ?? ""
        let measures = isMachine ? ["p", "p", "c"] : ["v", "v", "w", "p"]
        choose(measures, isMachine, &random)
        let kind = random.unit()
        if kind < 0.05 {
            isNewest = true
            let measure = (measures + ["s"]).randomElement(using: &random) ?? "p"
            items = [Item(word: "latest", measure: measure)]
            text = "\(items[0].text) of \(path)"
            return
        }
        if kind < 0.18 {
            askEpisodes(measures, isMachine, &random)
        } else if kind < 0.28 {
            event = random.unit() < 0.5 ? "job" : "change"
            text += " every \(event ?? "")"
        } else {
            addClauses(measures, isMachine, &random)
        }
        let canBeDuring =
            episode == nil && event == nil && !items.contains { $0.word == "times" }
        let isSteady = plant.lives.isEmpty && (isMachine && grouping != "" || path == "spindle S2")
        if canBeDuring, random.unit() < 0.3 {
            isDuringJobs = true
            text += " during every job"
        } else if episode == nil, event == nil, random.unit() < 0.15 {
            isSinceChange = true
            self.high = now
        } else if isSteady, episode == nil, event == nil, ranking == nil,
            isMachine || grouping == nil, !items.contains(where: { $0.isWord }),
            random.unit() < 0.3
        {
            shift = (stride ?? 60) * Int.random(in: 1...20, using: &random)
            text += " compare with \((shift ?? 0) / 60)m ago"
        }
        let range =
            isSinceChange
            ? "since last change"
            : "between \(SlowDatabase.at(low)) and \(SlowDatabase.at(high))"
        text = items.map(\.text).joined(separator: ", ") + " of \(path) \(range)" + text
        if random.unit() < 0.2 {
            quality = random.unit() < 0.5 ? "uncertain" : "bad"
            text += " including \(quality ?? "")"
        }
        // A spindle by its name has no machine to look in where it is nowhere.
        if path != "spindle S2", random.unit() < 0.2 {
            let second = Int.random(in: 0...now, using: &random)
            frozen = second
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
            } else if chance < 0.4 {
                let words = ["mode", "mode", "earliest", "latest", "count", "coverage"]
                (item.word, item.measure) = (words.randomElement(using: &random) ?? "mode", "s")
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

    private mutating func askEpisodes(
        _ measures: [String], _ isMachine: Bool, _ random: inout Seed
    ) {
        let condition = Self.condition(measures[0], isMachine, &random)
        let minimum = [0, 5, 40].randomElement(using: &random) ?? 0
        items.removeAll { $0.condition != nil }
        if items.isEmpty { items = [Item(word: "max", measure: measures[0])] }
        func add(_ word: String, _ condition: SlowAnswer.Condition, _ length: Int) {
            let bare = Item(word: "", measure: "", condition: condition).text
            text += " \(word) \(bare.dropFirst(2).dropLast())"
            if length > 0 { text += " for \(length)s" }
        }
        add("when", condition, minimum)
        episode = SlowAnswer.Episode(condition: condition, minimum: minimum)
        guard random.unit() < 0.5 else { return }
        // What ends it never holds while it is so.
        var end = condition
        end.isAbove.toggle()
        if end.word != nil {
            end.word = "idle"
        } else {
            end.limit += (end.isAbove ? 1 : -1) * Double(Int.random(in: 0...12, using: &random)) / 8
        }
        let length = [0, 10, 60].randomElement(using: &random) ?? 0
        add("until", end, length)
        episode?.end = (end, length)
    }

    private mutating func addClauses(
        _ measures: [String], _ isMachine: Bool, _ random: inout Seed
    ) {
        if random.unit() < 0.6 {
            stride = strides.randomElement(using: &random)
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
        // What is almost alike has no order.
        let isVague = !plant.lives.isEmpty && ["median", "p90"].contains(items.first?.word)
        if items.first?.isWord == false, !isVague, random.unit() < 0.2 {
            ranking = (random.unit() < 0.5, Int.random(in: 1...2, using: &random))
            text += ranking?.isTop == true ? " top" : " bottom"
            text += " \(ranking?.count ?? 1)"
        }
    }
}
