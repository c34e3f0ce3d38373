import Foundation
import PolluxModel
import PolluxQuery
import Testing

@testable import pollux

/// Answers as a server sends them, read into columns.
@Suite struct AnswerRowsTests {
    private static let heads = """
        [{"name":"time","type":"timestamp"},{"name":"rows","type":"asset"},\
        {"name":"vibration","type":"float","unit":"mm/s"},{"name":"parts","type":"integer"},\
        {"name":"on","type":"boolean"},{"name":"age","type":"duration"},\
        {"name":"note","type":"note"}]
        """

    @Test("cells of every kind, missing ones, texts with anything in them")
    func cells() throws {
        let text = """
            {"columns":\(AnswerRowsTests.heads),"rows":[\
            [1772445600000000001,"SP-7",-1.25,12,true,"1h5m",null],\
            [1772445600000000002,"SP-7",1e-7,-9007199254740993,false,"-3s",null],\
            [null,"a \\"],[\\u00e9\\n","12",1.5,null,null,"a, b"],\
            [4,"é",0.12345678901234567,3,true,"5ms","\\\\"]],"notes":["[\\"rows\\":["],\
            "stats":{"rows":4,"points":7,"series":2}}
            """
        let result = try #require(AnswerReader.results(Array(text.utf8)).first)
        let rows = (0..<result.rowCount).map { row in result.columns.map { $0.cell(row) } }
        let minute: Int64 = 60_000_000_000
        let expected: [[ResultCell]] = [
            [
                .timestamp(Timestamp(nanoseconds: 1_772_445_600_000_000_001)), .text("SP-7"),
                .float(-1.25), .integer(12), .boolean(true), .duration(65 * minute), .missing,
            ],
            [
                .timestamp(Timestamp(nanoseconds: 1_772_445_600_000_000_002)), .text("SP-7"),
                .float(1e-7), .integer(-9_007_199_254_740_993), .boolean(false),
                .duration(-minute / 20), .missing,
            ],
            [
                .missing, .text("a \"],[é\n"), .missing, .missing, .missing, .missing,
                .text("a, b"),
            ],
            [
                .timestamp(Timestamp(nanoseconds: 4)), .text("é"), .float(0.12345678901234567),
                .integer(3), .boolean(true), .duration(5_000_000), .text("\\"),
            ],
        ]
        #expect(rows == expected)
        #expect(result.notes == ["[\"rows\":["])
        #expect(result.stats.points == 7)
    }

    @Test("several answers, answers without rows, bytes that are no answer")
    func several() throws {
        let empty = "{\"columns\":[],\"rows\":[],\"notes\":[\"created\"]}"
        let one = "{\"columns\":[{\"name\":\"n\",\"type\":\"integer\"}],\"rows\":[[1],[2]]}"
        let found = try AnswerReader.results(Array("{\"results\":[\(empty)\n,\(one)]}".utf8))
        #expect(found.map(\.rowCount) == [0, 2])
        #expect(found[0].notes == ["created"])
        let broken = [
            "", "[]", "{}", String(one.dropLast(3)), "{\"columns\":[],\"rows\":[[1]]}",
            one.replacingOccurrences(of: "[2]", with: "[2,3]"),
            one.replacingOccurrences(of: "[2]", with: "[]"),
            one.replacingOccurrences(of: "[2]", with: "2"),
        ]
        for text in broken {
            #expect(throws: CommandFailure.self, "\(text)") {
                try AnswerReader.results(Array(text.utf8))
            }
        }
    }

    @Test("reading is given up when it is cancelled")
    func cancelled() throws {
        let rows = String(repeating: "[1],", count: 100_000) + "[1]"
        let text = "{\"columns\":[{\"name\":\"n\",\"type\":\"integer\"}],\"rows\":[\(rows)]}"
        var looks = 0
        do {
            _ = try AnswerReader.results(Array(text.utf8)) {
                looks += 1
                return looks == 3
            }
            Issue.record("it was read to its end")
        } catch let failure as CommandFailure {
            #expect(failure.exitCode == ExitCode.interrupted)
        }
        #expect(looks == 3)
    }
}
