import Logging
import PolluxGraph
import PolluxIngest
import PolluxModel
import PolluxQuery
import PolluxStore
import Synchronization

/// What the routes share: the rooms below, the limits and the counts.
final class ServerParts: Sendable {
    /// Where the server is in its life.
    enum State: Sendable {
        case starting
        case serving
        case stopping
    }

    let configuration: ServerConfiguration
    let identity: ServerIdentity?
    let query: QueryEngine
    let live: any LiveFeed
    let ingest: IngestPipeline
    let store: Store
    let graph: Graph
    let logger: Logger
    let clock: @Sendable () -> Timestamp
    let threads: QueryThreads
    let counts = ConnectionCounts()
    let requestCounts = RequestCounts()
    let guardian: Guardian
    let access: AccessGate
    let bodies: BodyReader
    let writes: WriteGate
    let state = Mutex(State.starting)

    init(
        configuration: ServerConfiguration, identity: ServerIdentity?, query: QueryEngine,
        live: any LiveFeed, ingest: IngestPipeline, store: Store, graph: Graph, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.configuration = configuration
        self.identity = identity
        self.query = query
        self.live = live
        self.ingest = ingest
        self.store = store
        self.graph = graph
        self.logger = logger
        self.clock = clock
        threads = QueryThreads(limits: configuration.limits)
        guardian = Guardian(configuration: configuration)
        access = AccessGate(configuration: configuration, logger: logger)
        bodies = BodyReader(limit: configuration.limits.bodyByteCount)
        writes = WriteGate(limit: configuration.limits.writingByteCount)
    }

    /// The instant that counts as now.
    func now() -> Timestamp { clock() }
}
