import Glibc

/// Time of this thread on a processor, which other programs on the machine hardly change.
public enum Stopwatch {
    /// Seconds of processor time that this thread has used.
    public static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// The least processor time of several runs of `body`, in seconds.
    ///
    /// The first run only warms up. Each later one counts; at least `rounds` of them.
    public static func least(rounds: Int = 5, _ body: () throws -> Void) rethrows -> Double {
        try body()
        var least = Double.infinity
        for _ in 0..<max(1, rounds) {
            let start = seconds()
            try body()
            least = min(least, seconds() - start)
        }
        return least
    }

    /// The least processor time of several runs of each body, taken in turn, in seconds: what else
    /// the machine does slows down all of them alike.
    public static func least(
        rounds: Int, inTurn bodies: [() throws -> Void]
    ) throws -> [Double] {
        for body in bodies { try body() }
        var least = bodies.map { _ in Double.infinity }
        for _ in 0..<max(1, rounds) {
            for (index, body) in bodies.enumerated() {
                let start = seconds()
                try body()
                least[index] = min(least[index], seconds() - start)
            }
        }
        return least
    }

    /// Keeps the optimiser from dropping a result that nobody reads.
    @inline(never)
    public static func keep<T>(_ value: T) {
        withExtendedLifetime(value) {}
    }
}
