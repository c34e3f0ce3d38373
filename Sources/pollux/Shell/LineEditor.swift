import CEditLine
import Foundation
import Synchronization

/// Reads lines from a terminal with editing, history and completion (libedit), or from a pipe.
///
/// Used by one thread. Ctrl-C clears the line or asks a running query to stop; it never leaves.
struct LineEditor {
    /// What one read gave.
    enum Line {
        case text(String)
        case interrupted
        case end
    }

    /// Whether a person sits at a terminal.
    let isInteractive: Bool
    private let historyPath: String?

    /// Prepares the terminal; `complete` returns the words that may stand at the end of a text.
    ///
    /// The history file is created for its owner only, because lines may hold secrets.
    init(historyPath: String?, complete: @escaping @Sendable (String) -> [String]) {
        isInteractive = isatty(STDIN_FILENO) == 1
        self.historyPath = historyPath
        LineEditor.completer.withLock { $0 = complete }
        guard isInteractive else { return }
        // Without a locale libedit drops every character outside ASCII.
        setlocale(LC_ALL, "")
        using_history()
        stifle_history(10_000)
        if let historyPath {
            if !FileManager.default.fileExists(atPath: historyPath) {
                _ = FileManager.default.createFile(
                    atPath: historyPath, contents: nil, attributes: [.posixPermissions: 0o600])
            }
            read_history(historyPath)
        }
        pollux_readline_set_up(completeWord, " \t\n,;()=<>")
        Interrupt.install()
    }

    /// Makes standard output go out line by line even into a pipe.
    static func flushEachLine() { pollux_flush_each_line() }

    /// Shows a prompt and reads one line.
    func read(prompt: String) -> Line {
        guard isInteractive else {
            guard let line = readLine(strippingNewline: true) else { return .end }
            return .text(line)
        }
        _ = Interrupt.take()
        guard let pointer = readline(prompt) else {
            if Interrupt.take() {
                print()
                return .interrupted
            }
            return .end
        }
        defer { free(pointer) }
        return .text(String(cString: pointer))
    }

    /// Keeps a line in the history, unless it begins with a blank.
    func remember(_ text: String) {
        guard isInteractive, !text.isEmpty, !text.hasPrefix(" ") else { return }
        add_history(text)
        if let historyPath { write_history(historyPath) }
    }

    /// The completion in force; libedit's callback has no room for a context.
    fileprivate static let completer = Mutex<(@Sendable (String) -> [String])?>(nil)
    fileprivate static let candidates = Mutex<[String]>([])
}

/// The interrupt flag that Ctrl-C sets.
enum Interrupt {
    private static let flag = Atomic<Bool>(false)

    /// Takes Ctrl-C away from the default of ending the program.
    static func install() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in Interrupt.raise() }
        // No SA_RESTART: a blocked read returns, so that the line is given up at once.
        sigaction(SIGINT, &action, nil)
    }

    /// Blocks Ctrl-C in the calling thread and those it starts, so that it reaches the shell's
    /// thread and wakes it out of reading a line.
    static func leaveToShell() { setBlocked(true) }

    /// Lets Ctrl-C come to the calling thread.
    static func comeHere() { setBlocked(false) }

    private static func setBlocked(_ isBlocked: Bool) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(isBlocked ? SIG_BLOCK : SIG_UNBLOCK, &signals, nil)
    }

    fileprivate static func raise() { flag.store(true, ordering: .relaxed) }

    /// Whether Ctrl-C was pressed since the last call.
    static func take() -> Bool { flag.exchange(false, ordering: .relaxed) }

    /// Whether Ctrl-C was pressed and not yet taken.
    static var isRaised: Bool { flag.load(ordering: .relaxed) }
}

/// libedit's completion callback: computes candidates for the text up to the cursor.
private func completeWord(
    _ word: UnsafePointer<CChar>?, _ start: Int32, _ end: Int32
) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    pollux_readline_no_file_names()
    guard let word, let line = pollux_readline_line(),
        let complete = LineEditor.completer.withLock({ $0 })
    else { return nil }
    let before = String(
        decoding: UnsafeRawBufferPointer(start: line, count: Int(end)), as: UTF8.self)
    let found = complete(before)
    guard !found.isEmpty else { return nil }
    LineEditor.candidates.withLock { $0 = found }
    return rl_completion_matches(word, nextCandidate)
}

/// libedit's generator: returns the candidates one by one, then nil.
private func nextCandidate(_ word: UnsafePointer<CChar>?, _ state: Int32)
    -> UnsafeMutablePointer<CChar>?
{
    let next: String? = LineEditor.candidates.withLock {
        $0.isEmpty ? nil : $0.removeFirst()
    }
    return next.flatMap { pollux_readline_copy($0) }
}
