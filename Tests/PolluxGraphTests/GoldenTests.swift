import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

/// The stored bytes of storage-format/golden/v1/graph-*.hex and events-*.hex: every table of one
/// small plant, which every later version must read.
///
/// A file holds the entries of one table in order, two lines each: the key and the value, which is
/// an empty line in an index. `POLLUX_WRITE_GOLDEN=1` writes files that do not exist yet; existing
/// ones are never changed.
@Suite struct GoldenTests {
    private static let folder = Places.repository.appendingPathComponent("storage-format/golden/v1")

    /// The tables by the names of their files.
    private static let tables = [
        "graph-schema": "schema", "graph-words": "words", "graph-assets": "assets",
        "graph-asset-types": "asset-types", "graph-asset-names": "asset-names",
        "graph-attributes": "attributes", "graph-links": "links", "graph-backlinks": "backlinks",
        "graph-link-extents": "link-extents",
        "graph-log": "log", "graph-log-assets": "log-assets", "events-records": "events",
        "events-assets": "event-assets", "events-open": "event-open",
        "events-extents": "event-extents", "events-labels": "event-labels",
        "events-times": "event-times",
    ]

    struct Entry: Hashable {
        var key: [UInt8]
        var value: [UInt8]
    }

    private static func hexText(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: " ")
    }

    private static func bytes(_ line: Substring) throws -> [UInt8] {
        try line.split(separator: " ").map { try #require(UInt8($0, radix: 16)) }
    }

    static func entries(of name: String, in plant: Plant) throws -> [Entry] {
        let table = try #require(try plant.environment.table("graph." + name))
        return try plant.read { transaction in
            var entries: [Entry] = []
            try transaction.forEach(table) { key, value in
                entries.append(Entry(key: Array(key), value: Array(value)))
                return true
            }
            return entries
        }
    }

    private static func golden(_ stem: String) throws -> [Entry] {
        let file = folder.appendingPathComponent(stem + ".hex")
        if !FileManager.default.fileExists(atPath: file.path),
            ProcessInfo.processInfo.environment["POLLUX_WRITE_GOLDEN"] != nil
        {
            let plant = try goldenPlant()
            let name = try #require(tables[stem])
            let text = try entries(of: name, in: plant).map {
                hexText($0.key) + "\n" + hexText($0.value) + "\n"
            }.joined()
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let lines = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        return try stride(from: 0, to: lines.count - 1, by: 2).map { index in
            Entry(key: try bytes(lines[index]), value: try bytes(lines[index + 1]))
        }
    }

    /// One of everything that the tables hold.
    static func goldenPlant() throws -> Plant {
        let plant = try Plant()
        let (graph, by) = (plant.graph, plant.by)
        let at = Plant.at
        try plant.write { transaction in
            let spindle = try graph.declareType(
                TypeDeclaration(name: "spindle", settings: [Attribute("single", .boolean(true))]),
                by: by, in: transaction)
            var vibration = MeasureDeclaration(name: "vibration")
            vibration.unit = "mm/s"
            vibration.gap = .nanoseconds(900_000_000_000)
            vibration.limit = 4.5
            try graph.declareMeasure(vibration, of: spindle, by: by, in: transaction)
            try graph.declareUnit("pallet", as: 48, of: "", by: by, in: transaction)
            try graph.declareType(
                TypeDeclaration(name: "turning-spindle", extends: ["spindle"]), by: by,
                in: transaction)
        }
        try plant.create("line", "L2")
        try plant.create("machine", "CNC-3", of: "L2")
        try plant.create("spindle", "SP-7", of: "CNC-3", from: at("08:00"))
        try plant.create("spindle", "SP-9", of: "CNC-3", from: at("11:00"))
        try plant.create("pump", "P-7")
        let machine = try #require(plant.ids["CNC-3"])
        let item = try #require(plant.ids["SP-7"])
        let pump = try #require(plant.ids["P-7"])
        try plant.write { transaction in
            for (value, clock) in [("VMC-850", "08:00"), ("VMC-850X", "10:00")] {
                try graph.setAttribute(
                    "model", of: machine, to: .text(value), from: at(clock), by: by,
                    in: transaction)
            }
            let feeds = try graph.declareRelation(
                named: "feeds", inverse: "fed by", by: by, in: transaction)
            try graph.relate(
                pump, feeds, machine,
                during: TimeRange(start: at("08:30"), end: .distantFuture), by: by,
                in: transaction)
            try graph.retire(item, at: at("12:00"), by: by, in: transaction)
            let type = try #require(try graph.asset(machine, in: transaction)).type
            try graph.declareEvent(
                EventDefinition(name: "job", type: type, isInterval: true), by: by,
                in: transaction)
            try graph.record(
                event: "job", of: machine,
                at: .span(TimeRange(start: at("09:00"), end: at("10:00"))),
                attributes: [
                    Attribute("name", .text("J41")), Attribute("parts", .integer(12)),
                ], by: by, in: transaction)
            try graph.record(
                event: "job", of: machine, at: .open(from: at("10:00")), by: by, in: transaction)
            try graph.record(
                event: "tool-change", of: machine, at: .instant(at("09:40")), by: by,
                in: transaction)
        }
        return plant
    }

    @Test(arguments: tables.keys.sorted())
    func whatIsWrittenIsUnchanged(_ stem: String) throws {
        let golden = try GoldenTests.golden(stem)
        let name = try #require(GoldenTests.tables[stem])
        let written = try GoldenTests.entries(of: name, in: try GoldenTests.goldenPlant())
        #expect(!golden.isEmpty)
        #expect(written == golden)
    }

    /// A database made of the golden files alone.
    private static func restored() throws -> Plant {
        let plant = try Plant()
        for (stem, name) in tables.sorted(by: { $0.key < $1.key }) {
            let table = try #require(try plant.environment.table("graph." + name))
            let entries = try golden(stem)
            try plant.write { transaction in
                for entry in entries { try transaction.put(table, entry.key, entry.value) }
            }
        }
        return plant
    }

    @Test func aDatabaseOfGoldenFilesAnswers() throws {
        let plant = try GoldenTests.restored()
        let graph = try Graph(environment: plant.environment)
        try plant.read { transaction in
            let spindle = try #require(try graph.type(named: "spindles", in: transaction)).type
            #expect(spindle.settings == [Attribute("single", .boolean(true))])
            let measure = try #require(
                try graph.measure(named: "vibration", of: spindle.id, in: transaction))
            #expect(measure.definition.unit == "mm/s")
            #expect(measure.definition.limit == 4.5)
            #expect(try graph.units(in: transaction).unit("pallet")?.scale == 48)
            let turning = try #require(
                try graph.type(named: "turning-spindle", in: transaction)
            ).type
            #expect(turning.parents == [spindle.id])
            let found = try graph.assets(named: "CNC-3", in: transaction).assets
            let machine = try #require(found.first)
            let path = GraphPath(
                steps: [
                    PathStep(type: spindle.id), PathStep(type: nil, names: .assets([machine.id])),
                ], links: [.of])
            let range = TimeRange(start: Plant.at("10:00"), end: Plant.at("12:00"))
            let pieces = try graph.resolve(path, during: range, in: transaction).pieces
            let names = try pieces.map { try graph.displayName(of: $0.subject, in: transaction) }
            #expect(names == ["SP-7", "SP-9"])
            let models = try graph.attributes(
                of: machine.id, named: "model", during: .always, in: transaction)
            #expect(models.map(\.value) == [.text("VMC-850"), .text("VMC-850X")])
            let events = try graph.events(of: machine.id, overlapping: range, in: transaction)
            #expect(events.map(\.name) == ["job"])
            let labelled = try graph.events(named: "job", label: "J41", in: transaction)
            #expect(labelled.map(\.end) == [Plant.at("10:00")])
            #expect(try graph.log(limit: 100, in: transaction).count == 20)
        }
    }

    /// Every sealed record of the golden database is refused once any of its bytes is changed.
    @Test func damagedGoldenRecordsAreRefused() throws {
        let plant = try GoldenTests.restored()
        let machine = AssetID(rawValue: 2)
        let readers: [(String, (ReadTransaction) throws -> Void)] = [
            ("graph-links", { _ = try plant.graph.links(of: machine, during: .always, in: $0) }),
            (
                "graph-attributes",
                { _ = try plant.graph.attributes(of: machine, during: .always, in: $0) }
            ),
            ("events-records", { _ = try plant.graph.event(EventID(rawValue: 1), in: $0) }),
            ("graph-log", { _ = try plant.graph.log(limit: 100, in: $0) }),
        ]
        for (stem, read) in readers {
            let name = try #require(GoldenTests.tables[stem])
            let table = try #require(try plant.environment.table("graph." + name))
            let start = stem == "graph-links" ? machine : AssetID(rawValue: 0)
            let entry = try #require(
                try GoldenTests.golden(stem).first { entry in
                    start.rawValue == 0 || entry.key.starts(with: [0, 0, 0, 2])
                })
            for index in entry.value.indices {
                var damaged = entry.value
                damaged[index] ^= 0x10
                try plant.write { try $0.put(table, entry.key, damaged) }
                #expect(throws: GraphError.self, "\(stem) byte \(index)") {
                    try plant.read(read)
                }
            }
            try plant.write { try $0.put(table, entry.key, entry.value) }
            #expect(throws: Never.self) { try plant.read(read) }
        }
    }

    /// Random bytes with a right checksum in every table: an answer or an error, never a trap.
    @Test(arguments: [1, 2, 3] as [UInt64]) func hostileRecordsDoNotTrap(_ number: UInt64) throws {
        var seed = Seed(number)
        let machine = AssetID(rawValue: 2)
        for (stem, name) in GoldenTests.tables.sorted(by: { $0.key < $1.key }) {
            let plant = try GoldenTests.restored()
            let table = try #require(try plant.environment.table("graph." + name))
            for entry in try GoldenTests.golden(stem) where !entry.value.isEmpty {
                var fields = Array(entry.value.dropLast(4))
                for _ in 0..<Int.random(in: 1...3, using: &seed) {
                    let index = Int.random(in: 1..<max(2, fields.count), using: &seed)
                    guard index < fields.count else { continue }
                    fields[index] = UInt8.random(in: 0...255, using: &seed)
                }
                if Bool.random(using: &seed) { fields.removeLast() }
                let sealed = GoldenTests.sealed(fields)
                try plant.write { try $0.put(table, entry.key, sealed) }
            }
            GoldenTests.readEverything(plant, machine)
        }
    }

    private static func sealed(_ fields: [UInt8]) -> [UInt8] {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in fields {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0x82F6_3B78 : sum >> 1 }
        }
        return fields + (0..<4).map { UInt8(truncatingIfNeeded: ~sum >> UInt32($0 * 8)) }
    }

    private static func readEverything(_ plant: Plant, _ machine: AssetID) {
        func attempt(_ body: (Graph, ReadTransaction) throws -> Void) {
            do {
                let graph = try Graph(environment: plant.environment)
                try plant.read { try body(graph, $0) }
            } catch {
                #expect(error is GraphError)
            }
        }
        attempt { _ = try $0.exportTwinQL(in: $1) }
        attempt { try $0.forEachAsset(in: $1) { _ in true } }
        attempt { _ = try $0.links(of: machine, during: .always, in: $1) }
        attempt { _ = try $0.attributes(of: machine, during: .always, in: $1) }
        attempt { _ = try $0.events(of: machine, overlapping: .always, in: $1) }
        attempt { _ = try $0.sources(forMeasureOf: machine, during: .always, in: $1) }
        attempt { _ = try $0.log(limit: 100, in: $1) }
        attempt { _ = try $0.measures(of: TypeID(rawValue: 7), in: $1) }
    }
}
