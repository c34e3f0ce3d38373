import Foundation
import PolluxAnalytics
import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// The stored bytes of storage-format/golden/v1/live-*.hex, which every later version must read.
///
/// A file holds entries of one table, the key and the value on a line each. `POLLUX_WRITE_GOLDEN=1`
/// writes files that do not exist yet; existing ones are never changed.
@Suite struct GoldenTests {
    private struct Entry: Hashable {
        var key: [UInt8]
        var value: [UInt8]
    }

    private static func hexText(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined(separator: " ")
    }

    /// The entries of a golden file, which are `entries` if it has to be written first.
    private static func golden(_ name: String, _ entries: [Entry]) throws -> [Entry] {
        let file = Places.repository.appendingPathComponent("storage-format/golden/v1/\(name).hex")
        if !FileManager.default.fileExists(atPath: file.path),
            ProcessInfo.processInfo.environment["POLLUX_WRITE_GOLDEN"] != nil
        {
            let text = entries.map { hexText($0.key) + "\n" + hexText($0.value) + "\n" }.joined()
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try $0.split(separator: " ").map { try #require(UInt8($0, radix: 16)) }
        }
        return stride(from: 0, to: lines.count, by: 2).map {
            Entry(key: lines[$0], value: lines[$0 + 1])
        }
    }

    private static var definition: Definition {
        get throws {
            var options = QueryOptions()
            options.timezone = "Europe/Berlin"
            options.parameters = [
                "hot": .number(80.5), "kind": .text("spindle"), "shifts": .integer(3),
                "urgent": .boolean(true),
            ]
            return Definition(
                kind: .alert, name: "too hot",
                statement: try TwinQL.parseStatement(
                    "create alert [too hot] as max temperature of every spindle "
                        + "when temperature > 80 °C for 30s"),
                options: options, created: Plant.instant(0.25))
        }
    }

    @Test func definitions() throws {
        let definition = try Self.definition
        let entry = Entry(
            key: LiveTables.key(.alert, definition.name), value: definition.encode())
        let golden = try Self.golden("live-definitions", [entry])
        #expect(golden == [entry])
        let decoded = try golden[0].value.withUnsafeBytes {
            try Definition(decoding: $0, name: "too hot")
        }
        #expect(decoded == definition)
    }

    @Test func positions() throws {
        let plant = try Plant()
        let environment = plant.store.environment
        let tables = try LiveTables(environment)
        let open = OpenEvents(
            position: Plant.instant(90), events: [EventID(rawValue: 7), EventID(rawValue: 9)])
        try plant.store.writeBlocking { transaction in
            try open.write(.alert, "too hot", tables, in: transaction.transaction)
        }
        let key = LiveTables.key(.alert, "too hot")
        let value = try environment.read { transaction in
            try transaction.value(tables.positions, key).map { Array($0) }
        }
        let entry = Entry(key: key, value: try #require(value))
        let golden = try Self.golden("live-positions", [entry])
        #expect(golden == [entry])
        let read = try environment.read { transaction in
            try OpenEvents.read(.alert, "too hot", tables, in: transaction)
        }
        #expect(read == open)
    }

    @Test func models() throws {
        var state = ModelState()
        state.position = Plant.instant(60)
        state.event = EventID(rawValue: 12)
        let entry = Entry(
            key: LiveTables.key(model: "drift", AssetID(rawValue: 4)), value: state.encode())
        let golden = try Self.golden("live-models", [entry])
        #expect(golden.map(\.key) == [entry.key])
        let decoded = try golden[0].value.withUnsafeBytes {
            try ModelState(decoding: $0, name: "drift")
        }
        #expect(decoded.position == state.position)
        #expect(decoded.event == state.event)
        #expect(decoded.watch.encode() == state.watch.encode())
    }

    @Test func checkpoints() throws {
        var state = ModelState()
        state.position = Plant.instant(60)
        let (plant, asset) = (try Plant(), AssetID(rawValue: 4))
        let tables = try LiveTables(plant.store.environment)
        let checkpoints = ModelCheckpoints(name: "drift", tables: tables)
        let entry = Entry(
            key: KeyBytes().with("drift").with(asset.rawValue).with(state.position).bytes,
            value: state.encode())
        let (position, watch) = (state.position, state.watch.encode())
        let golden = try Self.golden("live-checkpoints", [entry])
        #expect(golden.map(\.key) == [entry.key])
        try plant.store.writeBlocking { transaction in
            let write = transaction.transaction
            try write.put(tables.checkpoints, golden[0].key, golden[0].value)
            #expect(try checkpoints.positions(of: asset, in: write) == [position])
            let read = try checkpoints.state(of: asset, at: position, in: write)
            #expect(read?.watch.encode() == watch)
            #expect(read?.position == position)
        }
    }

    @Test func lateWork() throws {
        let span = LateWork.Span(
            first: Plant.instant(0).nanoseconds, last: Plant.instant(90).nanoseconds, commit: 79)
        let entries = [
            Entry(key: LateWork.key(SeriesID(rawValue: 0)), value: LateWork.encode(log: 41)),
            Entry(key: LateWork.key(SeriesID(rawValue: 7)), value: LateWork.encode(span)),
        ]
        let golden = try Self.golden("live-late", entries)
        #expect(golden.map(\.key) == entries.map(\.key))
        let plant = try Plant()
        let late = LateWork(table: try LiveTables(plant.store.environment).late)
        try plant.store.writeBlocking { transaction in
            let write = transaction.transaction
            for entry in golden { try write.put(late.table, entry.key, entry.value) }
            let read = try late.load(in: write)
            #expect(read.logNumber == 41)
            #expect(read.spans == [SeriesID(rawValue: 7): span])
        }
    }

    @Test func corrections() throws {
        let plant = try Plant()
        let tables = try LiveTables(plant.store.environment)
        let written = Corrections(
            replayEnd: Plant.instant(90), uncorrectedBefore: Plant.instant(0))
        let key = LiveTables.key(.alert, "too hot")
        let value = try plant.store.writeBlocking { transaction in
            let write = transaction.transaction
            try written.write(.alert, "too hot", tables, in: write)
            return try write.value(tables.corrections, key).map { Array($0) }
        }
        let entry = Entry(key: key, value: try #require(value))
        let golden = try Self.golden("live-corrections", [entry])
        #expect(golden == [entry])
        try plant.store.writeBlocking { transaction in
            let write = transaction.transaction
            #expect(try Corrections.read(.alert, "too hot", tables, in: write) == written)
            // Where all is corrected nothing is stored.
            try Corrections().write(.alert, "too hot", tables, in: write)
            #expect(try write.value(tables.corrections, key) == nil)
            #expect(try Corrections.read(.alert, "too hot", tables, in: write) == Corrections())
        }
    }
}
