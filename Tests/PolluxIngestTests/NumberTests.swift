import PolluxModel
import PolluxTestKit
import Testing

@Suite("Decimal numbers and JSON")
struct NumberTests {
    private func double(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        var scan = DecimalScan()
        guard scan.read(bytes.span, from: 0, to: bytes.count) == bytes.count, scan.isValid else {
            return nil
        }
        return scan.double(bytes.span, from: 0, to: bytes.count)
    }

    @Test("random doubles come back bit for bit, at any number of digits")
    func roundTrip() throws {
        let start: UInt64 = 7
        var seed = Seed(start)
        for _ in 0..<20_000 {
            let wild = Double(bitPattern: seed.next())
            let tame = (Double(Int64(bitPattern: seed.next()) % 1_000_000) / 1000)
            for value in [wild, tame] where value.isFinite {
                #expect(double("\(value)")?.bitPattern == value.bitPattern, "seed \(start)")
            }
        }
        #expect(double("-0")?.sign == .minus)
        #expect(double("0.1e1") == 1)
        #expect(double("123456789012345678901234567890") == 123456789012345677877719597056)
        #expect(double("0.000000000000000000000000000001") == 1e-30)
        #expect(double("9007199254740993") == 9007199254740992)
        #expect(double("1e400") == .infinity)
    }

    @Test(
        "JSON that is valid",
        arguments: [
            "{}", "[]", " [1 , 2.5e-3,-0 ,true,false,null,\"x\"] ", #"{"a":{"b":[{}]}}"#,
            #""\u00e9\ud83d\ude00\n\/""#, "0", "-1.5",
        ])
    func valid(text: String) throws {
        let value = try JSONReader.parse(Array(text.utf8))
        let again = try JSONReader.parse(Array(value.description.utf8))
        #expect(again == value)
    }

    @Test(
        "JSON that is not",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "[1 2]", "nul",
            "\"\\x\"",
            "\"\\ud800\"", "\"\u{1}\"", "1 2", "{\"a\":1,\"a\":2}", "'a'", "NaN", "\"abc", "[", "-",
            "1e", "\"\\u12\"",
        ])
    func invalid(text: String) {
        #expect(throws: JSONError.self) { try JSONReader.parse(Array(text.utf8)) }
    }

    @Test("JSON escapes, surrogates, integers kept whole")
    func content() throws {
        let value = try JSONReader.parse(
            Array(#"{"t":"é😀\n","i":9223372036854775807,"f":1.0}"#.utf8))
        #expect(value["t"]?.text == "é😀\n")
        #expect(value["i"] == .integer(.max))
        #expect(value["f"] == .number(1))
        #expect(value["f"]?.integer == 1)
    }

    @Test("the place of a fault is given in lines and columns")
    func place() {
        do throws(JSONError) {
            _ = try JSONReader.parse(Array("{\n \"é\": x}".utf8))
            Issue.record("no error")
        } catch {
            #expect(error.line == 2)
            #expect(error.column == 7)
        }
    }

    @Test("depth and size are bounded")
    func bounds() {
        let deep = Array(repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONError.self) { try JSONReader.parse(deep) }
        var limits = JSONReader.Limits()
        limits.byteCount = 3
        #expect(throws: JSONError.self) {
            try JSONReader.parse(Array("[1,2]".utf8), limits: limits)
        }
        #expect(throws: JSONError.self) { try JSONReader.parse([0x22, 0xFF, 0x22]) }
    }

    @Test("any bytes are read without a crash")
    func fuzz() throws {
        var seed = Seed(99)
        let sample = Array(#"{"a":[1,2.5,"x\u00e9",true,null],"b":{"c":-1e5}}"#.utf8)
        for _ in 0..<5000 {
            var bytes = sample
            for _ in 0..<(1 + seed.next() % 4) {
                let place = Int(seed.next() % UInt64(bytes.count))
                switch seed.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: seed.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[Int(seed.next() % UInt64(bytes.count))], at: place)
                }
            }
            if let value = try? JSONReader.parse(bytes) {
                #expect(try JSONReader.parse(Array(value.description.utf8)) == value)
            }
        }
    }
}
