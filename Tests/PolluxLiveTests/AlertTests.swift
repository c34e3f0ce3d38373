import Glibc
import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxTestKit
import Testing

@testable import PolluxLive

/// Alerts over a real store: episodes become events, once.
@Suite struct AlertTests {
    static let text =
        "create alert hot with severity = high as max temperature of every spindle "
        + "when temperature > 80 °C for 30s until temperature < 70 °C for 10s"

    @Test func anEpisodeIsOneEventWithItsTrueBounds() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        plant.turn(at: 0)
        try plant.write([(0, 60), (10, 85)])
        plant.turn(at: 20)
        #expect(try plant.events("hot").isEmpty)
        // Nothing arrives, but the condition has held for 30 s now.
        plant.turn(at: 41)
        let open = try plant.events("hot")
        #expect(open.count == 1)
        #expect(open.first?.start == Plant.instant(10))
        #expect(open.first?.end == nil)
        #expect(open.first?.attributes.first?.name == "severity")
        // Between the two levels it lasts; below the lower one for 10 s it is over.
        try plant.write([(50, 75), (60, 90), (70, 65)])
        plant.turn(at: 75)
        #expect(try plant.events("hot").first?.end == nil)
        plant.turn(at: 90)
        let closed = try plant.events("hot")
        #expect(closed.count == 1)
        #expect(closed.first?.id == open.first?.id)
        #expect(closed.first?.start == Plant.instant(10))
        #expect(closed.first?.end == Plant.instant(70))
        let peak = closed.first?.attributes.last?.value
        #expect(peak == .float(90))
    }

    @Test func aRestartInTheMiddleGoesOnWithTheSameEvent() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        try plant.write([(0, 60), (10, 85), (50, 86)])
        plant.turn(at: 55)
        let before = try plant.events("hot")
        #expect(before.count == 1)
        try plant.restart()
        plant.turn(at: 60)
        #expect(try plant.events("hot") == before)
        try plant.write([(70, 60)])
        try plant.restart()
        plant.turn(at: 90)
        let after = try plant.events("hot")
        #expect(after.map(\.id) == before.map(\.id))
        #expect(after.first?.end == Plant.instant(70))
    }

    @Test func whatAKillLeavesBehindGoesOn() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        try plant.write([(0, 60), (10, 85), (50, 86)])
        // Killed after the points and before the look; and after it.
        let early = try Plant(killing: plant)
        plant.turn(at: 55)
        let late = try Plant(killing: plant)
        for one in [early, late] {
            one.turn(at: 56)
            #expect(try one.events("hot").map(\.start) == [Plant.instant(10)])
            try one.write([(70, 60)])
            let again = try Plant(killing: one)
            again.turn(at: 90)
            #expect(try again.events("hot").map(\.end) == [Plant.instant(70)])
        }
    }

    @Test func theThreadSeesCommits() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        plant.live.start()
        try plant.write([(0, 60), (10, 85), (50, 86)])
        plant.clock.now = Plant.instant(55)
        // A write wakes the thread; it is polled for a while, not timed.
        try plant.write([(54, 86)])
        for _ in 0..<500 where try plant.events("hot").isEmpty { usleep(10_000) }
        #expect(try plant.events("hot").map(\.start) == [Plant.instant(10)])
    }

    @Test func anAlertMayComeBeforeTheFirstAsset() throws {
        let plant = try Plant()
        try plant.run("create type pump; create measure flow of pump in m/s with shape = step")
        try plant.run("create alert dry as min flow of every pump when flow < 1 m/s for 30s")
        plant.turn(at: 0)
        try plant.run("create asset pump P-1 of machine CNC-3 from 2020-01-01")
        plant.turn(at: 1)
        for (time, value) in [(-60, 0.5), (-20, 0.4), (-10, 3)] {
            plant.clock.now = Plant.instant(2)
            let at = Plant.instant(Double(time)).formatted(offsetSeconds: 0)
            try plant.run("record flow of pump P-1 = \(value) at \(at)")
        }
        plant.turn(at: 3)
        let events = try plant.events("dry")
        #expect(events.map(\.start) == [Plant.instant(-60)])
        #expect(events.map(\.end) == [Plant.instant(-10)])
        #expect(try plant.live.list(.alert).first?.state == "running")
    }

    @Test(arguments: UInt64(1)...12)
    func theOrderOfArrivalDoesNotMatter(seed number: UInt64) throws {
        var seed = Seed(number)
        let levels = [60.0, 75.0, 90.0, 90.0]
        var points: [(Double, Double)] = []
        for index in 0..<40 {
            points.append((Double(index) * 15, levels[Int.random(in: 0..<4, using: &seed)]))
        }
        let shuffled = points.shuffled(using: &seed)
        let plant = try Plant()
        try plant.run(AlertTests.text)
        for start in stride(from: 0, to: points.count, by: 4) {
            try plant.write(Array(shuffled[start..<(start + 4)]))
            plant.turn(at: 700 + Double(start))
            if start % 16 == 8 { try plant.restart() }
        }
        plant.turn(at: 1000)
        let whole = try Plant()
        try whole.write(points)
        try whole.run(AlertTests.text)
        whole.turn(at: 1000)
        let expected = try whole.events("hot").map { [$0.start, $0.end] }
        #expect(!expected.isEmpty)
        #expect(try plant.events("hot").map { [$0.start, $0.end] } == expected, "seed \(number)")
    }

    @Test func silenceIsNotTheEnd() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        try plant.write([(0, 60), (10, 85), (50, 86)])
        plant.turn(at: 55)
        for minute in 1...5 { plant.turn(at: Double(minute) * 600) }
        plant.turn(at: 100_000)
        let events = try plant.events("hot")
        #expect(events.count == 1)
        #expect(events.first?.end == nil)
        try plant.write([(100_100, 20)])
        plant.turn(at: 100_120)
        #expect(try plant.events("hot").first?.end == Plant.instant(100_100))
    }

    @Test func lateDataShortensAndWithdraws() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        try plant.write([(0, 60), (10, 85), (60, 86), (110, 60), (160, 60)])
        plant.turn(at: 200)
        #expect(try plant.events("hot").first?.end == Plant.instant(110))
        try plant.write([(80, 65)])
        plant.turn(at: 210)
        #expect(try plant.events("hot").map(\.end) == [Plant.instant(80)])
        // With this point the condition held for 10 s only.
        try plant.write([(20, 65)])
        plant.turn(at: 220)
        #expect(try plant.events("hot").isEmpty)
    }

    @Test func historyFromBeforeCounts() throws {
        let plant = try Plant()
        try plant.write([(-7200, 60), (-7100, 85), (-7050, 85), (-7000, 60), (-6950, 60)])
        try plant.run(AlertTests.text)
        plant.turn(at: 0)
        #expect(try plant.events("hot").map(\.start) == [Plant.instant(-7100)])
    }

    @Test func definitionsStayAndCanBeDropped() throws {
        let plant = try Plant()
        try plant.run(AlertTests.text)
        #expect(throws: QueryError.self) { try plant.run(AlertTests.text) }
        do {
            try plant.run(AlertTests.text)
        } catch let error as QueryError {
            #expect(error.code == .alreadyThere)
        }
        try plant.restart()
        let listed = try plant.live.list(.alert)
        #expect(listed.map(\.name) == ["hot"])
        #expect(listed.first?.state == "running")
        #expect(listed.first?.text.hasPrefix("create alert hot with severity = high") == true)
        try plant.write([(0, 60), (10, 85), (50, 85)])
        plant.turn(at: 55)
        #expect(try plant.events("hot").count == 1)
        #expect(try plant.live.drop(.alert, named: "hot") != nil)
        #expect(try plant.live.drop(.alert, named: "hot") == nil)
        #expect(try plant.events("hot").first?.end == Plant.instant(55))
        try plant.restart()
        #expect(try plant.live.list(.alert).isEmpty)
    }
}
