import PolluxGraph
import PolluxKeyValue
import PolluxModel
import Testing

/// Attributes with validity, relations that end, patterns of names, deleted events.
@Suite struct AttributeTests {
    @Test func anAttributeHoldsUntilItsNextSetting() throws {
        let plant = try Plant.example()
        let (graph, by) = (plant.graph, plant.by)
        let machine = try #require(plant.ids["CNC-3"])
        try plant.write { transaction in
            // Recorded out of order: the past may be filled in later.
            for (value, clock) in [("C", "12:00"), ("A", "08:00"), ("B", "10:00")] {
                try graph.setAttribute(
                    "model", of: machine, to: .text(value), from: Plant.at(clock), by: by,
                    in: transaction)
            }
            try graph.setAttribute(
                "model", of: machine, to: nil, from: Plant.at("14:00"), by: by, in: transaction)
            try graph.setAttribute(
                "year", of: machine, to: .integer(2019), from: .distantPast, by: by,
                in: transaction)
        }
        try plant.read { transaction in
            func value(_ clock: String, _ name: String = "model") throws -> Value? {
                try graph.attribute(name, of: machine, at: Plant.at(clock), in: transaction)
            }
            #expect(try value("07:59") == nil)
            #expect(try value("08:00") == .text("A"))
            #expect(try value("09:59") == .text("A"))
            #expect(try value("10:00") == .text("B"))
            #expect(try value("13:59", "MODEL") == .text("C"))
            #expect(try value("14:00") == nil)
            #expect(try value("14:00", "year") == .integer(2019))
            #expect(try value("14:00", "colour") == nil)
            let range = TimeRange(start: Plant.at("09:00"), end: Plant.at("15:00"))
            let pieces = try graph.attributes(
                of: machine, named: "model", during: range, in: transaction)
            #expect(pieces.map(\.value) == [.text("A"), .text("B"), .text("C"), nil])
            #expect(pieces.first?.range.start == Plant.at("09:00"))
            #expect(pieces.last?.range.end == Plant.at("15:00"))
            let all = try graph.attributes(of: machine, during: range, in: transaction)
            #expect(all.map(\.name) == ["model", "model", "model", "model", "year"])
            #expect(try graph.attributeNames(in: transaction) == ["model", "year"])
        }
        try plant.write { transaction in
            let before = try graph.log(limit: 1, in: transaction).first?.number
            try graph.setAttribute(
                "model", of: machine, to: .text("B"), from: Plant.at("11:00"), by: by,
                in: transaction)
            #expect(try graph.log(limit: 1, in: transaction).first?.number == before)
        }
        let retired = try #require(plant.ids["SP-8"])
        #expect(throws: GraphError.self) {
            try plant.write {
                try graph.setAttribute(
                    "maker", of: retired, to: .text("M"), from: Plant.at("12:00"), by: by, in: $0)
            }
        }
    }

    @Test func patternsMatchNames() throws {
        let plant = try Plant.example()
        func machines(_ pattern: String) throws -> [String] {
            try plant.pieces([("machine", .like(pattern), true)], from: "10:00", to: "11:00")
                .map { String($0.prefix(while: { $0 != " " })) }
        }
        #expect(try machines("CNC-*") == ["CNC-3", "CNC-4", "CNC-5"])
        #expect(try machines("*-4") == ["CNC-4"])
        #expect(try machines("CNC-?") == ["CNC-3", "CNC-4", "CNC-5"])
        #expect(try machines("CNC-3") == ["CNC-3"])
        #expect(try machines("CNC") == [])
        #expect(try machines("*") == ["CNC-3", "CNC-4", "CNC-5"])
        let inLine = try plant.pieces(
            [("spindle", .like("SP-*"), true), ("line", .like("*2"), true)])
        #expect(inLine == ["SP-7 10:00-12:00", "SP-8 10:00-11:00", "SP-9 11:00-12:00"])
    }

    @Test func aRelationEnds() throws {
        let plant = try Plant.example()
        let graph = plant.graph
        try plant.create("pump", "P-7")
        let (pump, machine) = (try #require(plant.ids["P-7"]), try #require(plant.ids["CNC-3"]))
        func ranges(_ feeds: RelationID) throws -> [TimeRange] {
            try plant.read { transaction in
                try graph.links(of: pump, during: .always, in: transaction)
                    .filter { $0.relation == feeds }.map(\.range)
            }
        }
        func range(_ start: String, _ end: String) -> TimeRange {
            TimeRange(start: Plant.at(start), end: Plant.at(end))
        }
        let feeds = try plant.write { transaction in
            let feeds = try graph.ensureRelation(named: "feeds", by: plant.by, in: transaction).id
            for span in [range("10:00", "11:00"), range("10:30", "12:00"), range("14:00", "15:00")]
            {
                try graph.relate(
                    pump, feeds, machine, during: span, by: plant.by, in: transaction)
            }
            return feeds
        }
        #expect(try ranges(feeds) == [range("10:00", "12:00"), range("14:00", "15:00")])
        func end(_ clock: String) throws {
            try plant.write {
                try graph.unrelate(
                    pump, feeds, machine, at: Plant.at(clock), by: plant.by, in: $0)
            }
        }
        try end("11:30")
        #expect(try ranges(feeds) == [range("10:00", "11:30")])
        #expect(throws: GraphError.self) { try end("11:30") }
        try end("09:00")
        #expect(try ranges(feeds).isEmpty)
        #expect(throws: GraphError.self) {
            try plant.write {
                try graph.unrelate(
                    machine, .containment, machine, at: Plant.at("09:00"), by: plant.by, in: $0)
            }
        }
    }

    @Test func aDeletedEventIsInNoIndex() throws {
        let plant = try Plant.example()
        let (graph, by) = (plant.graph, plant.by)
        let machine = try #require(plant.ids["CNC-3"])
        let span = TimeRange(start: Plant.at("10:00"), end: Plant.at("11:00"))
        let (closed, open) = try plant.write { transaction in
            (
                try graph.record(
                    event: "job", of: machine, at: .span(span),
                    attributes: [Attribute("name", .text("J41"))], by: by, in: transaction),
                try graph.record(
                    event: "job", of: machine, at: .open(from: Plant.at("10:30")),
                    attributes: [Attribute("id", .integer(7))], by: by, in: transaction)
            )
        }
        try plant.write { transaction in
            try graph.deleteEvent(closed, by: by, in: transaction)
            #expect(throws: GraphError.self) {
                try graph.deleteEvent(closed, by: by, in: transaction)
            }
        }
        func found() throws -> [[EventID]] {
            try plant.read { transaction in
                let last = try graph.lastEvent(
                    named: "job", of: machine, before: Plant.at("12:00"), in: transaction)
                return [
                    try graph.events(of: machine, overlapping: span, in: transaction).map(\.id),
                    try graph.events(startingIn: .always, limit: 9, in: transaction).map(\.id),
                    try graph.events(named: "job", label: "J41", in: transaction).map(\.id),
                    try graph.events(named: "job", label: "7", in: transaction).map(\.id),
                    last.map { [$0.id] } ?? [],
                ]
            }
        }
        #expect(try found() == [[open], [open], [], [open], [open]])
        try plant.write { try graph.deleteEvent(open, by: by, in: $0) }
        #expect(try found() == [[], [], [], [], []])
        try plant.read { transaction in
            let log = try graph.log(of: machine, limit: 2, in: transaction)
            #expect(log.map(\.action) == [.delete, .delete])
            #expect(log.last?.text.contains("J41") == true)
        }
    }
}
