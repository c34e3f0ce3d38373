import ArgumentParser
import Foundation
import PolluxModel
import PolluxStore

/// `pollux snapshot`: complete copies of a running or stopped database.
struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Make, list, verify and restore online backups.",
        discussion: "pollux snapshot create monday --server http://127.0.0.1:8470",
        subcommands: [Create.self, List.self, Verify.self, Restore.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the database into a new folder while reads and writes go on.",
            discussion: "pollux snapshot create /backup/monday")
        @Argument(
            help: "A new folder, or a name: then it is kept in the data directory's snapshots.")
        var folder: String
        @OptionGroup var target: TargetOptions

        func run() throws {
            let path = SnapshotCommand.path(of: folder, in: target.directory)
            let connection = try target.connect()
            defer { connection.close() }
            switch connection {
            case .local(let database):
                let manifest = try reporting { try database.store.createSnapshot(to: path) }
                print("created \(SnapshotCommand.line(manifest))")
            case .server(let client):
                // Over the network a server writes only below its own data directory.
                guard !folder.contains("/") else {
                    throw CommandFailure(
                        ExitCode.badUse,
                        "a running server keeps its snapshots in its own folder: give a name, "
                            + "such as monday")
                }
                let (status, body) = try client.send(
                    "POST", "/api/v1/snapshots",
                    try JSONSerialization.data(withJSONObject: ["name": folder]))
                guard (200..<300).contains(status) else {
                    throw ServerClient.failure(status: status, body: body)
                }
                let answer = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
                print("created \(answer?["path"] as? String ?? folder)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the snapshots below a folder.",
            discussion: "pollux snapshot list /backup")
        @Argument(help: "The folder that holds them (default: the data directory's snapshots).")
        var place: String?
        @OptionGroup var target: DirectoryOptions

        func run() throws {
            let folder = place ?? target.directory + "/snapshots"
            let found = try reporting { try SnapshotArchive.list(in: folder) }
            for manifest in found { print(SnapshotCommand.line(manifest)) }
            if found.isEmpty { print("no snapshots in \(folder)") }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every record of a snapshot against its manifest.",
            discussion: "pollux snapshot verify /backup/monday")
        @Argument(help: "The snapshot's folder, or its name in the data directory.")
        var folder: String
        @OptionGroup var target: DirectoryOptions

        func run() throws {
            let path = SnapshotCommand.path(of: folder, in: target.directory)
            _ = try reporting { try SnapshotArchive.compare(path) }
            try CheckCommand.check(path)
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy a verified snapshot into a new data directory.",
            discussion: "pollux snapshot restore /backup/monday --data plant-restored")
        @Argument(help: "The snapshot's folder.") var folder: String
        @OptionGroup var target: DirectoryOptions

        func run() throws {
            try reporting { try SnapshotArchive.restore(folder, to: target.directory) }
            print("restored \(folder) to \(target.directory)")
        }
    }

    /// A folder as given, or the folder of a name in the data directory.
    static func path(of argument: String, in directory: String) -> String {
        argument.contains("/")
            ? URL(fileURLWithPath: argument).path
            : URL(fileURLWithPath: directory + "/snapshots/" + argument).path
    }

    /// A manifest on one line.
    static func line(_ manifest: SnapshotManifest) -> String {
        "\(manifest.path)  \(manifest.created)  \(manifest.byteCount) bytes  "
            + "\(manifest.seriesCount) series  \(manifest.chunkCount) chunks"
    }
}
