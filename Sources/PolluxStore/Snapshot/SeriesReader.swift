public import PolluxModel

/// Delivers the points of one series in a range, in batches of ascending, distinct times.
///
/// Where a point was written several times the last write is delivered. All qualities are
/// delivered, end marks included; operators choose. Used by one thread at a time and only while its
/// snapshot is open.
public final class SeriesReader {
    /// The series that is read.
    public let series: SeriesDescription

    init(series: SeriesDescription) { self.series = series }

    /// Replaces the content of `batch` by the next points.
    ///
    /// - Returns: false, and an empty batch, when there are no more.
    /// - Throws: `StoreError.corrupt` naming the record when stored bytes are damaged.
    public func next(into batch: inout ColumnBatch) throws -> Bool { fatalError() }

    /// Passes over the next points if they form a whole chunk, or a whole block of one, whose
    /// statistics `accept` takes.
    ///
    /// Offered are first the statistics of the whole chunk ahead, then those of its next block, and
    /// only where the span lies wholly in the range and no other source has points in it. Only
    /// series of numbers and booleans (0 and 1) have statistics.
    ///
    /// - Returns: what was accepted, or nil: then read on with `next(into:)`, which stops at the
    ///   end of the block when there is one to stop at.
    public func nextStatistics(
        where accept: (ColumnStatistics) -> Bool = { _ in true }
    ) throws -> ColumnStatistics? { fatalError() }
}
