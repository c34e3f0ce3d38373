import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import Synchronization
import Testing

@testable import PolluxLive

/// A watched question is asked again for what it touches, and for nothing else.
@Suite struct DependencyTests {
    /// Live work over the plant's store that counts how often it asks.
    private final class Watched {
        let plant: Plant
        let live: LiveEngine
        let count = Count()
        let subscription: LiveSubscription

        final class Count: Sendable {
            let value = Mutex(0)
        }

        init(_ text: String) throws {
            plant = try Plant()
            try plant.run(
                "create asset machine CNC-4 of line L2 from 2020-01-01;"
                    + "create asset spindle SP-9 of machine CNC-4 from 2020-01-01;"
                    + "create asset pump P-1 from 2020-01-01;"
                    + "record event tool-change of machine CNC-3 at \(Plant.instant(-100));"
                    + "record event tool-change of machine CNC-4 at \(Plant.instant(-100))")
            try plant.write([(-50, 50), (-30, 60)])
            let (query, clock, count) = (plant.query, plant.clock, count)
            var options = LiveOptions()
            options.throttle = 0
            options.clock = { clock.now }
            live = try LiveEngine(
                store: plant.store, graph: plant.graph, options: options,
                understand: { try? query.meaning(of: $0, text: $1, options: $2) },
                ask: {
                    count.value.withLock { $0 += 1 }
                    return try query.run(query: $0, text: $1, options: $2)
                })
            live.attach()
            subscription = try live.subscribe(text)
            turn()
            turn()
        }

        deinit { live.stop() }

        func turn() {
            #expect(throws: Never.self) { try plant.store.writeBlocking { _ in } }
            live.turn()
        }

        /// How often the question was asked because of statements.
        func evaluations(_ statements: String) throws -> Int {
            let before = count.value.withLock { $0 }
            try plant.run(statements)
            turn()
            turn()
            return count.value.withLock { $0 } - before
        }
    }

    @Test(arguments: [
        "create asset machine CNC-9 of line L2",
        "create measure pressure of pump in bar",
        "create asset spindle SP-10 of machine CNC-4",
        "record pressure of pump P-1 = 3 at 2026-03-02T11:59:40Z",
        "record temperature of spindle SP-9 = 3 at 2026-03-02T11:59:40Z",
        "record event tool-change of machine CNC-4 at 2026-03-02T11:59:40Z",
        "record event job of machine CNC-3 at 2026-03-02T11:59:40Z",
        "set colour of machine CNC-3 = \"red\" from 2026-03-02T11:59:40Z",
        "move pump P-1 to line L2 at 2026-03-02T11:59:40Z",
        "move spindle SP-9 to line L2 at 2026-03-02T11:59:40Z",
    ])
    func whatIsElsewhereCostsNothing(statement: String) throws {
        for question in [
            "avg temperature of spindle SP-7 last 10m every 10s",
            "max temperature of spindle of machine CNC-3 since last tool-change",
        ] {
            let watched = try Watched(question)
            #expect(try watched.evaluations(statement) == 0, "\(question)")
        }
    }

    @Test(arguments: [
        ("record temperature of spindle SP-7 = 3 at 2026-03-02T11:59:55Z", true, true),
        ("record event tool-change of machine CNC-3 at 2026-03-02T11:59:40Z", false, true),
        ("move spindle SP-9 to machine CNC-3 at 2026-03-02T11:59:40Z", true, true),
        ("retire spindle SP-7 at 2026-03-02T11:59:45Z", true, true),
        ("record temperature of machine CNC-3 = 3 at 2026-03-02T11:59:40Z", true, true),
    ])
    func whatItTouchesIsAskedAgain(statement: String, plain: Bool, byEvent: Bool) throws {
        let first = try Watched("avg temperature of spindle SP-7 last 10m every 10s")
        #expect(try first.evaluations(statement) == (plain ? 1 : 0))
        let second = try Watched(
            "max temperature of spindle of machine CNC-3 since last tool-change")
        #expect(try second.evaluations(statement) == (byEvent ? 1 : 0))
    }

    @Test func wordsOfATextAreItsNames() {
        let found = TextWords(
            "max ([oil temp] / power of pump) of every spindle like \"SP-*\" since last tool-change"
        )
        #expect(found.inOrder.contains("oil temp"))
        #expect(found.inOrder.contains("tool-change"))
        #expect(found.hasInnerPath)
        #expect(!TextWords("avg (power) of machine CNC-3").hasInnerPath)
    }
}
