import PolluxModel
import PolluxQuery
import Synchronization

/// A watched query: an endless sequence of frames, read by one task.
///
/// The queue is bounded. When it is full the oldest rows are dropped and a `lagging` frame says how
/// many and from which span; the reader then asks the query once as a batch, or goes on.
public final class LiveSubscription: Sendable, AsyncSequence {
    /// What the sequence gives.
    public typealias Element = LiveFrame

    /// Its number.
    public let id: UInt64
    private let queue: Mutex<FrameQueue>
    private let onCancel: @Sendable (UInt64) -> Void

    init(id: UInt64, rowLimit: Int, onCancel: @escaping @Sendable (UInt64) -> Void) {
        self.id = id
        self.onCancel = onCancel
        queue = Mutex(FrameQueue(rowLimit: rowLimit))
    }

    /// Ends the subscription; the sequence ends after what is queued.
    public func cancel() {
        finish()
        onCancel(id)
    }

    func finish() {
        let waiter = queue.withLock { queue in
            queue.isFinished = true
            defer { queue.waiter = nil }
            return queue.waiter
        }
        waiter?.resume(returning: nil)
    }

    func send(_ frame: LiveFrame) {
        let delivery = queue.withLock { queue in queue.push(frame) }
        if let delivery { delivery.waiter.resume(returning: delivery.frame) }
    }

    /// The next frame that is queued, without waiting; for tests.
    func poll() -> LiveFrame? { queue.withLock { $0.pop() } }

    /// Reads the frames.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let subscription: LiveSubscription

        /// The next frame; nil when the subscription or the task has ended.
        public mutating func next() async -> LiveFrame? { await subscription.next() }
    }

    /// An iterator; one at a time.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription: self) }

    private func next() async -> LiveFrame? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: LiveFrame?? = queue.withLock { queue in
                    if let frame = queue.pop() { return .some(frame) }
                    if queue.isFinished || queue.waiter != nil { return .some(nil) }
                    queue.waiter = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            cancel()
        }
    }
}

/// Frames that wait for a reader, bounded by rows.
struct FrameQueue: Sendable {
    typealias Waiter = CheckedContinuation<LiveFrame?, Never>

    private var frames: [LiveFrame] = []
    private var rowCount = 0
    private let rowLimit: Int
    private var skipped: (count: Int, range: TimeRange)?
    var waiter: Waiter?
    var isFinished = false

    init(rowLimit: Int) {
        self.rowLimit = rowLimit
    }

    /// Queues a frame, or hands it to the reader that waits.
    mutating func push(_ frame: LiveFrame) -> (waiter: Waiter, frame: LiveFrame)? {
        guard !isFinished else { return nil }
        if let waiter {
            self.waiter = nil
            return (waiter, frame)
        }
        // A repeated error says nothing new and must not grow the queue.
        if case .error(_, let message) = frame, case .error(_, let last)? = frames.last,
            message == last
        {
            return nil
        }
        frames.append(frame)
        rowCount += FrameQueue.weight(frame)
        while rowCount > rowLimit, frames.count > 1 { dropOldest() }
        return nil
    }

    private static func weight(_ frame: LiveFrame) -> Int {
        // A frame without rows costs memory too.
        if case .rows(let rows) = frame { return rows.count + 1 }
        return 1
    }

    private mutating func dropOldest() {
        let index = frames.firstIndex { if case .rows = $0 { true } else { false } } ?? 0
        let frame = frames.remove(at: index)
        rowCount -= FrameQueue.weight(frame)
        guard case .rows(let rows) = frame else { return }
        for key in rows.result.keys + rows.removed {
            let old = skipped?.range ?? key.range
            let range = TimeRange(
                start: min(old.start, key.range.start), end: max(old.end, key.range.end))
            skipped = ((skipped?.count ?? 0) + 1, range)
        }
    }

    mutating func pop() -> LiveFrame? {
        if let skipped, !startsWithColumns {
            self.skipped = nil
            return .lagging(skippedRowCount: skipped.count, range: skipped.range)
        }
        guard !frames.isEmpty else { return nil }
        let frame = frames.removeFirst()
        rowCount -= FrameQueue.weight(frame)
        return frame
    }

    private var startsWithColumns: Bool {
        if case .subscribed? = frames.first { return true }
        return false
    }
}
