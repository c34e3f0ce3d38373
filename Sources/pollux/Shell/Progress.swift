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
        let given = Terminal.variable("PAGER") ?? ""
        let command = given.isEmpty ? "less" : given
        guard command != "cat" else { return false }
        // Colours are kept, a text that fits after all is left on the screen.
        let settings = "LESS=\"${LESS-FRSX}\" LESSCHARSET=\"${LESSCHARSET-utf-8}\""
        signal(SIGPIPE, SIG_IGN)
        // Of the shell's own process group: only that one may read keys from the terminal.
        let line = "command -v \(command) >/dev/null && \(settings) exec \(command)"
        guard let pager = popen(line, "w") else { return false }
        // The reader may leave before the end; that is no failure.
        _ = text.withCString { fputs($0, pager) }
        let status = pclose(pager)
        _ = Interrupt.take()
        let code = status >> 8 & 0xFF
        return code != 1 && code != 127
    }
}

/// Programs that take over the terminal for a while.
enum ForegroundProgram {
    /// Runs a command of the system's shell with an argument, which it has as `$1`, and waits.
    ///
    /// - Returns: false when it could not be started.
    static func run(_ command: String, argument: String) -> Bool {
        let words = ["/bin/sh", "-c", "exec \(command) \"$1\"", "sh", argument]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for word in arguments { free(word) } }
        var child = pid_t()
        guard posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 else {
            return false
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        _ = Interrupt.take()
        return true
    }
}
