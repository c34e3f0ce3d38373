import PolluxModel
import PolluxQuery
import Testing

@testable import PolluxServer

@Suite struct ResultFormatTests {
    private static let start: Int64 = 1_772_445_600_000_000_000  // 2026-03-02T10:00:00Z

    private func sample() -> QueryResult {
        let minute: Int64 = 60_000_000_000
        var result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "time", kind: .timestamp,
                    cells: ResultCells(
                        .integers([
                            ResultFormatTests.start, ResultFormatTests.start + minute + 250_000_000,
                        ]))),
                ResultColumn(
                    name: "asset", kind: .asset, cells: ResultCells(texts: ["SP-7", "a|b, \"c\""])),
                ResultColumn(
                    name: "vibration", kind: .float, unit: "mm/s",
                    cells: ResultCells(.floats([1.25, 2]), missing: [false, true])),
                ResultColumn(
                    name: "parts", kind: .integer, cells: ResultCells(.integers([7, 1234]))),
                ResultColumn(
                    name: "cutting", kind: .boolean, cells: ResultCells(.booleans([true, false]))),
                ResultColumn(
                    name: "length", kind: .duration,
                    cells: ResultCells(.integers([1_500_000_000, 25 * minute]))),
                ResultColumn(name: "note", kind: .note, cells: ResultCells(texts: [nil, "open"])),
            ])
        result.notes = ["default range: last 1h"]
        result.stats.points = 3
        result.stats.series = 1
        return result
    }

    private func text(
        _ format: ResultFormat, _ change: (inout ResultFormatOptions) -> Void = { _ in },
        _ result: QueryResult? = nil
    ) -> String {
        var options = ResultFormatOptions()
        change(&options)
        return String(
            decoding: format.bytes(of: result ?? sample(), options: options), as: UTF8.self)
    }

    @Test func json() {
        #expect(
            text(.json) == #"""
                {"columns":[{"name":"time","type":"timestamp"},{"name":"asset","type":"asset"},{"name":"vibration","type":"float","unit":"mm/s"},{"name":"parts","type":"integer"},{"name":"cutting","type":"boolean"},{"name":"length","type":"duration"},{"name":"note","type":"note"}],"rows":[["2026-03-02T10:00:00Z","SP-7",1.25,7,true,"1s500ms",null],["2026-03-02T10:01:00.250Z","a|b, \"c\"",null,1234,false,"25m","open"]],"notes":["default range: last 1h"],"stats":{"rows":2,"points":3,"series":1,"skippedBlocks":0,"parseNanoseconds":0,"bindNanoseconds":0,"runNanoseconds":0}}

                """#)
    }

    @Test func csv() {
        #expect(
            text(.csv) == #"""
                time,asset,vibration,parts,cutting,length,note
                2026-03-02T10:00:00Z,SP-7,1.25,7,true,1s500ms,
                2026-03-02T10:01:00.250Z,"a|b, ""c""",,1234,false,25m,open

                """#)
    }

    @Test func ndjson() {
        #expect(
            text(.ndjson) == #"""
                {"time":"2026-03-02T10:00:00Z","asset":"SP-7","vibration":1.25,"parts":7,"cutting":true,"length":"1s500ms","note":null}
                {"time":"2026-03-02T10:01:00.250Z","asset":"a|b, \"c\"","vibration":null,"parts":1234,"cutting":false,"length":"25m","note":"open"}

                """#)
    }

    @Test func markdown() {
        #expect(
            text(.md) == #"""
                | time | asset | vibration (mm/s) | parts | cutting | length | note |
                | --- | --- | --: | --: | --- | --: | --- |
                | 2026-03-02T10:00:00Z | SP-7 | 1.25 | 7 | true | 1s500ms |  |
                | 2026-03-02T10:01:00.250Z | a\|b, "c" |  | 1234 | false | 25m | open |

                """#)
    }

    @Test func table() {
        #expect(
            text(.table) == """
                time                      asset     vibration (mm/s)  parts  cutting   length  note
                ────────────────────────  ────────  ────────────────  ─────  ───────  ───────  ────
                2026-03-02 10:00:00.000Z  SP-7                  1.25      7  true     1s500ms
                2026-03-02 10:01:00.250Z  a|b, "c"              –      1234  false        25m  open
                2 rows
                default range: last 1h

                """)
    }

    @Test("a table keeps to the width and says how many rows it leaves out")
    func tableLimits() {
        var result = QueryResult(
            content: .listing,
            columns: [
                ResultColumn(
                    name: "name", kind: .text,
                    cells: ResultCells(texts: [String(repeating: "x", count: 60), "b", "c"]))
            ])
        result.notes = ["unseen"]
        let shown = text(
            .table,
            {
                $0.width = 20
                $0.rowLimit = 1
                $0.showsNotes = false
            }, result)
        #expect(
            shown == """
                name
                ────────────────────
                xxxxxxxxxxxxxxxxxxx…
                … 2 more rows

                """)
    }

    @Test(
        "a length for the eye has its largest parts, rounded",
        arguments: [
            (56_459_952_460, "56s460ms"), (459_952_460, "459ms952us"), (0, "0s"), (1, "1ns"),
            (59_999_999_999, "1m"), (-90_000_000_000, "-1m30s"), (1_500_000_000, "1s500ms"),
            (90_061_000_000_000, "25h1m1s"), (172_799_900_000_000, "2d"),
            (2_592_000_000_000_000, "30d"), (3_564_725_000_000_000, "41d6h12m"),
            (Int64.max, "106751d23h47m"), (Int64.min, "-106751d23h47m"),
        ] as [(Int64, String)])
    func readableLength(_ length: Int64, _ expected: String) {
        #expect(CellText.readableDuration(length) == expected)
    }

    @Test("long lines break between words")
    func wrapping() {
        #expect(TextWidth.wrapped("aa bb cc\n  dd ee ff", to: 5) == "aa bb\ncc\n  dd\n  ee\n  ff")
        #expect(TextWidth.wrapped("abcdefgh i", to: 4) == "abcdefgh\ni")
        #expect(TextWidth.wrapped("short", to: 80) == "short")
    }

    @Test("a missing text of a row is a dash, in a listing it is blank")
    func missingText() {
        var result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "state", kind: .text, cells: ResultCells(texts: ["idle", nil])),
                ResultColumn(
                    name: "power difference %", kind: .float, unit: "%",
                    cells: ResultCells(.floats([1, 2]))),
            ])
        #expect(
            text(.table, { _ in }, result) == """
                state  power difference %
                ─────  ──────────────────
                idle                    1
                –                       2
                2 rows

                """)
        result.content = .listing
        #expect(!text(.table, { _ in }, result).contains("–"))
    }

    @Test("a control character in a name cannot reach the terminal")
    func tableControl() {
        let result = QueryResult(
            content: .listing,
            columns: [
                ResultColumn(name: "name", kind: .text, cells: ResultCells(texts: ["a\u{1B}[31mb"]))
            ])
        #expect(!text(.table, { _ in }, result).contains("\u{1B}"))
    }

    @Test("instants as numbers are exact")
    func times() {
        let instant = Timestamp(nanoseconds: -1_500_000_001)
        let expected: [(ResultFormatOptions.TimeForm, String)] = [
            (.ns, "-1500000001"), (.us, "-1500000.001"), (.ms, "-1500.000001"),
            (.s, "-1.500000001"),
        ]
        for (form, text) in expected {
            var bytes: [UInt8] = []
            CellText.append(instant, zone: .utc, form: form, to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == text)
        }
    }

    @Test("durations are written as the language reads them")
    func durations() {
        let cases: [(Int64, String)] = [
            (0, "0s"), (1, "1ns"), (90_000_000_000, "1m30s"), (-3_600_000_000_000, "-1h"),
            (86_400_000_000_000, "24h"), (1_001_001_001, "1s1ms1us1ns"),
        ]
        for (value, text) in cases {
            var bytes: [UInt8] = []
            CellText.appendDuration(value, to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == text)
            if value > 0 {
                #expect(Period.parse(text)?.nanoseconds == value)
            }
        }
    }

    @Test("a large answer leaves in parts that make the same bytes")
    func parts() {
        let count = 20_000
        let result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "time", kind: .timestamp,
                    cells: ResultCells(.integers((0..<count).map { Int64($0) * 1_000_000 }))),
                ResultColumn(
                    name: "x", kind: .float,
                    cells: ResultCells(.floats((0..<count).map { Double($0) / 4 }))),
            ])
        // A chart is as large as a terminal, whatever it shows.
        for format in ResultFormat.allCases where format != .chart {
            var writer = ResultWriter(result, format: format)
            var parts = 0
            var bytes: [UInt8] = []
            while let part = writer.next() {
                parts += 1
                #expect(part.count < 80 * 1024)
                bytes.append(contentsOf: part)
            }
            #expect(parts > 4)
            #expect(bytes == format.bytes(of: result))
        }
    }

    @Test("an answer without columns or rows is still well formed")
    func empty() {
        let result = QueryResult(content: .acknowledgement)
        #expect(text(.json, { _ in }, result).hasPrefix(#"{"columns":[],"rows":[],"stats":{"#))
        #expect(text(.csv, { _ in }, result).isEmpty)
        #expect(text(.table, { _ in }, result).isEmpty)
    }
}
