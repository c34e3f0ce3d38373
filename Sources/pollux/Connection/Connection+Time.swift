import PolluxModel

extension Connection {
    /// An instant from RFC 3339 text; no zone means UTC.
    static func instant(_ text: String) -> Timestamp? {
        Timestamp.parseRFC3339(Array(text.utf8))?.instant
    }
}
