public import PolluxModel

/// What those who follow alerts are told.
public struct AlertNotice: Hashable, Sendable {
    /// What happened to the episode.
    public enum Change: String, Hashable, Sendable {
        /// It began.
        case began
        /// It is over.
        case ended
        /// Its data has stopped: it is neither going on nor over as far as anyone knows.
        case unknown
        /// Late data or an edit of the plant has shown that it never was.
        case withdrawn
    }

    /// The alert, also the name of the event.
    public var name: String
    /// What happened.
    public var change: Change
    /// The asset it happened to.
    public var asset: AssetID
    /// How people call the asset.
    public var assetName: String
    /// The event.
    public var event: EventID
    /// When the episode truly began.
    public var start: Timestamp
    /// When it ended; nil while it is open.
    public var end: Timestamp?
    /// The alert's settings, such as severity.
    public var attributes: [String: Value]
}
