import Foundation
import Logging
import PolluxGraph
import PolluxIngest
import PolluxKeyValue
import PolluxLive
import PolluxQuery
import PolluxStore

/// The rooms of one data directory, opened together and closed in order.
struct Database {
    let environment: Environment
    let store: Store
    let graph: Graph
    let query: QueryEngine
    let live: LiveEngine
    let ingest: IngestPipeline

    /// Opens or creates a data directory for this process alone.
    ///
    /// - Throws: `KeyValueError.inUse` when a server has it.
    init(
        directory: String, createsFolder: Bool, ingest options: IngestOptions = IngestOptions()
    ) throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: directory, isDirectory: &isFolder)
        if !exists && !createsFolder {
            throw CommandFailure(
                ExitCode.failed,
                "there is no data directory \(directory): start a server with "
                    + "`pollux serve --data \(directory)`, or name another with --data")
        }
        environment = try Environment(directory: directory)
        store = try Store(environment: environment)
        graph = try Graph(environment: environment)
        query = QueryEngine(store: store, graph: graph, zones: Database.zoneBytes)
        live = try LiveEngine(store: store, graph: graph, query: query)
        query.setLiveControl(live)
        ingest = try IngestPipeline(store: store, graph: graph, options: options)
    }

    /// Stops what runs and writes what is in memory.
    func close() {
        live.stop()
        store.close()
    }

    /// The time zone files of the system.
    static func zoneBytes(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map(Array.init)
    }
}
