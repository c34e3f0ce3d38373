import Glibc

/// A thread of our own for C code that blocks; joined once.
struct SourceThread: Sendable {
    private let handle: pthread_t

    /// What the new thread runs, carried across the C call.
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread; nil when the system has none left.
    init?(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { argument in
                // A peer that is gone must be an error of the write, not the end of the process.
                var signals = sigset_t()
                sigemptyset(&signals)
                sigaddset(&signals, SIGPIPE)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            return nil
        }
        self.handle = handle
    }

    /// Waits for the end of the thread.
    func join() { pthread_join(handle, nil) }
}
