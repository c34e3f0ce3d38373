import ArgumentParser
import Foundation
import PolluxModel
import PolluxStore

/// `pollux snapshot`: complete copies of a running or stopped database.
struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Make, list, verify and restore online backups.",
        discussion: "pollux snapshot create /backup/monday --server http://127.0.0.1:8470",
        subcommands: [Create.self, List.self, Verify.self, Restore.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the database into a new folder while reads and writes go on.",
            discussion: "pollux snapshot create /backup/monday")
        @Argument(help: "The new folder, on the machine of the database.") var folder: String
        @OptionGroup var target: TargetOptions

        func run() throws {
            let path = URL(fileURLWithPath: folder).path
            let connection = try target.connect()
            defer { connection.close() }
            switch connection {
            case .local(let database):
                let manifest = try reporting { try database.store.createSnapshot(to: path) }
                print("created \(SnapshotCommand.line(manifest))")
            case .server(let client):
                let (status, body) = try client.send(
                    "POST", "/api/v1/snapshots",
                    try JSONSerialization.data(withJSONObject: ["path": path]))
                guard (200..<300).contains(status) else {
                    throw ServerClient.failure(status: status, body: body, text: "")
                }
                let manifest = try reporting {
                    try SnapshotArchive.list(
                        in: (path as NSString)
                            .deletingLastPathComponent)
                }.first { $0.path == path }
                print("created " + (manifest.map(SnapshotCommand.line) ?? path))
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the snapshots below a folder.",
            discussion: "pollux snapshot list /backup")
        @Argument(help: "The folder that holds the snapshots' folders.") var folder: String

        func run() throws {
            let found = try reporting { try SnapshotArchive.list(in: folder) }
            for manifest in found { print(SnapshotCommand.line(manifest)) }
            if found.isEmpty { print("no snapshots in \(folder)") }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every record of a snapshot against its manifest.",
            discussion: "pollux snapshot verify /backup/monday")
        @Argument(help: "The snapshot's folder.") var folder: String

        func run() throws {
            let report = try reporting { try SnapshotArchive.verify(folder) }
            try CheckCommand.show(report, of: folder)
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy a verified snapshot into a new data directory.",
            discussion: "pollux snapshot restore /backup/monday --data plant-restored")
        @Argument(help: "The snapshot's folder.") var folder: String
        @OptionGroup var target: TargetOptions

        func run() throws {
            try reporting { try SnapshotArchive.restore(folder, to: target.directory) }
            print("restored \(folder) to \(target.directory)")
        }
    }

    /// A manifest on one line.
    static func line(_ manifest: SnapshotManifest) -> String {
        "\(manifest.path)  \(manifest.created)  \(manifest.byteCount) bytes  "
            + "\(manifest.seriesCount) series  \(manifest.chunkCount) chunks"
    }
}
