import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

/// The plant of the language's examples: SP-7, SP-8 and SP-9 change places at 11:00.
final class Plant {
    let folder: URL
    let environment: Environment
    let graph: Graph
    let by = Provenance(recordedAt: Plant.at("12:00"), source: "test")
    var ids: [String: AssetID] = [:]

    init() throws {
        folder = try Places.makeTemporaryFolder()
        var options = Environment.Options()
        options.mapByteCount = 1 << 30
        environment = try Environment(directory: folder.path, options: options)
        graph = try Graph(environment: environment)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    static func at(_ clock: String) -> Timestamp {
        Timestamp.parseRFC3339(Array("2026-03-02T\(clock):00Z".utf8))?.instant ?? .distantPast
    }

    func write<Result>(_ body: (WriteTransaction) throws -> Result) throws -> Result {
        try environment.writeAny(body)
    }

    func read<Result>(_ body: (ReadTransaction) throws -> Result) throws -> Result {
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        return try body(transaction)
    }

    @discardableResult
    func create(
        _ type: String, _ name: String, of container: String? = nil,
        from: Timestamp = .distantPast
    ) throws -> AssetID {
        let id = try write { transaction in
            try graph.createAsset(
                AssetDeclaration(
                    type: type, name: name, container: container.flatMap { ids[$0] }, from: from),
                by: by, in: transaction)
        }
        ids[name] = id
        return id
    }

    func move(_ name: String, to target: String, _ instant: Timestamp) throws {
        let (id, container) = (try #require(ids[name]), try #require(ids[target]))
        try write { _ = try graph.move(id, to: container, at: instant, by: by, in: $0) }
    }

    func move(_ name: String, to target: String, _ clock: String) throws {
        try move(name, to: target, Plant.at(clock))
    }

    /// The example plant.
    static func example() throws -> Plant {
        let plant = try Plant()
        let start = Timestamp(seconds: 1_714_521_600)
        try plant.create("line", "L2")
        try plant.create("line", "L3")
        try plant.create("machine", "CNC-3", of: "L2")
        try plant.create("machine", "CNC-4", of: "L2")
        try plant.create("machine", "CNC-5", of: "L3")
        try plant.create("spindle", "SP-7", of: "CNC-3", from: start)
        try plant.create("spindle", "SP-8", of: "CNC-4", from: start)
        try plant.create("spindle", "SP-9", of: "CNC-3", from: at("11:00"))
        try plant.move("SP-7", to: "CNC-4", at("11:00"))
        let old = try #require(plant.ids["SP-8"])
        try plant.write { try plant.graph.retire(old, at: at("11:00"), by: plant.by, in: $0) }
        return plant
    }

    func step(
        _ type: String?, _ names: PathStep.Names = .any, every: Bool = false,
        in transaction: ReadTransaction
    ) throws -> PathStep {
        let id = try type.flatMap { try graph.type(named: $0, in: transaction)?.type.id }
        return PathStep(type: id, names: names, isEvery: every)
    }

    /// Pieces as text: subject, start and end as clock times.
    func pieces(
        _ steps: [(String, PathStep.Names, Bool)], links: [PathLink] = [.of],
        from: String = "10:00", to: String = "12:00", asOf: Timestamp? = nil
    ) throws -> [String] {
        try read { transaction in
            let resolution = try resolve(steps, links, from, to, asOf, transaction)
            return try resolution.pieces.map { piece in
                let name = try graph.displayName(of: piece.subject, in: transaction)
                return "\(name) \(clock(piece.range.start))-\(clock(piece.range.end))"
            }
        }
    }

    func resolve(
        _ steps: [(String, PathStep.Names, Bool)], _ links: [PathLink], _ from: String,
        _ to: String, _ asOf: Timestamp?, _ transaction: ReadTransaction
    ) throws -> PathResolution {
        let path = GraphPath(
            steps: try steps.map { try step($0.0, $0.1, every: $0.2, in: transaction) },
            links: Array(links.prefix(steps.count - 1)))
        let range = TimeRange(start: Plant.at(from), end: Plant.at(to))
        return try graph.resolve(path, during: range, asOf: asOf, in: transaction)
    }

    func clock(_ instant: Timestamp) -> String {
        String(instant.description.dropFirst(11).prefix(5))
    }
}

@Suite struct PlantTests {
    let cnc3: (String, PathStep.Names, Bool) = ("machine", .named(["CNC-3"]), false)
    let line2: (String, PathStep.Names, Bool) = ("line", .named(["L2"]), false)

    @Test func aPathFollowsTheItemInPlace() throws {
        let plant = try Plant.example()
        let found = try plant.pieces([("spindle", .any, false), cnc3])
        #expect(found == ["SP-7 10:00-11:00", "SP-9 11:00-12:00"])
        let frozen = try plant.pieces([("spindle", .any, false), cnc3], asOf: Plant.at("12:00"))
        #expect(frozen == ["SP-9 10:00-12:00"])
    }

    @Test func everyGoesThroughPlacesOfALine() throws {
        let plant = try Plant.example()
        let found = try plant.pieces([("spindle", .any, true), line2])
        #expect(
            found == [
                "SP-7 10:00-11:00", "SP-7 11:00-12:00", "SP-8 10:00-11:00", "SP-9 11:00-12:00",
            ])
        let named = try plant.pieces([("spindle", .named(["SP-7"]), false), cnc3])
        #expect(named == ["SP-7 10:00-11:00"])
        let anywhere = try plant.pieces([("spindle", .named(["SP-7"]), false)])
        #expect(anywhere == ["SP-7 10:00-12:00"])
    }

    @Test func aSingularWithTwoIsAmbiguous() throws {
        let plant = try Plant.example()
        try plant.read { transaction in
            let found = try plant.resolve(
                [("spindle", .any, false), line2], [.of], "10:00", "12:00", nil, transaction)
            #expect(found.pieces.isEmpty)
            #expect(found.ambiguities.map { plant.clock($0.range.start) } == ["10:00", "11:00"])
            let names = try found.ambiguities.map { ambiguity in
                try ambiguity.candidates.map {
                    try plant.graph.displayName(of: $0, in: transaction)
                }
            }
            #expect(names == [["SP-7", "SP-8"], ["SP-7", "SP-9"]])
        }
    }

    @Test func sourcesFollowThePlaceAndTheContainers() throws {
        let plant = try Plant.example()
        try plant.read { transaction in
            let item = try #require(plant.ids["SP-7"])
            let slices = try plant.graph.sources(
                forMeasureOf: item,
                during: TimeRange(start: Plant.at("10:00"), end: Plant.at("12:00")),
                in: transaction)
            let text = try slices.map { slice in
                try slice.candidates.map {
                    try plant.graph.displayName(of: $0, in: transaction)
                }
            }
            #expect(
                text == [
                    ["SP-7", "CNC-3/spindle", "CNC-3", "L2"],
                    ["SP-7", "CNC-4/spindle", "CNC-4", "L2"],
                ])
        }
    }

    @Test func retiredAssetsRefuseMoves() throws {
        let plant = try Plant.example()
        #expect(throws: GraphError.self) {
            try plant.move("SP-8", to: "CNC-3", Plant.at("11:30"))
        }
        #expect(throws: GraphError.self) {
            try plant.move("CNC-3", to: "CNC-3", Plant.at("11:30"))
        }
    }

    @Test func relationsAndTheirInverse() throws {
        let plant = try Plant.example()
        try plant.create("pump", "P-7")
        let feeds = try plant.write { transaction in
            let feeds = try plant.graph.declareRelation(
                named: "feeds", inverse: "fed by", by: plant.by, in: transaction)
            let (pump, machine) = (try #require(plant.ids["P-7"]), try #require(plant.ids["CNC-3"]))
            try plant.graph.relate(
                pump, feeds, machine,
                during: TimeRange(start: Plant.at("10:30"), end: .distantFuture), by: plant.by,
                in: transaction)
            return feeds
        }
        let forward = try plant.pieces(
            [("pump", .any, true), cnc3], links: [.that(feeds, isInverse: false)])
        #expect(forward == ["P-7 10:30-12:00"])
        let backward = try plant.pieces(
            [("machine", .any, true), ("pump", .named(["P-7"]), false)],
            links: [.that(feeds, isInverse: true)])
        #expect(backward == ["CNC-3 10:30-12:00"])
        let above = try plant.pieces(
            [("line", .any, false), ("spindle", .named(["SP-7"]), false)], links: [.above])
        #expect(above == ["L2 10:00-12:00"])
    }
}
