import PolluxGraph
import PolluxKeyValue
import PolluxTestKit
import Testing

/// `Graph.check` on a plant that has one of everything, sound and with one entry damaged at a time.
@Suite struct CheckTests {
    /// Tables of records, whose values end with a checksum.
    private static let recordTables = [
        "schema", "words", "assets", "links", "link-extents", "attributes", "events",
        "event-extents", "log",
    ]
    private static let indexTables = [
        "asset-types", "asset-names", "backlinks", "event-assets", "event-times", "event-open",
        "event-labels", "log-assets",
    ]

    private func findings(_ plant: Plant) throws -> [GraphCheck.Finding] {
        try plant.read { try plant.graph.check(in: $0).findings }
    }

    private func put(_ entry: GoldenTests.Entry, _ table: String, in plant: Plant) throws {
        let table = try #require(try plant.environment.table("graph." + table))
        try plant.write { try $0.put(table, entry.key, entry.value) }
    }

    private func remove(_ key: [UInt8], _ table: String, in plant: Plant) throws {
        let table = try #require(try plant.environment.table("graph." + table))
        _ = try plant.write { try $0.remove(table, key) }
    }

    @Test func aSoundPlant() throws {
        let plant = try GoldenTests.goldenPlant()
        let check = try plant.read { try plant.graph.check(in: $0) }
        #expect(check.findings.isEmpty, "\(check.findings)")
        let tables = Self.recordTables + Self.indexTables
        #expect(check.entryCounts.map(\.table).sorted() == tables.map { "graph." + $0 }.sorted())
        #expect(check.entryCounts.allSatisfy { $0.count > 0 })
    }

    @Test("a changed byte of any record is found, and its table is named", arguments: recordTables)
    func changedBytes(_ table: String) throws {
        let plant = try GoldenTests.goldenPlant()
        var random = Seed(9)
        for entry in try GoldenTests.entries(of: table, in: plant) where !entry.value.isEmpty {
            // The format's counter is read when a graph is opened, and once more by any read.
            var damaged = entry
            let place = Int(random.next() % UInt64(entry.value.count))
            damaged.value[place] ^= UInt8(1 + random.next() % 255)
            try put(damaged, table, in: plant)
            let found = try findings(plant)
            #expect(
                found.contains { $0.record.hasPrefix("graph.\(table)") },
                "\(entry.key) byte \(place): \(found)")
            try put(entry, table, in: plant)
        }
        #expect(try findings(plant).isEmpty)
    }

    @Test("an entry that an index lacks or has too much is found", arguments: indexTables)
    func indexes(_ table: String) throws {
        let plant = try GoldenTests.goldenPlant()
        for entry in try GoldenTests.entries(of: table, in: plant) {
            try remove(entry.key, table, in: plant)
            let missing = try findings(plant)
            #expect(missing.contains { $0.problem.contains("graph.\(table) is missing") })
            try put(entry, table, in: plant)
            var other = entry
            other.key[other.key.count - 1] ^= 0x40
            try put(other, table, in: plant)
            #expect(try findings(plant).contains { $0.record == "graph.\(table)" })
            try remove(other.key, table, in: plant)
        }
        #expect(try findings(plant).isEmpty)
    }
}
