import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// The scripts of `query-lang/conformance`, each in a database of its own.
///
/// `POLLUX_CONFORMANCE` runs the scripts of another folder, such as `pending`.
@Suite struct ConformanceTests {
    static let folder: URL = {
        let folder = Places.repository.appendingPathComponent("query-lang/conformance")
        let other = ProcessInfo.processInfo.environment["POLLUX_CONFORMANCE"]
        return other.map { folder.appendingPathComponent($0) } ?? folder
    }()

    static let scripts: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".test") }.sorted()
    }()

    @Test func thereAreScripts() {
        #expect(!ConformanceTests.scripts.isEmpty)
    }

    @Test(arguments: scripts) func script(_ name: String) throws {
        let place = try Places.makeTemporaryFolder("pollux-conformance")
        defer { try? FileManager.default.removeItem(at: place) }
        let environment = try Environment(directory: place.path)
        let store = try Store(environment: environment)
        defer { store.close() }
        let engine = QueryEngine(
            store: store, graph: try Graph(environment: environment),
            zones: ConformanceTests.zoneFile)
        var run = ConformanceRun(engine: engine, folder: ConformanceTests.folder)
        try run.run(file: name)
        #expect(run.queryCount > 0, "\(name) asks nothing")
        for difference in run.differences {
            Issue.record("\(difference)")
        }
    }

    /// The bytes of a zone of the system.
    @Sendable private static func zoneFile(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "/usr/share/zoneinfo/" + name).map { [UInt8]($0) }
    }
}
