import Foundation
import Synchronization

/// The interrupt flag that Ctrl-C sets while something runs.
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
