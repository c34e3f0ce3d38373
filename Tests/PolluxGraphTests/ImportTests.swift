import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

/// Models of DTDL, twins of Azure's bulk format and tables, in and out.
@Suite struct ImportTests {
    private func file(_ text: String, _ name: String = "f") -> ImportFile {
        ImportFile(name: name, bytes: Array(text.utf8))
    }

    private func importModels(_ plant: Plant) throws -> ImportReport {
        try plant.write {
            try plant.graph.importDTDL(
                [file(ImportTexts.models, "models.json")], by: plant.by, in: $0)
        }
    }

    private func exported(
        _ plant: Plant, _ format: GraphFormat, keepsHistory: Bool = false
    ) throws -> (text: String, notes: [String]) {
        try plant.read { transaction in
            let lines = Lines()
            let report = try plant.graph.export(
                format, options: ExportOptions(keepsHistory: keepsHistory), at: Plant.at("12:00"),
                in: transaction
            ) { lines.text += $0 + "\n" }
            return (lines.text, report.notes)
        }
    }

    private final class Lines {
        var text = ""
    }

    // MARK: DTDL

    @Test func modelsBecomeTypes() throws {
        let plant = try Plant()
        let report = try importModels(plant)
        let graph = plant.graph
        try plant.read { transaction in
            let lathe = try #require(try graph.type(named: "Lathe", in: transaction)).type
            let machine = try #require(try graph.type(named: "machine", in: transaction)).type
            #expect(machine.id.rawValue == 6, "the built-in machine took the model")
            let coolant = try #require(
                try graph.measure(named: "coolant", of: lathe.id, in: transaction))
            #expect(coolant.definition.unit == "°C")
            let power = try #require(
                try graph.measure(named: "power", of: lathe.id, in: transaction))
            #expect(power.definition.unit == "kW" && power.type == machine.id)
            let names = try graph.measures(of: machine.id, in: transaction).map(\.definition.name)
            #expect(names == ["feed", "override", "position_x", "position_y", "power", "state"])
            let state = try #require(
                try graph.measure(named: "state", of: machine.id, in: transaction))
            #expect(state.definition.kind == .state && state.definition.valueKind == .text)
            let feed = try #require(
                try graph.measure(named: "feed", of: machine.id, in: transaction))
            #expect(feed.definition.unit == "mm/min")
            let fedBy = try #require(try graph.relation(named: "fedBy", in: transaction)).definition
            #expect(fedBy.subjectType == machine.id)
            #expect(fedBy.settings == [Attribute("single", .boolean(true))])
        }
        let notes = report.notes.map(\.text)
        #expect(notes.contains { $0.contains("`start`") })
        #expect(notes.contains { $0.contains("`spectrum`") })
        #expect(notes.contains { $0.contains("since") })
        #expect(report.notes.first { $0.text.contains("`start`") }?.place.line == 25)
        // Again: nothing is new, nothing is refused.
        #expect(throws: Never.self) { try importModels(plant) }
    }

    @Test(arguments: [
        (#""schema": "dubble""#, "there is no schema `dubble`", 10, "double"),
        (#""schema": "double", "unit": "kilowat""#, "needs a semantic type", 10, ""),
        (#""schema": "uuid""#, "came with version 4", 10, "dtmi:dtdl:context;4"),
        (#""schema": "double", "polluxUnit": "mm/ss""#, "there is no unit", 10, "mm/s"),
        (#""schema": "string", "x": 1, "extra": {"a": [1]}"#, "", 0, ""),
    ])
    func wrongModelsAreRefused(
        member: String, reason: String, line: Int, suggestion: String
    ) throws {
        let text = """
            {
              "@context": [
                "dtmi:dtdl:context;3"
              ],
              "@id": "dtmi:com:example:M;1",
              "@type": "Interface",
              "contents": [
                {"@type": "Property", "name": "ok", "schema": "string"},
                {"@type": "Telemetry", "name": "wrong",
                  \(member)}
              ]
            }
            """
        let plant = try Plant()
        do {
            let report = try plant.write {
                try plant.graph.importDTDL([file(text, "m.json")], by: plant.by, in: $0)
            }
            #expect(reason.isEmpty)
            #expect(
                report.notes.map(\.text) == [
                    "the key `x` is not kept", "the key `extra` is not kept",
                ])
        } catch let failure as ImportFailure {
            #expect(failure.reason.contains(reason), "\(failure)")
            #expect(failure.place.line == line, "\(failure)")
            #expect(failure.description.hasPrefix("m.json:\(line):"))
            if !suggestion.isEmpty { #expect(failure.suggestions.contains(suggestion)) }
            #expect(try plant.read { try plant.graph.type(named: "M", in: $0) } == nil)
        }
    }

    @Test(arguments: [
        ("dtmi:com:example:Machine", nil as String?),
        ("dtmi:com:example:1x;1", "no model identifier"),
        ("dtmi:com:_system:X;1", "belongs to systems"), ("dtmi:com:x_;1", "no model identifier"),
        ("dtmi:com:x;0", "no model identifier"), ("dtmi:com:x;01", "no model identifier"),
        ("dtmi:com:x;1.0", "no model identifier"), ("dtmi:com:x;1.5", nil),
        ("com:x;1", "no model identifier"), ("dtmi:com:x;1234567890", "no model identifier"),
    ])
    func identifiersAreChecked(id: String, reason: String?) throws {
        let plant = try Plant()
        let text = #"{"@context":"dtmi:dtdl:context;3","@id":"\#(id)","@type":"Interface"}"#
        do {
            _ = try plant.write { try plant.graph.importDTDL([file(text)], by: plant.by, in: $0) }
            #expect(reason == nil)
        } catch let failure as ImportFailure {
            #expect(reason.map { failure.reason.contains($0) } ?? false, "\(failure)")
        }
    }

    @Test func inheritanceIsChecked() throws {
        func interface(_ name: String, _ parents: [String], _ contents: String = "") -> String {
            let extends = parents.map { "\"dtmi:x:\($0);1\"" }.joined(separator: ",")
            return
                #"{"@context":"dtmi:dtdl:context;3","@id":"dtmi:x:\#(name);1","@type":"Interface","#
                + #""extends":[\#(extends)],"contents":[\#(contents)]}"#
        }
        func refusal(_ interfaces: [String]) throws -> String {
            let plant = try Plant()
            let text = "[" + interfaces.joined(separator: ",\n") + "]"
            do {
                _ = try plant.write {
                    try plant.graph.importDTDL([file(text)], by: plant.by, in: $0)
                }
                return ""
            } catch let failure as ImportFailure {
                return failure.description
            }
        }
        let property = #"{"@type":"Property","name":"p","schema":"string"}"#
        #expect(try refusal([interface("A", ["B"]), interface("B", ["A"])]).contains("leads back"))
        #expect(
            try refusal([interface("A", ["B"], property), interface("B", [], property)])
                .contains("`p` is in dtmi:x:A;1 and in dtmi:x:B;1"))
        #expect(try refusal([interface("A", ["Bx"])]).contains("neither in the files"))
        let chain = (0..<12).map { interface("T\($0)", $0 == 11 ? [] : ["T\($0 + 1)"]) }
        #expect(try refusal(chain).contains("more than 10 levels"))
        let diamond = [
            interface("A", ["B", "C"]), interface("B", ["D"]), interface("C", ["D"]),
            interface("D", [], property),
        ]
        #expect(try refusal(diamond) == "")
    }

    @Test func exportedModelsComeBack() throws {
        let first = try Plant()
        _ = try importModels(first)
        try first.write { transaction in
            let spindle = try #require(try first.graph.type(named: "Spindle", in: transaction)).type
            var vibration = MeasureDeclaration(name: "vibration")
            vibration.unit = "mm/s"
            vibration.valueKind = .float
            try first.graph.declareMeasure(
                vibration, of: spindle.id, by: first.by, in: transaction)
        }
        let plain = try exported(first, .dtdl)
        #expect(
            plain.notes.contains { $0.contains("vibration") && $0.contains("centimetrePerSecond") })
        #expect(plain.text.contains(#""unit":"centimetrePerSecond","comment":"measured in mm/s""#))
        let text = try exported(first, .dtdl, keepsHistory: true).text
        let second = try Plant()
        let report = try second.write {
            try second.graph.importDTDL([file(text)], by: second.by, in: $0)
        }
        #expect(report.notes.filter { $0.text.contains("not kept") }.isEmpty)
        #expect(try exported(second, .dtdl, keepsHistory: true).text == text)
        try second.read { transaction in
            let spindle = try #require(try second.graph.type(named: "Spindle", in: transaction))
                .type
            let measure = try #require(
                try second.graph.measure(named: "vibration", of: spindle.id, in: transaction))
            #expect(measure.definition.unit == "mm/s")
        }
    }

    // MARK: Azure's bulk format

    @Test func twinsBecomeAssets() throws {
        let plant = try Plant()
        _ = try importModels(plant)
        let graph = plant.graph
        let report = try plant.write {
            try graph.importADT([file(ImportTexts.twins, "twins.ndjson")], by: plant.by, in: $0)
        }
        #expect(
            report.notes.map(\.text) == [
                "the property `since` of the relationship `fedBy` is not kept"
            ])
        try plant.read { transaction in
            let machine = try #require(
                try graph.assets(named: "CNC-3", in: transaction).assets.first)
            let serial = try graph.attributes(
                of: machine.id, named: "serial", during: .always, in: transaction)
            #expect(serial.map(\.value) == [.text("A7")])
            #expect(serial.map { "\($0.range.start)" } == ["2026-03-01T00:00:00Z"])
            let path = GraphPath(
                steps: [
                    PathStep(
                        type: try #require(try graph.type(named: "Spindle", in: transaction)).type
                            .id),
                    PathStep(type: nil, names: .assets([machine.id])),
                ], links: [.of])
            let pieces = try graph.resolve(path, during: .always, in: transaction).pieces
            #expect(
                try pieces.map { try graph.displayName(of: $0.subject, in: transaction) } == [
                    "SP-17"
                ])
            let cooling = try #require(
                try graph.assets(named: "CNC-3.cooling", in: transaction).assets.first)
            #expect(
                try graph.attribute("flow", of: cooling.id, at: Plant.at("12:00"), in: transaction)
                    == .float(3.25))
            let links = try graph.links(of: machine.id, during: .always, in: transaction)
            #expect(links.contains { $0.relation.rawValue > 2 && $0.range.start != .distantPast })
        }
        // Again: the assets are known.
        #expect(throws: Never.self) {
            try plant.write {
                try graph.importADT([file(ImportTexts.twins)], by: plant.by, in: $0)
            }
        }
    }

    @Test(arguments: [
        (#""serial":"A7""#, #""Serial":"A7""#, "no property `Serial`", 4, "serial"),
        ("example:Pump;1", "example:Pumpe;1", "there is no model", 6, "dtmi:com:example:Pump;1"),
        (#""$targetId":"P-1""#, #""$targetId":"p-1""#, "there is no twin `p-1`", 9, "P-1"),
        (#"{"Section":"Twins"}"#, #"{"Section":"twins"}"#, "there is no section", 3, "Twins"),
        (#""from":"2026-01-01T00:00:00Z""#, #""from":"yesterday""#, "no time", 9, ""),
        (#""$dtId":"SP-17","$m"#, #""$dtId":"CNC-3","$m"#, "stands twice", 5, ""),
        (
            #""$relationshipName":"contains"}"#, #""$relationshipName":"contains""#, "expected", 8,
            ""
        ),
    ])
    func wrongTwinsAreRefused(
        good: String, bad: String, reason: String, line: Int, suggestion: String
    ) throws {
        let plant = try Plant()
        _ = try importModels(plant)
        let text = ImportTexts.twins.replacing(good, with: bad)
        #expect(text != ImportTexts.twins)
        do {
            _ = try plant.write {
                try plant.graph.importADT([file(text, "t")], by: plant.by, in: $0)
            }
            Issue.record("it was taken")
        } catch let failure as ImportFailure {
            #expect(failure.reason.contains(reason), "\(failure)")
            #expect(failure.place.line == line, "\(failure)")
            if !suggestion.isEmpty {
                #expect(failure.suggestions.contains(suggestion), "\(failure)")
            }
        }
        // All or nothing.
        #expect(try plant.read { try plant.graph.assets(named: "P-1", in: $0).assets }.isEmpty)
    }

    @Test func exportedTwinsComeBackWithTheirHistory() throws {
        let first = try Plant.example()
        try first.write { transaction in
            let machine = try #require(first.ids["CNC-3"])
            try first.graph.setAttribute(
                "model", of: machine, to: .text("VMC-850"), from: Plant.at("08:00"), by: first.by,
                in: transaction)
            let feeds = try first.graph.declareRelation(
                named: "feeds", by: first.by, in: transaction)
            try first.graph.relate(
                try #require(first.ids["CNC-5"]), feeds, machine,
                during: TimeRange(start: Plant.at("09:00"), end: Plant.at("11:30")), by: first.by,
                in: transaction)
        }
        let now = try exported(first, .adtNDJSON).text
        #expect(
            now.contains(#""$dtId":"SP-9","$relationshipId":"r5","$targetId":"CNC-3""#)
                || now.contains(#""$dtId":"SP-9""#))
        #expect(
            !now.contains("SP-8") && !now.contains("$pollux") && !now.contains(#""feeds","$pollux"#)
        )
        let text = try exported(first, .adtNDJSON, keepsHistory: true).text
        let second = try Plant()
        _ = try second.write {
            try second.graph.importADT([file(text)], by: second.by, in: $0)
        }
        #expect(try exported(second, .adtNDJSON, keepsHistory: true).text == text)
        #expect(try stays(of: second) == stays(of: first))
    }

    /// Which spindle was where when, in words.
    private func stays(of plant: Plant) throws -> [String] {
        try plant.read { transaction in
            let graph = plant.graph
            let spindle = try #require(try graph.type(named: "spindle", in: transaction)).type
            let machine = try #require(try graph.type(named: "machine", in: transaction)).type
            var words: [String] = []
            for asset in try graph.assets(ofType: machine.id, limit: 100, in: transaction) {
                let path = GraphPath(
                    steps: [
                        PathStep(type: spindle.id), PathStep(type: nil, names: .assets([asset.id])),
                    ], links: [.of])
                for piece in try graph.resolve(path, during: .always, in: transaction).pieces
                where piece.item != nil {
                    let name = try graph.displayName(of: piece.subject, in: transaction)
                    words.append("\(asset.name) \(name) \(piece.range.start) \(piece.range.end)")
                }
            }
            return words
        }
    }

    // MARK: Tables

    @Test func tablesComeBack() throws {
        let first = try Plant.example()
        try first.write { transaction in
            for (name, value) in [
                ("CNC-3", Value.text("7, \"x\"")), ("CNC-4", .integer(7)), ("CNC-5", .text("")),
            ] {
                try first.graph.setAttribute(
                    "model", of: try #require(first.ids[name]), to: value, from: .distantPast,
                    by: first.by, in: transaction)
            }
        }
        let assets = try exported(first, .assetsCSV).text
        let relations = try exported(first, .relationsCSV).text
        let second = try Plant()
        try second.write { transaction in
            _ = try second.graph.importAssets(
                [file(assets, "assets.csv")], by: second.by, in: transaction)
            _ = try second.graph.importRelations(
                [file(relations, "relations.csv")], by: second.by, in: transaction)
        }
        #expect(try stays(of: second) == stays(of: first))
        #expect(
            try exported(second, .assetsCSV).text.split(separator: "\n").sorted()
                == assets.split(separator: "\n").sorted())
        #expect(
            try exported(second, .relationsCSV).text.split(separator: "\n").sorted()
                == relations.split(separator: "\n").sorted())
    }

    @Test(arguments: [
        ("type,nam\nline,L1\n", "column `name` is missing", 1),
        ("type,name,of\nmachine,M1,line L9\n", "there is no `line L9`", 2),
        ("type,name\nline,L1\nline,\"L2\n", "never closed", 3),
        ("type,name\nline,L1,x\n", "3 fields", 2),
        ("type,name,from\nline,L1,soon\n", "no time", 2),
        ("type,name,weight:flaot\nline,L1,2\n", "no kind of value", 2),
        ("type,name,weight:integer\nline,L1,2.5\n", "not of the kind integer", 2),
        ("type,name,place\nline,L1,perhaps\n", "neither true nor false", 2),
        ("", "the file is empty", 1),
    ])
    func wrongTablesAreRefused(text: String, reason: String, line: Int) throws {
        let plant = try Plant()
        do {
            _ = try plant.write {
                try plant.graph.importAssets([file(text, "a.csv")], by: plant.by, in: $0)
            }
            Issue.record("it was taken")
        } catch let failure as ImportFailure {
            #expect(failure.reason.contains(reason), "\(failure)")
            #expect(failure.place.line == line, "\(failure)")
        }
    }

    @Test func rowsMayStandInAnyOrder() throws {
        let plant = try Plant()
        let text = "name,type,of,speed\nM1,machine,line L 1,1450.5\n\"L 1\",line,,\n"
        let report = try plant.write {
            try plant.graph.importAssets([file(text)], by: plant.by, in: $0)
        }
        #expect(report.counts.map(\.count) == [2])
        try plant.read { transaction in
            let machine = try #require(
                try plant.graph.assets(named: "M1", in: transaction).assets.first)
            let above = try plant.graph.containers(of: machine.id, during: .always, in: transaction)
            #expect(above.count == 1)
        }
    }

    /// Mutations of good files: an import or a refusal with a place, never a trap.
    @Test(arguments: [1, 2, 3] as [UInt64]) func hostileFilesAreRefused(_ number: UInt64) throws {
        var seed = Seed(number)
        let plant = try Plant()
        _ = try importModels(plant)
        let table = "type,name,of,from\nline,L1,,2026-01-01T00:00:00Z\nmachine,M1,line L1,\n"
        for round in 0..<120 {
            let source = [ImportTexts.models, ImportTexts.twins, table][round % 3]
            var bytes = Array(source.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &seed) {
                let index = Int.random(in: 0..<bytes.count, using: &seed)
                switch Int.random(in: 0..<3, using: &seed) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &seed)
                case 1: bytes.remove(at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + 9))
                }
            }
            let hostile = ImportFile(name: "h", bytes: bytes)
            do {
                try plant.write { transaction in
                    switch round % 3 {
                    case 0: _ = try plant.graph.importDTDL([hostile], by: plant.by, in: transaction)
                    case 1: _ = try plant.graph.importADT([hostile], by: plant.by, in: transaction)
                    default:
                        _ = try plant.graph.importAssets([hostile], by: plant.by, in: transaction)
                    }
                    throw Undo()
                }
            } catch let failure as ImportFailure {
                #expect(failure.place.line != nil, "seed \(number), round \(round)")
            } catch {
                #expect(error is Undo || error is GraphError, "seed \(number): \(error)")
            }
        }
    }

    private struct Undo: Error {}
}
