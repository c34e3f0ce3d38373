import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// What counts as a small question, and that nothing happens where one is not.
@Suite struct BriefQuestionTests {
    /// One plant for all cases: 120 machines, one of them with a spindle and 600 samples.
    private final class Plant: Sendable {
        static let shared = Result { try Plant() }

        let folder: URL
        let store: Store
        let engine: QueryEngine
        let options: QueryOptions

        init() throws {
            folder = try Places.makeTemporaryFolder("pollux-brief")
            let environment = try Environment(directory: folder.path)
            store = try Store(environment: environment)
            engine = QueryEngine(store: store, graph: try Graph(environment: environment))
            var options = QueryOptions()
            options.now = Timestamp(seconds: 1_772_442_000)
            self.options = options
            var text = """
                create type spindle plural spindles;
                create measure load of spindle in % with kind = gauge;
                create asset machine M1 from 2025-01-01;
                create asset spindle S1 of machine M1 from 2025-01-01;
                create asset site Hall from 2025-01-01;
                """
            for machine in 2...120 {
                text += "create asset machine M\(machine) of site Hall from 2025-01-01;"
            }
            _ = try engine.run(text, options: options)
            let points = (0..<600).map { second in
                "record load of spindle S1 = \(second % 50) at "
                    + "\(Timestamp(seconds: 1_772_438_400 + Int64(second)));"
            }
            _ = try engine.run(points.joined(separator: "\n"), options: options)
        }

        deinit {
            store.close()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    private let engine: QueryEngine
    private let options: QueryOptions

    init() throws {
        let plant = try Plant.shared.get()
        (engine, options) = (plant.engine, plant.options)
    }

    private func brief(_ text: String, points: Int = 10_000) throws -> QueryResult? {
        try engine.runBriefly(engine.parse(text), options: options, points: points)
    }

    @Test(arguments: [
        "load of spindle of machine M1 last 1h", "load of S1", "latest load of spindle S1",
        "mean load, highest load of spindle S1 last 1h every 1m",
        "avg load of spindle of machine M1 between 2026-03-02 08:00 and 2026-03-02 08:10 every 1m",
    ])
    func small(_ text: String) throws {
        let whole = try #require(engine.run(text, options: options).first)
        let answer = try #require(try brief(text))
        #expect(answer.rowCount == whole.rowCount && answer.rowCount > 0)
        #expect(answer.keys == whole.keys && answer.notes == whole.notes)
    }

    @Test(arguments: [
        "load of every spindle last 1h", "load of machines last 1h", "load of machine last 1h",
        "load of spindle like \"S*\" last 1h", "latest everything of machine M1",
        "mean load of spindle S1 last 1h where load > 3", "load of spindle S1 last 1h points 10",
        "load / 2 of spindle S1 last 1h", "median load of spindle S1 last 1h",
        "mean load of spindle S1 last 1h every 1m fill 0", "explain load of S1 last 1h",
        "forecast load of spindle S1 last 1h next 10m", "load of S1; load of S1",
        "create asset machine M500", "load of spindle S1 yesterday",
    ])
    func notSmall(_ text: String) throws {
        #expect(try brief(text) == nil)
        #expect(try engine.run("show machines", options: options).first?.rowCount == 120)
    }

    @Test func endsBeforeItReadsMore() throws {
        let samples = "load of spindle S1 last 1h"
        #expect(try brief(samples, points: 599) == nil)
        #expect(try brief(samples, points: 600)?.rowCount == 600)
        let slices = "mean load of spindle S1 last 1h every 1s"
        #expect(try brief(slices, points: 3_600 * Allowance.sliceCost) == nil)
        #expect(try brief(slices, points: 3_601 * Allowance.sliceCost + 600)?.rowCount == 3_600)
    }

    @Test func walksNoFartherThanItMay() throws {
        let path = "load of machine of site Hall last 1h"
        #expect(try brief(path) == nil)
        #expect(throws: QueryError.self) { try engine.run(path, options: options) }
        let one = "load of spindle of machine M1 last 1h"
        #expect(try brief(one)?.rowCount == 600)
    }

    @Test func mistakesAreTold() throws {
        #expect(throws: QueryError.self) { try self.brief("speed of spindle S1") }
        #expect(throws: QueryError.self) { try self.brief("load of spindle S9") }
    }
}
