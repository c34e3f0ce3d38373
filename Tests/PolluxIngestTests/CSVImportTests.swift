import Foundation
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

/// Files of points as plants have them: semicolons, decimal commas, dates of the country, local
/// clocks, marks for what was not measured.
@Suite("CSV of plants", .serialized)
struct CSVImportTests {
    /// Points of `measure` of machine M after reading a file, and what was refused.
    private func read(
        _ text: String, _ maps: [String] = [], missing: [String] = [], zone: ZoneRules = .utc,
        pieces: Int = 37, precision: TimestampPrecision = .automatic,
        _ body: (Plant, [(line: Int, reason: String)]) throws -> Void
    ) throws {
        let plant = try Plant()
        defer { plant.remove() }
        var mapping = ColumnMapping()
        try mapping.setAsset("machine:M")
        for map in maps { try mapping.add(map) }
        for mark in missing { mapping.addMissing(mark) }
        mapping.zone = zone
        var reader = PointReader(.csv, precision: precision, mapping: mapping)
        var problems: [(line: Int, reason: String)] = []
        var progress = ImportProgress(file: "f")
        let bytes = Array(text.utf8)
        for start in stride(from: 0, through: bytes.count, by: pieces) {
            let part = Array(bytes[start..<min(bytes.count, start + pieces)])
            let lines = try reader.take(part, isEnd: start + pieces > bytes.count)
            problems += lines.problems
            guard !lines.bytes.isEmpty else { continue }
            let outcome = try plant.pipeline.importLines(
                lines.bytes, precision: .nanoseconds, writtenAt: Plant.arrival,
                now: Timestamp(seconds: 1_800_000_000), progress: &progress)
            problems += outcome.rejections.map { (lines.origin(of: $0.line), $0.plainReason) }
        }
        try body(plant, problems)
    }

    private static let machine = [("machine", "M")]

    private static func instants(_ texts: [String]) -> [Timestamp] {
        texts.compactMap { Timestamp.parseRFC3339($0.utf8)?.instant }
    }

    private static func zone(_ name: String) throws -> ZoneRules {
        let bytes = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))
        return try ZoneRules(name: name, tzif: Array(bytes))
    }

    @Test("what the database refuses is told in words of the file")
    func plainRefusals() throws {
        let text = """
            time,power,time [s],state
            2026-03-02T10:00:00Z,1,,on
            2026-03-02T10:01:00Z,high,,
            2026-03-02T10:02:00Z,2,7,
            2099-03-02T10:02:00Z,2,,
            2026-03-02T10:03:00Z,,,true
            """
        try read(text, ["time [s]=measure time unit s"]) { _, problems in
            #expect(
                problems.map { "\($0.line): \($0.reason)" }.sorted() == [
                    "3: power of machine is a float, and this is a text",
                    "5: the time 2099-03-02T10:02:00Z lies in the future",
                    "6: state of machine is a text, and this is true or false",
                ])
        }
    }

    @Test("semicolons, decimal commas, a date and a time of day, marks of what is missing")
    func european() throws {
        let text = """
            \u{FEFF}Date;Time;CO(GT);T [°C];note;Druck (bar);;
            10/03/2004;18.00.00;2,6;-13,6;a,b;1,05;;
            10/03/2004;19.00.00;-200;13;;-200,0;;
            1/4/2004;6.05.09; 2 ;0,5;"x;y";7;;
            32/03/2004;18.00.00;2,6;13,6;;1;;
            10.03.2004;18.00.00;2,6;13,6;;1;;
            11/03/2004;18.00.00;2.6;13;;1;;
            """
        try read(
            text, ["Date=time DD/MM/YYYY", "Time=time hh.mm.ss"], missing: ["-200"]
        ) { plant, problems in
            #expect(problems.map(\.line) == [5, 6, 7])
            #expect(problems[0].reason.contains("there is no time `32/03/2004 18.00.00`"))
            #expect(problems[1].reason.contains("not written as the mapping says"))
            #expect(problems[2].reason.contains("another decimal sign"))
            let carbon = try plant.points(CSVImportTests.machine, [], "CO(GT)")
            #expect(carbon.map(\.value) == [.float(2.6), .float(2)])
            #expect(
                carbon.map(\.instant)
                    == CSVImportTests.instants(["2004-03-10T18:00:00Z", "2004-04-01T06:05:09Z"]))
            #expect(
                try plant.points(CSVImportTests.machine, [], "T").map(\.value)
                    == [.float(-13.6), .float(13), .float(0.5)])
            #expect(
                try plant.points(CSVImportTests.machine, [], "note").map(\.value)
                    == [.text("a,b"), .text("x;y")])
            #expect(
                try plant.points(CSVImportTests.machine, [], "Druck").map(\.value)
                    == [.float(1.05), .float(7)])
        }
    }

    @Test("tabs, times of twelve hours, years of two digits, fractions")
    func american() throws {
        let text = "when\tpower\n3/1/26 12:00:00.25 AM\t1.5\n3/1/26 12:30:00.5 pm\t1,500\n"
        try read(text, ["when=time M/D/YY h:m:s.f AP"]) { plant, problems in
            // With a decimal point before, 1,500 could be two numbers.
            #expect(problems.map(\.line) == [3])
            let points = try plant.points(CSVImportTests.machine, [], "power")
            #expect(points.map(\.instant) == CSVImportTests.instants(["2026-03-01T00:00:00.25Z"]))
        }
    }

    @Test(
        "local clocks: hours that come twice keep their order, hours that are skipped are refused")
    func clocks() throws {
        var rows = "datetime;x\n"
        for (index, hour) in [
            "2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 02:30", "2026-10-25 02:00",
            "2026-10-25 02:30", "2026-10-25 03:00", "2026-03-29 02:30", "2026-03-29 03:00",
            "2026-10-25T02:00:00+01:00",
        ].enumerated() {
            rows += "\(hour);\(index)\n"
        }
        try read(rows, zone: CSVImportTests.zone("Europe/Rome")) { plant, problems in
            #expect(problems.map(\.line) == [8])
            #expect(problems.first?.reason.contains("skip `2026-03-29 02:30`") == true)
            let points = try plant.points(CSVImportTests.machine, [], "x")
            #expect(
                points.map(\.instant)
                    == CSVImportTests.instants([
                        "2026-03-29T01:00:00Z", "2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z",
                        "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                        "2026-10-25T02:00:00Z",
                    ]))
            // The row that names its offset is the same instant as the repeated hour.
            #expect(points.map(\.value) == [7, 0, 1, 2, 8, 4, 5].map { .float($0) })
        }
    }

    @Test("rows of two machines in the repeated hour do not push each other on")
    func clocksOfTwo() throws {
        let text = """
            time,machine,x
            2026-10-25 02:00,A,1
            2026-10-25 02:00,B,2
            2026-10-25 02:00,A,3
            2026-10-25 02:00,B,4
            """
        try read(text, zone: CSVImportTests.zone("Europe/Rome")) { plant, problems in
            #expect(problems.isEmpty)
            for name in ["A", "B"] {
                let found = try plant.points([("machine", name)], [], "x").map(\.instant)
                let expected = ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"]
                #expect(found == CSVImportTests.instants(expected))
            }
        }
    }

    @Test("files that begin with their newest row: the hour that comes twice goes backwards")
    func newestFirst() throws {
        let hours = ["03:00", "02:30", "02:00", "02:30", "02:00", "01:30"]
        let instants = CSVImportTests.instants([
            "2026-10-24T23:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z",
        ])
        for (first, last) in [(0, 6), (1, 6), (1, 5)] {
            let rows = hours[first..<last].enumerated().map {
                "2026-10-25 \($1),\(6 - first - $0)\n"
            }
            let text = "time,x\n" + rows.joined()
            try read(text, zone: CSVImportTests.zone("Europe/Rome"), pieces: 11) {
                plant, problems in
                #expect(problems.isEmpty)
                let points = try plant.points(CSVImportTests.machine, [], "x")
                #expect(points.map(\.instant) == Array(instants[(6 - last)..<(6 - first)]))
                #expect(
                    points.map(\.value)
                        == ((7 - last)...(6 - first)).map { .float(Double($0)) })
            }
        }
        // Rows of which the last one alone says that they go forward.
        let text = "time,x\n2026-10-25 02:30,1\n2026-10-25 02:00,2\n2026-10-25 03:00,3\n"
        try read(text, zone: CSVImportTests.zone("Europe/Rome")) { plant, _ in
            let points = try plant.points(CSVImportTests.machine, [], "x")
            #expect(points.map(\.instant) == [instants[2], instants[3], instants[5]])
        }
    }

    @Test("lines that end with a carriage return alone", arguments: [1, 7, 4096])
    func carriageReturns(pieces: Int) throws {
        let text = "time,x,note\r1700000000,1,\"a\rb\"\r1700000001,2\r1700000002,3,c"
        try read(text, pieces: pieces) { plant, problems in
            #expect(problems.map { "\($0.line): \($0.reason)" } == ["4: 2 cells under 3 columns"])
            let points = try plant.points(CSVImportTests.machine, [], "x")
            #expect(points.map(\.value) == [.float(1), .float(3)])
            let notes = try plant.points(CSVImportTests.machine, [], "note")
            #expect(
                notes.map(\.value) == [.text("a\rb"), .text("c")])
        }
    }

    @Test("a file in another encoding says so")
    func encodings() throws {
        let text = "time,T [°C]\n2026-03-01T00:00:00Z,1\n"
        let files: [(bytes: [UInt8], words: [String])] = [
            (
                [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, ["UTF-16"]
            ),
            (
                [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }, ["UTF-16"]
            ),
            (text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, ["UTF-16"]),
            (text.unicodeScalars.map { UInt8($0.value) }, ["first line", "not UTF-8"]),
        ]
        for (bytes, words) in files {
            let error = #expect(throws: IngestError.self) {
                var mapping = ColumnMapping()
                try mapping.setAsset("machine:M")
                var reader = PointReader(.csv, precision: .automatic, mapping: mapping)
                for byte in bytes { _ = try reader.take([byte], isEnd: false) }
                _ = try reader.take([], isEnd: true)
            }
            for word in words { #expect(error?.description.contains(word) == true) }
        }
    }

    @Test(
        "mappings of time that cannot be used say why",
        arguments: [
            (["a=time YYYYY"], "a,b\n", "means nothing"), (["a=time MM.YYYY"], "a,b\n", "lack D"),
            (["a=time DD.MM"], "a,b\n", "lack YYYY"),
            (["a=time DD.MM.YYYY", "b=time"], "a,b\n", "each"),
            (["a=time"], "a,date,x\n", "may be a time"),
        ])
    func badPatterns(maps: [String], header: String, reason: String) throws {
        let error = #expect(throws: IngestError.self) {
            var mapping = ColumnMapping()
            try mapping.setAsset("machine:M")
            for map in maps { try mapping.add(map) }
            var reader = PointReader(.csv, precision: .automatic, mapping: mapping)
            _ = try reader.take(Array(header.utf8), isEnd: true)
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(
        "the air quality of an Italian town: every number of the file, none of the marks",
        .enabled(if: Places.sensorData != nil, "the folder of sensor data is absent"))
    func airQuality() throws {
        let file = try #require(Places.sensorData).appendingPathComponent(
            "air_quality/AirQuality.csv")
        let text = try String(contentsOf: file, encoding: .utf8)
        var sum = 0.0
        var count = 0
        for line in text.components(separatedBy: .newlines).dropFirst() where !line.isEmpty {
            let cells = line.components(separatedBy: ";")
            guard cells.count > 12, !cells[0].isEmpty, cells[12] != "-200" else { continue }
            guard let number = Double(cells[12].replacingOccurrences(of: ",", with: ".")) else {
                continue
            }
            sum += number
            count += 1
        }
        try read(
            text, ["Date=time DD/MM/YYYY", "Time=time hh.mm.ss"], missing: ["-200"],
            zone: .fixed(seconds: 3600), pieces: 1 << 20
        ) { plant, problems in
            let points = try plant.points(CSVImportTests.machine, [], "T")
            #expect(points.count == count && count > 8000)
            let total = points.reduce(0.0) { sum, point in
                if case .float(let number) = point.value { sum + number } else { .nan }
            }
            #expect(abs(total - sum) < 1e-6)
            #expect(
                points.first?.instant == CSVImportTests.instants(["2004-03-10T17:00:00Z"]).first)
            // Only the empty rows at the end of the file are refused.
            #expect(Set(problems.map(\.reason)).count <= 1, "\(problems.prefix(3))")
        }
    }
}
