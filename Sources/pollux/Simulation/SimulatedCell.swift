import Foundation
import PolluxModel

/// A cell of simulated machines on line L2 of site `factory`, ticking at a fixed rate.
///
/// The first machine is CNC-3, as in the documentation's examples.
struct SimulatedCell {
    private(set) var machines: [SimulatedMachine]
    private(set) var now: Timestamp
    private let step: Int64
    private var tickNumber: Int64 = 0
    private let start: Timestamp

    /// A cell of `machineCount` machines that ticks `rate` times per second from `start` on.
    init(machineCount: Int, rate: Double, seed: UInt64, start: Timestamp) {
        machines = (0..<machineCount).map {
            SimulatedMachine(name: "CNC-\($0 + 3)", index: $0, seed: seed)
        }
        step = max(1, Int64((1e9 / rate).rounded()))
        self.start = start
        now = start
    }

    /// Moves all machines on by one tick and returns the messages they publish at that instant.
    mutating func tick() -> [SimulatedMessage] {
        var messages: [SimulatedMessage] = []
        messages.reserveCapacity(machines.count * 5)
        let seconds = Double(step) / 1e9
        for index in machines.indices {
            let occurrences = machines[index].advance(seconds: seconds)
            let prefix = "factory/L2/\(machines[index].name)"
            for occurrence in occurrences {
                messages += SimulatedMessage.messages(occurrence, prefix: prefix, at: now)
            }
            messages += SimulatedMessage.readings(
                &machines[index], prefix: prefix, at: now, isSlowTick: tickNumber % 10 == 0)
        }
        tickNumber += 1
        now = start.advanced(by: tickNumber * step)
        return messages
    }
}

/// One message of the simulated cell: a topic and either readings or an event.
struct SimulatedMessage {
    /// One field of a message.
    enum Field {
        case decimal(Double, places: Int)
        case integer(Int64)
        case boolean(Bool)
        case text(String)
    }

    var topic: String
    var time: Timestamp
    var isEvent: Bool
    var fields: [(name: String, value: Field)]

    static func messages(
        _ occurrence: SimulatedMachine.Occurrence, prefix: String, at time: Timestamp
    ) -> [SimulatedMessage] {
        func event(_ topic: String, _ fields: [(String, Field)]) -> SimulatedMessage {
            SimulatedMessage(topic: topic, time: time, isEvent: true, fields: fields)
        }
        switch occurrence {
        case .toolChange(let tool, let previous):
            let change = event(
                prefix,
                [("event", .text("tool-change")), ("tool", .text(tool))]
                    + (previous.isEmpty ? [] : [("previous", .text(previous))]))
            return [
                event("\(prefix)/tool", [("event", .text("mount")), ("item", .text(tool))]), change,
            ]
        case .jobStart(let name, let program):
            return [
                event(
                    prefix,
                    [
                        ("event", .text("job")), ("name", .text(name)), ("state", .text("start")),
                        ("program", .text(program)),
                    ])
            ]
        case .jobEnd(let name):
            return [
                event(
                    prefix,
                    [("event", .text("job")), ("name", .text(name)), ("state", .text("end"))])
            ]
        case .spindleMounted(let name):
            return [
                event("\(prefix)/spindle", [("event", .text("mount")), ("item", .text(name))])
            ]
        }
    }

    static func readings(
        _ machine: inout SimulatedMachine, prefix: String, at time: Timestamp, isSlowTick: Bool
    ) -> [SimulatedMessage] {
        func message(_ topic: String, _ fields: [(String, Field)]) -> SimulatedMessage {
            SimulatedMessage(topic: topic, time: time, isEvent: false, fields: fields)
        }
        var messages = [
            message(
                "\(prefix)/spindle",
                [
                    ("rpm", .decimal(machine.rpm + machine.noise(2), places: 0)),
                    ("vibration", .decimal(machine.vibration, places: 3)),
                    ("temperature", .decimal(machine.spindleTemperature, places: 2)),
                    ("load", .decimal(max(0, machine.load), places: 1)),
                ]),
            message(
                "\(prefix)/tool",
                [
                    ("cutting", .boolean(machine.isCutting)),
                    ("cutting-speed", .decimal(machine.cuttingSpeed, places: 1)),
                    ("feed", .decimal(machine.isCutting ? machine.program.feed : 0, places: 3)),
                    ("depth", .decimal(machine.isCutting ? machine.program.depth : 0, places: 2)),
                ]),
            message(
                "\(prefix)/axes",
                [
                    ("x", .decimal(machine.position.x, places: 3)),
                    ("y", .decimal(machine.position.y, places: 3)),
                    ("z", .decimal(machine.position.z, places: 3)),
                ]),
            message(
                prefix,
                [
                    ("power", .decimal(machine.power, places: 2)),
                    ("state", .text(machine.state.rawValue)), ("parts", .integer(machine.parts)),
                ]),
        ]
        if isSlowTick {
            messages.append(
                message(
                    "\(prefix)/coolant",
                    [
                        ("temperature", .decimal(machine.coolantTemperature, places: 2)),
                        ("flow", .decimal(machine.coolantFlow, places: 2)),
                    ]))
        }
        return messages
    }
}
