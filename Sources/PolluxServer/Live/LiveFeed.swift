import PolluxLanguage
public import PolluxLive
public import PolluxQuery

/// Where the server gets the rows of watched queries from: the live engine, or a test.
public protocol LiveFeed: Sendable {
    /// Begins to watch a question; `text` may or may not begin with `watch`.
    ///
    /// Blocks for one run of the question: called on a thread for queries.
    /// - Throws: `LanguageError`, `QueryError` or `LiveError`.
    func follow(
        _ text: String, parameters: [String: QueryOptions.Parameter], timezone: String?
    ) throws -> any FrameSource
    /// The continuous queries or alerts there are.
    func entries(alerts: Bool) throws -> [LiveEntry]
}

/// The frames of one watched question, in a queue with a bound; the first one has the columns.
public protocol FrameSource: AnyObject, Sendable {
    /// Waits for the next frame; nil when the subscription has ended.
    func nextFrame() async -> LiveFrame?
    /// Ends the subscription; `nextFrame` returns nil soon.
    func cancel()
}

extension LiveSubscription: FrameSource {
    /// The next frame; one reader at a time.
    public func nextFrame() async -> LiveFrame? {
        var iterator = makeAsyncIterator()
        return await iterator.next()
    }
}

extension LiveEngine: LiveFeed {
    /// Subscribes to a question.
    public func follow(
        _ text: String, parameters: [String: QueryOptions.Parameter], timezone: String?
    ) throws -> any FrameSource {
        try subscribe(text, parameters: parameters, timezone: timezone)
    }

    /// What the engine lists.
    public func entries(alerts: Bool) throws -> [LiveEntry] {
        try list(alerts ? .alert : .continuousQuery)
    }
}
