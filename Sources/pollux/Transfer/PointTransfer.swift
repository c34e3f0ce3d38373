import Foundation
import PolluxIngest
import PolluxModel
import PolluxServer
import PolluxStore

/// Files of points into a directory or a server, and out of it.
struct PointTransfer {
    let connection: Connection
    let format: PointFormat
    var precision = TimestampPrecision.nanoseconds
    var mapping = ColumnMapping()
    /// Words that belong to how a file is read: another reading is another import.
    var reading = ""

    /// Bytes of a file handed over at a time: large enough that the commit does not bound the rate.
    private static let pieceByteCount = 1 << 20
    /// Refusals shown one by one; the rest is counted.
    private static let shownCount = 20

    /// Takes files in, in order.
    func take(_ files: [String]) throws {
        var points: UInt64 = 0
        var refused: UInt64 = 0
        var shown = 0
        var tally = ImportTally()
        for name in files {
            var file = try PointFile(name, reading: "\(format.rawValue) \(precision) \(reading)")
            try take(&file, &shown, &tally)
            points += file.progress.pointCount
            refused += file.progress.refusedCount
        }
        var text =
            "imported \(points) points from \(files.count) \(files.count == 1 ? "file" : "files")"
        if case .local(let database) = connection {
            let replaced = try reporting { try database.ingest.replacedCount(of: tally) }
            if replaced > 0 {
                text +=
                    ", \(replaced) of them in the place of others of the same series and instant"
            }
        }
        print(text)
        if refused > 0 {
            let hidden = shown > PointTransfer.shownCount ? "; the first are above" : ", see above"
            throw CommandFailure(
                ExitCode.failed,
                "\(refused) \(refused == 1 ? "line was" : "lines were") refused"
                    + hidden)
        }
    }

    private func take(
        _ file: inout PointFile, _ shown: inout Int, _ tally: inout ImportTally
    ) throws {
        var reader = PointReader(format, precision: precision, mapping: mapping)
        // Which of two instants a clock showed is told by the rows before: such a file begins
        // again.
        if case .local(let database) = connection, mapping.zone == .utc,
            let before = try reporting({ try database.ingest.importProgress(of: file.identity) })
        {
            try file.goOn(behind: before, &reader)
            Terminal.fail(
                "\(file.name): going on at line \(before.line), behind \(before.pointCount) points "
                    + "that are stored", prefix: "")
        }
        let progress = ProgressLine(file.name, byteCount: file.byteCount)
        while true {
            let piece = try file.read(PointTransfer.pieceByteCount)
            let lines: PointLines
            do {
                lines = try reader.take(piece, isEnd: piece.isEmpty)
            } catch {
                throw CommandFailure(ExitCode.failed, "\(file.name): \(error)")
            }
            file.progress.byteCount = file.readByteCount - UInt64(reader.waitingByteCount)
            file.progress.line = UInt64(reader.line)
            var problems = lines.problems
            file.progress.refusedCount += UInt64(problems.count)
            if !lines.bytes.isEmpty {
                problems += try write(lines, &file, &tally)
            }
            for problem in problems.sorted(by: { $0.line < $1.line }) {
                shown += 1
                if shown <= PointTransfer.shownCount {
                    progress.clear()
                    Terminal.fail("\(file.name):\(problem.line): \(problem.reason)")
                }
            }
            progress.show(file.progress.byteCount, points: file.progress.pointCount)
            if piece.isEmpty { break }
            if Interrupt.isRaised {
                progress.clear()
                throw CommandFailure(ExitCode.interrupted, PointTransfer.advice(connection))
            }
        }
        progress.clear()
        if case .local(let database) = connection {
            let identity = file.identity
            try reporting { try database.ingest.forgetImport(of: identity) }
        }
    }

    private static func advice(_ connection: Connection) -> String {
        switch connection {
        case .local: "stopped; the same command goes on where it stopped"
        case .server: "stopped; the same command begins again, and stores no point twice"
        }
    }

    /// Stores a part and says what was refused.
    private func write(
        _ lines: PointLines, _ file: inout PointFile, _ tally: inout ImportTally
    ) throws -> [(line: Int, reason: String)] {
        switch connection {
        case .local(let database):
            do {
                let outcome = try database.ingest.importLines(
                    lines.bytes, precision: format == .line ? precision : .nanoseconds,
                    writtenAt: file.writtenAt, now: Server.systemClock(), progress: &file.progress,
                    tally: &tally)
                return outcome.rejections.map {
                    (lines.origin(of: $0.line), format == .line ? $0.message : $0.plainReason)
                }
            } catch {
                throw CommandFailure(error)
            }
        case .server(let client):
            return try send(lines, to: client, &file)
        }
    }

    private func send(
        _ lines: PointLines, to client: ServerClient, _ file: inout PointFile
    ) throws -> [(line: Int, reason: String)] {
        let unit = format == .line ? precision.parameter : "ns"
        let lineCount = UInt64(lines.bytes.count { $0 == 10 })
        while true {
            let (status, body) = try client.send(
                "POST", "/api/v3/write_lp?db=pollux&precision=\(unit)", Data(lines.bytes),
                contentType: "text/plain")
            // A full queue empties itself: the same part is offered again.
            if status == 429 || status == 503, !Interrupt.isRaised {
                usleep(500_000)
                continue
            }
            if status == 204 {
                file.progress.pointCount += lineCount
                return []
            }
            let answer = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
            guard status == 400, let refused = answer?["data"] as? [[String: Any]] else {
                throw ServerClient.failure(status: status, body: body)
            }
            let count = UInt64(answer?["rejected"] as? Int ?? refused.count)
            file.progress.refusedCount += count
            file.progress.pointCount += lineCount - min(lineCount, count)
            return refused.map {
                (
                    lines.origin(of: $0["line_number"] as? Int ?? 1),
                    $0[format == .line ? "error_message" : "reason"] as? String ?? "refused"
                )
            }
        }
    }

    /// Writes all points of a range to a file, or to standard output.
    func give(_ range: TimeRange, to name: String?) throws {
        let output = try PointTransfer.output(name)
        switch connection {
        case .local(let database):
            try reporting {
                let export = try PointExport(
                    format, range: range, store: database.store, graph: database.graph)
                defer { export.close() }
                while let part = try export.next() {
                    try output.write(contentsOf: part)
                    if Interrupt.isRaised {
                        throw CommandFailure(ExitCode.interrupted, "cancelled")
                    }
                }
                for path in export.sharedPaths.sorted() {
                    Terminal.fail(
                        "\(path) stands for several assets, and their points do not say which",
                        prefix: "note: ")
                }
                if name != nil {
                    Terminal.fail(
                        "wrote \(export.pointCount) points of \(export.seriesCount) series",
                        prefix: "")
                }
            }
        case .server(let client):
            var path = "/api/v1/export?format=\(format.rawValue)"
            if range != .always {
                path += "&from=\(range.start.nanoseconds)&to=\(range.end.nanoseconds)"
            }
            try reporting { try client.stream("GET", path) { try output.write(contentsOf: $0) } }
        }
    }

    private static func output(_ name: String?) throws -> FileHandle {
        guard let name else { return .standardOutput }
        guard FileManager.default.createFile(atPath: name, contents: nil),
            let file = FileHandle(forWritingAtPath: name)
        else { throw CommandFailure(ExitCode.failed, "cannot write the file \(name)") }
        return file
    }
}

/// A file that is read piece by piece, and how far it is stored.
struct PointFile {
    let name: String
    let byteCount: UInt64
    /// When it was changed last: the time of lines without one, the same in each run.
    let writtenAt: Timestamp
    /// What tells this file and reading from others.
    let identity: String
    var progress: ImportProgress
    private(set) var readByteCount: UInt64 = 0
    private let handle: FileHandle

    init(_ name: String, reading: String) throws {
        guard let handle = FileHandle(forReadingAtPath: name),
            let facts = try? FileManager.default.attributesOfItem(atPath: name),
            facts[.type] as? FileAttributeType == .typeRegular
        else { throw CommandFailure(ExitCode.failed, "cannot read the file \(name)") }
        self.name = name
        self.handle = handle
        byteCount = (facts[.size] as? NSNumber)?.uint64Value ?? 0
        let changed = (facts[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        writtenAt = Timestamp(nanoseconds: Int64(changed * 1e6) * 1000)
        let path = URL(fileURLWithPath: name).standardizedFileURL.path
        identity = "\(path) \(byteCount) \(writtenAt.nanoseconds) \(reading)"
        progress = ImportProgress(file: identity)
    }

    /// The next bytes; none at the end.
    mutating func read(_ count: Int) throws -> [UInt8] {
        let handle = handle
        let bytes = try reporting { try handle.read(upToCount: count).map(Array.init) ?? [] }
        readByteCount += UInt64(bytes.count)
        return bytes
    }

    /// Skips what is stored.
    mutating func goOn(behind before: ImportProgress, _ reader: inout PointReader) throws {
        let header = try read(1 << 16)
        do {
            try reader.resume(atLine: Int(clamping: before.line), header: header)
        } catch {
            throw CommandFailure(ExitCode.failed, "\(name): \(error)")
        }
        let handle = handle
        try reporting { try handle.seek(toOffset: before.byteCount) }
        readByteCount = before.byteCount
        progress = before
    }
}

/// One line on a terminal that says how far a file is.
private final class ProgressLine {
    private let name: String
    private let byteCount: UInt64
    private let isShown = isatty(STDERR_FILENO) == 1

    init(_ name: String, byteCount: UInt64) {
        self.name = name
        self.byteCount = byteCount
    }

    func show(_ done: UInt64, points: UInt64) {
        guard isShown else { return }
        let share = byteCount == 0 ? 100 : done * 100 / byteCount
        FileHandle.standardError.write(
            Data("\r\u{1B}[K\(name): \(share) %, \(points) points".utf8))
    }

    func clear() {
        if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
