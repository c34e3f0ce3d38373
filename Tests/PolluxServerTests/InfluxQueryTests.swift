import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxServer

/// `/query`: what Grafana's data source for InfluxQL and clients of Influx 1 ask.
@Suite("Questions of Influx clients")
struct InfluxQueryTests {
    /// Two machines of line L2, a machine of L3 and a spindle, with points a second apart.
    private static let lines = """
        machine,line=L2,machine=M-1 power=1.5,state="run" 1700000000
        machine,line=L2,machine=M-1 power=2.5 1700000001
        machine,line=L2,machine=M-2 power=7i 1700000000
        machine,line=L3,machine=M-3 on=true 1700000000
        spindle,line=L2,machine=M-1 vibration=0.5 1700000000
        """

    private static let window = "between 2023-11-14T22:13:20Z and 2023-11-14T22:14:00Z"

    private func withPlant(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws {
        try await RunningServer.run(change) { server in
            let written = try await server.ask(
                "POST /api/v2/write?precision=s", body: InfluxQueryTests.lines)
            #expect(written.status == 204, "\(written.text)")
            try await body(server)
        }
    }

    private func get(
        _ server: RunningServer, _ text: String, _ more: String = "",
        _ headers: [String: String] = [:]
    ) async throws -> RawClient.Answer {
        let query = text.utf8.map { byte in
            byte.isLetter
                ? String(UnicodeScalar(byte)) : "%" + String(256 + Int(byte), radix: 16).dropFirst()
        }.joined()
        return try await server.ask("GET /query?q=\(query)\(more)", headers)
    }

    @Test("an answer over time is one series for each asset and measure")
    func series() async throws {
        try await withPlant { server in
            let answer = try await get(
                server, "power, state of every machine \(InfluxQueryTests.window)", "&epoch=ms")
            #expect(answer.status == 200)
            #expect(
                answer.text == """
                    {"results":[{"statement_id":0,"series":[\
                    {"name":"power","tags":{"asset":"M-1"},"columns":["time","value"],\
                    "values":[[1700000000000,1.5],[1700000001000,2.5]]},\
                    {"name":"state","tags":{"asset":"M-1"},"columns":["time","value"],\
                    "values":[[1700000000000,"run"]]},\
                    {"name":"power","tags":{"asset":"M-2"},"columns":["time","value"],\
                    "values":[[1700000000000,7]]}]}]}
                    """)
            let text = try await get(server, "power of machine M-2 \(InfluxQueryTests.window)")
            #expect(text.text.contains(#"[["2023-11-14T22:13:20Z",7]]"#), "\(text.text)")
        }
    }

    @Test("slices without values are null, samples too far apart have a hole between them")
    func gaps() async throws {
        try await withPlant { server in
            let slices = try await get(
                server,
                "count power of machine M-2 between 2023-11-14T22:13:20Z and "
                    + "2023-11-14T22:13:40Z every 10s", "&epoch=s")
            #expect(slices.text.contains("[[1700000000,1],[1700000010,0]]"), "\(slices.text)")
            let means = try await get(
                server,
                "mean power of machine M-2 between 2023-11-14T22:13:20Z and "
                    + "2023-11-14T22:13:40Z every 10s", "&epoch=s")
            #expect(means.text.contains("[[1700000000,7],[1700000010,null]]"), "\(means.text)")
            let late = try await server.ask(
                "POST /write?precision=s",
                body: "spindle,line=L2,machine=M-1 vibration=2 1700009000")
            #expect(late.status == 204)
            let samples = try await get(
                server, "vibration of spindle of machine M-1 between 2023-11-14 and 2023-11-16",
                "&epoch=ms")
            #expect(
                samples.text.contains(
                    #""values":[[1700000000000,0.5],[1700000000001,null],[1700009000000,2]]"#),
                "\(samples.text)")
        }
    }

    @Test("other answers are one series with the columns that they have")
    func tables() async throws {
        try await withPlant { server in
            let list = try await get(server, "show every machine")
            #expect(
                list.text.contains(
                    #""columns":["asset","type","in"],"values":[["M-1","machine","L2"],"#),
                "\(list.text)")
            let newest = try await get(server, "latest everything of machine M-2", "&epoch=s")
            #expect(
                newest.text.contains(#"[1700000000,"M-2","power","7""#), "\(newest.text)")
            let empty = try await get(server, "power of every machine last 1h")
            #expect(!empty.text.contains("series"))
            #expect(empty.text.contains(#""messages":[{"level":"info","text":"0 rows: "#))
        }
    }

    @Test("texts that do not parse are 400, statements that fail are results with an error")
    func errors() async throws {
        try await withPlant { server in
            let broken = try await get(server, "power of every")
            #expect(broken.status == 400)
            let text = try #require(try broken.object()["error"] as? String)
            #expect(text.hasPrefix("error parsing query: the sentence is not finished"), "\(text)")
            let unknown = try await get(server, "powr of every machine")
            #expect(unknown.status == 200)
            #expect(
                unknown.text.hasPrefix(
                    #"{"results":[{"statement_id":0,"error":"machine M-1 has no"#),
                "\(unknown.text)")
            #expect(unknown.text.contains("did you mean `power`?"))
            let select = try await get(
                server, #"SELECT mean("power") FROM "machine" WHERE $timeFilter GROUP BY time(10s)"#
            )
            #expect(select.status == 400)
            #expect(
                select.text.contains(
                    "mean power of every machine where $timeFilter every $__interval"),
                "\(select.text)")
            #expect(try await get(server, "").status == 400)
            #expect(try await get(server, "power of every machine", "&epoch=x").status == 400)
        }
    }

    @Test("a GET and a token for reading change nothing")
    func roles() async throws {
        try await withPlant { server in
            let got = try await get(server, "create asset machine M-9")
            #expect(got.status == 403, "\(got.text)")
            #expect(try got.object()["error"] is String)
            let posted = try await server.ask(
                "POST /query", ["Content-Type": "application/x-www-form-urlencoded"],
                body: "q=create+asset+machine+M-9&epoch=ms")
            #expect(posted.status == 200)
            #expect(posted.text.hasPrefix(#"{"results":[{"statement_id":0,"#), "\(posted.text)")
        }
    }

    @Test("Grafana's time filter is a window")
    func windows() async throws {
        try await withPlant { server in
            let answer = try await get(
                server,
                "max power of every machine where power < 5 and "
                    + "time >= 1700000000000ms and time <= 1700000010000ms every 10s", "&epoch=s")
            #expect(
                answer.text.contains(
                    #"{"asset":"M-1"},"columns":["time","value"],"values":[[1700000000,2.5]]"#),
                "\(answer.text)")
        }
    }

    @Test(
        "a window is rewritten where it is read strictly, and nothing else is",
        arguments: [
            (
                "x of y where time >= 1700000000000ms and time <= 1700003600001ms every 10s",
                "x of y between 2023-11-14T22:13:20Z and 2023-11-14T23:13:20.001Z every 10s"
            ),
            (
                "x of y WHERE time >= 1700000000s AND time < 1700000001s and x > 5",
                "x of y between 2023-11-14T22:13:20Z and 2023-11-14T22:13:21Z where x > 5"
            ),
            (
                "x of y where x > 5 and time >= now() - 90m and time <= now() ; z of y",
                "x of y where x > 5 between 90m ago and now ; z of y"
            ),
            (
                "x of y where time >= '2026-01-01T00:00:00Z' and time <= 1800000000000000000",
                "x of y between 2026-01-01T00:00:00Z and 2027-01-15T08:00:00Z"
            ),
        ])
    func rewriting(text: String, expected: String) {
        #expect(InfluxWindow.rewritten(text) == expected)
    }

    @Test(
        "what is no window stays as it is",
        arguments: [
            "x of y where time >= 5ms", "x of y where time > 1ms and time <= 2ms",
            "x of y where time >= 1ms and time <= 2ms5", "time >= 1ms and time <= 2ms",
            "x of y like 'where time >= 1ms and time <= 2ms'",
            "x of [where time >= 1ms and time <= 2ms]", "-- where time >= 1ms and time <= 2ms",
            "x of y where time >= 1ms or time <= 2ms",
            "x of y where a and time >= 1ms and time <= 2ms and b",
            "x of y where time >= 99999999999999999999ms and time <= 2ms", "",
            "x of y where time >= 9300000000000000ms and time <= 2ms", "'", "where", "where time",
        ])
    func unchanged(text: String) {
        #expect(InfluxWindow.rewritten(text) == text)
    }

    @Test("the listings of schema browsers come from the plant")
    func listings() async throws {
        try await withPlant { server in
            func rows(_ text: String) async throws -> [[String]] {
                let answer = try await get(server, text)
                #expect(answer.status == 200, "\(answer.text)")
                let results = try answer.object()["results"] as? [[String: Any]]
                let series = results?.first?["series"] as? [[String: Any]] ?? []
                return series.flatMap { $0["values"] as? [[String]] ?? [] }
            }
            #expect(try await rows("show databases") == [["pollux"]])
            let some = "SHOW MEASUREMENTS WITH MEASUREMENT =~ /(?i)SPIN/ LIMIT 100"
            #expect(try await rows(some) == [["spindle"]])
            #expect(
                try await rows(#"SHOW TAG KEYS ON "db" FROM "rp"."machine""#)
                    == [["line"], ["machine"]])
            let values = #"SHOW TAG VALUES FROM "machine" WITH KEY = "machine""#
            #expect(
                try await rows(values)
                    == [["machine", "M-1"], ["machine", "M-2"], ["machine", "M-3"]])
            #expect(
                try await rows(values + #" WHERE "line" = 'L2' AND time > now() - 1h"#)
                    == [["machine", "M-1"], ["machine", "M-2"]])
            #expect(
                try await rows(values + #" WHERE ("machine" =~ /^(M-2|M-3)$/) LIMIT 1"#)
                    == [["machine", "M-2"]])
            #expect(
                try await rows(#"SHOW TAG VALUES FROM spindle WITH KEY IN ("line","machine")"#)
                    == [["line", "L2"], ["machine", "M-1"]])
            #expect(
                try await rows(#"SHOW FIELD KEYS FROM "machine""#)
                    == [["on", "boolean"], ["power", "float"], ["state", "string"]])
            for bad in [
                "SHOW TAG VALUES FROM machine", "SHOW TAG KEYS FROM", "SHOW TAG KEYS GROUP BY x",
                "SHOW TAG VALUES WITH KEY =~ /a[bc]/", #"SHOW TAG KEYS WHERE ("a" = 'b'"#,
            ] {
                let answer = try await get(server, bad)
                #expect(answer.status == 400, "\(bad): \(answer.text)")
                #expect(answer.text.hasPrefix(#"{"error":"error parsing query: "#))
            }
        }
    }

    @Test("chunks: an object a line, all but the last say that more follows")
    func chunks() async throws {
        try await withPlant { server in
            let answer = try await get(
                server, "power of every machine \(InfluxQueryTests.window)",
                "&epoch=s&chunked=true&chunk_size=1")
            let lines = answer.text.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(
                lines[0] == #"""
                    {"results":[{"statement_id":0,"series":[{"name":"power","tags":{"asset":"M-1"},\#
                    "columns":["time","value"],"values":[[1700000000,1.5]],"partial":true}],\#
                    "partial":true}]}
                    """#)
            #expect(lines[1].hasSuffix(#""values":[[1700000001,2.5]]}],"partial":true}]}"#))
            #expect(lines[2].hasSuffix(#""values":[[1700000000,7]]}]}]}"#))
        }
    }

    @Test("CSV: names, tags and columns, instants as numbers")
    func csv() async throws {
        try await withPlant { server in
            let answer = try await get(
                server, "power of every machine \(InfluxQueryTests.window)", "",
                ["Accept": "application/csv"])
            #expect(answer.headers["content-type"]?.hasPrefix("application/csv") == true)
            #expect(
                answer.text == """
                    name,tags,time,value
                    power,asset=M-1,1700000000000000000,1.5
                    power,asset=M-1,1700000001000000000,2.5
                    power,asset=M-2,1700000000000000000,7

                    """)
        }
    }

    @Test("a long answer streams, whole")
    func long() async throws {
        try await withPlant { server in
            let lines = (0..<100_000).map { "fan,machine=M-1 speed=\($0) \(1_700_000_000 + $0)" }
            let written = try await server.ask(
                "POST /write?precision=s", body: lines.joined(separator: "\n"))
            #expect(written.status == 204)
            let answer = try await get(
                server, "speed of fan of machine M-1 between 2023-11-14 and 2023-11-17",
                "&epoch=s")
            let results = try #require(try answer.object()["results"] as? [[String: Any]])
            let series = try #require(results.first?["series"] as? [[String: Any]])
            let values = try #require(series.first?["values"] as? [[Int]])
            #expect(values.count == 100_000)
            #expect(values.last == [1_700_099_999, 99_999])
        }
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (97...122).contains(self) || (65...90).contains(self) }
}
