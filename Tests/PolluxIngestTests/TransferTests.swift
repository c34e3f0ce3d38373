import Foundation
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Points in and out of files", .serialized)
struct TransferTests {
    /// Everything an export must not lose, as lines.
    private static func lines(_ seed: UInt64) -> [UInt8] {
        var random = Seed(seed)
        var bytes: [UInt8] = []
        func add(_ key: String, _ field: String, _ value: Value, _ quality: Quality, _ time: Int64)
        {
            LineText.append(
                key: Array(key.utf8), field: PointText.escaped(field) + [UInt8(ascii: "=")],
                value: value, quality: quality, time: time, to: &bytes)
        }
        let keys = [
            "machine,site=S,line=L2,machine=CNC-3", "spindle,line=L2,machine=CNC-3,_unit=mm/s",
            "tool,tool=T-42", "weather",
            #"bearing,_asset=machine:CNC-3/spindle/bearing:B\ 1\,x\=2"#,
            #"machine,machine=odd\ name\,\=\\/:"#, "line,_asset=line:Ⅱ",
            "clock,_asset=machine:T", "odd,_asset=#odd:#1", "odd,_asset=line:\u{301}x/\u{301}p:y",
        ]
        let texts = [
            "", "plain", "a,b", "say \"hi\"", "two\nlines\r\n", "back\\slash", "Größe ✓", " ",
        ]
        let floats = [
            0.0, -0.0, 1.5, .nan, .infinity, -.infinity, .leastNonzeroMagnitude,
            1.7976931348623157e308, 0.1 + 0.2,
            Double(bitPattern: 0x7FF8_0000_0000_0123),
        ]
        for key in keys {
            for step in 0..<40 as Range<Int64> {
                let time = step * 1_000_000_007 - 3_000_000_000 + Int64(random.next() % 1000)
                let quality = Quality.allCases[Int(random.next() % 4)]
                let float = floats[Int(random.next() % UInt64(floats.count))]
                add(key, "x y", .float(float), float.isFinite ? quality : .bad, time)
                if key.hasPrefix("clock") { add(key, "time", .float(2), quality, time) }
                add(key, "early", .float(1), .good, .min + 2 + step)
                add(key, "count", .integer([.min, .max, 0, -7][Int(step % 4)]), quality, time)
                add(key, "on=off", .boolean(step % 3 == 0), quality, time)
                add(key, "state,", .text(texts[Int(step) % texts.count]), quality, time)
            }
        }
        return bytes
    }

    private func export(_ plant: Plant, _ format: PointFormat) throws -> [UInt8] {
        let export = try PointExport(format, store: plant.store, graph: plant.graph)
        defer { export.close() }
        var bytes: [UInt8] = []
        while let part = try export.next() { bytes += part }
        return bytes
    }

    private func take(
        _ bytes: [UInt8], _ format: PointFormat, into plant: Plant, pieces: Int,
        mapping: ColumnMapping = ColumnMapping()
    ) throws -> [(line: Int, reason: String)] {
        var reader = PointReader(
            format, precision: format == .line ? .nanoseconds : .automatic, mapping: mapping)
        var problems: [(line: Int, reason: String)] = []
        var start = 0
        var progress = ImportProgress(file: "f")
        while true {
            let end = min(bytes.count, start + pieces)
            let lines = try reader.take(Array(bytes[start..<end]), isEnd: start == end)
            problems += lines.problems
            if !lines.bytes.isEmpty {
                let outcome = try plant.pipeline.importLines(
                    lines.bytes, precision: format == .line ? .nanoseconds : .nanoseconds,
                    writtenAt: Plant.arrival, now: Plant.arrival, progress: &progress)
                problems += outcome.rejections.map { (lines.origin(of: $0.line), $0.message) }
            }
            if start == end { return problems }
            start = end
        }
    }

    @Test(
        "export, import into an empty database, export: the same bytes",
        arguments: [(PointFormat.line, 4096), (.csv, 4096), (.csv, 61), (.ndjson, 500)])
    func roundTrip(format: PointFormat, pieces: Int) throws {
        let first = try Plant()
        defer { first.remove() }
        let problems = try take(TransferTests.lines(7), .line, into: first, pieces: 1 << 20)
        #expect(problems.isEmpty, "\(problems.first.map { "\($0)" } ?? "")")
        let written = try export(first, format)
        #expect(written.count { $0 == 10 } >= 10 * 40 * 5)
        let second = try Plant()
        defer { second.remove() }
        let refused = try take(written, format, into: second, pieces: pieces)
        #expect(refused.isEmpty, "\(refused.first.map { "\($0)" } ?? "")")
        let again = try export(second, format)
        #expect(again == written)
        // The other formats hold the same points.
        #expect(try export(second, .csv) == export(first, .csv))
    }

    @Test("a carriage return in quotes belongs to its cell, one before the line's end does not")
    func carriageReturns() {
        let bytes = Array("a,\"b\r\"\r\n\"c\r\"\nd\r\n\"e\r\"".utf8)
        var rest = bytes[...]
        var cells: [[String]] = []
        while let record = CSVRecord.next(rest, CSVDialect(), isEnd: true) {
            cells.append(record.cells)
            rest = bytes[record.end...]
        }
        #expect(cells == [["a", "b\r"], ["c\r"], ["d"], ["e\r"]])
    }

    @Test("a name with a line break is refused and makes no line of its own")
    func lineBreaks() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let evil = #"x=1\nmachine,machine=EVIL x"#
        let objects = [
            (#"machine:a\nmachine,machine=EVIL x=66"#, "m", ""), ("machine:b", evil, ""),
            ("machine:c", "m", #"mm\nmachine,machine=EVIL x=66"#), ("machine:d", "m", "mm"),
        ].map { asset, measure, unit in
            #"{"time":1,"asset":"\#(asset)","measure":"\#(measure)","unit":"\#(unit)","value":1}"#
        }
        let text = objects.joined(separator: "\n")
        let problems = try take(Array(text.utf8), .ndjson, into: plant, pieces: 500)
        #expect(problems.map(\.line) == [1, 2, 3])
        #expect(
            problems.first?.reason
                == "the name `a?machine,machine=EVIL x=66` holds a control character")
        let rows = """
            time,asset,measure,value,unit
            2,"machine:a\nmachine,machine=EVIL x=66",m,1,
            2,machine:b,"x=1\nmachine,machine=EVIL x",1,
            2,machine:c,m,1,"mm\nmachine,machine=EVIL x=66"
            2,machine:d,m,1,mm
            """
        let refused = try take(Array(rows.utf8), .csv, into: plant, pieces: 500)
        #expect(refused.count == 3)
        let written = String(decoding: try export(plant, .csv), as: UTF8.self)
        #expect(written.split(separator: "\n").count == 3, "\(written)")
        #expect(!written.contains("EVIL"))
    }

    @Test("whole numbers that a float cannot hold stay whole", arguments: [false, true])
    func wholeNumbers(isCSV: Bool) throws {
        let plant = try Plant()
        defer { plant.remove() }
        let numbers = ["9007199254740993", "-9223372036854775807", "9007199254740992", "7"]
        let text = numbers.enumerated().map { index, number in
            isCSV
                ? "1,machine:M,m\(index),\(number)"
                : #"{"time":1,"asset":"machine:M","measure":"m\#(index)","value":\#(number)}"#
        }
        let head = isCSV ? "time,asset,measure,value\n" : ""
        let bytes = Array((head + text.joined(separator: "\n")).utf8)
        #expect(try take(bytes, isCSV ? .csv : .ndjson, into: plant, pieces: 4096).isEmpty)
        let machine = [("machine", "M")]
        let values = try (0..<4).map { try plant.points(machine, [], "m\($0)").map(\.value) }
        #expect(
            values == [
                [.integer(9_007_199_254_740_993)], [.integer(-9_223_372_036_854_775_807)],
                [.float(9_007_199_254_740_992)], [.float(7)],
            ])
    }

    @Test("whole numbers of no stated kind enter series of integers", arguments: [false, true])
    func wholeNumbersIntoIntegers(isCSV: Bool) throws {
        let plant = try Plant()
        defer { plant.remove() }
        let numbers = ["9007199254740993", "5", "6.0", "5.5"]
        let text = numbers.enumerated().map { index, number in
            isCSV
                ? "\(1_700_000_000 + index),machine:M,m,\(number),"
                : #"{"time":\#(1_700_000_000 + index),"asset":"machine:M","measure":"m","value":\#(number)}"#
        }
        let stated =
            isCSV
            ? "1700000009,machine:M,m,7,float"
            : #"{"time":1700000009,"asset":"machine:M","measure":"m","value":7,"kind":"float"}"#
        let head = isCSV ? "time,asset,measure,value,kind\n" : ""
        let bytes = Array((head + (text + [stated]).joined(separator: "\n")).utf8)
        // Once in one part, once with the series known.
        for pieces in [4096, 60] {
            let problems = try take(bytes, isCSV ? .csv : .ndjson, into: plant, pieces: pieces)
            #expect(problems.map(\.line) == (isCSV ? [5, 6] : [4, 5]))
            #expect(
                try plant.points([("machine", "M")], [], "m").map(\.value)
                    == [.integer(9_007_199_254_740_993), .integer(5), .integer(6)])
        }
    }

    @Test("what is no number is bad in every format")
    func noNumbers() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let wide = """
            time,machine,x
            1700000000,W,1
            1700000001,W,NaN
            1700000002,W,-inf
            1700000003,W,1e400
            """
        let long = """
            time,asset,measure,value,kind,quality
            1700000000,machine:L,x,1,float,
            1700000001,machine:L,x,NaN,float,good
            1700000002,machine:L,x,-Infinity,float,uncertain
            1700000003,machine:L,x,1e400,float,
            """
        let objects = ["1", #""NaN""#, #""-Infinity""#, "1e400"].enumerated().map {
            #"{"time":\#(1_700_000_000 + $0),"asset":"machine:J","measure":"x","value":\#($1)}"#
        }.joined(separator: "\n")
        let lines = """
            machine,machine=P x=1 1700000000000000000
            machine,machine=P,_bits=float x="7ff8000000000000" 1700000001000000000
            machine,machine=P,_bits=float x="fff0000000000000" 1700000002000000000
            machine,machine=P,_bits=float,_quality=good x="7ff0000000000000" 1700000003000000000
            """
        for (text, format) in [
            (wide, PointFormat.csv), (long, .csv), (objects, .ndjson), (lines, .line),
        ] {
            #expect(try take(Array(text.utf8), format, into: plant, pieces: 4096).isEmpty)
        }
        for name in ["W", "L", "J", "P"] {
            #expect(
                try plant.points([("machine", name)], [], "x").map { "\($0.value) \($0.quality)" }
                    == [
                        "float(1.0) good", "float(nan) bad", "float(-inf) bad", "float(inf) bad",
                    ], "\(name)")
        }
    }

    @Test("a wide file: units in brackets, empty cells, levels from columns, errors by line")
    func wide() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let text = """
            timestamp,machine,line,vibration [mm/s],count,note
            2023-11-14 22:13:20,CNC-3,L2,1.5,,"a, b"
            2023-11-14T22:13:21.000000001Z,CNC-3,L2,NaN,7,
            yesterday,CNC-3,L2,1,1,x
            1700000002,CNC-3,L2,2.5,8
            1700000003,,,2.5,8,x
            """
        var mapping = ColumnMapping()
        try mapping.add("count=measure parts kind integer")
        let problems = try take(
            Array(text.utf8), .csv, into: plant, pieces: 50, mapping: mapping)
        #expect(problems.map(\.line) == [4, 5, 6])
        #expect(problems[0].reason.contains("yesterday"))
        #expect(problems[1].reason == "5 cells under 6 columns")
        #expect(problems[2].reason == "the row names no asset")
        let machine = [("line", "L2"), ("machine", "CNC-3")]
        let vibration = try plant.points(machine, [], "vibration")
        #expect(
            vibration.map { "\($0.value) \($0.quality)" } == ["float(1.5) good", "float(nan) bad"])
        #expect(try plant.points(machine, [], "parts").map(\.value) == [.integer(7)])
        #expect(
            try plant.points(machine, [], "parts").map(\.instant.nanoseconds)
                == [1_700_000_001_000_000_001])
        #expect(try plant.points(machine, [], "note").map(\.value) == [.text("a, b")])
        #expect(
            String(decoding: try export(plant, .csv), as: UTF8.self).contains(
                ",float,1.5,good,mm/s"))
    }

    @Test(
        "headers and mappings that cannot be used",
        arguments: [
            ("a,b\n", [], "the time"), ("time,x\n", [], "which asset"),
            ("time,asset,x\n", ["y=skip"], "no column y"),
            ("time,asset\n", [], "either one column"),
            ("time,asset,value\n", [], "either one column"),
            ("time,asset,measure,value,extra\n", [], "extra"),
            ("time,asset,x,x\n", [], "two columns are called x"),
            ("time,asset,x [W],x [kW]\n", [], "x [W] and x [kW] mean the same"),
            ("time,asset,x,y\n", ["y=measure x"], "x and y mean the same"),
            ("time,machine,x,m\n", ["m=level machine"], "machine and m mean the same"),
        ])
    func badHeader(text: String, maps: [String], reason: String) throws {
        var mapping = ColumnMapping()
        for map in maps { try mapping.add(map) }
        var reader = PointReader(.csv, precision: .automatic, mapping: mapping)
        let error = #expect(throws: IngestError.self) {
            _ = try reader.take(Array(text.utf8), isEnd: true)
        }
        #expect(error?.description.contains(reason) == true)
    }

    @Test(
        "mappings that cannot be read",
        arguments: [
            "x", "=time", "x=", "x=what", "x=time twice", "x=level", "x=measure a kind odd",
        ])
    func badMapping(text: String) {
        var mapping = ColumnMapping()
        #expect(throws: IngestError.self) { try mapping.add(text) }
    }

    @Test("an import that stopped goes on behind what is stored")
    func resume() throws {
        let plant = try Plant()
        defer { plant.remove() }
        let rows = (0..<1000).map { "\(1_700_000_000 - $0),\($0)\n" }.joined()
        let bytes = Array("time,x\n\(rows)".utf8)
        var mapping = ColumnMapping()
        try mapping.setAsset("machine:M")
        var reader = PointReader(.csv, precision: .automatic, mapping: mapping)
        var progress = ImportProgress(file: "f")
        let lines = try reader.take(Array(bytes[..<5000]), isEnd: false)
        progress.byteCount = UInt64(5000 - reader.waitingByteCount)
        progress.line = UInt64(reader.line)
        _ = try plant.pipeline.importLines(
            lines.bytes, precision: .nanoseconds, writtenAt: Plant.arrival, now: Plant.arrival,
            progress: &progress)
        let known = try #require(try plant.pipeline.importProgress(of: "f"))
        #expect(known == progress)
        #expect(try plant.pipeline.importProgress(of: "g") == nil)
        var second = PointReader(.csv, precision: .automatic, mapping: mapping)
        try second.resume(atLine: Int(known.line), header: Array(bytes[..<100]))
        let rest = try second.take(Array(bytes[Int(known.byteCount)...]), isEnd: true)
        #expect(rest.origin(of: 1) == Int(known.line))
        _ = try plant.pipeline.importLines(
            rest.bytes, precision: .nanoseconds, writtenAt: Plant.arrival, now: Plant.arrival,
            progress: &progress)
        #expect(progress.pointCount == 1000)
        #expect(try plant.points([("machine", "M")], [], "x").count == 1000)
        try plant.pipeline.forgetImport(of: "f")
        #expect(try plant.pipeline.importProgress(of: "f") == nil)
    }

    @Test("any bytes are read without a crash, in any format and pieces")
    func fuzz() throws {
        var random = Seed(20_261_125)
        let alphabet = Array("time,asset,x\n\"{}:[]\\1-5.eE+\r\u{0}=#_é".utf8)
        for round in 0..<3000 {
            let format = PointFormat.allCases[round % 3]
            var bytes = round % 2 == 0 ? Array("time,asset,x\n".utf8) : []
            for _ in 0..<Int(random.next() % 80) {
                bytes.append(alphabet[Int(random.next() % UInt64(alphabet.count))])
            }
            var reader = PointReader(format, precision: .automatic)
            var start = 0
            do throws(IngestError) {
                while start < bytes.count {
                    let end = min(bytes.count, start + 1 + Int(random.next() % 30))
                    _ = try reader.take(Array(bytes[start..<end]), isEnd: false)
                    start = end
                }
                _ = try reader.take([], isEnd: true)
                #expect(reader.waitingByteCount == 0)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
