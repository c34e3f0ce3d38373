import PolluxModel
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "the first and the last instants are read as they are written",
        arguments: [
            .min, .min + 1, .min + 145_224_192, .min + 854_775_808, .min + 1_000_000_000,
            -86_400_000_000_001, -86_400_000_000_000, -1, 0, 1, 86_400_000_000_000,
            .max - 854_775_807, .max - 854_775_806, .max - 1, .max,
        ] as [Int64])
    func ends(nanoseconds: Int64) {
        let text = Timestamp(nanoseconds: nanoseconds).description
        #expect(Timestamp.parseRFC3339(text.utf8)?.instant.nanoseconds == nanoseconds)
    }

    @Test(
        "what lies outside is refused and not moved to the end",
        arguments: [
            "1677-09-21T00:12:43.145224191Z", "1677-09-21T00:12:44+01:00", "1677-09-20T23:59:59Z",
            "2262-04-11T23:47:16.854775808Z", "2262-04-11T23:47:16-01:00", "2262-04-12T00:00:00Z",
            "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
        ])
    func outside(text: String) {
        #expect(Timestamp.parseRFC3339(text.utf8) == nil)
    }

    @Test("a zone that leads into the range is followed")
    func zones() {
        let first = Timestamp.parseRFC3339("1677-09-21T00:12:44-01:00".utf8)
        #expect(first?.instant == Timestamp(seconds: -9_223_372_036 + 3600))
        let last = Timestamp.parseRFC3339("2262-04-11T23:47:16+01:00".utf8)
        #expect(last?.instant == Timestamp(seconds: 9_223_372_036 - 3600))
    }
}
