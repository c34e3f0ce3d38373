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
    /// How the broker keeps account of it; nil at quality 0 and for messages of other origin.
    public var delivery: Delivery?

    /// A message from its parts.
    public init(
        topic: String, payload: [UInt8], receivedAt: Timestamp, isRetained: Bool = false,
        delivery: Delivery? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.receivedAt = receivedAt
        self.isRetained = isRetained
        self.delivery = delivery
    }

    /// The account of a message that waits for an acknowledgement.
    public struct Delivery: Hashable, Sendable {
        /// The packet's number.
        public var packet: UInt16
        /// Whether the broker says that it sent this message before.
        public var isRepeated: Bool
        /// Whether the broker can be trusted to send it again under the same number.
        public var keepsNumber: Bool
        /// Whether it is the first one of a session of which the broker knew nothing before: it
        /// numbers anew, and sends nothing again of what came before.
        public var beginsSession: Bool
        /// Whether it is known to be stored already; found out by the pipeline.
        var isStored = false

        /// An account from its parts.
        public init(
            packet: UInt16, isRepeated: Bool, keepsNumber: Bool = true, beginsSession: Bool = false
        ) {
            self.beginsSession = beginsSession
            self.packet = packet
            self.isRepeated = isRepeated
            self.keepsNumber = keepsNumber
        }
    }
}

/// A message to publish through a source's connection.
public struct OutgoingMessage: Hashable, Sendable {
    /// The topic to publish to.
    public var topic: String
    /// The payload.
    public var payload: [UInt8]
    /// 0 (at most once), 1 (at least once) or 2 (exactly once).
    public var quality: Int
    /// Whether the broker keeps it for those who subscribe later.
    public var isRetained: Bool

    /// A message from its parts.
    public init(topic: String, payload: [UInt8], quality: Int = 0, isRetained: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.quality = quality
        self.isRetained = isRetained
    }
}
