import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

/// Inheritance, attributes, typed relations and events at random, in any order of time and with
/// corrections, against plain arrays of minutes.
@Suite struct RandomTwinTests {
    private static let minutes = 40

    /// What is true at each minute, said in the obvious way.
    private struct SlowTwin {
        /// Attribute settings by asset: what holds from a minute on.
        var settings: [String: [Int: String?]] = [:]
        /// Whether a relation holds between two, minute by minute.
        var helps: [String: [Bool]] = [:]
        /// The spans of a single relation by subject.
        var feeds: [String: [(start: Int, end: Int, object: String)]] = [:]
        /// Events: asset, first minute, minute after the last; equal for an instant.
        var events: [EventID: (asset: String, start: Int, end: Int?)] = [:]

        func value(_ asset: String, _ minute: Int) -> String? {
            let known = settings[asset] ?? [:]
            return known.keys.filter { $0 <= minute }.max().flatMap { known[$0] ?? nil }
        }

        func fed(by subject: String, _ minute: Int) -> String? {
            feeds[subject]?.first { $0.start <= minute && minute < $0.end }?.object
        }

        /// A new span ends what led elsewhere before, and ends where something leads elsewhere
        /// later; false when there is no room at all.
        mutating func feed(_ subject: String, _ object: String, _ start: Int, _ end: Int) -> Bool {
            var end = end
            var spans = feeds[subject] ?? []
            for index in spans.indices where spans[index].object != object {
                let span = spans[index]
                guard span.start < end, span.end > start else { continue }
                if span.start >= start { end = min(end, span.start) }
            }
            guard start < end else { return false }
            for index in spans.indices where spans[index].object != object {
                if spans[index].start < start, spans[index].end > start { spans[index].end = start }
            }
            // Spans to one object that touch are one.
            var joined = (start: start, end: end, object: object)
            spans.removeAll { span in
                guard span.object == object, span.start <= joined.end, joined.start <= span.end
                else { return false }
                joined.start = min(joined.start, span.start)
                joined.end = max(joined.end, span.end)
                return true
            }
            feeds[subject] = spans + [joined]
            return true
        }
    }

    private static func at(_ minute: Int) -> Timestamp {
        Plant.at("10:00").advanced(by: Int64(minute) * 60_000_000_000)
    }

    private static func range(_ start: Int, _ end: Int) -> TimeRange {
        TimeRange(start: at(start), end: end >= minutes ? .distantFuture : at(end))
    }

    private static let names = ["A1", "A2", "B1", "B2", "C1", "C2"]

    private static func make() throws -> Plant {
        let plant = try Plant()
        try plant.write { transaction in
            for (name, extends) in [
                ("part", []), ("a-part", ["part"]), ("b-part", ["part"]),
                ("c-part", ["a-part", "b-part"]),
            ] as [(String, [String])] {
                try plant.graph.declareType(
                    TypeDeclaration(
                        name: name, extends: extends,
                        settings: name == "part" ? [Attribute("level", .boolean(true))] : []),
                    by: plant.by, in: transaction)
            }
            for (type, measure) in [("part", "weight"), ("a-part", "length"), ("b-part", "length")]
            {
                var declaration = MeasureDeclaration(name: measure)
                declaration.unit = type == "b-part" ? "inch" : type == "part" ? "kg" : "mm"
                let id = try #require(try plant.graph.type(named: type, in: transaction)).type.id
                try plant.graph.declareMeasure(declaration, of: id, by: plant.by, in: transaction)
            }
            try plant.graph.declareRelation(named: "helps", by: plant.by, in: transaction)
            try plant.graph.declareRelation(
                named: "feeds", inverse: "fed by", settings: [Attribute("single", .boolean(true))],
                by: plant.by, in: transaction)
        }
        try plant.create("line", "L1")
        for name in names {
            try plant.create(name.prefix(1).lowercased() + "-part", name, of: "L1")
        }
        return plant
    }

    private static func change(
        _ plant: Plant, _ slow: inout SlowTwin, using seed: inout Seed
    ) throws {
        func pick() -> String { names[Int.random(in: 0..<names.count, using: &seed)] }
        let (one, other) = (pick(), pick())
        let start = Int.random(in: 0..<minutes, using: &seed)
        let end = Int.random(in: start + 1...minutes, using: &seed)
        let (graph, by) = (plant.graph, plant.by)
        let subject = try #require(plant.ids[one])
        let object = try #require(plant.ids[other])
        func relation(_ name: String) throws -> RelationID {
            try #require(try plant.read { try graph.relation(named: name, in: $0) }).definition.id
        }
        switch Int.random(in: 0..<8, using: &seed) {
        case 0, 1:
            let value = Bool.random(using: &seed) ? "v\(Int.random(in: 0..<3, using: &seed))" : nil
            try plant.write {
                try graph.setAttribute(
                    "mark", of: subject, to: value.map { .text($0) }, from: at(start), by: by,
                    in: $0)
            }
            // A setting that says what holds anyway is none.
            if slow.value(one, start) != value { slow.settings[one, default: [:]][start] = value }
        case 2, 3:
            let helps = try relation("helps")
            let key = one + other
            var held = slow.helps[key] ?? [Bool](repeating: false, count: minutes)
            if Bool.random(using: &seed) || !held[start...].contains(true) {
                try plant.write {
                    try graph.relate(
                        subject, helps, object, during: range(start, end), by: by, in: $0)
                }
                for minute in start..<end { held[minute] = true }
            } else {
                try plant.write {
                    try graph.unrelate(subject, helps, object, at: at(start), by: by, in: $0)
                }
                for minute in start..<minutes { held[minute] = false }
            }
            slow.helps[key] = held
        case 4, 5:
            let feeds = try relation("feeds")
            let isTaken = slow.feed(one, other, start, end)
            do {
                try plant.write {
                    try graph.relate(
                        subject, feeds, object, during: range(start, end), by: by, in: $0)
                }
                #expect(isTaken)
            } catch GraphError.conflict {
                #expect(!isTaken)
            }
        case 6:
            let kind = Int.random(in: 0..<3, using: &seed)
            let time: EventTime =
                kind == 0
                ? .instant(at(start))
                : kind == 1
                    ? .open(from: at(start))
                    : .span(TimeRange(start: at(start), end: at(end)))
            let id = try plant.write {
                try graph.record(event: "job", of: subject, at: time, by: by, in: $0)
            }
            slow.events[id] = (one, start, kind == 0 ? start : kind == 1 ? nil : end)
        default:
            let ids = slow.events.keys.sorted { $0.rawValue < $1.rawValue }
            guard !ids.isEmpty else { return }
            let id = ids[Int.random(in: 0..<ids.count, using: &seed)]
            if Bool.random(using: &seed) {
                try plant.write { try graph.deleteEvent(id, by: by, in: $0) }
                slow.events[id] = nil
            } else {
                let span = TimeRange(start: at(start), end: at(end))
                try plant.write { try graph.editEvent(id, time: .span(span), by: by, in: $0) }
                slow.events[id]?.start = start
                slow.events[id]?.end = end
            }
        }
    }

    private static func compare(_ plant: Plant, _ slow: SlowTwin, _ why: String) throws {
        let graph = plant.graph
        try plant.read { transaction in
            let helps = try #require(try graph.relation(named: "helps", in: transaction)).definition
            let feeds = try #require(try graph.relation(named: "feeds", in: transaction)).definition
            for minute in 0..<minutes {
                let moment = TimeRange(start: at(minute), end: at(minute).advanced(by: 1))
                func follow(_ relation: RelationID, from name: String) throws -> Set<String> {
                    let path = GraphPath(
                        steps: [
                            PathStep(type: nil, isEvery: true),
                            PathStep(type: nil, names: .assets([try #require(plant.ids[name])])),
                        ], links: [.that(relation, isInverse: true)])
                    return Set(
                        try graph.resolve(path, during: moment, in: transaction).pieces.map {
                            try graph.displayName(of: $0.subject, in: transaction)
                        })
                }
                for name in names {
                    let id = try #require(plant.ids[name])
                    let value = try graph.attribute("mark", of: id, at: at(minute), in: transaction)
                    #expect(
                        value == slow.value(name, minute).map { .text($0) },
                        "\(why) \(name)@\(minute)")
                    let helped = names.filter { slow.helps[name + $0]?[minute] ?? false }
                    #expect(
                        try follow(helps.id, from: name) == Set(helped), "\(why) \(name)@\(minute)")
                    let fed = slow.fed(by: name, minute)
                    #expect(
                        try follow(feeds.id, from: name) == Set([fed].compactMap { $0 }),
                        "\(why) \(name)@\(minute)")
                }
            }
            for name in names {
                let id = try #require(plant.ids[name])
                for start in stride(from: 0, to: minutes, by: 7) {
                    let range = TimeRange(start: at(start), end: at(start + 5))
                    let found = try graph.events(of: id, overlapping: range, in: transaction)
                    let wanted = slow.events.filter { _, event in
                        guard event.asset == name, event.start < start + 5 else { return false }
                        guard let end = event.end else { return true }
                        return end > start || event.start >= start
                    }
                    #expect(Set(found.map(\.id)) == Set(wanted.keys), "\(why) events of \(name)")
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func twinsAgree(_ number: UInt64) throws {
        var seed = Seed(number)
        let plant = try RandomTwinTests.make()
        var slow = SlowTwin()
        for _ in 0..<60 { try RandomTwinTests.change(plant, &slow, using: &seed) }
        try RandomTwinTests.compare(plant, slow, "seed \(number)")
    }

    @Test func typesAnswerForWhatExtendsThem() throws {
        let plant = try RandomTwinTests.make()
        let graph = plant.graph
        try plant.read { transaction in
            func every(_ type: String) throws -> [String] {
                let path = GraphPath(
                    steps: [
                        PathStep(
                            type: try #require(try graph.type(named: type, in: transaction)).type
                                .id,
                            isEvery: true),
                        PathStep(type: nil, names: .assets([try #require(plant.ids["L1"])])),
                    ], links: [.of])
                return try graph.resolve(path, during: .always, in: transaction).pieces.map {
                    try graph.displayName(of: $0.subject, in: transaction)
                }
            }
            #expect(try every("part") == RandomTwinTests.names)
            #expect(try every("a-part") == ["A1", "A2", "C1", "C2"])
            #expect(try every("b-part") == ["B1", "B2", "C1", "C2"])
            #expect(try every("c-part") == ["C1", "C2"])
            let both = try #require(try graph.type(named: "c-part", in: transaction)).type
            // The first of the types it extends counts.
            let length = try #require(
                try graph.measure(named: "length", of: both.id, in: transaction))
            #expect(length.definition.unit == "mm")
            #expect(
                try graph.measures(of: both.id, in: transaction).map(\.definition.name)
                    == ["length", "weight"])
        }
        #expect(throws: GraphError.self) {
            try plant.write {
                try graph.declareType(
                    TypeDeclaration(name: "part", extends: ["c-part"]), by: plant.by, in: $0)
            }
        }
    }
}
