import ArgumentParser
import Foundation

/// `pollux ingest sources`: where data comes from, and which sources are silent.
struct SourcesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources", abstract: "Where data comes from, and who has fallen silent.",
        discussion: """
            pollux ingest sources --server http://127.0.0.1:8470
            pollux ingest sources --silent 10m

            Counters begin with the server's start. Which machines have fallen silent is a question
            to the twins: `time (vibration is stale) of every spindle last 1h`.
            """)
    @Option(help: "Only those from which nothing came for so long, such as 30s, 10m, 2h or 1d.")
    var silent: Silence?
    @Flag(help: "Print the answer of the server as it is.") var json = false
    @OptionGroup var target: TargetOptions

    func run() throws {
        let connection = try target.connect()
        defer { connection.close() }
        guard case .server(let client) = connection else {
            throw CommandFailure(
                ExitCode.noConnection,
                "counters of sources live in a running server, and none has this directory")
        }
        let (status, bytes) = try client.send("GET", "/api/v1/sources", nil)
        guard status == 200,
            let answer = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any],
            let sources = answer["sources"] as? [[String: Any]]
        else { throw ServerClient.failure(status: status, body: bytes) }
        let chosen = sources.filter { source in
            guard let silent else { return true }
            return (source["silentSeconds"] as? Double ?? .infinity) >= silent.seconds
        }
        guard !json else {
            let data = try JSONSerialization.data(
                withJSONObject: ["sources": chosen], options: [.sortedKeys])
            return print(String(decoding: data, as: UTF8.self))
        }
        if chosen.isEmpty {
            print(silent == nil ? "no source yet" : "no source is silent that long")
        }
        for source in chosen { SourcesCommand.show(source) }
    }

    private static func show(_ source: [String: Any]) {
        func count(_ name: String) -> Int { source[name] as? Int ?? 0 }
        let connection = source["connection"] as? [String: Any] ?? [:]
        var state = ""
        if let isConnected = connection["connected"] as? Bool {
            state = isConnected ? ", connected" : ", not connected"
        }
        if let problem = connection["problem"] as? String { state += ": \(problem)" }
        let seen =
            (source["silentSeconds"] as? Double).map { "last seen \(Silence.text($0)) ago" }
            ?? "nothing came yet"
        print("\(source["name"] as? String ?? "")  \(seen)\(state)")
        print(
            "    received \(count("messages")) messages, \(count("bytes")) bytes; "
                + "stored \(count("points")) points, \(count("events")) events")
        print(
            "    late \(count("late")), duplicate \(count("duplicates")), redelivered "
                + "\(count("redelivered")), retained again \(count("retainedReplays"))")
        guard count("rejected") > 0 else { return }
        let reasons = (source["rejectedBy"] as? [String: Int] ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }
        print("    rejected \(count("rejected")): \(reasons.joined(separator: ", "))")
    }
}

/// A span of silence on the command line: a number and s, m, h or d.
struct Silence: ExpressibleByArgument {
    var seconds: Double

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = argument.last, let unit = units[last],
            let number = Double(argument.dropLast()), number >= 0, number.isFinite
        else { return nil }
        seconds = number * unit
    }

    /// Seconds in the largest unit that leaves a whole number above zero.
    static func text(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds))s"
        case ..<7200: "\(Int(seconds / 60))m"
        case ..<172_800: "\(Int(seconds / 3600))h"
        default: "\(Int(seconds / 86_400))d"
        }
    }
}
