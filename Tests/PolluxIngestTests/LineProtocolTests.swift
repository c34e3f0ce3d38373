import PolluxGraph
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Line protocol")
struct LineProtocolTests {
    /// The scan of the first line of a text, and what its fields hold.
    private func scan(_ text: String) -> (line: LineScan, fields: [(String?, DecodedValue?)])? {
        let bytes = Array(text.utf8)
        var scanner = LineScanner()
        var line = LineScan()
        guard scanner.next(bytes.span, into: &line) else { return nil }
        let fields = line.fields.map { field in
            (
                LineMapping.name(Array(bytes[field.keyStart..<field.keyEnd])),
                LineMapping.value(bytes.span, field)
            )
        }
        return (line, fields)
    }

    @Test("a float without a timestamp")
    func plain() throws {
        let found = try #require(scan("m f=1"))
        #expect(found.line.fault == nil)
        #expect(found.line.timestamp == nil)
        #expect(found.fields[0].0 == "f")
        #expect(found.fields[0].1 == .typed(.float(1)))
    }

    @Test("escapes in tags, keys and texts")
    func escapes() throws {
        let text = #"m,a\ b=c\,d f\=g="x \"y\" \\z" 1"#
        let found = try #require(scan(text))
        #expect(found.line.fault == nil)
        #expect(found.line.timestamp == 1)
        #expect(found.fields[0].0 == "f=g")
        #expect(found.fields[0].1 == .typed(.text(#"x "y" \z"#)))
        let key = Array(text.utf8[..<text.utf8.firstIndex(of: UInt8(ascii: "f"))!].dropLast())
        let mapped = try LineMapping.key(key, LinePlaces(containment: []))
        #expect(mapped.attributes == [Attribute("a b", .text("c,d"))])
    }

    @Test("every type of field, separators inside quotes")
    func types() throws {
        let found = try #require(scan(#"m f=1i,g=2u,h=t,k="a,b c=d",l=-1.2e+78 1"#))
        #expect(found.line.fault == nil)
        let values = found.fields.map(\.1)
        #expect(
            values == [
                .typed(.integer(1)), .typed(.integer(2)), .typed(.boolean(true)),
                .typed(.text("a,b c=d")), .typed(.float(-1.2e78)),
            ])
    }

    @Test(
        "lines that cannot be read",
        arguments: [
            "m,t= f=1", "m f=", "m", "m f=1x", "m f=\"a", "m f=NaN", "m f=1 1 1", "m f=1 1.5",
            "m f=1,", "m ,f=1", ",t=1 f=1", "m,=v f=1", "m f=1i2", "m f=9223372036854775808i",
            "m f=-1u", "m f=18446744073709551616u", "m f=1e999", "m f=1 9223372036854775807",
            "m f=\"a\"b", "m f=tru", "m f=1e", "m f=.", "m =1",
        ])
    func faults(text: String) throws {
        let found = try #require(scan(text))
        #expect(found.line.fault != nil)
    }

    @Test("the extremes of every number")
    func extremes() throws {
        let found = try #require(
            scan(
                "m a=-9223372036854775808i,b=9223372036854775807i,c=18446744073709551615u,"
                    + "d=-0i,e=1e-320,f=+1.5 -9223372036854775806"))
        #expect(found.line.fault == nil)
        #expect(found.line.timestamp == -9_223_372_036_854_775_806)
        #expect(
            found.fields.map(\.1) == [
                .typed(.integer(.min)), .typed(.integer(.max)), .unsigned(.max),
                .typed(.integer(0)), .typed(.float(Double(bitPattern: 2024))), .typed(.float(1.5)),
            ])
    }

    @Test("comments, blank lines, CRLF; a fault costs one line")
    func body() {
        let bytes = Array("# c\n\nm f=1 1\r\nm f=\n  \nm f=\"a\nm f=2 2".utf8)
        var scanner = LineScanner()
        var line = LineScan()
        var seen: [(Int, Bool, Int64?)] = []
        while scanner.next(bytes.span, into: &line) {
            seen.append((line.number, line.fault == nil, line.timestamp))
        }
        #expect(seen.map(\.0) == [3, 4, 6, 7])
        #expect(seen.map(\.1) == [true, false, false, true])
        #expect(seen.map(\.2) == [1, nil, nil, 2])
        #expect(LineFinder.text(ofLine: 4, in: bytes) == "m f=")
    }

    @Test("a line feed inside a text belongs to it, and lines after it keep their number")
    func feedInText() {
        let bytes = Array("m f=\"a\nb\" 1\nm f=\n".utf8)
        var scanner = LineScanner()
        var line = LineScan()
        #expect(scanner.next(bytes.span, into: &line))
        #expect(line.fault == nil)
        #expect(scanner.next(bytes.span, into: &line))
        #expect(line.number == 3)
        #expect(line.fault != nil)
    }

    @Test("tags place a part in containment order, whatever their order in the line")
    func placing() throws {
        let containment = IngestOptions().containment
        func address(_ text: String) throws -> (AssetAddress, [Attribute]) {
            let key = try LineMapping.key(Array(text.utf8), LinePlaces(containment: containment))
            return (key.address, key.attributes)
        }
        let place = try address("spindle,machine=CNC-3,line=L2,vendor=Kern")
        #expect(place.0.text == "spindle of machine CNC-3 of line L2")
        #expect(place.1 == [Attribute("vendor", .text("Kern"))])
        #expect(try address("machine,line=L2,machine=CNC-3").0.text == "machine CNC-3 of line L2")
        let item = try address("tool,machine=CNC-3,tool=T-42").0
        #expect(item.text == "tool T-42 of machine CNC-3")
        #expect(item.parts.last?.name == "T-42")
        #expect(try address("tool,tool=T-42").0.levels.map(\.name) == ["T-42"])
        #expect(try address("line,line=L2,machine=CNC-3").1.map(\.name) == ["machine"])
    }

    @Test("precisions scale, automatic goes by magnitude, overflow is refused")
    func precisions() {
        #expect(TimestampPrecision.seconds.instant(2)?.nanoseconds == 2_000_000_000)
        #expect(TimestampPrecision.hours.instant(1)?.nanoseconds == 3_600_000_000_000)
        #expect(TimestampPrecision.seconds.instant(Int64.max) == nil)
        #expect(TimestampPrecision.nanoseconds.instant(Int64.min) == nil)
        #expect(TimestampPrecision.nanoseconds.instant(fractional: -0x1p63) == nil)
        #expect(TimestampPrecision.nanoseconds.instant(Int64.min + 1) != nil)
        for number: Int64 in [
            1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000, 1_700_000_000_000_000_000,
        ] {
            #expect(
                TimestampPrecision.automatic.instant(number)?.nanoseconds
                    == 1_700_000_000_000_000_000)
        }
        #expect(
            TimestampPrecision.automatic.instant(fractional: 1_700_000_000.25)?.nanoseconds
                == 1_700_000_000_250_000_000)
        #expect(TimestampPrecision.automatic.instant(fractional: .nan) == nil)
        #expect(TimestampPrecision.automatic.instant(fractional: .infinity) == nil)
        #expect(TimestampPrecision(parameter: "us") == .microseconds)
        #expect(TimestampPrecision(parameter: "nanosecond") == .nanoseconds)
        #expect(TimestampPrecision(parameter: "d") == nil)
    }

    @Test(
        "times with a fraction mean the nanosecond that is written",
        arguments: [
            ("1732752000.123456", 1_732_752_000_123_456_000),
            ("1732752000.1234567", 1_732_752_000_123_456_700),
            ("1732752000.123456789", 1_732_752_000_123_456_789),
            ("1732752000.1234567895", 1_732_752_000_123_456_789),
            ("1732752000123.456789", 1_732_752_000_123_456_789),
            ("1.732752000123456789e9", 1_732_752_000_123_456_789),
            ("17327520001234567.89", 17_327_520_001_234_568),
            ("-2.5", -2_500_000_000), ("0.0", 0),
        ])
    func fractions(text: String, nanoseconds: Int64) {
        let found = TimestampPrecision.automatic.instant(text: text)
        #expect(found?.nanoseconds == nanoseconds)
        // A double holds 17 digits, and what it reads as is at most half a step away.
        guard text.count < 19, let number = Double(text) else { return }
        let rounded = TimestampPrecision.automatic.instant(fractional: number)
        #expect(rounded?.nanoseconds == nanoseconds)
    }

    @Test("no number, and what no instant reaches, is no time")
    func noFractions() {
        for text in [
            "", "-", "1e", "12x", "9223372036854775808", "1e300", "-9223372036854775808",
            "9223372037.0", "-9223372036.854775808",
        ] {
            let precision: TimestampPrecision =
                text.contains(".") ? .seconds : .nanoseconds
            #expect(precision.instant(text: text) == nil, "\(text)")
        }
    }

    @Test("any bytes are read without a crash, and every line comes once")
    func fuzz() {
        var seed = Seed(20261123)
        let alphabet = Array("m,=\\ \"\n\r#1.5eE+-iutfx\u{0}é".utf8)
        for round in 0..<4000 {
            let bytes = (0..<Int(seed.next() % 60)).map { _ in
                alphabet[Int(seed.next() % UInt64(alphabet.count))]
            }
            var scanner = LineScanner()
            var line = LineScan()
            var last = 0
            while scanner.next(bytes.span, into: &line) {
                #expect(line.number > last, "round \(round)")
                last = line.number
                #expect(line.start <= line.end && line.end <= bytes.count)
                if line.fault == nil {
                    let key = Array(bytes[line.start..<line.keyEnd])
                    _ = try? LineMapping.key(key, LinePlaces(containment: ["x"]))
                    for field in line.fields { _ = LineMapping.value(bytes.span, field) }
                }
            }
        }
    }
}
