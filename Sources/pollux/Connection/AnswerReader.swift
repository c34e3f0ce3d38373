import Foundation
import PolluxModel
import PolluxQuery

/// Reads the answers that a server writes as JSON with times in nanoseconds.
enum AnswerReader {
    /// The answers of one response: an object, or `{"results":[…]}`.
    ///
    /// - Throws: `CommandFailure`; that of an interruption once `isCancelled` says so.
    static func results(
        _ bytes: [UInt8], isCancelled: () -> Bool = { false }
    ) throws -> [QueryResult] {
        try bytes.withUnsafeBufferPointer { bytes in
            let (head, places) = try AnswerRows.split(bytes)
            guard let object = try? JSONSerialization.jsonObject(with: head) as? [String: Any]
            else { throw unreadable }
            let answers = object["results"] as? [[String: Any]] ?? [object]
            guard answers.count == places.count else { throw unreadable }
            return try zip(answers, places).map { answer, place in
                try result(answer, UnsafeBufferPointer(rebasing: bytes[place]), isCancelled)
            }
        }
    }

    static let unreadable = CommandFailure(
        ExitCode.failed, "the server's answer cannot be read: is it an older or newer Pollux?")

    private static func result(
        _ object: [String: Any], _ bytes: UnsafeBufferPointer<UInt8>, _ isCancelled: () -> Bool
    ) throws -> QueryResult {
        guard let heads = object["columns"] as? [[String: Any]] else { throw unreadable }
        var columns: [ResultColumn] = []
        for head in heads {
            guard let name = head["name"] as? String, let type = head["type"] as? String,
                let kind = ResultColumn.Kind(rawValue: type)
            else { throw unreadable }
            columns.append(
                ResultColumn(
                    name: name, kind: kind, unit: head["unit"] as? String,
                    cells: ResultCells(texts: []), curve: curve(head)))
        }
        var rows = AnswerRows(bytes, columns.map(\.kind))
        for (index, cells) in try rows.read(isCancelled).enumerated() {
            columns[index].cells = cells
        }
        var zone = ZoneRules.utc
        if let name = object["zone"] as? String, ZoneRules.isValidName(name),
            let bytes = Database.zoneBytes(name),
            let rules = try? ZoneRules(name: name, tzif: bytes)
        {
            zone = rules
        }
        var result = QueryResult(
            content: columns.contains { $0.kind == .timestamp } ? .rows : .listing,
            columns: columns, notes: object["notes"] as? [String] ?? [], zone: zone)
        result.meaning = object["meaning"] as? String
        result.format = object["as"] as? String
        let stats = object["stats"] as? [String: Any]
        result.stats.points = stats?["points"] as? Int ?? 0
        result.stats.series = stats?["series"] as? Int ?? 0
        return result
    }

    private static func curve(_ head: [String: Any]) -> ResultCurve? {
        let shapes: [String: MeasureShape] = ["step": .step, "linear": .linear]
        guard let shape = (head["shape"] as? String).flatMap({ shapes[$0] }) else { return nil }
        var curve = ResultCurve(shape: shape)
        if let gap = head["gap"] as? String {
            curve.gap = nanoseconds(gap).map { .length($0) } ?? ResultCurve.Gap.none
        }
        curve.holes = (head["holes"] as? [[String: Any]])?.compactMap { hole in
            guard let row = hole["row"] as? Int,
                let held = (hole["held"] as? String).flatMap(nanoseconds)
            else { return nil }
            return ResultCurve.Hole(row: row, held: held)
        }
        return curve
    }

    /// Nanoseconds of a length of time as answers write it, such as `-1h5m`.
    static func nanoseconds(_ text: String) -> Int64? {
        let sizes: [String: Int64] = [
            "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000,
            "us": 1000, "ns": 1,
        ]
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative { rest.removeFirst() }
        var sum: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix(while: \.isNumber)
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix(while: \.isLetter)
            rest = rest.dropFirst(letters.count)
            guard let count = Int64(digits), let size = sizes[String(letters)] else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            let (total, isTooMuch) = sum.addingReportingOverflow(product)
            guard !overflow, !isTooMuch else { return nil }
            sum = total
        }
        return isNegative ? -sum : sum
    }
}
