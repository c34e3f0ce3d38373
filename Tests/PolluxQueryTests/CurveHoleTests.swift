import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// What an answer says of its curves to what draws them.
@Suite struct CurveHoleTests {
    private static let minute: Int64 = 60_000_000_000

    private func curves(_ text: String) throws -> [ResultCurve?] {
        let place = try Places.makeTemporaryFolder("pollux-curves")
        defer { try? FileManager.default.removeItem(at: place) }
        let environment = try Environment(directory: place.path)
        let store = try Store(environment: environment)
        defer { store.close() }
        let engine = QueryEngine(store: store, graph: try Graph(environment: environment))
        let folder = Places.repository.appendingPathComponent("query-lang/conformance")
        var run = ConformanceRun(engine: engine, folder: folder)
        try run.run(file: "plant.data")
        var options = QueryOptions()
        options.now = try instant("12:00", day: "2026-03-02")
        let result = try #require(try engine.run(text, options: options).last)
        return result.columns.filter { $0.kind == .float || $0.kind == .integer }.map(\.curve)
    }

    @Test("samples say their shape and gap, slices their shape alone")
    func shapes() throws {
        #expect(
            try curves("vibration, rpm of spindle SP-9 last 1h") == [
                ResultCurve(shape: .linear, gap: .length(15 * Self.minute)),
                ResultCurve(shape: .step, gap: ResultCurve.Gap.none),
            ])
        #expect(
            try curves("avg vibration, max rpm, count rpm of spindle SP-9 last 1h every 10m")
                == [
                    ResultCurve(shape: .linear), ResultCurve(shape: .step),
                    ResultCurve(shape: .step),
                ])
    }

    @Test("a chart and a thinned curve know their holes and how long the last value is held")
    func holes() throws {
        // SP-9: 11:00 1, 11:10 1, 11:20 2, 11:50 2, with a gap of 15m.
        let linear = ResultCurve(
            shape: .linear, gap: .length(15 * Self.minute),
            holes: [.init(row: 2, held: 0), .init(row: 3, held: 10 * Self.minute)])
        #expect(try curves("vibration of spindle SP-9 last 1h as chart") == [linear])
        // What is left out between two rows is no hole, and a hole behind it is not lost.
        let thinned = ResultCurve(
            shape: .linear, gap: .length(15 * Self.minute),
            holes: [.init(row: 1, held: 0), .init(row: 2, held: 10 * Self.minute)])
        #expect(try curves("vibration of spindle SP-9 last 1h points 3") == [thinned])
        let step = try curves("rpm of spindle SP-9 last 1h as chart")
        #expect(
            step == [
                ResultCurve(
                    shape: .step, gap: ResultCurve.Gap.none,
                    holes: [.init(row: 2, held: 15 * Self.minute)])
            ])
    }
}
