public import PolluxModel

/// Delivers the points of one series in a range, in batches of ascending, distinct times.
///
/// Where a point was written several times the last write is delivered. All qualities are
/// delivered, end marks included; operators choose. Used by one thread at a time and only while its
/// snapshot is open.
public final class SeriesReader {
    /// The series that is read.
    public let series: SeriesDescription
    /// The most rows that `next(into:)` delivers at a time.
    public var batchRowCount: Int

    private let snapshot: Snapshot
    /// First and last instant wanted, inclusive.
    private let low: Int64
    private let high: Int64

    /// Rows in memory, already one per instant.
    private var memory: ColumnBatch
    private var memoryIndex = 0
    /// Rows of the chunk that is being delivered.
    private var sealed: ColumnBatch
    private var sealedIndex = 0
    private var sealedEnd = 0
    /// The next chunk with rows of the series in the range, not yet decoded.
    private var ahead: (view: ChunkView, column: Int, span: ClosedRange<Int64>)?
    /// Where the search for the next chunk goes on; nil when there is none.
    private var searchTime: Int64?

    init(snapshot: Snapshot, series: SeriesDescription, range: TimeRange) {
        self.snapshot = snapshot
        self.series = series
        batchRowCount = snapshot.options.batchRowCount
        low = range.start.nanoseconds
        high = range.isEmpty ? range.start.nanoseconds : range.end.nanoseconds - 1
        sealed = ColumnBatch(kind: series.kind)
        if range.isEmpty {
            memory = ColumnBatch(kind: series.kind)
        } else {
            memory = snapshot.head.rows(of: series.id, at: snapshot.id)
                .batch(kind: series.kind, in: range)
            searchTime = low
        }
    }

    /// Replaces the content of `batch` by the next points, of one chunk at most.
    ///
    /// - Returns: false, and an empty batch, when there are no more.
    /// - Throws: `StoreError.corrupt` naming the record when stored bytes are damaged.
    public func next(into batch: inout ColumnBatch) throws -> Bool {
        batch.times.removeAll(keepingCapacity: true)
        batch.qualities.removeAll(keepingCapacity: true)
        batch.values.removeAllKeepingCapacity(kind: series.kind)
        while batch.count < batchRowCount {
            if sealedIndex == sealedEnd {
                // A batch ends with its chunk, so that the next one can be asked for statistics.
                if batch.count > 0, ahead != nil || searchTime != nil { break }
                try openChunk()
            }
            let room = batchRowCount - batch.count
            let hasMemory = memoryIndex < memory.count
            if sealedIndex < sealedEnd {
                takeRun(into: &batch, room: room, hasMemory: hasMemory)
            } else if hasMemory {
                let end = min(memory.count, memoryIndex + room)
                batch.append(memory, memoryIndex..<end)
                memoryIndex = end
            } else {
                break
            }
        }
        return batch.count > 0
    }

    /// Appends the next rows that come from one source without a row of the other in between.
    private func takeRun(into batch: inout ColumnBatch, room: Int, hasMemory: Bool) {
        guard hasMemory else {
            let end = min(sealedEnd, sealedIndex + room)
            batch.append(sealed, sealedIndex..<end)
            sealedIndex = end
            return
        }
        let sealedTime = sealed.times[sealedIndex]
        let memoryTime = memory.times[memoryIndex]
        if sealedTime < memoryTime {
            let until = min(sealedEnd, sealed.times.firstIndex(notBefore: memoryTime))
            let end = min(until, sealedIndex + room)
            batch.append(sealed, sealedIndex..<end)
            sealedIndex = end
        } else if memoryTime < sealedTime {
            let end = min(memory.times.firstIndex(notBefore: sealedTime), memoryIndex + room)
            batch.append(memory, memoryIndex..<end)
            memoryIndex = end
        } else {
            // The same instant: what is in memory was written later.
            batch.append(memory, memoryIndex..<(memoryIndex + 1))
            memoryIndex += 1
            sealedIndex += 1
        }
    }

    /// Passes over the next points if they are a whole chunk whose statistics `accept` takes.
    ///
    /// Offered are the statistics of the chunk ahead when all its points of the series lie in the
    /// range and neither rows before it nor rows in memory in its span remain to be read. Only
    /// series of numbers and booleans (0 and 1) have statistics.
    ///
    /// - Returns: what was accepted, or nil: then read on with `next(into:)`.
    public func nextStatistics(
        where accept: (ColumnStatistics) -> Bool = { _ in true }
    ) throws -> ColumnStatistics? {
        guard sealedIndex == sealedEnd else { return nil }
        try findChunk()
        guard let chunk = ahead, chunk.span.lowerBound >= low, chunk.span.upperBound <= high else {
            return nil
        }
        if memoryIndex < memory.count, memory.times[memoryIndex] <= chunk.span.upperBound {
            return nil
        }
        guard let statistics = try chunk.view.statistics(ofColumn: chunk.column),
            accept(statistics)
        else { return nil }
        ahead = nil
        return statistics
    }

    /// Decodes the next chunk with rows in the range, if there is one.
    private func openChunk() throws {
        try findChunk()
        guard let chunk = ahead else { return }
        ahead = nil
        sealed = try snapshot.rows(of: chunk.view, column: chunk.column)
        sealedIndex = sealed.times.firstIndex(notBefore: low)
        sealedEnd =
            high == .max ? sealed.count : sealed.times.firstIndex(notBefore: high + 1)
        if sealedIndex >= sealedEnd {
            sealedIndex = 0
            sealedEnd = 0
        }
    }

    /// Finds the next chunk that has rows of the series in the range.
    private func findChunk() throws {
        while ahead == nil, let time = searchTime {
            guard let view = try snapshot.chunk(of: series.group, endingAtOrAfter: time),
                view.first <= high
            else {
                searchTime = nil
                return
            }
            searchTime = view.last < high ? view.last + 1 : nil
            guard let column = view.column(of: series.id) else { continue }
            let span = try view.span(ofColumn: column)
            if span.upperBound >= low && span.lowerBound <= high {
                ahead = (view, column, span)
            }
        }
    }
}
