import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

/// Of two points of a series at one instant the later one stands, however their lines are spelled
/// and whatever is known of them.
@Suite("Order of arrival", .serialized)
struct OrderTests {
    private let machine = [("machine", "M")]

    @Test("lines that wait for the commit stand between those that do not")
    func linesOfTwoSpellings() throws {
        let plant = try Plant()
        defer { plant.remove() }
        func write(_ text: String) throws {
            _ = try plant.pipeline.writeBlocking(
                lineProtocol: Array(text.utf8), receivedAt: Plant.arrival, source: "a")
        }
        try write("machine,machine=M x=0 1000000000\n")
        // The key is known; one with a quality never is.
        try write("machine,machine=M,_quality=bad x=1 2000000000\nmachine,machine=M x=2 2000000000")
        try write("machine,machine=M x=1 3000000000\nmachine,machine=M,_quality=bad x=2 3000000000")
        let points = try plant.points(machine, [], "x")
        #expect(points.map(\.value) == [.float(0), .float(2), .float(2)])
        #expect(points.map(\.quality) == [.good, .good, .bad])
        let counters = plant.pipeline.statistics.first { $0.source == "a" }
        #expect(counters?.duplicateCount == 2)
        #expect(counters?.lateCount == 0)
    }

    @Test("a value behind the end of its series at one instant stands, known or not")
    func messagesOfTwoAttributes() throws {
        let plant = try Plant()
        defer { plant.remove() }
        func line(_ tag: String, _ value: Int) -> TopicMessage {
            plant.message(
                "raw", "machine,machine=M\(tag) x=\(value) 1000000000")
        }
        _ = try plant.pipeline.ingest([line("", 0)], source: "a")
        _ = try plant.pipeline.ingest([line(",shift=late", 1), line("", 2)], source: "a")
        #expect(try plant.points(machine, [], "x").map(\.value) == [.float(2)])
    }

    @Test(
        "attributes hold from line to line, also where one comes again", arguments: [false, true])
    func attributes(areMessages: Bool) throws {
        let plant = try Plant()
        defer { plant.remove() }
        let jobs = ["J1", "J2", "J1", "J3", "J1", "J1", "J2", "J1"]
        // The first half makes the series, the second finds it known.
        for half in [0..<4, 4..<8] {
            let lines = half.map { index in
                "machine,machine=M,job=\(jobs[index]) x=1 16000000\(index)0000000000\n"
                    + "machine,machine=N,job=\(jobs[7 - index]) x=1 16000000\(index)0000000000"
            }
            if areMessages {
                let messages = lines.map { plant.message("raw", $0) }
                try plant.pipeline.ingest(messages, source: "a")
            } else {
                _ = try plant.pipeline.writeBlocking(
                    lineProtocol: Array(lines.joined(separator: "\n").utf8),
                    receivedAt: Plant.arrival)
            }
        }
        let snapshot = try plant.store.snapshot()
        defer { snapshot.close() }
        let lookup = AddressLookup(graph: plant.graph, transaction: snapshot.transaction)
        for (name, wanted) in [("M", jobs), ("N", jobs.reversed())] {
            let address = AssetAddress(levels: [.init(type: "machine", name: name)])
            let asset = try #require(try lookup.asset(address))
            let found = try (0..<8).map { index in
                try plant.graph.attribute(
                    "job", of: asset, at: Timestamp(seconds: 1_600_000_005 + Int64(index) * 10),
                    in: snapshot.transaction)
            }
            #expect(found == wanted.map { .text($0) })
        }
    }

    @Test("lines of one message are stored in their order")
    func linesOfOneMessage() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let lines = [("", 0), (",_quality=bad", 1), ("", 2)].map { tag, value in
            "machine,machine=M\(tag) x=\(value) 1600000000000000000"
        }
        for _ in 0..<2 {
            let text = lines.joined(separator: "\n")
            _ = try plant.pipeline.ingest([plant.message("raw", text)], source: "a")
            let points = try plant.points(machine, [], "x")
            #expect(points.map(\.value) == [.float(2)])
            #expect(points.map(\.quality) == [.good])
        }
    }

    @Test(
        "random bodies give what their lines say one after the other",
        arguments: 0..<20 as Range<UInt64>)
    func randomBodies(seed: UInt64) throws {
        var random = Seed(seed)
        let plant = try Plant()
        defer { plant.remove() }
        let tags = ["", ",_quality=bad", ",_quality=uncertain", ",shift=a", ",_unit=mm"]
        var model: [String: [Int: (value: Value, quality: Quality)]] = [:]
        for _ in 0..<12 {
            var text = ""
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let tag = tags[Int.random(in: 0..<tags.count, using: &random)]
                let field = ["x", "y", "s"][Int.random(in: 0..<3, using: &random)]
                let time = Int.random(in: 1...12, using: &random)
                let number = Int.random(in: 0...999, using: &random)
                text += "machine,machine=M\(tag) \(field)="
                text += field == "s" ? "\"\(number)\"" : "\(number)"
                text += " \(time)000000000\n"
                model[field, default: [:]][time] = (
                    field == "s" ? .text("\(number)") : .float(Double(number)),
                    tag.hasSuffix("bad") ? .bad : tag.hasSuffix("uncertain") ? .uncertain : .good
                )
            }
            let outcome = try plant.pipeline.writeBlocking(
                lineProtocol: Array(text.utf8), receivedAt: Plant.arrival)
            #expect(outcome.rejectedCount == 0)
        }
        for (field, wanted) in model {
            let points = try plant.points(machine, [], field)
            let times = wanted.keys.sorted()
            #expect(points.map { $0.instant.nanoseconds / 1_000_000_000 } == times.map(Int64.init))
            #expect(points.map(\.value) == times.compactMap { wanted[$0]?.value })
            #expect(points.map(\.quality) == times.compactMap { wanted[$0]?.quality })
        }
    }
}
