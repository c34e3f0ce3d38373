import ArgumentParser
import PolluxStore

/// `pollux compact`: the background rewriting, now.
struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Seal what is open, rewrite cold chunks in the dense tier, and wait for it.",
        discussion: "pollux compact --data plant")

    @OptionGroup var target: DirectoryOptions

    @Flag(help: "Let retention count from this machine's clock although it ran ahead.")
    var trustClock = false

    func run() throws {
        let database = try target.openDatabase()
        defer { database.close() }
        let report = try reporting { try database.store.compact(trustsClock: trustClock) }
        print(
            "rewrote \(report.rewrittenChunks) chunks: \(report.byteCountBefore) → "
                + "\(report.byteCountAfter) bytes")
        if report.expiredPoints > 0 { print("retention took \(report.expiredPoints) points") }
        if report.retentionLag > 0 {
            let seconds = Double(report.retentionLag) / 1e9
            print(
                "retention counts from \(Int(seconds.rounded(.up))) s before this machine's clock, "
                    + "which ran ahead of time that passed; --trust-clock believes it at once")
        }
    }
}
