import Foundation
import PolluxModel
import PolluxQuery

/// Reads the answers that a server writes as JSON with times in nanoseconds.
enum AnswerReader {
    /// The answers of one response: an object, or `{"results":[…]}`.
    static func results(_ bytes: [UInt8]) throws -> [QueryResult] {
        guard
            let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        else { throw unreadable }
        let answers = object["results"] as? [[String: Any]] ?? [object]
        return try answers.map(result)
    }

    private static let unreadable = CommandFailure(
        ExitCode.failed, "the server's answer cannot be read: is it an older or newer Pollux?")

    private static func result(_ object: [String: Any]) throws -> QueryResult {
        guard let heads = object["columns"] as? [[String: Any]],
            let rows = object["rows"] as? [[Any]]
        else { throw unreadable }
        var columns: [ResultColumn] = []
        for (index, head) in heads.enumerated() {
            guard let name = head["name"] as? String, let type = head["type"] as? String,
                let kind = ResultColumn.Kind(rawValue: type),
                rows.allSatisfy({ index < $0.count })
            else { throw unreadable }
            columns.append(
                ResultColumn(
                    name: name, kind: kind, unit: head["unit"] as? String,
                    cells: cells(rows.lazy.map { $0[index] }, kind), curve: curve(head)))
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

    private static func cells(
        _ values: some Sequence<Any>, _ kind: ResultColumn.Kind
    ) -> ResultCells {
        var missing: [Bool] = []
        func each<Value>(_ usual: Value, _ read: (Any) -> Value?) -> [Value] {
            values.map { value in
                let found = value is NSNull ? nil : read(value)
                missing.append(found == nil)
                return found ?? usual
            }
        }
        switch kind {
        case .float:
            let found = each(0.0) { ($0 as? NSNumber)?.doubleValue }
            return ResultCells(.floats(found), missing: missing)
        case .integer, .timestamp:
            let found = each(Int64(0)) { ($0 as? NSNumber)?.int64Value }
            return ResultCells(.integers(found), missing: missing)
        case .boolean:
            let found = each(false) { ($0 as? NSNumber)?.boolValue }
            return ResultCells(.booleans(found), missing: missing)
        case .duration:
            let found = each(Int64(0)) { ($0 as? String).flatMap(nanoseconds) }
            return ResultCells(.integers(found), missing: missing)
        case .asset, .text, .note:
            return ResultCells(texts: values.map { $0 as? String })
        }
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
