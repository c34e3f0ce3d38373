import PolluxModel

/// What a pipeline keeps in memory between writes.
struct IngestState: Sendable {
    var lines: SeriesKeyCache
    var addresses: SeriesKeyCache
    var assets: CreationLimit
    var series: CreationLimit
    var attributes: CreationLimit
    var sources: [String: SourceStatistics] = [:]
    var rules = TopicRules()
    var sparkplug = SparkplugHost()
    /// Grows whenever the caches are emptied: a commit begun before must not fill them.
    var generation: UInt64 = 0

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
        guard begun == generation else { return }
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
        counters.futureCount += UInt64(write.futureCount)
        counters.replayedCount += UInt64(write.replayedCount)
        counters.deadLetterCount += UInt64(result.deadLetterCount)
        counters.newAssetCount += UInt64(result.newAssetCount)
        counters.newSeriesCount += UInt64(result.newSeriesCount)
        counters.limitedCount += UInt64(result.limitedCount)
        counters.lastArrival = max(now, counters.lastArrival ?? now)
        sources[name] = counters
    }
}
