import PolluxModel

/// What a pipeline keeps in memory between writes.
struct IngestState: Sendable {
    var lines: SeriesKeyCache
    var addresses: SeriesKeyCache
    var assets: CreationLimit
    var series: CreationLimit
    var attributes: CreationLimit
    var sources: [String: SourceStatistics] = [:]
    var rules = IngestRules()
    var sparkplug = SparkplugHost()
    var mtconnect = MTConnectDevices()
    var publishers = OPCUAPublishers()
    var connections: [MQTTSource] = []
    var adapters: [SHDRSource] = []
    var deliveries: [String: DeliveryWindow] = [:]
    /// The newest time of each series by source, for counting what comes late.
    private var newestTimes: [String: NewestTimes] = [:]
    private var watchedPageCount = 0
    /// Grows whenever the caches are emptied: a commit begun before must not fill them.
    var generation: UInt64 = 0
    /// The edit of the plant up to which everything here is right.
    private(set) var plantVersion: UInt64 = 0

    init(options: IngestOptions) {
        lines = SeriesKeyCache(capacity: options.rememberedKeyCount)
        addresses = SeriesKeyCache(capacity: options.rememberedKeyCount)
        assets = CreationLimit(perMinute: options.newAssetsPerMinute)
        series = CreationLimit(perMinute: options.newSeriesPerMinute)
        attributes = CreationLimit(perMinute: options.attributeChangesPerMinute)
    }

    /// Forgets every resolution.
    mutating func forget() {
        generation += 1
        lines.removeAll()
        addresses.removeAll()
        sparkplug.forget()
    }

    /// Forgets what names stand for when the plant was edited since.
    ///
    /// Sessions of edge nodes stay: they know places by their names only.
    mutating func follow(_ version: UInt64) {
        guard plantVersion != version else { return }
        plantVersion = version
        generation += 1
        lines.removeAll()
        addresses.removeAll()
    }

    /// Runs `body` on a state that knows no name yet when `isFresh`, so that nothing in it rests on
    /// what was looked up before.
    mutating func resolving<Result>(
        isFresh: Bool, _ body: (inout IngestState) throws -> Result
    ) rethrows -> Result {
        guard isFresh else { return try body(&self) }
        var (lines, addresses) = (SeriesKeyCache(capacity: 0), SeriesKeyCache(capacity: 0))
        func exchange() {
            swap(&lines, &self.lines)
            swap(&addresses, &self.addresses)
        }
        exchange()
        // Bindings of metrics are of a generation; there is none of this number, and `max` stands
        // for no binding.
        let known = generation
        generation = .max - 1
        defer {
            exchange()
            generation = known
        }
        return try body(&self)
    }

    mutating func allowance(at now: Timestamp) -> CommitBody.Allowance {
        CommitBody.Allowance(
            assets: assets.allowance(at: now), series: series.allowance(at: now),
            attributes: attributes.allowance(at: now))
    }

    /// Takes over what a durable commit made.
    mutating func learn(
        _ result: CommitResult, fromLines: Bool, generation begun: UInt64
    ) {
        assets.take(result.newAssetCount)
        series.take(result.newSeriesCount)
        attributes.take(result.attributeCount)
        guard begun == generation, result.plantVersion == plantVersion else { return }
        for addition in result.additions {
            if fromLines {
                lines.insert(
                    key: addition.key, asset: addition.asset, hasFacts: addition.hasFacts,
                    series: addition.series)
            } else {
                addresses.insert(
                    key: addition.key, asset: addition.asset, hasFacts: addition.hasFacts,
                    series: addition.series)
            }
        }
    }

    /// Adds the counts of a write to its source.
    mutating func count(
        _ source: String, messages: Int, bytes: Int, write: PendingWrite, result: CommitResult,
        at now: Timestamp
    ) {
        // Sources are named by whoever connects, so their number is bounded.
        let name = sources[source] != nil || sources.count < 1000 ? source : "others"
        var counters = sources[name] ?? SourceStatistics(source: name)
        counters.messageCount += UInt64(messages)
        counters.byteCount += UInt64(bytes)
        counters.pointCount += UInt64(result.pointCount)
        counters.eventCount += UInt64(result.eventCount)
        counters.rejectedCount += UInt64(write.refusalCount + result.refusals.count)
        for (kind, count) in write.refusalsByKind {
            counters.rejections[kind, default: 0] += UInt64(count)
        }
        for refusal in result.refusals { counters.rejections[refusal.kind, default: 0] += 1 }
        counters.futureCount += UInt64(write.futureCount)
        counters.replayedCount += UInt64(write.replayedCount)
        counters.deadLetterCount += UInt64(result.deadLetterCount)
        counters.newAssetCount += UInt64(result.newAssetCount)
        counters.newSeriesCount += UInt64(result.newSeriesCount)
        counters.limitedCount += UInt64(result.limitedCount)
        counters.lastArrival = max(now, counters.lastArrival ?? now)
        if let newest = write.newestTime {
            let instant = Timestamp(nanoseconds: newest)
            counters.newestInstant = max(instant, counters.newestInstant ?? instant)
        }
        sources[name] = counters
    }

    /// Counts what of a batch came late, and how many messages came again.
    mutating func countOrder(_ source: String, _ batch: PointBatch, redelivered: Int = 0) {
        guard sources[source] != nil else { return }
        sources[source]?.redeliveredCount += UInt64(redelivered)
        guard batch.count > 0 else { return }
        var newest = newestTimes.removeValue(forKey: source) ?? NewestTimes()
        let counts = newest.take(
            batch, pageLimit: IngestState.watchedPageLimit - watchedPageCount)
        watchedPageCount += counts.newPages
        newestTimes[source] = newest
        sources[source]?.lateCount += UInt64(counts.late)
        sources[source]?.duplicateCount += UInt64(counts.duplicates)
    }

    /// Pages of series whose order is watched, over all sources: 64 MiB.
    private static let watchedPageLimit = 16_384
}
