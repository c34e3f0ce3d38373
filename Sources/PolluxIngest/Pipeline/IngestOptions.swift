/// Limits and habits of ingest; the defaults suit a plant.
public struct IngestOptions: Sendable {
    /// Types that contain each other, outermost first; line-protocol tags of these names place a
    /// part.
    public var containment: [String] = ["enterprise", "site", "area", "line", "cell", "machine"]
    /// Whether unknown assets and series are created; otherwise their points are rejected.
    public var createsUnknown = true
    /// New assets per minute beyond which points of unknown assets are rejected.
    public var newAssetsPerMinute = 20_000
    /// New series per minute beyond which points of unknown series are rejected.
    public var newSeriesPerMinute = 200_000
    /// Changed attributes per minute beyond which changes are left out (their points are kept).
    public var attributeChangesPerMinute = 10_000
    /// How far a point may lie in the future, in nanoseconds.
    public var futureTolerance: Int64 = 300_000_000_000
    /// Series keys and topics whose resolution is remembered.
    public var rememberedKeyCount = 262_144
    /// Bytes that the dead-letter table may hold.
    public var deadLetterByteCount = 64 << 20
    /// Bytes of one message beyond which it is refused.
    public var messageByteCountLimit = 16 << 20
    /// Rejections listed in one outcome; the rest are only counted.
    public var listedRejectionCount = 100

    /// The defaults.
    public init() {}
}
