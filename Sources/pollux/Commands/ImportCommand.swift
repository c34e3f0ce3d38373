import ArgumentParser
import Foundation
import PolluxIngest
import PolluxServer

/// `pollux import`: files into the database.
struct ImportCommand: AsyncParsableCommand {
    /// The formats that can be read.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case line
    }

    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Read files of line protocol into the database.",
        discussion: """
            pollux import history.lp --data plant
            CSV and DTDL files are refused for now: this version reads line protocol only.
            """)

    @Argument(help: "The files, in order.") var files: [String]
    @Option(help: "The format: line.") var format = Format.line
    @Option(help: "The unit of the timestamps: ns, us, ms or s.") var precision = "ns"
    @OptionGroup var target: TargetOptions

    /// Lines handed over at a time: large enough that the commit does not bound the rate.
    private static let batchByteCount = 1 << 20

    func run() async throws {
        guard let precision = TimestampPrecision(parameter: precision) else {
            throw CommandFailure(ExitCode.badUse, "--precision takes ns, us, ms or s")
        }
        let connection = try target.connect(creating: true)
        defer { connection.close() }
        var points = 0
        var rejected = 0
        for name in files {
            guard let file = FileHandle(forReadingAtPath: name) else {
                throw CommandFailure(ExitCode.failed, "cannot read the file \(name)")
            }
            var lineNumber = 0
            var rest = Data()
            while true {
                let part = try reporting { try file.read(upToCount: ImportCommand.batchByteCount) }
                rest.append(part ?? Data())
                let isEnd = part?.isEmpty ?? true
                let end = isEnd ? rest.endIndex : (rest.lastIndex(of: 10).map { $0 + 1 } ?? 0)
                let batch = Data(rest[rest.startIndex..<max(rest.startIndex, end)])
                rest = Data(rest[max(rest.startIndex, end)...])
                if !batch.isEmpty {
                    let outcome = try await write(batch, precision, to: connection)
                    points += outcome.points
                    rejected += outcome.rejections.count
                    for rejection in outcome.rejections {
                        Terminal.fail("\(name), after line \(lineNumber): \(rejection)")
                    }
                    lineNumber += batch.count { $0 == 10 }
                }
                if isatty(STDERR_FILENO) == 1 {
                    FileHandle.standardError.write(Data("\r\(name): \(lineNumber) lines".utf8))
                }
                if isEnd { break }
            }
            if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\n".utf8)) }
        }
        print("imported \(points > 0 ? "\(points) points from " : "")\(files.count) files")
        if rejected > 0 {
            throw CommandFailure(ExitCode.failed, "\(rejected) lines were refused, see above")
        }
    }

    private func write(
        _ batch: Data, _ precision: TimestampPrecision, to connection: Connection
    ) async throws -> (points: Int, rejections: [String]) {
        switch connection {
        case .local(let database):
            do {
                let outcome = try await database.ingest.write(
                    lineProtocol: Array(batch), precision: precision,
                    receivedAt: Server.systemClock(), source: "import")
                return (outcome.pointCount, outcome.rejections.map(\.message))
            } catch {
                throw CommandFailure(error)
            }
        case .server(let client):
            let (status, body) = try client.send(
                "POST", "/api/v2/write?precision=\(self.precision)", batch,
                contentType: "text/plain")
            if status == 204 { return (0, []) }
            let answer = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
            guard status == 400, let message = answer?["message"] as? String else {
                throw ServerClient.failure(status: status, body: body, text: "")
            }
            return (0, [message])
        }
    }
}
