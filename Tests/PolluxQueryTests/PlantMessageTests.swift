import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// The messages of `query-lang/errors/plant` that need a plant, exactly as they are shown, and what
/// empty answers say.
@Suite struct PlantMessageTests {
    private static let folder = Places.repository.appendingPathComponent("query-lang/errors/plant")

    @Test func messagesAreAsWrittenDown() throws {
        let place = try Places.makeTemporaryFolder("pollux-messages")
        defer { try? FileManager.default.removeItem(at: place) }
        let environment = try Environment(directory: place.path)
        let store = try Store(environment: environment)
        defer { store.close() }
        let engine = QueryEngine(store: store, graph: try Graph(environment: environment))
        var run = ConformanceRun(engine: engine, folder: Self.folder)
        try run.run(file: "plant.data")
        let text = try String(
            contentsOf: Self.folder.appendingPathComponent("messages.test"), encoding: .utf8)
        var count = 0
        for block in text.components(separatedBy: "\n\n") {
            let lines = block.split(separator: "\n").filter { !$0.hasPrefix("#") }
            guard let first = lines.first, first.hasPrefix("query ") else { continue }
            let query = String(first.dropFirst(6))
            let expected = lines.dropFirst().joined(separator: "\n")
            let said = try said(query, engine)
            #expect(said == expected, "\(query)\n\(said)")
            count += 1
        }
        #expect(count > 15)
    }

    /// The message of a mistake, or what is said beside an answer.
    private func said(_ query: String, _ engine: QueryEngine) throws -> String {
        var options = QueryOptions()
        options.now = try instant("12:00", day: "2026-03-02")
        do {
            let result = try #require(try engine.run(query, options: options).last)
            return result.notes.joined(separator: "\n")
        } catch QueryError.diagnostics(let list) {
            return list[0].render().split(separator: "\n").joined(separator: "\n")
        }
    }
}
