import PolluxModel

/// How many new things may appear per minute: a bucket that refills steadily.
struct CreationLimit: Sendable {
    private let perMinute: Int
    private var available: Double
    private var last: Timestamp?

    init(perMinute: Int) {
        self.perMinute = max(0, perMinute)
        available = Double(self.perMinute)
    }

    /// How many may appear now.
    mutating func allowance(at now: Timestamp) -> Int {
        if let last, now > last {
            let seconds = Double(now.nanoseconds(since: last)) / 1e9
            available = min(
                Double(perMinute), available + seconds * Double(perMinute) / 60)
        }
        last = max(last ?? now, now)
        return Int(max(0, available))
    }

    /// Takes what appeared; may go below zero when several writes shared an allowance.
    mutating func take(_ count: Int) {
        available -= Double(count)
    }
}
