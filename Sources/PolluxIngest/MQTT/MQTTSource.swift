/// Takes messages from one broker on a thread of its own and acknowledges them after the commit.
public final class MQTTSource: Sendable {
    /// The broker.
    public let address: MQTTAddress

    /// A source that hands its messages to a pipeline; nothing happens before `start`.
    public convenience init(address: MQTTAddress, pipeline: IngestPipeline) {
        self.init(address: address) { messages in
            try pipeline.ingest(messages, source: address.description)
        }
    }

    /// A source that hands its messages to `commit`, which returns when they are durable; when it
    /// throws, the messages stay unacknowledged and the broker sends them again.
    public init(
        address: MQTTAddress, commit: @escaping @Sendable ([TopicMessage]) throws -> Void
    ) {
        self.address = address
    }

    /// Connects, and reconnects with growing pauses for as long as it runs; returns at once.
    public func start() { fatalError() }

    /// Finishes the batch in hand, disconnects and waits for the thread to end.
    public func stop() { fatalError() }

    /// What the connection is doing.
    public var status: MQTTStatus { fatalError() }
}
