import Foundation
import PolluxIngest
import PolluxModel
import PolluxServer

/// Drives a simulated cell against the wall clock and hands its messages on.
struct CellDriver {
    /// Where messages go.
    enum Sink {
        case broker(MQTTPublisher)
        case pipeline(IngestPipeline)
        case file(FileHandle)
    }

    var cell: SimulatedCell
    let sink: Sink
    /// Simulated seconds per second of the wall clock.
    var speed: Double

    /// Publishes everything up to an instant as fast as the sink takes it.
    mutating func catchUp(until instant: Timestamp, isStopped: () -> Bool) throws {
        var pending: [SimulatedMessage] = []
        while cell.now < instant, !isStopped() {
            pending += cell.tick()
            if pending.count >= 2000 {
                try publish(pending)
                pending.removeAll(keepingCapacity: true)
            }
        }
        try publish(pending)
    }

    /// Publishes tick by tick at `speed`, until stopped or the simulated time passes `end`.
    mutating func run(until end: Timestamp?, isStopped: () -> Bool) throws {
        let wallStart = Server.systemClock()
        let simulatedStart = cell.now
        while !isStopped() {
            if let end, cell.now >= end { return }
            let wall = Double(Server.systemClock().nanoseconds(since: wallStart))
            let due = simulatedStart.advanced(by: Int64(wall * speed))
            if cell.now > due {
                usleep(2000)
                continue
            }
            try publish(cell.tick())
        }
    }

    private func publish(_ messages: [SimulatedMessage]) throws {
        guard !messages.isEmpty else { return }
        switch sink {
        case .broker(let publisher):
            for message in messages { try publisher.publish(message.payload, to: message.topic) }
        case .pipeline(let pipeline):
            _ = try pipeline.ingest(
                messages.map {
                    TopicMessage(
                        topic: $0.topic, payload: $0.payload, receivedAt: Server.systemClock())
                }, source: "simulation")
        case .file(let file):
            let lines = messages.compactMap(\.line).map { $0 + "\n" }.joined()
            try file.write(contentsOf: Data(lines.utf8))
        }
    }

    /// What a plant engineer would declare for this cell: units, shapes and kinds.
    static let declarations = """
        create type spindle; create type tool; create type axes; create type coolant;
        create measure vibration of spindle in mm/s with kind = gauge, shape = linear, gap = 15s;
        create measure rpm of spindle in rpm with kind = gauge, shape = linear, gap = 15s;
        create measure temperature of spindle in °C with kind = gauge, shape = linear, gap = 15s;
        create measure load of spindle in % with kind = gauge, shape = linear, gap = 15s;
        create measure cutting-speed of tool in m/min with kind = gauge, shape = step, gap = 15s;
        create measure feed of tool in mm with kind = gauge, shape = step, gap = 15s;
        create measure depth of tool in mm with kind = gauge, shape = step, gap = 15s;
        create measure temperature of coolant in °C with kind = gauge, shape = linear, gap = 1m;
        create measure flow of coolant in l/min with kind = gauge, shape = linear, gap = 1m;
        create measure power of machine in kW with kind = gauge, shape = linear, gap = 15s;
        create measure parts of machine with kind = counter
        """
}
