import PolluxModel

/// A part of a file as lines of line protocol.
public struct PointLines: Sendable {
    /// The lines.
    public internal(set) var bytes: [UInt8] = []
    /// The line of the file that each of them comes from, from 1; empty when they are the file's
    /// own, from `firstLine` on.
    public internal(set) var origins: [Int] = []
    /// The file's line that `bytes` begins with.
    public internal(set) var firstLine = 1
    /// What could not be read, by the file's line.
    public internal(set) var problems: [(line: Int, reason: String)] = []

    /// The line of the file that a line of `bytes` (from 1) comes from.
    public func origin(of line: Int) -> Int {
        origins.isEmpty
            ? firstLine + line - 1 : origins[min(max(line, 1), origins.count) - 1]
    }
}

/// Reads a file of points piece by piece; what a piece cuts in two waits for the next one.
public struct PointReader: Sendable {
    /// The line that follows what was handed out, from 1.
    public private(set) var line = 1
    /// Bytes taken that wait for the rest of their record.
    public var waitingByteCount: Int { rest.count }
    private var rest: [UInt8] = []
    private var kind: Kind

    private enum Kind: Sendable {
        case line
        case csv(CSVPoints)
        case ndjson(JSONPoints)
    }

    /// A record longer than this is refused, so that a missing quote cannot fill the memory.
    static let recordByteCountLimit = 16 << 20
    /// Bytes of rows that show in which order they are.
    private static let orderByteCount = 64 << 10

    /// A reader of a format.
    ///
    /// - Parameters:
    ///   - precision: the unit of bare numbers that are times; lines of line protocol keep theirs.
    ///   - mapping: what columns of CSV mean, where their names do not tell.
    public init(
        _ format: PointFormat, precision: TimestampPrecision,
        mapping: ColumnMapping = ColumnMapping()
    ) {
        switch format {
        case .line: kind = .line
        case .csv: kind = .csv(CSVPoints(mapping: mapping, precision: precision))
        case .ndjson: kind = .ndjson(JSONPoints(precision: precision))
        }
    }

    /// Goes on behind what was taken in before; `header` is the beginning of the file.
    ///
    /// - Throws: `IngestError.unreadable` when the header cannot be used.
    public mutating func resume(atLine line: Int, header: [UInt8]) throws(IngestError) {
        if case .csv(var points) = kind {
            let start = header.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            points.dialect = CSVDialect(of: header[start...])
            guard let record = CSVRecord.next(header[start...], points.dialect, isEnd: true)
            else { return }
            try points.takeHeader(record.cells)
            kind = .csv(points)
        }
        self.line = line
    }

    /// Takes the next piece; `isEnd` says that no other follows.
    ///
    /// - Throws: `IngestError.unreadable` when the file as a whole cannot be used.
    public mutating func take(
        _ piece: [UInt8], isEnd: Bool
    ) throws(IngestError) -> PointLines {
        rest += piece
        if line == 1 { try PointReader.checkText(rest) }
        var lines = PointLines()
        lines.firstLine = line
        switch kind {
        case .line: takeLines(isEnd, &lines)
        case .csv(var points):
            try takeRows(isEnd, &points, &lines)
            kind = .csv(points)
        case .ndjson(let points): takeObjects(isEnd, points, &lines)
        }
        guard rest.count <= PointReader.recordByteCountLimit else {
            throw .unreadable(
                reason: "line \(line): a record of more than \(PointReader.recordByteCountLimit) "
                    + "bytes; is a quote missing?")
        }
        return lines
    }

    private mutating func takeLines(_ isEnd: Bool, _ lines: inout PointLines) {
        let end = isEnd ? rest.count : (rest.lastIndex(of: 10).map { $0 + 1 } ?? 0)
        lines.bytes = Array(rest[..<end])
        rest.removeFirst(end)
        line += lines.bytes.count { $0 == 10 }
    }

    private mutating func takeRows(
        _ isEnd: Bool, _ points: inout CSVPoints, _ lines: inout PointLines
    ) throws(IngestError) {
        var start = 0
        if line == 1, rest.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        while true {
            if !points.hasHeader { points.dialect = CSVDialect(of: rest[start...]) }
            if points.needsOrder {
                // Rows tell in which order they are; the first ones alone may not.
                guard isEnd || rest.count - start >= PointReader.orderByteCount else { break }
                takeOrder(from: start, isEnd, &points)
            }
            guard let record = CSVRecord.next(rest[start...], points.dialect, isEnd: isEnd)
            else { break }
            start = record.end
            defer { line += record.lineCount }
            if record.cells.count == 1, record.cells[0].isEmpty { continue }
            guard points.hasHeader else {
                if let fault = record.fault {
                    throw .unreadable(
                        reason: fault == CSVRecord.notUTF8
                            ? "the first line is not UTF-8: convert the file, such as with "
                                + "iconv -f ISO-8859-1 -t UTF-8" : "the first line: \(fault)")
                }
                try points.takeHeader(record.cells)
                continue
            }
            if let reason = record.fault {
                lines.problems.append((line, reason))
                continue
            }
            points.take(record.cells, line: line, into: &lines)
        }
        rest.removeFirst(start)
    }

    /// Shows the rows at hand to what tells whether the newest come first.
    private func takeOrder(from start: Int, _ isEnd: Bool, _ points: inout CSVPoints) {
        var start = start
        while let record = CSVRecord.next(rest[start...], points.dialect, isEnd: isEnd) {
            start = record.end
            points.order(record.cells)
        }
        points.needsOrder = false
    }

    /// Refuses a file that is not written in UTF-8 from its first bytes on.
    private static func checkText(_ bytes: [UInt8]) throws(IngestError) {
        let isMarked = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        let hasZero = bytes.count > 1 && (bytes[0] == 0) != (bytes[1] == 0)
        guard isMarked || hasZero else { return }
        throw .unreadable(
            reason: "the file is UTF-16, not UTF-8: convert it, such as with "
                + "iconv -f UTF-16 -t UTF-8")
    }

    private mutating func takeObjects(
        _ isEnd: Bool, _ points: JSONPoints, _ lines: inout PointLines
    ) {
        var start = 0
        while start < rest.count {
            let end = rest[start...].firstIndex(of: 10)
            guard let end = end ?? (isEnd ? rest.count : nil) else { break }
            points.take(rest[start..<end], line: line, into: &lines)
            start = end + 1
            line += 1
        }
        rest.removeFirst(min(start, rest.count))
    }
}
