import Foundation
import PolluxGraph
import PolluxModel
import PolluxQuery
import PolluxServer

/// Imports and exports of models and graphs, into and from a directory or a server.
struct GraphTransfer {
    let connection: Connection

    // MARK: Import

    /// Imports files in one commit; `-` is standard input.
    func take(_ names: [String], as format: GraphFormat, containing: [String]) throws {
        let files = try names.map(GraphTransfer.read)
        let report: [String: Any]
        switch connection {
        case .local(let database):
            let meter = ProgressMeter(files.map(\.name).joined(separator: ", "))
            do {
                let done = try database.query.importGraph(
                    files, as: format, options: ImportOptions(containing: Set(containing)),
                    by: NSUserName(), progress: { meter.show($0, of: $1) })
                meter.end()
                report = GraphTransfer.members(of: done)
            } catch {
                meter.end()
                throw GraphTransfer.failure(error)
            }
        case .server(let client):
            report = try send(files, format, containing, to: client)
        }
        GraphTransfer.show(report)
    }

    private static func read(_ name: String) throws -> ImportFile {
        if name == "-" {
            let data = FileHandle.standardInput.readDataToEndOfFile()
            return ImportFile(name: "standard input", bytes: Array(data))
        }
        guard let data = FileManager.default.contents(atPath: name) else {
            throw CommandFailure(ExitCode.failed, "cannot read the file \(name)")
        }
        return ImportFile(name: name, bytes: Array(data))
    }

    private func send(
        _ files: [ImportFile], _ format: GraphFormat, _ containing: [String],
        to client: ServerClient
    ) throws -> [String: Any] {
        let body: [String: Any] = [
            "format": format.rawValue, "contains": containing,
            "files": files.map {
                ["name": $0.name, "text": String(decoding: $0.bytes, as: UTF8.self)]
            },
        ]
        let (status, answer) = try client.send(
            "POST", "/api/v1/import", try JSONSerialization.data(withJSONObject: body))
        guard status == 200,
            let report = try JSONSerialization.jsonObject(with: answer) as? [String: Any]
        else { throw ServerClient.failure(status: status, body: answer) }
        return report
    }

    private static func failure(_ error: any Error) -> CommandFailure {
        guard let failure = error as? ImportFailure else { return CommandFailure(error) }
        return CommandFailure(
            ExitCode.failed, failure.description + "\nnothing of the import was kept")
    }

    private static func members(of report: ImportReport) -> [String: Any] {
        [
            "counts": Dictionary(report.counts.map { ($0.what, $0.count) }) { $0 + $1 },
            "notes": report.notes.map { note -> [String: Any] in
                [
                    "file": note.place.description, "path": note.place.path, "text": note.text,
                    "count": note.count,
                ]
            },
        ]
    }

    private static func show(_ report: [String: Any]) {
        for note in report["notes"] as? [[String: Any]] ?? [] {
            var place = note["file"] as? String ?? ""
            for key in ["line", "column"] {
                if let number = note[key] as? Int { place += ":\(number)" }
            }
            let count = note["count"] as? Int ?? 1
            Terminal.fail(
                "\(place): \(note["text"] as? String ?? "")"
                    + (count > 1 ? " (\(count) times)" : ""),
                prefix: "note: ")
        }
        let counts = (report["counts"] as? [String: Any] ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.value) \($0.key)" }
        print("imported " + (counts.isEmpty ? "nothing" : counts.joined(separator: ", ")))
    }

    // MARK: Export

    /// Writes the plant to a file, or to standard output when there is none.
    func give(_ format: GraphFormat, keepsHistory: Bool, to name: String?) throws {
        let sink = try ExportSink(name)
        var notes: [String] = []
        switch connection {
        case .local(let database):
            let report = try reporting {
                try database.query.exportGraph(
                    as: format, options: ExportOptions(keepsHistory: keepsHistory)
                ) { try sink.write($0) }
            }
            notes = report.notes
        case .server(let client):
            let path = "/api/v1/export?format=\(format.rawValue)&history=\(keepsHistory)"
            try client.stream("GET", path) { try sink.write(bytes: Data($0)) }
        }
        try sink.end()
        for note in notes { Terminal.fail(note, prefix: "note: ") }
    }
}

/// Shows how far a long import is, on standard error and only at a terminal.
final class ProgressMeter: Sendable {
    private let name: String
    private let isShown = isatty(STDERR_FILENO) == 1

    init(_ name: String) { self.name = name }

    func show(_ done: Int, of total: Int) {
        guard isShown, total > 0 else { return }
        FileHandle.standardError.write(Data("\r\(name): \(done * 100 / total) %".utf8))
    }

    func end() {
        if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

/// A file that is complete or not there, or standard output.
final class ExportSink {
    private let name: String?
    private let handle: FileHandle
    private var buffer = Data()

    init(_ name: String?) throws {
        self.name = name
        guard let name else {
            handle = .standardOutput
            return
        }
        let part = name + ".part"
        guard FileManager.default.createFile(atPath: part, contents: nil),
            let handle = FileHandle(forWritingAtPath: part)
        else { throw CommandFailure(ExitCode.failed, "cannot write the file \(name)") }
        self.handle = handle
    }

    func write(_ line: String) throws {
        buffer.append(contentsOf: line.utf8)
        buffer.append(10)
        if buffer.count >= 1 << 20 { try flush() }
    }

    func write(bytes: Data) throws {
        buffer.append(bytes)
        try flush()
    }

    private func flush() throws {
        if name == nil { Terminal.write(buffer) } else { try handle.write(contentsOf: buffer) }
        buffer.removeAll(keepingCapacity: true)
    }

    func end() throws {
        try flush()
        guard let name else { return }
        try reporting {
            try handle.synchronize()
            try handle.close()
            guard rename(name + ".part", name) == 0 else {
                throw CommandFailure(ExitCode.failed, "cannot write the file \(name)")
            }
        }
    }
}
