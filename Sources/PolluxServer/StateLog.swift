import Logging
import PolluxIngest
import PolluxStore

/// Logs what changes without a request: whether commits reach the disk, and whether brokers and
/// adapters are connected.
struct StateLog {
    /// A line of the log.
    struct Line: Equatable {
        var level: Logger.Level
        var text: String
    }

    private var failure: String?
    private var sources: [String: Bool] = [:]

    /// What is new since the last look.
    ///
    /// Sources are told by name; one that never was connected is told once it has a problem.
    mutating func lines(
        writeFailure: String?, connections: [(name: String, status: ConnectionStatus)]
    ) -> [Line] {
        var lines: [Line] = []
        if let writeFailure, failure == nil {
            lines.append(Line(level: .error, text: "writes fail: \(writeFailure)"))
        } else if writeFailure == nil, failure != nil {
            lines.append(Line(level: .notice, text: "writes succeed again"))
        }
        failure = writeFailure
        for (name, status) in connections {
            let isNew = sources[name] == nil
            if isNew, !status.isConnected, status.lastProblem.isEmpty { continue }
            guard sources.updateValue(status.isConnected, forKey: name) != status.isConnected
            else { continue }
            if status.isConnected {
                lines.append(Line(level: .notice, text: "\(name) is connected"))
            } else {
                let problem = status.lastProblem.isEmpty ? "" : ": \(status.lastProblem)"
                lines.append(Line(level: .warning, text: "\(name) is not connected\(problem)"))
            }
        }
        return lines
    }

    /// Looks every second until the task is cancelled, and once more.
    static func run(_ parts: ServerParts) async {
        var log = StateLog()
        while !Task.isCancelled {
            log.look(parts)
            try? await Task.sleep(for: .seconds(1))
        }
        log.look(parts)
    }

    private mutating func look(_ parts: ServerParts) {
        let connections =
            parts.ingest.connections.map { ($0.address.sourceName, $0.status) }
            + parts.ingest.adapters.map { ($0.adapter.sourceName, $0.status) }
        for line in lines(
            writeFailure: parts.store.writeFailure?.reason, connections: connections)
        {
            parts.logger.log(level: line.level, "\(line.text)")
        }
    }
}
