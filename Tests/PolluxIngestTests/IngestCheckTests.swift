import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxIngest

/// `pollux check` names what is damaged among the records of ingest.
@Suite struct IngestCheckTests {
    private static func check(_ plant: Plant) throws -> IngestCheck {
        try IngestCheck(plant.environment)
    }

    /// A plant with a record in each table.
    private static func plant() throws -> Plant {
        let plant = try Plant()
        let birth = SparkplugRecord.birth(
            SparkplugTopic(kind: .deviceBirth, group: "G", node: "N", device: "D"),
            payload: Sparkplug.payload(1, [Sparkplug.birth("Load", alias: 5, 1.5)]),
            receivedAt: Plant.arrival)
        var node = SparkplugNode(group: "G", name: "N")
        node.isOnline = true
        node.setCondition(.ended(at: Plant.arrival), of: node.member("D") ?? -1)
        _ = node.hold(
            SparkplugNode.Held(
                sequence: 4,
                topic: SparkplugTopic(kind: .nodeValues, group: "G", node: "N", device: ""),
                payload: [1, 2, 3], receivedAt: Plant.arrival), for: 1)
        let session = SparkplugRecord.session(node)
        var progress = ImportProgress(file: "/data/a.csv")
        progress.byteCount = 17
        let letters = try DeadLetterTable(environment: plant.environment, byteCountLimit: 1 << 20)
        let deliveries = try DeliveryTable(environment: plant.environment)
        func table(_ name: String) throws -> Table {
            try #require(try plant.environment.table("ingest." + name))
        }
        let (settings, sparkplug, devices) = try (
            table("settings"), table("sparkplug"), table("mtconnect")
        )
        try plant.environment.writeAny { transaction in
            try transaction.put(settings, progress.key, progress.record)
            try transaction.put(
                settings, OPCUARecord.key("CNC-3", "7"),
                OPCUARecord.value(OPCUAWriter(name: "Spindle", units: ["Load": "%"])))
            try transaction.put(sparkplug, birth.key, birth.value)
            try transaction.put(sparkplug, session.key, session.value)
            try transaction.put(
                devices, KeyBytes().with("u").bytes,
                MTConnectRecord.value(
                    Array("<Device uuid='u' name='n' id='d'/>".utf8), receivedAt: Plant.arrival))
            for reason in ["one", "two"] {
                try letters.add(
                    DeadLetter(
                        id: 0, time: Plant.arrival, source: "s", topic: "t", payload: [1, 2],
                        reason: reason), in: transaction)
            }
            try deliveries.put(
                [DeliveryWindow.Entry(packet: 7, digest: 9, arrival: Plant.arrival)], number: 3,
                removing: 0..<0, of: "broker", in: transaction)
        }
        return plant
    }

    @Test("what is sound is found sound, and every table is read")
    func sound() throws {
        let plant = try IngestCheckTests.plant()
        defer { plant.remove() }
        let check = try IngestCheckTests.check(plant)
        #expect(check.findings.isEmpty, "\(check.findings)")
        #expect(check.recordCounts.map(\.count) == [2, 2, 2, 1, 1])
    }

    @Test(
        "a changed byte and a missing end are named",
        arguments: ["sparkplug", "mtconnect", "deliveries", "deadletters"])
    func damage(_ name: String) throws {
        var seed = Seed(5)
        let plant = try IngestCheckTests.plant()
        defer { plant.remove() }
        let table = try #require(try plant.environment.table("ingest.\(name)"))
        var records: [([UInt8], [UInt8])] = []
        try plant.environment.read { transaction in
            try transaction.forEach(table) { key, value in
                records.append((Array(key), Array(value)))
                return true
            }
        }
        for (key, value) in records {
            for _ in 0..<40 {
                var changed = value
                if Bool.random(using: &seed) {
                    changed[Int.random(in: 0..<value.count, using: &seed)] ^= UInt8.random(
                        in: 1...255, using: &seed)
                } else {
                    changed.removeLast(Int.random(in: 1..<value.count, using: &seed))
                }
                // Two of the forms that letters and their count had before they were sealed.
                if name == "deadletters", changed[0] == 1 || changed.count == 8 { continue }
                try plant.environment.writeAny { try $0.put(table, key, changed) }
                let findings = try IngestCheckTests.check(plant).findings
                // A letter that has lost bytes is no longer what the count says either.
                #expect(findings.count == 1 || name == "deadletters" && findings.count == 2)
                #expect(findings.allSatisfy { $0.record.hasPrefix("ingest.\(name) ") })
            }
            try plant.environment.writeAny { try $0.put(table, key, value) }
        }
        #expect(try IngestCheckTests.check(plant).findings.isEmpty)
    }

    @Test(
        "a count that is not that of the letters, rules and imports that cannot be read are named")
    func counts() throws {
        let plant = try IngestCheckTests.plant()
        defer { plant.remove() }
        let letters = try #require(try plant.environment.table("ingest.deadletters"))
        let settings = try #require(try plant.environment.table("ingest.settings"))
        try plant.environment.writeAny { transaction in
            try transaction.put(
                letters, KeyBytes().with(UInt64(0)).bytes, KeyBytes().with(UInt64(1)).bytes)
            try transaction.put(letters, KeyBytes().with(UInt64(2)).bytes, [1, 2, 3])
            try transaction.put(settings, Array("rules".utf8), Array("no rule at all {".utf8))
            try transaction.put(settings, Array("import/0".utf8), [1])
            try transaction.put(
                settings, OPCUARecord.key("CNC-3", "7"),
                OPCUARecord.value(OPCUAWriter(name: "Spindle")).reversed())
        }
        let records = try IngestCheckTests.check(plant).findings.map(\.record)
        #expect(
            records.sorted() == [
                "ingest.deadletters 0", "ingest.deadletters 2", "ingest.settings import/0",
                "ingest.settings opcua/CNC-37", "ingest.settings rules",
            ])
    }
}
