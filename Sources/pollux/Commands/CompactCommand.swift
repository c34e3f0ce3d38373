import ArgumentParser
import PolluxStore

/// `pollux compact`: the background rewriting, now.
struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Seal what is open, rewrite cold chunks in the dense tier, and wait for it.",
        discussion: "pollux compact --data plant")

    @OptionGroup var target: TargetOptions

    func run() throws {
        let database = try target.openDatabase()
        defer { database.close() }
        let report = try reporting { try database.store.compact() }
        print(
            "rewrote \(report.rewrittenChunks) chunks: \(report.byteCountBefore) → "
                + "\(report.byteCountAfter) bytes")
    }
}
