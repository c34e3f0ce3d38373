import PolluxLanguage
import PolluxModel
import PolluxStore

/// The lanes of a question by group, with the chunks that they share.
struct GroupScans {
    let question: Question
    private var groups: [AssetID: GroupScan] = [:]
    private var order: [AssetID] = []
    /// The span of each group's chunks that were found.
    private var spans: [AssetID: TimeRange] = [:]
    private var byteCount = 0

    init(question: Question) { self.question = question }

    /// Adds a lane to its group.
    mutating func add(_ lane: ScanLane) throws {
        let group = lane.series.group
        if groups[group] == nil {
            order.append(group)
            groups[group] = GroupScan(
                chunks: [], lanes: [], rule: QualityRule(question.qualities),
                stop: StopRule(
                    cancellation: question.context.options.cancellation,
                    deadline: question.deadline, timeLimit: question.context.options.timeLimit))
        }
        try find(lane.range, group)
        byteCount +=
            lane.fold.samples.count * MemoryLayout<SampleSums>.stride
            + (lane.fold.curve?.sums.count ?? 0) * MemoryLayout<CurveSums>.stride
        var lane = lane
        lane.isInterleaved = try isInterleaved(lane, group)
        groups[group]?.lanes.append(lane)
    }

    /// Finds the group's chunks of a range, unless they were found before.
    private mutating func find(_ range: TimeRange, _ group: AssetID) throws {
        if let known = spans[group], known.start <= range.start, known.end >= range.end { return }
        let wanted = spans[group].map {
            TimeRange(start: min($0.start, range.start), end: max($0.end, range.end))
        }
        spans[group] = wanted ?? range
        groups[group]?.chunks = try question.chunks(of: group, in: wanted ?? range)
    }

    /// Whether rows in memory of a lane lie among its sealed ones.
    private func isInterleaved(_ lane: ScanLane, _ group: AssetID) throws -> Bool {
        guard let span = lane.memory.span, let chunks = groups[group]?.chunks else { return false }
        guard span.upperBound >= lane.range.start.nanoseconds,
            span.lowerBound < lane.range.end.nanoseconds
        else { return false }
        for chunk in chunks.reversed() where chunk.last >= span.lowerBound {
            guard let column = try chunk.column(of: lane.series.id) else { continue }
            if column.last >= span.lowerBound { return true }
        }
        return false
    }

    /// Refuses a question whose sums would not fit in its share of memory.
    func checkSize() throws { try question.checkMemory(adding: byteCount) }

    /// Reads everything; lanes come in the order in which they were added to their groups.
    func run() throws -> [ScanLane] {
        question.stages.end("plan")
        var scans = order.compactMap { groups[$0] }
        for scan in scans.indices {
            for lane in scans[scan].lanes.indices where scans[scan].lanes[lane].isInterleaved {
                try question.refuseBrief()
                try merge(&scans[scan].lanes[lane], scans[scan].rule)
            }
        }
        let lanes: [ScanLane]
        if question.allowance != nil {
            for scan in scans { try question.spend(try scan.cost) }
            lanes = try scans.flatMap { try $0.run() }
        } else {
            lanes = try question.engine.threads.map(scans) { try $0.run() }.flatMap { $0 }
        }
        question.stages.end("read")
        for lane in lanes { question.scanCounts.add(lane.counts) }
        question.stats.points += question.scanCounts.points
        question.stats.batches += question.scanCounts.columnsRead
        question.stats.skippedBlocks += question.scanCounts.columnsByStatistics
        return lanes
    }

    /// Reads a series whose rows in memory lie among sealed ones, in order of time.
    private func merge(_ lane: inout ScanLane, _ rule: QualityRule) throws {
        let reader = try question.snapshot.reader(lane.series.id, lane.range)
        var batch = ColumnBatch(kind: lane.series.kind)
        var scratch = PointScratch()
        while try reader.next(into: &batch) {
            try question.checkLimits()
            lane.feed(batch.times, batch.values, batch.qualities, rule, &scratch)
        }
    }
}
