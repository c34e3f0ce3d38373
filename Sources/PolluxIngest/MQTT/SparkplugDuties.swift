import PolluxModel
import Synchronization

extension MQTTDuties {
    /// What Sparkplug B asks of a source: what waited too long is taken, and a host application
    /// (version 3.0, chapter 5) says that it is there and asks edge nodes for births.
    ///
    /// - Parameters:
    ///   - host: the name of the host application; nil listens only, and publishes nothing.
    ///   - source: the source's name, as given to `ingest`.
    static func sparkplug(
        host: String?, source: String, pipeline: IngestPipeline
    ) -> MQTTDuties {
        // Of the connection: the will and the state that follows it carry the same time.
        let since = Mutex(Timestamp.distantPast)
        let settled = Mutex(Timestamp.distantPast)
        @Sendable func state(isOnline: Bool, _ instant: Timestamp) -> OutgoingMessage? {
            host.map { host in
                OutgoingMessage(
                    topic: "spBv1.0/STATE/\(host)",
                    payload: IngestPipeline.sparkplugState(isOnline: isOnline, at: instant),
                    quality: 1, isRetained: true)
            }
        }
        return MQTTDuties(
            will: { now in
                since.withLock { $0 = now }
                pipeline.setSparkplugHost(host, since: now, of: source)
                return state(isOnline: false, now)
            },
            connected: { _ in [state(isOnline: true, since.withLock { $0 })].compactMap { $0 } },
            turn: { now in
                let isDue = settled.withLock { last in
                    // A clock that was set back must not put this off.
                    guard now >= last.advanced(by: settleInterval) || now < last else {
                        return false
                    }
                    last = now
                    return true
                }
                if isDue { try pipeline.settle(at: now) }
                return pipeline.takeCommands(of: source).map {
                    OutgoingMessage(
                        topic: $0.topic, payload: $0.payload, quality: $0.isRetained ? 1 : 0,
                        isRetained: $0.isRetained)
                }
            },
            closing: { now in [state(isOnline: false, now)].compactMap { $0 } })
    }

    /// How often it is looked whether something waited too long, in nanoseconds.
    private static let settleInterval: Int64 = 250_000_000
}
