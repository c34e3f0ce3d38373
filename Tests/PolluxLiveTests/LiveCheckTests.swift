import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// `pollux check` names what is damaged among alerts, continuous queries and models.
@Suite struct LiveCheckTests {
    private static let tables = [
        "definitions", "positions", "models", "checkpoints", "corrections", "late",
    ]

    private static func check(_ plant: Plant) throws -> LiveCheck {
        try LiveCheck(plant.store.environment, graph: plant.graph)
    }

    /// A plant with an alert whose event is open, and models.
    private static func plant() throws -> Plant {
        let plant = try Plant()
        try plant.run(ModelCorrectionTests.text)
        try plant.run(
            "create alert hot as max temperature of every spindle when temperature > 80 °C for 2s")
        try plant.write(
            (0..<900).map { index -> (Double, Double) in
                let calm = 50 + Double(index % 7) / 8
                return (Double(index) * 2, index > 700 ? 95 : calm)
            })
        plant.turn(at: 1_900)
        try plant.run(
            "create alert cold as max temperature of every spindle when temperature < 1 °C")
        try plant.run("drop alert cold")
        let tables = try LiveTables(plant.store.environment)
        try plant.store.environment.writeAny { transaction in
            try Corrections(
                replayEnd: Plant.instant(7), uncorrectedBefore: Plant.instant(3)
            ).write(.alert, "hot", tables, in: transaction)
            let touched = CommitNotice.Touched(series: SeriesID(rawValue: 1), first: 5, last: 9)
            try LateWork(table: tables.late).record([touched], in: transaction)
        }
        return plant
    }

    private static func records(
        _ plant: Plant, _ table: Table
    ) throws -> [(key: [UInt8], value: [UInt8])] {
        try plant.store.environment.read { transaction in
            var records: [([UInt8], [UInt8])] = []
            try transaction.forEach(table) { key, value in
                records.append((Array(key), Array(value)))
                return true
            }
            return records
        }
    }

    @Test("what is sound is found sound, and every table is read")
    func sound() throws {
        let plant = try LiveCheckTests.plant()
        let check = try LiveCheckTests.check(plant)
        #expect(check.findings.isEmpty, "\(check.findings.prefix(3))")
        #expect(
            check.recordCounts.map(\.table) == [
                "live.definitions", "live.positions", "live.corrections", "live.models",
                "live.checkpoints", "live.late",
            ])
        #expect(check.recordCounts.allSatisfy { $0.count > 0 }, "\(check.recordCounts)")
    }

    @Test("a changed byte, a missing end and an owner that is gone are named", arguments: tables)
    func damage(_ name: String) throws {
        var seed = Seed(11)
        let plant = try LiveCheckTests.plant()
        let environment = plant.store.environment
        let table = try #require(try environment.table("live.\(name)"))
        for (key, value) in try LiveCheckTests.records(plant, table).prefix(4) {
            for _ in 0..<12 {
                var changed = value
                if Bool.random(using: &seed) {
                    changed[Int.random(in: 0..<value.count, using: &seed)] ^= UInt8.random(
                        in: 1...255, using: &seed)
                } else {
                    changed.removeLast(Int.random(in: 1..<value.count, using: &seed))
                }
                try environment.writeAny { try $0.put(table, key, changed) }
                let findings = try LiveCheckTests.check(plant).findings
                #expect(findings.contains { $0.record.hasPrefix("live.\(name) of") })
            }
            try environment.writeAny { try $0.put(table, key, value) }
        }
        #expect(try LiveCheckTests.check(plant).findings.isEmpty)
    }

    @Test("references that lead nowhere are named")
    func references() throws {
        let plant = try LiveCheckTests.plant()
        let environment = plant.store.environment
        let definitions = try #require(try environment.table("live.definitions"))
        let models = try #require(try environment.table("live.models"))
        let model = try #require(try LiveCheckTests.records(plant, models).first)
        _ = try environment.writeAny { transaction in
            try transaction.remove(definitions, LiveTables.key(.alert, "hot"))
            try transaction.put(
                models, LiveTables.key(model: "odd", AssetID(rawValue: 9_999)), model.value)
        }
        let findings = try LiveCheckTests.check(plant).findings
        #expect(findings.contains { $0.record == "live.positions of alert hot" })
        #expect(findings.contains { $0.record == "live.corrections of alert hot" })
        #expect(findings.contains { $0.problem == "there is no asset 9999" })
    }
}
