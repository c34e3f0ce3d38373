import NIOCore

/// Runs the task of a connection on the event loop that reads and writes it, so that a request
/// changes threads only to where its work is done, and back.
///
/// What takes its time must leave the loop, which serves other connections too: see `offLoop`.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// Runs `body` on the cooperative pool, away from the event loop of the connection.
func offLoop<Result: Sendable>(
    _ body: () async throws -> Result
) async throws -> Result {
    try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
}
