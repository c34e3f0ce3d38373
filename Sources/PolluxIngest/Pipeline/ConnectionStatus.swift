public import PolluxModel

/// What a source's connection is doing.
public struct ConnectionStatus: Hashable, Sendable {
    /// Whether the other side has accepted the connection.
    public var isConnected = false
    /// Whether it was connected at any time.
    public var isEverConnected = false
    /// Messages received.
    public var messageCount: UInt64 = 0
    /// Bytes of their payloads.
    public var byteCount: UInt64 = 0
    /// Messages whose points are committed and that were acknowledged.
    public var committedCount: UInt64 = 0
    /// Connections made after the first.
    public var reconnectCount: UInt64 = 0
    /// Commits that failed; their messages come again.
    public var failedCommitCount: UInt64 = 0
    /// The last thing that went wrong; empty when nothing did.
    public var lastProblem = ""
    /// When the last message came.
    public var lastArrival: Timestamp?

    /// Nothing yet.
    public init() {}
}
