public import PolluxModel

/// One message as it came from a broker.
public struct TopicMessage: Sendable {
    /// The topic it was published to.
    public var topic: String
    /// Its bytes as they came.
    public var payload: [UInt8]
    /// When it arrived here; the time of points that carry none.
    public var receivedAt: Timestamp
    /// Whether the broker replayed a retained message; such points are ignored unless newer than
    /// what is stored.
    public var isRetained: Bool

    /// A message from its parts.
    public init(
        topic: String, payload: [UInt8], receivedAt: Timestamp, isRetained: Bool = false
    ) {
        self.topic = topic
        self.payload = payload
        self.receivedAt = receivedAt
        self.isRetained = isRetained
    }
}
