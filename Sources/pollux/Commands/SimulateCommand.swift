import ArgumentParser
import Foundation
import PolluxIngest
import PolluxModel
import PolluxServer

/// `pollux simulate`: the simulated CNC cell, to a broker or into a file.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Publish a simulated CNC cell: jobs, Taylor tool wear, tool and spindle changes.",
        discussion: """
            pollux simulate --machines 3 --rate 10 --mqtt mqtt://127.0.0.1:1883
            pollux simulate --hours 24 --start 2026-03-02T00:00:00Z --out cell.lp
            The same seed, rate and start give the same bytes. Line protocol in a file holds the
            points; jobs, tool changes and swaps, which it cannot say, go over MQTT only.
            """)

    @Option(help: "Number of machines; the first is CNC-3.") var machines = 1
    @Option(help: "Ticks per second of simulated time.") var rate = 1.0
    @Option(help: "Simulated seconds per second; for a file, as fast as it goes.") var speed = 1.0
    @Option(help: "The seed.") var seed: UInt64 = 1
    @Option(help: "How many simulated hours; without it, until Ctrl-C (a file: 1).")
    var hours: Double?
    @Option(help: "The first instant (default: now, or the past that --hours needs for a file).")
    var start: String?
    @Option(help: "The broker to publish to at QoS 1.") var mqtt: String?
    @Option(help: "The file of line protocol to write.") var out: String?

    func run() throws {
        guard machines >= 1, machines <= 10_000, rate > 0, rate <= 10_000, speed > 0 else {
            throw CommandFailure(
                ExitCode.badUse, "--machines takes 1 to 10000, --rate up to 10000, --speed above 0")
        }
        let isFile = out != nil
        let length = Int64((hours ?? 1) * 3600e9)
        var first = Server.systemClock()
        if isFile { first = first.advanced(by: -length) }
        if let start {
            guard let instant = Connection.instant(start) else {
                throw CommandFailure(
                    ExitCode.badUse, "--start takes a time such as 2026-03-02T00:00:00Z")
            }
            first = instant
        }
        let sink = try openSink()
        Interrupt.install()
        var driver = CellDriver(
            cell: SimulatedCell(machineCount: machines, rate: rate, seed: seed, start: first),
            sink: sink, speed: speed)
        let end = hours != nil || isFile ? first.advanced(by: length) : nil
        try reporting {
            if isFile, let end {
                try driver.catchUp(until: end) { Interrupt.isRaised }
            } else {
                try driver.run(until: end) { Interrupt.isRaised }
            }
            if case .broker(let publisher) = sink {
                try publisher.flush()
                publisher.close()
            }
        }
    }

    private func openSink() throws -> CellDriver.Sink {
        switch (mqtt, out) {
        case (let address?, nil):
            return try reporting {
                .broker(try MQTTPublisher(address: try MQTTAddress(address)))
            }
        case (nil, let path?):
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            guard let file = FileHandle(forWritingAtPath: path) else {
                throw CommandFailure(ExitCode.failed, "cannot write the file \(path)")
            }
            return .file(file)
        default:
            throw CommandFailure(
                ExitCode.badUse, "where to? --mqtt mqtt://127.0.0.1:1883, or --out FILE")
        }
    }
}
