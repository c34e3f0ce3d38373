import Glibc
import PolluxModel
import Synchronization

/// One thread that takes turns when it is rung, or when a time has come.
// Why: the pthread objects behind the pointers are made for sharing and guarded by themselves.
final class Worker: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let bell: UnsafeMutablePointer<pthread_cond_t>
    private var isRung = false
    private var isStopping = false
    private var thread: pthread_t?
    private let turn: @Sendable () -> Int64

    /// A worker whose `turn` returns the nanoseconds until it wants the next one.
    init(turn: @escaping @Sendable () -> Int64) {
        self.turn = turn
        mutex = .allocate(capacity: 1)
        bell = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(bell, nil)
    }

    deinit {
        pthread_cond_destroy(bell)
        pthread_mutex_destroy(mutex)
        bell.deallocate()
        mutex.deallocate()
    }

    /// Starts the thread; a second call does nothing.
    func start() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard thread == nil, !isStopping else { return }
        var handle = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(&handle, nil, Worker.main, context)
        if status == 0 {
            thread = handle
        } else {
            Unmanaged<Worker>.fromOpaque(context).release()
        }
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        { context in
            guard let context else { return nil }
            Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().loop()
            return nil
        }

    private func loop() {
        while true {
            let pause = turn()
            pthread_mutex_lock(mutex)
            wait(atMost: min(max(pause, 1_000_000), 60_000_000_000))
            let isOver = isStopping
            isRung = false
            pthread_mutex_unlock(mutex)
            if isOver { return }
        }
    }

    /// Waits for the bell; the mutex is held.
    private func wait(atMost nanoseconds: Int64) {
        var until = timespec()
        clock_gettime(CLOCK_REALTIME, &until)
        let total = Int64(until.tv_nsec) + nanoseconds
        until.tv_sec += Int(total / 1_000_000_000)
        until.tv_nsec = Int(total % 1_000_000_000)
        while !isRung, !isStopping {
            if pthread_cond_timedwait(bell, mutex, &until) != 0 { return }
        }
    }

    /// Asks for a turn soon; returns at once.
    func ring() {
        pthread_mutex_lock(mutex)
        isRung = true
        pthread_cond_signal(bell)
        pthread_mutex_unlock(mutex)
    }

    /// Ends the thread after its turn and waits for it.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopping = true
        let handle = thread
        thread = nil
        pthread_cond_signal(bell)
        pthread_mutex_unlock(mutex)
        if let handle { pthread_join(handle, nil) }
    }
}
