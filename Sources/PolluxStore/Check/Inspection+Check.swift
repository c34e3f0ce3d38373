import PolluxKeyValue
import PolluxModel

extension Inspection {
    /// Verifies every invariant and checksum of the store's records, read-only.
    ///
    /// Reads everything once; throws only when the directory cannot be read at all.
    public func check() throws -> CheckReport {
        try environment.read { transaction in
            var check = RunningCheck(tables: tables, transaction: transaction)
            try check.checkCatalog()
            try check.checkChunks()
            try check.checkSeriesRecords()
            try check.checkJournal()
            try check.checkSmallRecords()
            return check.report
        }
    }
}

/// A check under way: what it has learnt of one table helps with the next.
private struct RunningCheck {
    let tables: Tables
    let transaction: ReadTransaction
    var report = CheckReport()
    private var series: [SeriesID: SeriesDescription] = [:]
    private var points: [SeriesID: (count: UInt64, first: Int64, last: Int64)] = [:]

    init(tables: Tables, transaction: ReadTransaction) {
        self.tables = tables
        self.transaction = transaction
    }

    private mutating func add(_ record: String, _ problem: String) {
        // A broken table would otherwise fill the memory with findings.
        guard report.findings.count < 1000 else { return }
        report.findings.append(.init(record: record, problem: problem))
    }

    /// Runs `body` and turns what it throws into a finding.
    private mutating func finding(_ record: String, _ body: (inout RunningCheck) throws -> Void) {
        do {
            try body(&self)
        } catch StoreError.corrupt(let name, let reason) {
            add(name, reason)
        } catch let defect as RecordDefect {
            add(record, defect.reason)
        } catch {
            add(record, "\(error)")
        }
    }

    mutating func checkCatalog() throws {
        var byNumber = 0
        var byAsset: [SeriesID: (AssetID, MeasureID)] = [:]
        try transaction.forEach(tables.series) { key, value in
            var reader = KeyReader(key)
            switch (reader.byte(), key.count) {
            case (1, 5):
                byNumber += 1
                let number = SeriesID(rawValue: reader.uint32() ?? 0)
                finding("series \(number.rawValue)") {
                    $0.series[number] = try Catalog.decode(number, value)
                }
            case (2, 9):
                let asset = AssetID(rawValue: reader.uint32() ?? 0)
                let measure = MeasureID(rawValue: reader.uint32() ?? 0)
                finding("series of asset \(asset.rawValue)") { _ in
                    let number = try Catalog.decodeNumber(value, asset: asset, measure: measure)
                    byAsset[number] = (asset, measure)
                }
            default: add("a key of the catalog", "it has an unknown form")
            }
            return true
        }
        report.recordCounts.append(("store.series", byNumber))
        for (number, description) in series {
            guard let (asset, measure) = byAsset[number], asset == description.asset,
                measure == description.measure
            else {
                add("series \(number.rawValue)", "it is not found by asset and measure")
                continue
            }
        }
        for number in byAsset.keys where series[number] == nil {
            add("series \(number.rawValue)", "it is found by asset but not by number")
        }
    }

    mutating func checkChunks() throws {
        var count = 0
        var previous: ChunkKey?
        try transaction.forEach(tables.chunks) { keyBytes, value in
            count += 1
            finding("a chunk") { check in
                let key = try ChunkKey(decoding: keyBytes)
                try check.checkChunk(ChunkView(key: key, bytes: value), after: previous)
                previous = key
            }
            return true
        }
        report.recordCounts.append(("store.chunks", count))
    }

    private mutating func checkChunk(_ view: ChunkView, after previous: ChunkKey?) throws {
        let name = view.key.name
        if let previous, previous.group == view.key.group, previous.last >= view.first {
            add(name, "it overlaps \(previous.name)")
        }
        var last: SeriesID?
        var total = 0
        for (index, column) in try view.openColumns().enumerated() {
            let rows = column.rows
            total += rows.count
            if let last, last >= column.series { add(name, "its columns are not in order") }
            last = column.series
            if series[column.series]?.kind != column.kind {
                add(name, "column \(index) has another kind of value than its series")
            }
            if series[column.series]?.group != view.key.group {
                add(name, "column \(index) belongs to another group")
            }
            for row in 1..<max(1, rows.count) where rows.times[row - 1] >= rows.times[row] {
                add(name, "the times of column \(index) are not ascending")
                break
            }
            try checkStatistics(view, index, column)
            var known = points[column.series] ?? (0, .max, .min)
            known.count += UInt64(rows.count)
            known.first = min(known.first, rows.times[0])
            known.last = max(known.last, rows.times[rows.count - 1])
            points[column.series] = known
        }
        report.pointCount += UInt64(total)
        if total != view.valueCount { add(name, "it does not hold as many values as it says") }
    }

    private mutating func checkStatistics(
        _ view: ChunkView, _ index: Int, _ column: OpenColumn
    ) throws {
        let stored = try view.statistics(ofColumn: index)
        let computed = ColumnStatistics.ofChunkColumn(column)
        let expected = computed.flatMap { $0.hasOddValues ? nil : $0.statistics }
        if stored?.comparable != expected?.comparable {
            add(view.key.name, "the statistics of column \(index) are not those of its points")
        }
    }

    mutating func checkSeriesRecords() throws {
        var count = 0
        var seen: Set<SeriesID> = []
        try transaction.forEach(tables.last) { key, value in
            count += 1
            var reader = KeyReader(key)
            let number = SeriesID(rawValue: reader.uint32() ?? 0)
            let name = "last point of series \(number.rawValue)"
            seen.insert(number)
            finding(name) { check in
                let record = try SeriesRecord(decoding: value)
                let known = check.points[number]
                if check.series[number] == nil { check.add(name, "there is no such series") }
                if record.points != known?.count ?? 0 {
                    check.add(name, "it counts \(record.points) points, not \(known?.count ?? 0)")
                }
                if record.newest?.instant.nanoseconds != known?.last {
                    check.add(name, "it is not the newest point in chunks")
                }
                if let known, record.first > known.first {
                    check.add(name, "there are points before its first instant")
                }
            }
            return true
        }
        for number in points.keys where !seen.contains(number) {
            add("last point of series \(number.rawValue)", "it is missing")
        }
        report.recordCounts.append(("store.last", count))
    }

    mutating func checkJournal() throws {
        var count = 0
        let trimmed = try MetaNumber.trimmedSequence.read(transaction, tables)
        var replay = try JournalReplay(tables: tables, transaction: transaction)
        try transaction.forEach(tables.journal) { key, value in
            count += 1
            var reader = KeyReader(key)
            let sequence = reader.uint64() ?? 0
            finding("journal \(sequence)") { check in
                if try JournalRecord.open(value).sequence != sequence {
                    check.add("journal \(sequence)", "its sequence is not that of its key")
                }
                if sequence <= trimmed { check.add("journal \(sequence)", "it was trimmed") }
                _ = try replay.unsealed(JournalRecord.decode(value), sequence: sequence)
            }
            return true
        }
        report.recordCounts.append(("store.journal", count))
    }

    private mutating func checkLife() throws {
        guard let table = tables.life else { return }
        var count = 0
        try transaction.forEach(table) { key, value in
            count += 1
            var reader = KeyReader(key)
            let series = SeriesID(rawValue: reader.uint32() ?? 0)
            let kind = reader.byte()
            finding("life of series \(series.rawValue)") { check in
                let name = "life of series \(series.rawValue)"
                if check.series[series] == nil { check.add(name, "there is no such series") }
                switch (kind, key.count) {
                case (ExpiryMark.kind, 5): _ = try ExpiryMark(decoding: value)
                case (RollupMark.kind, 13):
                    let length = Int64(bitPattern: reader.uint64() ?? 0)
                    _ = try RollupMark(length: length, decoding: value)
                case (RollupBucket.kind, 21):
                    let length = Int64(bitPattern: reader.uint64() ?? 0)
                    let start = reader.instant()?.nanoseconds ?? 0
                    guard length > 0, start % length == 0 else {
                        check.add(name, "a bucket begins at no multiple of its length")
                        return
                    }
                    _ = try RollupBucket(start: start, length: length, decoding: value)
                default: check.add(name, "its key has an unknown form")
                }
            }
            return true
        }
        report.recordCounts.append((table.name, count))
    }

    mutating func checkSmallRecords() throws {
        var count = 0
        try transaction.forEach(tables.groups) { key, value in
            count += 1
            var reader = KeyReader(key)
            finding("mark of group \(reader.uint32() ?? 0)") { _ in _ = try checkedPayload(value) }
            return true
        }
        report.recordCounts.append((tables.groups.name, count))
        count = 0
        try transaction.forEach(tables.audit) { key, value in
            count += 1
            var reader = KeyReader(key)
            let name = "audit \(reader.uint64() ?? 0)"
            finding(name) { check in
                for part in try RemovalRecord(key: key, value).parts
                where check.series[part.series] == nil {
                    check.add(name, "there is no series \(part.series.rawValue)")
                }
            }
            return true
        }
        report.recordCounts.append((tables.audit.name, count))
        try checkLife()
        finding("meta life-clock") { check in
            _ = try LifeClock.read(check.transaction, check.tables)
        }
        for number in [
            MetaNumber.late, .duplicate, .rejected, .trimmedSequence,
        ] {
            finding("meta \(number.name)") { check in
                _ = try number.read(check.transaction, check.tables)
            }
        }
    }
}

extension ColumnStatistics {
    /// The same with infinity for sums that are no numbers, which equal nothing: sums of the
    /// greatest numbers overflow both ways.
    fileprivate var comparable: ColumnStatistics {
        func number(_ sum: Double) -> Double { sum.isNaN ? .infinity : sum }
        var result = self
        result.sum = number(sum)
        result.stepIntegral = stepIntegral.map(number)
        result.linearIntegral = linearIntegral.map(number)
        return result
    }
}
