import HTTPTypes
import Hummingbird
import PolluxModel
import PolluxStore

/// The routes under `/api/v1/snapshots`; restoring needs a stopped server.
struct SnapshotRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/api/v1/snapshots") { _ in try await list() },
            Route(.post, "/api/v1/snapshots") { try await create($0) }.allowing(.admin),
            Route(.get, "/api/v1/snapshots/{name}") { try await one($0) },
            Route(.post, "/api/v1/snapshots/{name}/verify") { try await verify($0) }
                .allowing(.admin),
        ]
    }

    private func folder() throws -> String {
        guard let folder = parts.configuration.snapshotFolder else {
            throw HTTPFailure(
                status: .conflict, code: "no_snapshot_folder",
                message: "this server was started without a folder for snapshots")
        }
        return folder
    }

    private func list() async throws -> Response {
        let folder = try folder()
        return try await parts.threads.runLong {
            var json = JSONBytes()
            json.beginObject()
            json.name("snapshots")
            json.beginArray()
            for manifest in try SnapshotRoutes.manifests(in: folder) {
                SnapshotRoutes.write(manifest, to: &json)
            }
            json.endArray()
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func create(_ exchange: Exchange) async throws -> Response {
        let folder = try folder()
        let body = try await parts.bodies.readObject(exchange.request)
        let now = parts.now()
        let name = body["name"]?.text ?? exchange.query["name"] ?? SnapshotRoutes.defaultName(now)
        guard SnapshotRoutes.isName(name) else {
            throw HTTPFailure.badRequest(
                "`\(name)` cannot be the name of a snapshot",
                help: "use letters, digits, `-`, `_` and `.`, at most 100, no `.` in front")
        }
        let store = parts.store
        return try await parts.threads.runLong {
            let manifest: SnapshotManifest
            do {
                manifest = try store.createSnapshot(to: "\(folder)/\(name)")
            } catch StoreError.notEmpty {
                throw HTTPFailure(
                    status: .conflict, code: "exists", message: "there is a snapshot `\(name)`",
                    help: "choose another name")
            }
            var json = JSONBytes()
            SnapshotRoutes.write(manifest, to: &json)
            var response = Response.json(json.bytes, status: .created)
            response.headers[.location] = "/api/v1/snapshots/\(name)"
            return response
        }
    }

    private func one(_ exchange: Exchange) async throws -> Response {
        let (folder, name) = try (folder(), exchange.segments["name"] ?? "")
        return try await parts.threads.runLong {
            var json = JSONBytes()
            SnapshotRoutes.write(try SnapshotRoutes.find(name, in: folder), to: &json)
            return .json(json.bytes)
        }
    }

    private func verify(_ exchange: Exchange) async throws -> Response {
        let (folder, name) = try (folder(), exchange.segments["name"] ?? "")
        return try await parts.threads.runLong {
            let manifest = try SnapshotRoutes.find(name, in: folder)
            var problems: [(record: String, problem: String)] = []
            var pointCount: UInt64?
            do {
                let report = try SnapshotArchive.verify(manifest.path)
                problems = report.findings.map { ($0.record, $0.problem) }
                pointCount = report.pointCount
            } catch StoreError.badSnapshot(_, let reason) {
                problems = [("snapshot", reason)]
            }
            var json = JSONBytes()
            json.beginObject()
            json.member("name", name)
            json.member("sound", problems.isEmpty)
            if let pointCount { json.member("points", Int(clamping: pointCount)) }
            json.name("findings")
            json.beginArray()
            for finding in problems {
                json.beginObject()
                json.member("record", finding.record)
                json.member("problem", finding.problem)
                json.endObject()
            }
            json.endArray()
            json.endObject()
            return .json(json.bytes)
        }
    }

    /// The snapshot of a name: looked up among those that exist, so no name becomes a path.
    private static func find(_ name: String, in folder: String) throws -> SnapshotManifest {
        guard let manifest = try manifests(in: folder).first(where: { $0.name == name }) else {
            throw HTTPFailure.notFound(
                "there is no snapshot `\(name)`", help: "GET /api/v1/snapshots lists them")
        }
        return manifest
    }

    private static func manifests(in folder: String) throws -> [SnapshotManifest] {
        guard PathCheck.isFolder(folder) else { return [] }
        return try SnapshotArchive.list(in: folder)
    }

    private static func write(_ manifest: SnapshotManifest, to json: inout JSONBytes) {
        json.beginObject()
        json.member("name", manifest.name)
        json.name("created")
        json.instant(manifest.created)
        json.member("transaction", Int(clamping: manifest.transactionID))
        json.member("bytes", Int(clamping: manifest.byteCount))
        json.member("series", Int(clamping: manifest.seriesCount))
        json.member("chunks", Int(clamping: manifest.chunkCount))
        json.endObject()
    }

    private static func isName(_ name: String) -> Bool {
        let isLetter: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == 0x2E
            }
        }
        return !name.isEmpty && name.utf8.count <= 100 && !name.hasPrefix(".")
            && name.utf8.allSatisfy(isLetter)
    }

    private static func defaultName(_ now: Timestamp) -> String {
        let text = Timestamp(seconds: floorDivide(now.nanoseconds, 1_000_000_000).quotient)
        return "snapshot-" + text.description.filter { $0 != ":" && $0 != "-" }
    }
}
