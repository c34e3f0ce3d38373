import PolluxKeyValue
import PolluxGraph
import PolluxModel
import Testing

@Suite struct EventTests {
    @Test func overlapsLabelsAndLast() throws {
        let plant = try Plant.example()
        let machine = try #require(plant.ids["CNC-3"])
        let graph = plant.graph
        let open = try plant.write { transaction in
            for (label, start, end) in [("J41", "10:00", "11:00"), ("J42", "11:00", "12:00")] {
                try graph.record(
                    event: "job", of: machine,
                    at: .span(TimeRange(start: Plant.at(start), end: Plant.at(end))),
                    attributes: [Attribute("name", .text(label))], by: plant.by, in: transaction)
            }
            try graph.record(
                event: "tool-change", of: machine, at: .instant(Plant.at("10:40")), by: plant.by,
                in: transaction)
            return try graph.record(
                event: "job", of: machine, at: .open(from: Plant.at("09:00")), by: plant.by,
                in: transaction)
        }
        try plant.read { transaction in
            let range = TimeRange(start: Plant.at("10:30"), end: Plant.at("10:50"))
            let during = try graph.events(of: machine, overlapping: range, in: transaction)
            #expect(during.map(\.name) == ["job", "job", "tool-change"])
            #expect(during[0].end == nil)
            let labelled = try graph.events(named: "job", label: "J42", in: transaction)
            #expect(labelled.map(\.start) == [Plant.at("11:00")])
            let last = try graph.lastEvent(
                named: "job", of: machine, before: Plant.at("12:00"), count: 2, in: transaction)
            #expect(last?.label == "J41")
            let item = try #require(plant.ids["SP-9"])
            let owner = try graph.eventOwner(
                named: "tool-change", for: item, at: Plant.at("12:00"), in: transaction)
            #expect(owner == machine)
        }
        try plant.write { transaction in
            try graph.endEvent(open, at: Plant.at("09:30"), by: plant.by, in: transaction)
            #expect(throws: GraphError.self) {
                try graph.endEvent(open, at: Plant.at("09:40"), by: plant.by, in: transaction)
            }
        }
        try plant.read { transaction in
            let range = TimeRange(start: Plant.at("10:30"), end: Plant.at("10:50"))
            let during = try graph.events(
                of: machine, named: "job", overlapping: range, in: transaction)
            #expect(during.map(\.label) == ["J41"])
            let log = try graph.log(of: machine, limit: 1, in: transaction)
            #expect(log.first?.action == .edit)
        }
    }
}

@Suite struct MessageTests {
    @Test func placesItemsAndAdoption() throws {
        let plant = try Plant()
        let graph = plant.graph
        try plant.write { transaction in
            func ensure(
                _ levels: [(String, String)], _ part: (String, String)? = nil, _ clock: String
            ) throws -> AssetID {
                try graph.ensureAsset(
                    levels: levels.map { (type: $0.0, name: $0.1) },
                    part: part.map { (type: $0.0, name: $0.1) }, at: Plant.at(clock),
                    by: plant.by, in: transaction
                ).asset
            }
            let machine = try ensure([("machine", "CNC-3")], nil, "10:00")
            let place = try ensure([("machine", "CNC-3")], ("spindle", ""), "10:00")
            let again = try ensure([("line", "L2"), ("machine", "CNC-3")], nil, "10:01")
            #expect(again == machine)
            let site = try ensure([("site", "S"), ("line", "L2")], nil, "10:01")
            #expect(
                try graph.containers(
                    of: place, during: .always, in: transaction
                ).map(\.distance) == [1, 2, 3])
            let first = try ensure([("machine", "CNC-3")], ("spindle", "SP-7"), "10:00")
            let second = try ensure([("machine", "CNC-3")], ("spindle", "SP-9"), "11:00")
            let range = TimeRange(start: Plant.at("09:00"), end: Plant.at("12:00"))
            let spindle = try #require(try graph.type(named: "spindle", in: transaction)).type.id
            let path = GraphPath(
                steps: [
                    PathStep(type: spindle),
                    PathStep(type: nil, names: .assets([machine])),
                ], links: [.of])
            let found = try graph.resolve(path, during: range, in: transaction)
            #expect(found.pieces.map(\.subject) == [first, second])
            #expect(found.pieces.map(\.range.start) == [Plant.at("09:00"), Plant.at("11:00")])
            #expect(found.pieces.allSatisfy { $0.place == place })
            _ = site
            let x = try ensure([("machine", "CNC-3")], ("axis", "X"), "10:00")
            let y = try ensure([("machine", "CNC-3")], ("axis", "Y"), "10:00")
            let axis = try #require(
                try graph.type(named: "axes", in: transaction)
                    ?? graph.type(named: "axis", in: transaction)
            ).type.id
            let axes = GraphPath(
                steps: [
                    PathStep(type: axis, isEvery: true),
                    PathStep(type: nil, names: .assets([machine])),
                ], links: [.of])
            let both = try graph.resolve(axes, during: range, in: transaction)
            #expect(both.pieces.map(\.subject) == [x, y])
        }
    }

    @Test func measuresAreFoundAlongInheritance() throws {
        let plant = try Plant()
        let graph = plant.graph
        try plant.write { transaction in
            let lathe = try graph.declareType(
                TypeDeclaration(name: "lathe", extends: ["machine"]), by: plant.by, in: transaction)
            let machine = try #require(try graph.type(named: "Machine", in: transaction))
            var power = MeasureDeclaration(name: "power")
            power.unit = "kW"
            try graph.declareMeasure(power, of: machine.type.id, by: plant.by, in: transaction)
            let met = try graph.ensureMeasure(
                named: "power", of: lathe, valueKind: .integer, by: plant.by, in: transaction)
            #expect(met.type == machine.type.id)
            #expect(met.definition.unit == "kW")
            #expect(met.definition.valueKind == .float)
            power.unit = "W"
            #expect(throws: GraphError.self) {
                try graph.declareMeasure(
                    power, of: machine.type.id, by: plant.by, in: transaction)
            }
            try graph.declareMeasure(
                power, of: machine.type.id, allowsChange: true, by: plant.by, in: transaction)
            #expect(try graph.type(named: "lathes", in: transaction)?.isPlural == true)
        }
    }

    @Test func damagedRecordsAreErrors() throws {
        let plant = try Plant.example()
        let table = try #require(try plant.environment.table("graph.assets"))
        let keys = try plant.read { transaction in
            var keys: [([UInt8], [UInt8])] = []
            try transaction.forEach(table) { key, value in
                keys.append((Array(key), Array(value)))
                return true
            }
            return keys
        }
        for (key, value) in keys {
            for index in value.indices {
                var damaged = value
                damaged[index] ^= 0x41
                try plant.write { try $0.put(table, key, damaged) }
                #expect(throws: GraphError.self) {
                    try plant.read { transaction in
                        try plant.graph.forEachAsset(in: transaction) { _ in true }
                    }
                }
                try plant.write { try $0.put(table, key, value) }
                if index > 4 { break }
            }
        }
    }
}
