import Glibc
import Synchronization

/// Threads that help a question which reads many columns; as many as the machine has cores, less
/// the one that asks.
///
/// The asking thread works too, so a question goes on when all helpers are busy with others. The
/// threads start with the first question that wants them and end with the engine.
// Why: `jobs` and `isStopping` are touched only while the POSIX mutex is held.
final class ScanThreads: @unchecked Sendable {
    /// Pieces of work of one question; taken one by one by whoever has time.
    private final class Job: Sendable {
        let count: Int
        let next = Atomic<Int>(0)
        let finished = Atomic<Int>(0)
        let body: @Sendable (Int) -> Void

        init(count: Int, body: @escaping @Sendable (Int) -> Void) {
            self.count = count
            self.body = body
        }
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let work: UnsafeMutablePointer<pthread_cond_t>
    private let done: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [Job] = []
    private var threads: [pthread_t] = []
    private var isStopping = false
    private let helperCount: Int

    init(helperCount: Int = max(0, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1)) {
        self.helperCount = helperCount
        mutex = .allocate(capacity: 1)
        work = .allocate(capacity: 1)
        done = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(work, nil)
        pthread_cond_init(done, nil)
    }

    /// Ends the threads; no question may be running.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopping = true
        let running = threads
        threads = []
        pthread_cond_broadcast(work)
        pthread_mutex_unlock(mutex)
        for thread in running { pthread_join(thread, nil) }
    }

    deinit {
        pthread_cond_destroy(work)
        pthread_cond_destroy(done)
        pthread_mutex_destroy(mutex)
        work.deallocate()
        done.deallocate()
        mutex.deallocate()
    }

    /// Calls `body` for each number below `count`, on this thread and the helpers, and returns when
    /// all calls have returned.
    func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        guard count > 1, helperCount > 0 else {
            for index in 0..<count { body(index) }
            return
        }
        let job = Job(count: count, body: body)
        pthread_mutex_lock(mutex)
        startThreads()
        jobs.append(job)
        pthread_cond_broadcast(work)
        pthread_mutex_unlock(mutex)
        take(job)
        pthread_mutex_lock(mutex)
        jobs.removeAll { $0 === job }
        while job.finished.load(ordering: .acquiring) < count { pthread_cond_wait(done, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// The results of `body` for each input, in their order; the first error ends the rest.
    func map<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @escaping @Sendable (Input) throws -> Output
    ) throws -> [Output] {
        let results = Mutex<[Output?]>(Array(repeating: nil, count: inputs.count))
        let failure = Mutex<(any Error)?>(nil)
        run(inputs.count) { index in
            guard failure.withLock({ $0 == nil }) else { return }
            do {
                let output = try body(inputs[index])
                results.withLock { $0[index] = output }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return results.withLock { $0.compactMap { $0 } }
    }

    /// Works on a job until nothing of it is left to be taken.
    private func take(_ job: Job) {
        var count = 0
        while true {
            let index = job.next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < job.count else { break }
            job.body(index)
            count += 1
        }
        let finished = job.finished.wrappingAdd(count, ordering: .acquiringAndReleasing).newValue
        guard finished == job.count else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(done)
        pthread_mutex_unlock(mutex)
    }

    /// Starts the helpers once; the mutex is held.
    private func startThreads() {
        guard threads.isEmpty, !isStopping else { return }
        for _ in 0..<helperCount {
            var handle = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            if pthread_create(&handle, nil, ScanThreads.main, context) == 0 {
                threads.append(handle)
            } else {
                Unmanaged<ScanThreads>.fromOpaque(context).release()
            }
        }
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        { context in
            guard let context else { return nil }
            Unmanaged<ScanThreads>.fromOpaque(context).takeRetainedValue().loop()
            return nil
        }

    private func loop() {
        pthread_mutex_lock(mutex)
        while !isStopping {
            guard let job = jobs.first else {
                pthread_cond_wait(work, mutex)
                continue
            }
            pthread_mutex_unlock(mutex)
            take(job)
            pthread_mutex_lock(mutex)
            // Whatever is left of it has been taken by somebody.
            jobs.removeAll { $0 === job }
        }
        pthread_mutex_unlock(mutex)
    }
}
