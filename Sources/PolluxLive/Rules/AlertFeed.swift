/// The notices of all alerts from now on, in a queue of the newest thousand.
public struct AlertFeed: AsyncSequence, Sendable {
    public typealias Element = AlertNotice

    let stream: AsyncStream<AlertNotice>

    /// An iterator over the notices.
    public func makeAsyncIterator() -> AsyncStream<AlertNotice>.AsyncIterator {
        stream.makeAsyncIterator()
    }
}
