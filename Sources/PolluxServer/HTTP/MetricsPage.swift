import PolluxIngest
import PolluxModel
import PolluxStore

/// Counters and sizes as Prometheus text (format 0.0.4).
struct MetricsPage {
    private(set) var bytes: [UInt8] = []

    /// The numbers of this moment.
    init(parts: ServerParts) {
        addServer(parts)
        addStore(parts.store.statistics)
        addIngest(parts.ingest.statistics)
        addConnections(parts.ingest)
    }

    private mutating func addConnections(_ ingest: IngestPipeline) {
        family(
            "pollux_ingest_lag_seconds", "gauge", "Age of the newest point at the last arrival.")
        for source in ingest.statistics {
            guard let lag = source.lag else { continue }
            sample("pollux_ingest_lag_seconds", Double(lag) / 1e9, ["source": source.source])
        }
        let columns: [(String, String, String, @Sendable (ConnectionStatus) -> Double)] = [
            ("connected", "gauge", "Whether the broker is connected.", { $0.isConnected ? 1 : 0 }),
            (
                "reconnects_total", "counter", "Connections made after the first.",
                { Double($0.reconnectCount) }
            ),
            (
                "failed_commits_total", "counter", "Batches that could not be committed.",
                { Double($0.failedCommitCount) }
            ),
        ]
        for (name, kind, help, value) in columns {
            family("pollux_mqtt_\(name)", kind, help)
            for connection in ingest.connections {
                sample(
                    "pollux_mqtt_\(name)", value(connection.status),
                    ["source": connection.address.sourceName])
            }
            let ofAdapter = help.replacing("broker", with: "adapter")
            family("pollux_shdr_\(name)", kind, ofAdapter)
            for source in ingest.adapters {
                sample(
                    "pollux_shdr_\(name)", value(source.status),
                    ["source": source.adapter.sourceName])
            }
        }
    }

    private mutating func addServer(_ parts: ServerParts) {
        let numbers = parts.requestCounts.now
        family("pollux_http_responses_total", "counter", "Responses by status.")
        for (status, count) in numbers.requests.sorted(by: { $0.key < $1.key }) {
            sample("pollux_http_responses_total", Double(count), ["status": String(status)])
        }
        single("pollux_queries_total", "counter", "Queries that ended.", Double(numbers.queries))
        single(
            "pollux_queries_failed_total", "counter", "Queries that ended in an error.",
            Double(numbers.failedQueries))
        single(
            "pollux_query_seconds_total", "counter", "Time that queries ran.",
            Double(numbers.queryNanoseconds) / 1e9)
        single(
            "pollux_queries_pending", "gauge", "Queries that run or wait.",
            Double(parts.threads.pending))
        single(
            "pollux_write_bytes_total", "counter", "Bytes of write bodies, unpacked.",
            Double(numbers.writtenBytes))
        let writes = parts.writes.now
        single(
            "pollux_writing_bytes", "gauge", "Bytes of write bodies on their way to the disk.",
            Double(writes.byteCount))
        single(
            "pollux_writes_refused_total", "counter", "Writes refused because of those.",
            Double(writes.refusedCount))
        single(
            "pollux_writes_failing", "gauge", "Whether the last commit failed.",
            parts.store.writeFailure == nil ? 0 : 1)
        single(
            "pollux_live_rows_total", "counter", "Rows sent to subscribers.",
            Double(numbers.liveRows))
        single(
            "pollux_connections", "gauge", "Open connections.",
            Double(parts.counts.count(of: .connection)))
        if let identity = parts.identity {
            single(
                "pollux_certificate_end_timestamp_seconds", "gauge",
                "When the certificate stops being valid, in seconds since 1970.",
                Double(identity.end.nanoseconds) / 1e9)
        }
        single(
            "pollux_websockets", "gauge", "Open WebSockets.",
            Double(parts.counts.count(of: .socket)))
        single(
            "pollux_subscriptions", "gauge", "Subscriptions on WebSockets.",
            Double(parts.counts.count(of: .subscription)))
    }

    private mutating func addStore(_ store: StoreStatistics) {
        let counters: [(String, String, UInt64)] = [
            ("commits", "Commits.", store.commits),
            ("writes", "Writes that were committed.", store.writes),
            ("failed_writes", "Writes that failed.", store.failedWrites),
            ("points", "Points committed.", store.points),
            ("late_points", "Points older than the newest of their series.", store.late),
            (
                "duplicate_points", "Points that replaced another value, counted when sealed.",
                store.duplicate
            ),
            ("rejected_points", "Points of known series that were refused.", store.rejected),
            ("sealed_chunks", "Chunks sealed.", store.sealedChunks),
            ("rewritten_chunks", "Chunks rewritten in the dense tier.", store.rewrittenChunks),
            ("failed_rewrites", "Passes of rewriting that failed.", store.failedRewrites),
            ("expired_points", "Points older than is kept that went.", store.expiredPoints),
            ("expired_chunks", "Whole chunks that went with them.", store.expiredChunks),
            ("rollup_buckets", "Buckets of rollups that were made.", store.rollupBuckets),
            ("life_passes", "Looks for points older than is kept.", store.lifePasses),
            ("failed_life_passes", "Such looks that failed.", store.failedLifePasses),
            (
                "released_bytes", "Bytes of free pages given back to the file system.",
                store.releasedByteCount
            ),
        ]
        for (name, help, value) in counters {
            single("pollux_store_\(name)_total", "counter", help, Double(value))
        }
        let gauges: [(String, String, Double)] = [
            ("queue_writes", "Writes that wait for the writer.", Double(store.queueCount)),
            ("head_rows", "Rows in the head.", Double(store.headRowCount)),
            ("head_bytes", "Memory of the head.", Double(store.headByteCount)),
            ("journal_bytes", "Journal not yet trimmed.", Double(store.journalByteCount)),
            ("open_snapshots", "Snapshots that are open.", Double(store.openSnapshots)),
            (
                "retention_lag_seconds",
                "How far the clock is ahead of the instant that retention counts from.",
                Double(store.retentionLag) / 1e9
            ),
            ("series", "Series in the catalog.", Double(store.seriesCount)),
            ("file_bytes", "Bytes of the database file in use.", Double(store.fileByteCount)),
        ]
        for (name, help, value) in gauges {
            single("pollux_store_\(name)", "gauge", help, value)
        }
    }

    private mutating func addIngest(_ sources: [SourceStatistics]) {
        let columns: [(String, String, @Sendable (SourceStatistics) -> UInt64)] = [
            ("messages", "Messages or requests taken in.", { $0.messageCount }),
            ("bytes", "Bytes of their payloads.", { $0.byteCount }),
            ("points", "Points stored.", { $0.pointCount }),
            ("events", "Events recorded.", { $0.eventCount }),
            ("rejected", "Points, lines or messages not stored.", { $0.rejectedCount }),
            ("dead_letters", "Messages put aside as unreadable.", { $0.deadLetterCount }),
            ("new_assets", "Assets that appeared.", { $0.newAssetCount }),
            ("new_series", "Series that appeared.", { $0.newSeriesCount }),
            ("limited", "Left out because of a limit on new things.", { $0.limitedCount }),
            ("future", "Points refused because they lie in the future.", { $0.futureCount }),
            ("late", "Points older than one before of their source.", { $0.lateCount }),
            (
                "duplicates", "Points at the time of one before of their source.",
                { $0.duplicateCount }
            ),
            ("redelivered", "Messages sent again though stored.", { $0.redeliveredCount }),
            ("retained", "Points left out as retained replays.", { $0.replayedCount }),
        ]
        for (name, help, value) in columns {
            family("pollux_ingest_\(name)_total", "counter", help)
            for source in sources {
                sample(
                    "pollux_ingest_\(name)_total", Double(value(source)),
                    ["source": source.source])
            }
        }
        family("pollux_ingest_rejections_total", "counter", "What was not stored, by reason.")
        for source in sources {
            for kind in RejectionKind.allCases {
                sample(
                    "pollux_ingest_rejections_total", Double(source.rejections[kind] ?? 0),
                    ["source": source.source, "reason": kind.rawValue])
            }
        }
        family(
            "pollux_ingest_last_seen_timestamp_seconds", "gauge", "When something last arrived.")
        for source in sources {
            guard let arrival = source.lastArrival else { continue }
            sample(
                "pollux_ingest_last_seen_timestamp_seconds", Double(arrival.nanoseconds) / 1e9,
                ["source": source.source])
        }
    }

    private mutating func single(_ name: String, _ kind: String, _ help: String, _ value: Double) {
        family(name, kind, help)
        sample(name, value, [:])
    }

    private mutating func family(_ name: String, _ kind: String, _ help: String) {
        bytes.append(contentsOf: "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n".utf8)
    }

    private mutating func sample(_ name: String, _ value: Double, _ labels: [String: String]) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            let list = labels.map { "\($0)=\"\(MetricsPage.escape($1))\"" }.joined(separator: ",")
            bytes.append(contentsOf: "{\(list)}".utf8)
        }
        bytes.append(UInt8(ascii: " "))
        NumberText.append(value, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n", "\r", "\r\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
