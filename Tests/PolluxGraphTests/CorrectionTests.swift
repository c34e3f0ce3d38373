import PolluxGraph
import PolluxKeyValue
import PolluxModel
import Testing

/// The past as it was recorded first and as it was corrected later.
@Suite struct CorrectionTests {
    let cnc3: (String, PathStep.Names, Bool) = ("machine", .named(["CNC-3"]), false)
    let cnc4: (String, PathStep.Names, Bool) = ("machine", .named(["CNC-4"]), false)

    /// SP-7 in CNC-3 and SP-8 in CNC-4 since ever.
    private func plant() throws -> Plant {
        let plant = try Plant()
        try plant.create("line", "L2")
        try plant.create("machine", "CNC-3", of: "L2")
        try plant.create("machine", "CNC-4", of: "L2")
        try plant.create("spindle", "SP-7", of: "CNC-3")
        try plant.create("spindle", "SP-8", of: "CNC-4")
        return plant
    }

    private func spindles(
        of machine: (String, PathStep.Names, Bool), _ plant: Plant
    ) throws -> [String] {
        try plant.pieces([("spindle", .any, true), machine], from: "14:00", to: "17:00")
    }

    @Test func aCorrectedSwapReattributesHours() throws {
        let plant = try plant()
        try plant.create("spindle", "SP-9")
        try plant.move("SP-9", to: "CNC-3", "16:00")
        #expect(try spindles(of: cnc3, plant) == ["SP-7 14:00-16:00", "SP-9 16:00-17:00"])
        try plant.move("SP-9", to: "CNC-3", "14:10")
        #expect(try spindles(of: cnc3, plant) == ["SP-7 14:00-14:10", "SP-9 14:10-17:00"])
        try plant.read { transaction in
            let item = try #require(plant.ids["SP-9"])
            let line = try #require(try plant.graph.type(named: "line", in: transaction)).type.id
            let range = TimeRange(start: Plant.at("14:00"), end: Plant.at("17:00"))
            let lines = try plant.graph.containers(
                of: item, type: line, during: range, in: transaction)
            #expect(lines.map(\.range.start) == [Plant.at("14:10")])
            let log = try plant.graph.log(of: item, limit: 1, in: transaction)
            #expect(log.first?.span.start == Plant.at("14:10"))
        }
    }

    @Test func anExchangeIsCorrectedInEitherOrder() throws {
        for order in [["SP-7", "SP-8"], ["SP-8", "SP-7"]] {
            let plant = try plant()
            let targets = ["SP-7": "CNC-4", "SP-8": "CNC-3"]
            for clock in ["16:00", "14:10"] {
                for name in order { try plant.move(name, to: targets[name] ?? "", clock) }
            }
            #expect(try spindles(of: cnc3, plant) == ["SP-7 14:00-14:10", "SP-8 14:10-17:00"])
            #expect(try spindles(of: cnc4, plant) == ["SP-7 14:10-17:00", "SP-8 14:00-14:10"])
        }
    }

    @Test func anItemCreatedAtTheSwapExistsEarlierOnceCorrected() throws {
        let plant = try plant()
        try plant.create("spindle", "SP-10", of: "CNC-3", from: Plant.at("16:00"))
        let item = try #require(plant.ids["SP-10"])
        try plant.write { transaction in
            try plant.graph.setAttribute(
                "maker", of: item, to: .text("A"), from: Plant.at("16:00"), by: plant.by,
                in: transaction)
            try plant.graph.setAttribute(
                "maker", of: item, to: .text("B"), from: Plant.at("16:30"), by: plant.by,
                in: transaction)
        }
        #expect(throws: GraphError.self) { try plant.move("SP-10", to: "CNC-4", "14:10") }
        #expect(try spindles(of: cnc3, plant) == ["SP-10 16:00-17:00", "SP-7 14:00-16:00"])
        try plant.move("SP-10", to: "CNC-3", "14:10")
        #expect(try spindles(of: cnc3, plant) == ["SP-10 14:10-17:00", "SP-7 14:00-14:10"])
        try plant.read { transaction in
            let asset = try plant.graph.asset(item, in: transaction)
            #expect(asset?.life.start == Plant.at("14:10"))
            let pieces = try plant.graph.attributes(of: item, during: .always, in: transaction)
            #expect(pieces.map(\.range.start) == [Plant.at("14:10"), Plant.at("16:30")])
            let log = try plant.graph.log(of: item, limit: 1, in: transaction)
            #expect(log.first?.text.contains("it was created at 2026-03-02T16:00") == true)
        }
    }

    @Test func aSwapRecordedTooEarlyIsTakenBack() throws {
        let plant = try plant()
        try plant.create("spindle", "SP-9")
        try plant.move("SP-9", to: "CNC-3", "14:10")
        try plant.move("SP-7", to: "CNC-3", "14:10")
        try plant.move("SP-9", to: "CNC-3", "16:00")
        #expect(try spindles(of: cnc3, plant) == ["SP-7 14:00-16:00", "SP-9 16:00-17:00"])
    }

    @Test func aMoveHoldsUntilTheNextRecordedOne() throws {
        let plant = try plant()
        try plant.create("spindle", "SP-9")
        try plant.create("spindle", "SP-10")
        try plant.move("SP-9", to: "CNC-3", "16:00")
        try plant.move("SP-10", to: "CNC-3", "15:00")
        try plant.move("SP-9", to: "CNC-4", "14:30")
        #expect(
            try spindles(of: cnc3, plant) == [
                "SP-10 15:00-16:00", "SP-7 14:00-15:00", "SP-9 16:00-17:00",
            ])
        #expect(
            try spindles(of: cnc4, plant) == [
                "CNC-4/spindle 16:00-17:00", "SP-8 14:00-14:30", "SP-9 14:30-16:00",
            ])
    }

    @Test func aCorrectedRetirementBringsAnswersBack() throws {
        let plant = try plant()
        let item = try #require(plant.ids["SP-7"])
        try plant.write {
            try plant.graph.retire(item, at: Plant.at("15:00"), by: plant.by, in: $0)
        }
        #expect(
            try spindles(of: cnc3, plant) == ["CNC-3/spindle 15:00-17:00", "SP-7 14:00-15:00"])
        try plant.write {
            try plant.graph.retire(item, at: Plant.at("16:30"), by: plant.by, in: $0)
        }
        #expect(
            try spindles(of: cnc3, plant) == ["CNC-3/spindle 16:30-17:00", "SP-7 14:00-16:30"])
    }

    @Test func detachingLeavesThePlaceEmpty() throws {
        let plant = try plant()
        let item = try #require(plant.ids["SP-7"])
        try plant.move("SP-7", to: "CNC-3", "16:00")
        try plant.write {
            try plant.graph.detach(item, at: Plant.at("15:00"), by: plant.by, in: $0)
        }
        #expect(
            try spindles(of: cnc3, plant) == ["CNC-3/spindle 15:00-17:00", "SP-7 14:00-15:00"])
        try plant.move("SP-7", to: "CNC-3", "16:00")
        #expect(
            try spindles(of: cnc3, plant) == [
                "CNC-3/spindle 15:00-16:00", "SP-7 14:00-15:00", "SP-7 16:00-17:00",
            ])
        let anywhere = try plant.pieces(
            [("spindle", .named(["SP-7"]), false)], from: "14:00", to: "17:00")
        #expect(anywhere == ["SP-7 14:00-17:00"])
    }

    @Test func aLinkIsEdited() throws {
        let plant = try plant()
        let graph = plant.graph
        try plant.create("spindle", "SP-9")
        try plant.move("SP-9", to: "CNC-3", "16:00")
        let (first, second) = (try #require(plant.ids["SP-7"]), try #require(plant.ids["SP-9"]))
        let links = try plant.read { transaction in
            try [first, second].map {
                try #require(try graph.links(of: $0, during: .always, in: transaction).first)
            }
        }
        let later = TimeRange(start: Plant.at("16:30"), end: .distantFuture)
        let earlier = TimeRange(start: Plant.at("15:00"), end: .distantFuture)
        #expect(throws: GraphError.self) {
            try plant.write { try graph.editLink(links[1], to: earlier, by: plant.by, in: $0) }
        }
        try plant.write { transaction in
            try graph.editLink(links[1], to: later, by: plant.by, in: transaction)
            #expect(throws: GraphError.self) {
                try graph.editLink(links[1], to: later, by: plant.by, in: transaction)
            }
        }
        #expect(
            try spindles(of: cnc3, plant) == [
                "CNC-3/spindle 16:00-16:30", "SP-7 14:00-16:00", "SP-9 16:30-17:00",
            ])
        let never = TimeRange(start: Plant.at("15:00"), end: Plant.at("15:00"))
        try plant.write { try graph.editLink(links[0], to: never, by: plant.by, in: $0) }
        #expect(
            try spindles(of: cnc3, plant) == [
                "CNC-3/spindle 14:00-16:30", "SP-9 16:30-17:00",
            ])
    }

    @Test func aPlantIsWrittenAsStatements() throws {
        let plant = try plant()
        try plant.create("spindle", "SP-9")
        try plant.move("SP-9", to: "CNC-3", "16:00")
        let item = try #require(plant.ids["SP-9"])
        let machine = try #require(plant.ids["CNC-3"])
        try plant.write { transaction in
            #expect(throws: GraphError.self) {
                try plant.graph.unrelate(
                    item, .mounting, machine, at: Plant.at("15:00"), by: plant.by, in: transaction)
            }
            try plant.graph.unrelate(
                item, .mounting, machine, at: Plant.at("16:30"), by: plant.by, in: transaction)
        }
        let text = try plant.read { try plant.graph.exportTwinQL(in: $0) }
        #expect(
            text == """
                create asset line L2;
                create asset machine CNC-3 of line L2;
                create asset machine CNC-4 of line L2;
                create asset spindle "" of machine CNC-3;
                create asset spindle SP-7 of machine CNC-3;
                create asset spindle "" of machine CNC-4;
                create asset spindle SP-8 of machine CNC-4;
                create asset spindle SP-9;
                move spindle SP-9 to machine CNC-3 at 2026-03-02T16:00:00Z;
                unrelate spindle SP-9 that [mounted in] machine CNC-3 at 2026-03-02T16:30:00Z;

                """)
    }
}
