import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxQuery
@testable import PolluxServer

/// Rows that are written many at a time are those that are written cell by cell.
@Suite struct RowBytesTests {
    private let seed: UInt64 = 20_261_126

    /// An instant: mostly near the one before, sometimes anywhere.
    private func instant(after last: Int64, _ random: inout Seed) -> Int64 {
        switch random.next() % 8 {
        case 0: Int64(bitPattern: random.next())
        case 1: last / 1_000_000_000 * 1_000_000_000
        case 2: last &- Int64(random.next() % 90_000_000_000)
        case 3: last / 60_000_000_000 * 60_000_000_000
        default: last &+ Int64(random.next() % 1_500) * 1_000_000
        }
    }

    private func number(_ random: inout Seed) -> Double {
        let scale = [1.0, 10, 100, 1000, 1e6, 1e7][Int(random.next() % 6)]
        return switch random.next() % 8 {
        case 0: Double(bitPattern: random.next())
        case 1: 0
        case 2: -0.0
        case 3: (random.unit() * 1e12).rounded() / scale
        default: ((random.unit() - 0.5) * 20_000 * scale).rounded() / scale
        }
    }

    @Test("every instant and number is written as it is alone")
    func cells() throws {
        var random = Seed(seed)
        var times: [Int64] = [.min, .max, .min + 1, .max - 1, 0, -1, 59_999_999_999]
        var numbers: [Double] = [
            0.1, 0.05, 999_999_999, 999_999_999.999_999, 1e9, .leastNonzeroMagnitude, .infinity,
        ]
        while times.count < 40_000 {
            times.append(instant(after: times[times.count - 1], &random))
            numbers.append(number(&random))
        }
        let result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(name: "t", kind: .timestamp, cells: ResultCells(.integers(times))),
                ResultColumn(name: "x", kind: .float, cells: ResultCells(.floats(numbers))),
                ResultColumn(name: "n", kind: .integer, cells: ResultCells(.integers(times))),
            ])
        let lines = String(decoding: ResultFormat.csv.bytes(of: result), as: UTF8.self)
            .split(separator: "\n").dropFirst()
        #expect(lines.count == times.count)
        for (row, line) in lines.enumerated() {
            var expected: [UInt8] = []
            Timestamp(nanoseconds: times[row]).appendRFC3339(offsetSeconds: 0, to: &expected)
            expected.append(UInt8(ascii: ","))
            NumberText.append(numbers[row], to: &expected)
            expected += ",\(times[row])".utf8
            #expect(Array(line.utf8) == expected, "seed \(seed), row \(row)")
        }
    }

    @Test("texts of every length are whole")
    func texts() throws {
        let words = (0..<200).map { String(repeating: "ä\"b,", count: $0) + "\($0)" }
        let indices = (0..<200).map { Int32($0 * 7 % 200) }
        let result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "w", kind: .text,
                    cells: ResultCells(.texts(ResultCells.Texts(words: words, indices: indices))))
            ])
        let json = try JSONReader.parse(ResultFormat.json.bytes(of: result))
        let rows = json.object?.members.first { $0.name == "rows" }?.value
        let expected = indices.map { JSONValue.array([.text(words[Int($0)])]) }
        #expect(rows == .array(expected))
    }
}
