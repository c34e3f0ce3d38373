import Dispatch
import Foundation
import PolluxGraph
import PolluxModel
import PolluxStore
import PolluxTestKit
import Synchronization
import Testing

@testable import PolluxIngest

/// A message that is on its way while the plant is edited is stored by the plant of its own
/// commit, never by what was known when it came.
@Suite("A plant that is edited while messages are on their way", .serialized)
struct PlantVersionTests {
    private static let spindle = "factory/L2/CNC-3/spindle"

    /// Keeps the writer busy while `edit` and then `write` wait in its queue, in this order.
    private func race(
        _ plant: Plant, _ edit: @escaping @Sendable (StoreTransaction) throws -> Void,
        _ write: @escaping @Sendable () throws -> Void
    ) throws {
        let store = plant.store
        let gate = DispatchSemaphore(value: 0)
        let begun = Mutex(false)
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        func start(_ body: @escaping @Sendable () throws -> Void) {
            let thread = Thread {
                do { try body() } catch { failure.withLock { $0 = error } }
                group.leave()
            }
            group.enter()
            thread.start()
        }
        start {
            try store.writeBlocking { _ in
                begun.withLock { $0 = true }
                gate.wait()
            }
        }
        try wait { begun.withLock { $0 } }
        start { try store.writeBlocking(edit) }
        try wait { store.statistics.queueCount == 1 }
        start(write)
        try wait { store.statistics.queueCount == 2 }
        gate.signal()
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func wait(_ condition: () -> Bool) throws {
        for _ in 0..<5000 where !condition() { usleep(1000) }
        try #require(condition(), "nothing came to the queue of the writer")
    }

    private func unit(_ unit: String, of measure: String, _ plant: Plant)
        -> @Sendable (StoreTransaction) throws -> Void
    {
        let graph = plant.graph
        return { transaction in
            let person = Provenance(recordedAt: Plant.arrival, source: "test")
            let reader = transaction.transaction
            let id = try graph.ensureType(named: "spindle", by: person, in: reader)
            var declaration = MeasureDeclaration(name: measure)
            declaration.unit = unit
            declaration.valueKind = .float
            try graph.declareMeasure(
                declaration, of: id, allowsChange: true, by: person, in: reader)
            transaction.notePlantChange()
        }
    }

    private func json(_ number: Int, at second: Int) -> String {
        #"{"name":"temperature","value":\#(number),"unit":"K","ts":17000000\#(second)}"#
    }

    @Test("messages: the unit declared in the same group of commits counts")
    func messages() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try plant.store.writeBlocking(unit("°C", of: "temperature", plant))
        for second in 10...11 {
            _ = try plant.pipeline.ingest(
                [plant.message(Self.spindle, json(300, at: second))], source: "test")
        }
        let (pipeline, late) = (plant.pipeline, plant.message(Self.spindle, json(300, at: 12)))
        let outcome = Mutex<WriteOutcome?>(nil)
        try race(plant, unit("K", of: "temperature", plant)) {
            let stored = try pipeline.ingest([late], source: "test")
            outcome.withLock { $0 = stored }
        }
        #expect(outcome.withLock { $0?.pointCount } == 1)
        let values = try plant.points(Plant.machine, [("spindle", "")], "temperature")
            .map(\.value)
        #expect(values.last == .float(300))
        #expect(values.first != .float(300))
        // Once and not twice, although it was read twice.
        #expect(pipeline.statistics.first { $0.source == "test" }?.messageCount == 3)
        #expect(pipeline.statistics.first { $0.source == "test" }?.pointCount == 3)
    }

    @Test("line protocol and imports: the unit of the field's measure is that of the commit")
    func lines() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try plant.store.writeBlocking(unit("°C", of: "temperature", plant))
        func line(_ second: Int) -> [UInt8] {
            let key = "spindle,machine=CNC-3,_unit=K"
            return Array("\(key) temperature=300 17000000\(second)000000000\n".utf8)
        }
        for second in 10...11 {
            _ = try plant.pipeline.writeBlocking(
                lineProtocol: line(second), receivedAt: Plant.arrival)
        }
        let (pipeline, body) = (plant.pipeline, line(12))
        try race(plant, unit("K", of: "temperature", plant)) {
            _ = try pipeline.writeBlocking(lineProtocol: body, receivedAt: Plant.arrival)
        }
        let imported = line(13)
        try race(plant, unit("°C", of: "temperature", plant)) {
            var progress = ImportProgress(file: "f")
            _ = try pipeline.importLines(
                imported, precision: .nanoseconds, writtenAt: Plant.arrival, now: Plant.arrival,
                progress: &progress)
            #expect(progress.pointCount == 1)
        }
        let values = try plant.points([("machine", "CNC-3")], [("spindle", "")], "temperature")
            .map(\.value)
        #expect(values.count == 4)
        #expect(values[2] == .float(300))
        #expect(values[3] == values[0] && values[0] != .float(300))
        #expect(pipeline.statistics.first { $0.source == "import" }?.pointCount == 4)
    }

    @Test("Sparkplug: data by alias after a birth is converted by the unit of its own commit")
    func sparkplug() throws {
        let plant = try Plant()
        defer { plant.remove() }
        try plant.store.writeBlocking(unit("°C", of: "temperature", plant))
        let unit = Proto().text(1, "engUnit").message(2, Proto().number(1, 12).text(8, "K"))
        let births = [
            Sparkplug.message(
                "spBv1.0/G/NBIRTH/N", Sparkplug.payload(0, [Sparkplug.session(0)])),
            Sparkplug.message(
                "spBv1.0/G/DBIRTH/N/D",
                Sparkplug.payload(
                    1, [Sparkplug.birth("spindle/temperature", alias: 1, 300).message(9, unit)])),
        ]
        _ = try plant.pipeline.ingest(births, source: "broker")
        func data(_ step: UInt64) -> TopicMessage {
            Sparkplug.message(
                "spBv1.0/G/DDATA/N/D",
                Sparkplug.payload(
                    step, [Sparkplug.value(1, 300, at: Sparkplug.start + step)]))
        }
        for step in 2...3 as ClosedRange<UInt64> {
            _ = try plant.pipeline.ingest([data(step)], source: "broker")
        }
        let (pipeline, late) = (plant.pipeline, data(4))
        try race(plant, self.unit("K", of: "temperature", plant)) {
            _ = try pipeline.ingest([late], source: "broker")
        }
        let place = [("site", "G"), ("line", "N"), ("machine", "D")]
        let values = try plant.points(place, [("spindle", "")], "temperature").map(\.value)
        #expect(values.count == 4)
        #expect(values.last == .float(300))
        #expect(values.first != .float(300))
        // The order of its messages is still known: the next one is in sequence.
        _ = try pipeline.ingest([data(5)], source: "broker")
        #expect(try plant.points(place, [("spindle", "")], "temperature").count == 5)
        #expect(pipeline.takeCommands(of: "broker").isEmpty)
    }
}
