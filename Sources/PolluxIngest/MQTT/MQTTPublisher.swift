import CMosquitto
import Glibc

/// Publishes to a broker; used by the simulator and tests, safe to call from any thread.
///
/// At most `inFlightLimit` messages are unconfirmed at a time: `publish` waits when there are more.
/// After a lost connection it reconnects by itself and repeats what was not confirmed.
public final class MQTTPublisher: Sendable {
    private let address: MQTTAddress
    private let inFlightLimit: Int
    private let timeoutSeconds: Double
    private let handle: Handle
    private let waiting: Waiting

    // Why unchecked: the library locks its client itself once `mosquitto_loop_start` has run.
    private struct Handle: @unchecked Sendable { let client: OpaquePointer }

    /// What the callbacks touch; kept alive by the publisher until the library's thread has ended.
    fileprivate final class Waiting: Sendable {
        /// Messages not confirmed.
        let unconfirmed = MQTTGate()
        /// 1 once the broker accepted.
        let accepted = MQTTGate()
        /// The broker's refusal plus one, or 0.
        let refused = MQTTGate()
    }

    /// Connects and returns when the broker has accepted; blocks.
    ///
    /// - Throws: `IngestError.broker` or `.timedOut`.
    public init(
        address: MQTTAddress, inFlightLimit: Int = 1000, timeoutSeconds: Double = 10
    ) throws(IngestError) {
        self.address = address
        self.inFlightLimit = max(1, inFlightLimit)
        self.timeoutSeconds = timeoutSeconds
        waiting = Waiting()
        guard MQTTLibrary.isReady else {
            throw .broker(address: address.description, reason: "libmosquitto does not start")
        }
        // A name of its own unless one is given: two clients of one name throw each other out.
        let name =
            address.client == MQTTAddress.defaultClient
            ? "pollux-publisher-\(getpid())-\(UInt32.random(in: 0 ... .max))" : address.client
        guard let client = mosquitto_new(name, true, nil) else {
            throw .broker(address: address.description, reason: "no client of the name \(name)")
        }
        handle = Handle(client: client)
        // From here on a throw ends in deinit, which closes and destroys the client.
        if let problem = connect(client) {
            throw .broker(address: address.description, reason: problem)
        }
        let waiting = waiting
        let isDecided = waiting.accepted.wait(seconds: timeoutSeconds) {
            $0 > 0 || waiting.refused.current > 0
        }
        guard isDecided, waiting.refused.current == 0 else {
            guard isDecided else { throw .timedOut(action: "connecting to \(address.description)") }
            throw .broker(
                address: address.description,
                reason: String(cString: mosquitto_connack_string(Int32(waiting.refused.current))))
        }
    }

    private func connect(_ client: OpaquePointer) -> String? {
        mosquitto_user_data_set(client, Unmanaged.passUnretained(waiting).toOpaque())
        mosquitto_connect_callback_set(client, publisherConnected)
        mosquitto_publish_callback_set(client, publisherConfirmed)
        mosquitto_max_inflight_messages_set(client, UInt32(min(inFlightLimit, 65_535)))
        mosquitto_reconnect_delay_set(client, 1, 5, true)
        if let problem = MQTTLibrary.apply(address, to: client) { return problem }
        var code = mosquitto_connect(client, address.host, Int32(address.port), 30)
        guard MQTTLibrary.isFine(code) else { return MQTTLibrary.text(code) }
        code = mosquitto_loop_start(client)
        return MQTTLibrary.isFine(code) ? nil : MQTTLibrary.text(code)
    }

    /// Queues one message; blocks while too many are unconfirmed.
    ///
    /// - Parameter quality: 0 (at most once), 1 (at least once) or 2 (exactly once).
    /// - Throws: `IngestError` when the connection is lost for longer than the time limit, or the
    ///   topic cannot be published to.
    public func publish(
        _ payload: [UInt8], to topic: String, quality: Int = 1, isRetained: Bool = false
    ) throws(IngestError) {
        let limit = inFlightLimit
        guard waiting.unconfirmed.wait(seconds: timeoutSeconds, until: { $0 < limit }) else {
            throw .timedOut(action: "confirmation by \(address.description)")
        }
        var waited = 0.0
        while true {
            // Counted before the call: the confirmation may come before it returns.
            waiting.unconfirmed.add(1)
            let code = mosquitto_publish(
                handle.client, nil, topic, Int32(clamping: payload.count), payload,
                Int32(clamping: quality), isRetained)
            if MQTTLibrary.isFine(code) { return }
            waiting.unconfirmed.add(-1)
            guard code == MOSQ_ERR_NO_CONN.rawValue, waited < timeoutSeconds else {
                throw .broker(
                    address: address.description,
                    reason: "cannot publish to \(topic): \(MQTTLibrary.text(code))")
            }
            usleep(20_000)
            waited += 0.02
        }
    }

    /// Waits until the broker has confirmed everything published at quality 1 or 2, and everything
    /// at quality 0 has left.
    public func flush() throws(IngestError) {
        guard waiting.unconfirmed.wait(seconds: timeoutSeconds, until: { $0 == 0 }) else {
            throw .timedOut(action: "confirmation by \(address.description)")
        }
    }

    /// Messages that the broker has not confirmed yet.
    public var unconfirmedCount: Int { waiting.unconfirmed.current }

    /// Disconnects after what is queued has left; further calls do nothing.
    public func close() {
        mosquitto_disconnect(handle.client)
        mosquitto_loop_stop(handle.client, false)
    }

    deinit {
        close()
        mosquitto_destroy(handle.client)
    }
}

// Free functions, so that no actor is inferred for code that runs on the library's thread.

private func publisherConnected(
    _ client: OpaquePointer?, _ owner: UnsafeMutableRawPointer?, _ code: Int32
) {
    guard let owner else { return }
    let waiting = Unmanaged<MQTTPublisher.Waiting>.fromOpaque(owner).takeUnretainedValue()
    if code == 0 {
        waiting.accepted.add(1)
    } else {
        waiting.refused.add(Int(code))
        waiting.accepted.add(0)
    }
}

private func publisherConfirmed(
    _ client: OpaquePointer?, _ owner: UnsafeMutableRawPointer?, _ identifier: Int32
) {
    guard let owner else { return }
    Unmanaged<MQTTPublisher.Waiting>.fromOpaque(owner).takeUnretainedValue().unconfirmed.add(-1)
}
