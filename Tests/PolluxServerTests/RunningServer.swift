import Foundation
import HTTPTypes
import Logging
import PolluxGraph
import PolluxIngest
import PolluxKeyValue
import PolluxLanguage
import PolluxLive
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import ServiceLifecycle
import Synchronization

@testable import PolluxServer

/// A server on a temporary database, for the time of one test.
struct RunningServer: Sendable {
    let port: Int
    let store: Store
    let graph: Graph
    let feed: ScriptedFeed
    let folder: String
    let group: ServiceGroup
    /// The routes of the interface, such as `GET /health`; the viewer's files are not among them.
    let routeNames: Set<String>?

    /// Runs `body` against a server; afterwards the server has stopped gracefully.
    static func run(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws {
        let folder = try Places.makeTemporaryFolder("pollux-server")
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = try Environment(directory: folder.path + "/data")
        let graph = try Graph(environment: environment)
        let store = try Store(environment: environment)
        defer { store.close() }
        let feed = ScriptedFeed()
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.snapshotFolder = folder.path + "/snapshots"
        change(&configuration)
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let server = try Server(
            configuration: configuration, query: QueryEngine(store: store, graph: graph),
            live: feed, ingest: IngestPipeline(store: store, graph: graph), store: store,
            graph: graph, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            whenListening: { listening.yield($0) })
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)],
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                try await tasks.next()
                return
            }
            let running = RunningServer(
                port: port, store: store, graph: graph, feed: feed, folder: folder.path,
                group: group,
                routeNames: Set(
                    server.routes.filter { !$0.path.hasPrefix("/viewer") && $0.path != "/" }
                        .filter { $0.path != "/favicon.ico" }
                        .map { "\($0.method.rawValue) \($0.path)" }))
            do {
                try await body(running)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// One request on a connection of its own.
    func ask(
        _ line: String, _ headers: [String: String] = [:], body: String = ""
    ) async throws -> RawClient.Answer {
        try await RawClient.open(port: port).request(line, headers, body: Array(body.utf8))
    }
}

/// A feed whose rows a test hands out.
final class ScriptedFeed: LiveFeed {
    let open = Mutex<[ScriptedRows]>([])

    func follow(
        _ text: String, parameters: [String: QueryOptions.Parameter], timezone: String?
    ) throws -> any FrameSource {
        guard text.hasPrefix("watch") else {
            throw QueryError.runtime(.notAvailable, "not a question")
        }
        let rows = ScriptedRows()
        open.withLock { $0.append(rows) }
        return rows
    }

    func entries(alerts: Bool) throws -> [LiveEntry] {
        alerts ? [LiveEntry(name: "hot", text: "max temperature …", state: "running")] : []
    }
}

/// One subscription of a scripted feed; its queue keeps the newest hundred frames.
final class ScriptedRows: FrameSource {
    private let stream: AsyncStream<LiveFrame>
    private let source: AsyncStream<LiveFrame>.Continuation
    let isCancelled = Mutex(false)

    init() {
        (stream, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
        source.yield(.subscribed(ScriptedRows.result([])))
    }

    private static func result(_ values: [Double]) -> QueryResult {
        QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "x", kind: .float, unit: "mm", cells: ResultCells(.floats(values)))
            ])
    }

    func push(_ values: [Double], _ state: RowState = .provisional) {
        source.yield(
            .rows(
                LiveRows(
                    state: state, result: ScriptedRows.result(values),
                    finalUpTo: Timestamp(nanoseconds: 0))))
    }

    func nextFrame() async -> LiveFrame? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }

    func cancel() {
        isCancelled.withLock { $0 = true }
        source.finish()
    }
}
