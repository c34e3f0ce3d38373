import PolluxAnalytics
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxLive

/// Continuous queries whose model holds values against those of the same work.
@Suite struct CycleTests {
    private static let statement =
        "create continuous query odd as anomalies in temperature of every spindle last 1h "
        + "wait 5s using cycle by program, block into oddness"

    private static let plantText =
        "create measure program of machine with kind = state, shape = step, gap = none;"
        + "create measure block of machine with kind = state, shape = step, gap = none, "
        + "values = integer"

    /// The block at a point: four of them, five points each.
    private static func block(_ index: Int) -> Int64 { Int64(10 + 10 * (index / 5 % 4)) }

    /// A point every two seconds, hotter from block to block; one visit of block 10 is as hot as
    /// block 40.
    private static func temperatures(_ seed: inout Seed) -> [(Double, Double)] {
        (0..<1500).map { index in
            let level = Double((1200..<1205).contains(index) ? 40 : block(index))
            return (Double(index) * 2, 30 + level + 0.2 * seed.normal())
        }
    }

    private static func write(
        _ plant: Plant, program: [(Double, String)], block: [(Double, Int64)]
    ) throws {
        let graph = plant.graph
        try plant.store.writeBlocking { transaction in
            var batch = PointBatch()
            let programs = try Plant.series("program", of: "CNC-3", .text, graph, transaction)
            let blocks = try Plant.series("block", of: "CNC-3", .integer, graph, transaction)
            for (second, value) in program {
                batch.append(programs, at: Plant.instant(second), .text(value))
            }
            for (second, value) in block {
                batch.append(blocks, at: Plant.instant(second), .integer(value))
            }
            try transaction.append(batch)
        }
    }

    private static func blocks(_ indices: Range<Int>) -> [(Double, Int64)] {
        indices.filter { $0 % 5 == 0 }.map { (Double($0) * 2, block($0)) }
    }

    /// How a life of live work is disturbed.
    enum Disturbance: CaseIterable { case none, kill, lateBlocks, correctedBlocks }

    @Test func scoresAreThoseOfTheQuestionWhateverHappens() throws {
        var seed = Seed(41)
        let points = CycleTests.temperatures(&seed)
        func life(
            _ disturbance: Disturbance
        ) throws -> (points: [[Double]], events: [[String]], asked: [TimeRange]) {
            var plant = try Plant()
            try plant.run(CycleTests.plantText)
            try CycleTests.write(plant, program: [(0, "A")], block: [(0, 10)])
            try plant.run(CycleTests.statement)
            for start in stride(from: 0, to: points.count, by: 150) {
                let part = start..<(start + 150)
                switch disturbance {
                case .lateBlocks where start == 600: break
                case .correctedBlocks where start == 750:
                    let wrong = CycleTests.blocks(part).map { ($0.0, Int64(99)) }
                    try CycleTests.write(plant, program: [], block: wrong)
                default:
                    try CycleTests.write(plant, program: [], block: CycleTests.blocks(part))
                }
                try plant.write(Array(points[part]))
                if disturbance == .kill { plant = try Plant(killing: plant) }
                plant.turn(at: Double(start + 150) * 2 + 10)
            }
            let before = try plant.points("oddness")
            switch disturbance {
            case .lateBlocks:
                try CycleTests.write(plant, program: [], block: CycleTests.blocks(600..<750))
            case .correctedBlocks:
                try CycleTests.write(plant, program: [], block: CycleTests.blocks(750..<900))
            case .none, .kill: break
            }
            plant.turn(at: 3100)
            plant.turn(at: 3200)
            let scores = try plant.points("oddness")
            let isCorrected = disturbance == .lateBlocks || disturbance == .correctedBlocks
            #expect((scores != before) == isCorrected)
            let asked = try #require(
                try plant.run(
                    "anomalies in temperature of every spindle last 1h "
                        + "using cycle by program, block"
                ).first)
            let events = try plant.events("odd").sorted { $0.start < $1.start }.map { event in
                ["\(event.start)"] + event.attributes.map { "\($0.name) \($0.value)" }.sorted()
            }
            return (scores, events, asked.keys.map(\.range))
        }
        let calm = try life(.none)
        for disturbance in Disturbance.allCases.dropFirst() {
            let other = try life(disturbance)
            #expect(calm.points == other.points, "\(disturbance)")
            #expect(calm.events == other.events, "\(disturbance)")
            #expect(calm.asked == other.asked, "\(disturbance)")
        }
        var watch = SeriesWatch(.cycle)
        var scores: [[Double]] = []
        for (index, (second, value)) in points.enumerated() {
            // Any key will do that tells blocks apart.
            let place = CyclePlace(key: UInt64(CycleTests.block(index)), lap: 0)
            let output = watch.append(at: Plant.instant(second), value, place: place).output
            if output.condition == .ready { scores.append([second, output.score]) }
        }
        #expect(calm.points == scores)
        #expect(scores.count > 1000)
        #expect(calm.asked.contains { $0.start == Plant.instant(2400) })
        #expect(calm.events.contains { $0[0] == "\(Plant.instant(2400))" })
    }

    @Test func whatIsMissingIsSaidWhenItIsCreated() throws {
        let plant = try Plant()
        try plant.run(CycleTests.plantText)
        for (using, code) in [
            ("cycle", DiagnosticCode.clauseDoesNotFit),
            ("novelty by program", .clauseDoesNotFit),
            ("similar", .unknownMethod),
        ] {
            let error = #expect(throws: QueryError.self) {
                try plant.run(
                    "create continuous query odd as anomalies in temperature of every spindle "
                        + "using \(using) into oddness")
            }
            #expect(error?.code == code, "\(using)")
        }
        #expect(throws: QueryError.self) {
            try plant.run(
                "create continuous query odd as anomalies in temperature of every spindle "
                    + "using cycle by prgram into oddness")
        }
        #expect(try plant.live.list(.continuousQuery).isEmpty)
    }
}
