import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// `show … limit N` seeks its assets out by name: they are the first of the whole list.
@Suite struct ListingLimitTests {
    private func rows(_ result: QueryResult) -> [[ResultCell]] {
        (0..<result.rowCount).map { row in result.columns.map { $0.cell(row) } }
    }

    @Test(arguments: UInt64(1)...6)
    func theFirstOfTheWholeList(seed number: UInt64) throws {
        let place = try Places.makeTemporaryFolder("pollux-listing")
        defer { try? FileManager.default.removeItem(at: place) }
        let environment = try Environment(directory: place.path)
        let store = try Store(environment: environment)
        defer { store.close() }
        let engine = QueryEngine(store: store, graph: try Graph(environment: environment))
        var seed = Seed(number)
        var statements = [
            "create type machine plural machines",
            "create type mill plural mills with extends = machine",
            "create asset line L1 from 2025-01-01", "create asset line L2 from 2025-01-01",
        ]
        let letters = ["a", "A", "b", "B", "ä", "Z", "-", "10", "9"]
        var names: Set<String> = []
        for _ in 0..<40 {
            let name = (0..<3).map { _ in letters[Int(seed.unit() * 9) % 9] }.joined() + "x"
            guard names.insert(name).inserted else { continue }
            let type = seed.unit() < 0.3 ? "mill" : "machine"
            let line = seed.unit() < 0.5 ? "L1" : "L2"
            let month = 1 + names.count % 9
            statements.append(
                "create asset \(type) \"\(name)\" of line \(line) from 2025-0\(month)-01")
            if seed.unit() < 0.3 { statements.append("retire \(type) \"\(name)\" at 2025-10-01") }
            if seed.unit() < 0.3 {
                statements.append("create asset spindle S\(names.count) of \(type) \"\(name)\"")
            }
        }
        _ = try engine.run(statements.joined(separator: "; "))
        for listing in ["every machine", "every spindle", "machines of line L1"] {
            for range in ["", " last 2y"] {
                let whole = try #require(try engine.run("show \(listing)\(range)").last)
                #expect(whole.rowCount > 3)
                for limit in [1, 2, 7, 30, 100] {
                    let first = try engine.run("show \(listing)\(range) limit \(limit)").last
                    let expected = Array(rows(whole).prefix(limit))
                    #expect(first.map(rows) == expected, "\(listing) \(limit)")
                }
            }
        }
    }
}
