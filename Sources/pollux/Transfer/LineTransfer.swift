import Foundation
import PolluxIngest
import PolluxServer

/// Files of line protocol into a directory or a server, a piece at a time.
struct LineTransfer {
    let connection: Connection
    let precision: TimestampPrecision
    /// The precision as it was written.
    let written: String

    /// Lines handed over at a time: large enough that the commit does not bound the rate.
    private static let batchByteCount = 1 << 20

    func take(_ files: [String]) async throws {
        var points = 0
        var rejected = 0
        for name in files {
            guard let file = FileHandle(forReadingAtPath: name) else {
                throw CommandFailure(ExitCode.failed, "cannot read the file \(name)")
            }
            var lineNumber = 0
            var rest = Data()
            while true {
                let part = try reporting { try file.read(upToCount: LineTransfer.batchByteCount) }
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
                "POST", "/api/v2/write?precision=\(written)", batch,
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
