import ArgumentParser
import Foundation
import PolluxIngest
import PolluxModel
import PolluxQuery
import PolluxServer
import Synchronization

/// `pollux demo`: a server on a temporary directory with a simulated cell and the viewer.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A server on a temporary directory with a simulated CNC cell and the viewer.",
        discussion: """
            pollux demo
            pollux demo --mqtt mqtt://127.0.0.1:1883   (through a real broker)
            """)

    @Option(help: "Where to listen, HOST:PORT.") var listen: ListenAddress?
    @Option(help: "A broker to go through; without it the cell feeds the server directly.")
    var mqtt: String?
    @Option(help: "Number of machines.") var machines = 2
    @Option(help: "Minutes of history to begin with.") var history = 60.0

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("pollux-demo-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let feeding = Feeding()
        let options = self
        guard let address = listen ?? ListenAddress(argument: "127.0.0.1:8470") else { return }
        defer { feeding.stop() }
        try await Serving(
            directory: folder.path, listen: address,
            mqtt: try Serving.addresses(mqtt.map { [$0] } ?? []),
            isInsecure: false, isQuiet: true,
            whenReady: { database, url in
                let thread = Thread {
                    options.show(database, url: url, feeding: feeding)
                }
                thread.stackSize = 8 << 20
                thread.start()
            }
        ).run()
    }

    /// Whether the cell still runs.
    final class Feeding: Sendable {
        private let isOver = Atomic<Bool>(false)
        var isStopped: Bool { isOver.load(ordering: .relaxed) }
        func stop() { isOver.store(true, ordering: .relaxed) }
    }

    /// Declares the plant, feeds it, asks the first question and goes on feeding.
    private func show(_ database: Database, url: String, feeding: Feeding) {
        do {
            print("demo: server      \(url)")
            for text in [CellDriver.declarations, DemoCommand.alert] {
                _ = try database.query.run(text)
            }
            let now = Server.systemClock()
            let start = now.advanced(by: -Int64(history * 60e9))
            var driver = CellDriver(
                cell: SimulatedCell(machineCount: machines, rate: 1, seed: 15, start: start),
                sink: try openSink(database), speed: 1)
            print(
                "demo: simulating  \(machines) machines, \(Int(history)) minutes of history first")
            try driver.catchUp(until: now) { feeding.isStopped }
            try waitForHistory(database, until: now, feeding: feeding)
            try ask(
                "max vibration, mean vibration of spindle of machine CNC-3 last 1h every 10m",
                database)
            try ask("remaining life of tool of machine CNC-3", database)
            print("demo: open        \(url)/  in a browser; Ctrl-C ends the demo")
            print("demo: ask         pollux repl --server \(url)")
            try driver.run(until: nil) { feeding.isStopped }
        } catch {
            Terminal.fail("demo: \(error)", prefix: "")
        }
    }

    private static let alert = """
        create alert rough-spindle with severity = high
        as max vibration of every spindle when vibration > 5 mm/s for 10s
        until vibration < 3 mm/s for 10s
        """

    private func openSink(_ database: Database) throws -> CellDriver.Sink {
        guard let mqtt else { return .pipeline(database.ingest) }
        return .broker(try MQTTPublisher(address: try MQTTAddress(mqtt)))
    }

    /// What went through the broker arrives a little later.
    private func waitForHistory(
        _ database: Database, until end: Timestamp, feeding: Feeding
    ) throws {
        for _ in 0..<600 where !feeding.isStopped {
            let results = try? database.query.run("latest power of machine CNC-3")
            if let time = results?.first?.keys.first?.range.start,
                end.nanoseconds(since: time) < 5_000_000_000
            {
                return
            }
            usleep(100_000)
        }
    }

    private func ask(_ text: String, _ database: Database) throws {
        print("\npollux> \(text)")
        do {
            for result in try database.query.run(text) {
                Terminal.write(ResultFormat.table.bytes(of: result))
            }
        } catch let error as QueryError {
            print(Connection.failure(error).message)
        }
        print()
    }
}
