import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxServer

@Suite struct WireTests {
    /// One line of line protocol, packed by gzip.
    static let packed: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0x2E, 0xC8, 0xCC,
        0x4B, 0xC9, 0x49, 0xD5, 0xC9, 0x4D, 0x4C, 0xCE, 0xC8, 0xCC, 0x4B, 0xB5, 0x75, 0xF6,
        0x73, 0xD6, 0x35, 0x56, 0x28, 0xCB, 0x4C, 0x2A, 0x4A, 0x2C, 0xC9, 0xCC, 0xCF, 0xB3,
        0x35, 0xD4, 0x33, 0x52, 0x30, 0x34, 0x37, 0x40, 0x07, 0x5C, 0x00, 0x09, 0xFD, 0x3D,
        0x8A, 0x38, 0x00, 0x00, 0x00,
    ]
    static let line = "spindle,machine=CNC-3 vibration=1.2 1700000000000000000\n"

    @Test("gzip is unpacked, several members too")
    func inflate() throws {
        let once = try Inflater.inflate(WireTests.packed, limit: 1000)
        #expect(String(decoding: once, as: UTF8.self) == WireTests.line)
        let twice = try Inflater.inflate(WireTests.packed + WireTests.packed, limit: 1000)
        #expect(twice == once + once)
    }

    @Test("what is unpacked is bounded")
    func inflateLimit() {
        #expect(throws: Inflater.Failure.tooLarge(limit: 20)) {
            try Inflater.inflate(WireTests.packed, limit: 20)
        }
    }

    @Test("damaged gzip is refused, whatever was changed")
    func inflateDamaged() {
        #expect(throws: Inflater.Failure.self) { try Inflater.inflate([], limit: 100) }
        #expect(throws: Inflater.Failure.self) {
            try Inflater.inflate(Array("not gzip".utf8), limit: 100)
        }
        for count in 1..<WireTests.packed.count {
            #expect(throws: Inflater.Failure.self) {
                try Inflater.inflate(Array(WireTests.packed.prefix(count)), limit: 1000)
            }
        }
        var random = Seed(7)
        for _ in 0..<500 {
            var bytes = WireTests.packed
            bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(
                truncatingIfNeeded: random.next())
            _ = try? Inflater.inflate(bytes, limit: 1000)
        }
    }

    @Test("commas and nesting of JSON")
    func json() {
        var json = JSONBytes()
        json.beginObject()
        json.member("a", 1)
        json.name("b")
        json.beginArray()
        json.string("x\"\n\u{1}")
        json.null()
        json.beginObject()
        json.endObject()
        json.endArray()
        json.member("c", true)
        json.endObject()
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"a":1,"b":["x\"\n\u0001",null,{}],"c":true}"#)
    }

    @Test("form fields are decoded, broken escapes refused")
    func form() throws {
        let fields = try #require(FormFields("q=a%20b+c&x=&y&q=second&%C3%BC=%E2%82%AC"))
        #expect(fields["q"] == "a b c")
        #expect(fields["x"] == "")
        #expect(fields["y"] == "")
        #expect(fields["ü"] == "€")
        #expect(fields["z"] == nil)
        for broken in ["a=%", "a=%2", "a=%zz", "a=%ff", "%=1"] {
            #expect(FormFields(broken) == nil, "\(broken)")
        }
    }

    @Test("paths match their templates")
    func paths() throws {
        func match(_ template: String, _ path: String) -> [String: String]? {
            RouteTable.segments(of: path).flatMap { RouteTable.match(template, $0) }
        }
        #expect(match("/a/{id}", "/a/7") == ["id": "7"])
        #expect(match("/a/{id}", "/a/CNC%203") == ["id": "CNC 3"])
        #expect(match("/a/{id}", "/a/") == nil)
        #expect(match("/a/{id}", "/a/7/8") == nil)
        #expect(match("/a/{id}", "/a") == nil)
        #expect(match("/", "/") == [:])
        #expect(
            match("/viewer/{name}", "/viewer/..%2f..%2fetc%2fpasswd") == [
                "name": "../../etc/passwd"
            ])
        #expect(RouteTable.segments(of: "/a/%ff") == nil)
    }
}
