import CMosquitto
import Glibc
import PolluxModel

/// One client of the C library with everything its callbacks touch; used by one thread only.
///
/// Acknowledgements wait for `drain`: the library queues them because it is told that threads are
/// in use, and nothing else here writes to the socket.
final class MQTTSession {
    /// What came since the last commit.
    private(set) var batch: [TopicMessage] = []
    /// What the broker answered to the connection; nil before.
    private(set) var answer: Int32?
    /// What the broker said against a subscription.
    private(set) var subscriptionProblem: String?
    private let client: OpaquePointer
    private let address: MQTTAddress
    private let usesVersion5: Bool

    /// Whether the message being read is marked as sent before.
    private var isRepeated = false
    /// Whether the broker had forgotten the session, until its first numbered message.
    private var beginsSession = false
    /// A client that is not connected yet; nil when the library refuses.
    init?(address: MQTTAddress, usesVersion5: Bool, will: OutgoingMessage?) {
        guard MQTTLibrary.isReady else { return nil }
        // A session that is kept at the broker loses nothing while we are away.
        guard let client = mosquitto_new(address.client, !address.keepsSession, nil) else {
            return nil
        }
        self.client = client
        self.address = address
        self.usesVersion5 = usesVersion5
        mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
        let version = usesVersion5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
        mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version)
        if usesVersion5 {
            mosquitto_int_option(
                client, MOSQ_OPT_RECEIVE_MAXIMUM, Int32(address.receiveMaximum))
        }
        // Without this the library writes each PUBACK before the message reaches us.
        mosquitto_threaded_set(client, true)
        mosquitto_connect_v5_callback_set(client, sessionConnected)
        mosquitto_message_callback_set(client, sessionReceived)
        mosquitto_subscribe_callback_set(client, sessionSubscribed)
        // The mark of a repeated message reaches the library's log but not its messages.
        mosquitto_log_callback_set(client, sessionLogged)
        if let will {
            let code = mosquitto_will_set(
                client, will.topic, Int32(clamping: will.payload.count), will.payload,
                Int32(clamping: will.quality), will.isRetained)
            if !MQTTLibrary.isFine(code) {
                subscriptionProblem =
                    "cannot leave a will on \(will.topic): "
                    + MQTTLibrary.text(code)
            }
        }
    }

    deinit { mosquitto_destroy(client) }

    /// Opens the connection and returns what went wrong; the broker's answer comes later.
    func connect() -> String? {
        if let problem = MQTTLibrary.apply(address, to: client) { return problem }
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if usesVersion5, address.keepsSession {
            // Kept for a week of absence; 3.1.1 keeps it as long as the broker likes.
            mosquitto_property_add_int32(
                &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), 604_800)
        }
        let code = mosquitto_connect_bind_v5(
            client, address.host, Int32(address.port), 30, nil, properties)
        return MQTTLibrary.isFine(code) ? nil : MQTTLibrary.text(code)
    }

    /// Writes what is queued (acknowledgements, subscriptions, pings) and returns what went wrong.
    func drain() -> String? {
        guard mosquitto_want_write(client) else { return nil }
        let code = mosquitto_loop_write(client, 1)
        return MQTTLibrary.isFine(code) ? nil : MQTTLibrary.text(code)
    }

    /// Reads what has come, waiting at most `milliseconds` for the first byte.
    func receive(waiting milliseconds: Int32, limit: Int) -> String? {
        var wait = milliseconds
        while batch.count < limit {
            let descriptor = mosquitto_socket(client)
            guard descriptor >= 0 else { return "the connection was closed" }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, wait) > 0 else { return nil }
            let code = mosquitto_loop_read(client, 1)
            guard MQTTLibrary.isFine(code) else { return MQTTLibrary.text(code) }
            wait = 0
        }
        return nil
    }

    /// Queues a message, which leaves with the next `drain`; returns what went wrong.
    func publish(_ message: OutgoingMessage) -> String? {
        let code = mosquitto_publish(
            client, nil, message.topic, Int32(clamping: message.payload.count), message.payload,
            Int32(clamping: message.quality), message.isRetained)
        return MQTTLibrary.isFine(code)
            ? nil : "cannot publish to \(message.topic): \(MQTTLibrary.text(code))"
    }

    /// Keeps the connection alive and returns what went wrong.
    func keepAlive() -> String? {
        let code = mosquitto_loop_misc(client)
        return MQTTLibrary.isFine(code) ? nil : MQTTLibrary.text(code)
    }

    /// Hands over what came.
    func takeBatch() -> [TopicMessage] {
        defer { batch = [] }
        return batch
    }

    /// Says goodbye; what was acknowledged before leaves first.
    func disconnect() {
        mosquitto_disconnect(client)
        _ = drain()
    }

    fileprivate func connected(_ code: Int32, isSessionPresent: Bool) {
        answer = code
        guard code == 0 else { return }
        beginsSession = !isSessionPresent
        for topic in address.topics {
            var identifier: Int32 = 0
            let result: Int32
            if usesVersion5 {
                // Retained messages are only wanted when the subscription is new.
                result = mosquitto_subscribe_v5(
                    client, &identifier, topic, 1, Int32(MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue),
                    nil)
            } else {
                result = mosquitto_subscribe(client, &identifier, topic, 1)
            }
            if !MQTTLibrary.isFine(result) {
                subscriptionProblem = "cannot subscribe to \(topic): \(MQTTLibrary.text(result))"
            }
        }
    }

    fileprivate func received(_ message: mosquitto_message) {
        guard let topic = message.topic else { return }
        let bytes = UnsafeRawBufferPointer(
            start: message.payload, count: Int(max(0, message.payloadlen)))
        var delivery: TopicMessage.Delivery?
        if message.qos > 0 {
            delivery = .init(
                packet: UInt16(truncatingIfNeeded: message.mid), isRepeated: isRepeated,
                // NATS, which speaks 3.1.1 alone, numbers anew against the standard.
                keepsNumber: usesVersion5, beginsSession: beginsSession)
            beginsSession = false
        }
        isRepeated = false
        batch.append(
            TopicMessage(
                topic: String(cString: topic), payload: Array(bytes),
                receivedAt: MQTTLibrary.now(), isRetained: message.retain, delivery: delivery))
    }

    /// Reads `… received PUBLISH (d1, q1, …`: the library says so just before the message.
    fileprivate func logged(_ line: UnsafePointer<CChar>) {
        guard let place = strstr(line, " received PUBLISH (d") else { return }
        isRepeated = place[20] == CChar(bitPattern: UInt8(ascii: "1"))
    }

    fileprivate func subscribed(_ granted: UnsafeBufferPointer<Int32>) {
        if granted.contains(where: { $0 >= 128 }) {
            subscriptionProblem = "the broker refused a subscription (\(address.topics))"
        }
    }
}

// Free functions, so that no actor is inferred for code that the C library calls on our thread.

private func session(_ pointer: UnsafeMutableRawPointer?) -> MQTTSession? {
    pointer.map { Unmanaged<MQTTSession>.fromOpaque($0).takeUnretainedValue() }
}

private func sessionConnected(
    _ client: OpaquePointer?, _ owner: UnsafeMutableRawPointer?, _ code: Int32, _ flags: Int32,
    _ properties: OpaquePointer?
) {
    session(owner)?.connected(code, isSessionPresent: flags & 1 != 0)
}

private func sessionReceived(
    _ client: OpaquePointer?, _ owner: UnsafeMutableRawPointer?,
    _ message: UnsafePointer<mosquitto_message>?
) {
    guard let message else { return }
    session(owner)?.received(message.pointee)
}

private func sessionSubscribed(
    _ client: OpaquePointer?, _ owner: UnsafeMutableRawPointer?, _ identifier: Int32,
    _ count: Int32, _ granted: UnsafePointer<Int32>?
) {
    session(owner)?.subscribed(UnsafeBufferPointer(start: granted, count: Int(max(0, count))))
}

private func sessionLogged(
    _ client: OpaquePointer?, _ owner: UnsafeMutableRawPointer?, _ level: Int32,
    _ line: UnsafePointer<CChar>?
) {
    guard let line, level == Int32(MOSQ_LOG_DEBUG) else { return }
    session(owner)?.logged(line)
}
