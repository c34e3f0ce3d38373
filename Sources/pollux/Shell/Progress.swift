import Foundation

/// Says on standard error that a question still runs, after half a second; gone when it ends.
struct Progress {
    private let started = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var isShowing = false
    private let isShown: Bool

    init(isShown: Bool) {
        self.isShown = isShown && isatty(STDERR_FILENO) == 1 && Terminal.canMoveCursor
    }

    /// Called often; writes ten times a second at most.
    mutating func tick() {
        guard isShown, started.duration(to: .now) > .milliseconds(500),
            shown.duration(to: .now) > .milliseconds(100)
        else { return }
        shown = .now
        isShowing = true
        write(
            "\r\u{1B}[Krunning for \(ElapsedText.of(started.duration(to: .now))) · Ctrl-C cancels")
    }

    mutating func end() {
        if isShowing { write("\r\u{1B}[K") }
        isShowing = false
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

/// A length of time as people read it.
enum ElapsedText {
    static func of(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Double(seconds) * 1000 + Double(attoseconds) / 1e15
        if milliseconds < 1000 { return "\((milliseconds * 10).rounded() / 10) ms" }
        return "\((milliseconds / 100).rounded() / 10) s"
    }
}

/// Shows a text that is larger than the screen in the pager of the environment.
enum Pager {
    /// False when the text fits, or there is no pager to show it.
    static func show(_ text: String) -> Bool {
        guard Terminal.canMoveCursor else { return false }
        let lines = text.count { $0 == "\n" }
        guard lines >= Terminal.size.rows else { return false }
        let command = Terminal.variable("PAGER") ?? "less"
        guard !command.isEmpty, command != "cat" else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "command -v \(command) >/dev/null && exec \(command)"]
        // Colours are kept, a text that fits after all is left on the screen.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["LESS": "FRSX", "LESSCHARSET": "utf-8"]
        ) { given, _ in given }
        let pipe = Pipe()
        process.standardInput = pipe
        guard (try? process.run()) != nil else { return false }
        signal(SIGPIPE, SIG_IGN)
        // The reader may leave before the end; that is no failure.
        try? pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try? pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        _ = Interrupt.take()
        return process.terminationStatus != 1 && process.terminationStatus != 127
    }
}
