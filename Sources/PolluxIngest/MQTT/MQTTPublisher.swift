/// Publishes to a broker; used by the simulator and tests.
///
/// At most `inFlightLimit` messages are unconfirmed at a time: `publish` waits when there are more.
public final class MQTTPublisher: Sendable {
    /// Connects and returns when the broker has accepted.
    ///
    /// - Throws: `IngestError.broker` or `.timedOut`.
    public init(
        address: MQTTAddress, inFlightLimit: Int = 1000, timeoutSeconds: Double = 10
    ) throws(IngestError) {
        fatalError()
    }

    /// Queues one message; blocks while too many are unconfirmed.
    ///
    /// - Throws: `IngestError` when the connection is lost for longer than the time limit.
    public func publish(
        _ payload: [UInt8], to topic: String, quality: Int = 1, isRetained: Bool = false
    ) throws(IngestError) {
        fatalError()
    }

    /// Waits until the broker has confirmed everything published at quality 1 or 2.
    public func flush() throws(IngestError) { fatalError() }

    /// Disconnects after what is queued has left.
    public func close() { fatalError() }
}
