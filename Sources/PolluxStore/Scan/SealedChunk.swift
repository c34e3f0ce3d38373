import PolluxCodec
public import PolluxModel

// Why: it points into the memory map, whose pages do not change while a snapshot sees them.
/// A chunk in the map, its header and directory verified; whoever asks decodes its columns.
///
/// Valid while the snapshot that gave it is open; until then any thread may read it.
public struct SealedChunk: @unchecked Sendable {
    let view: ChunkView

    /// No point of the chunk is earlier.
    public var first: Int64 { view.first }
    /// No point of the chunk is later.
    public var last: Int64 { view.last }

    /// The column of a series, or nil when the chunk has no point of it.
    public func column(of series: SeriesID) throws -> SealedColumn? {
        guard let index = view.column(of: series) else { return nil }
        let entry = try view.naming { try view.columnEntry(index) }
        let span = try view.span(ofColumn: index)
        return SealedColumn(
            view: view, index: index, kind: entry.kind, count: entry.count, vector: entry.vector,
            first: span.lowerBound, last: span.upperBound)
    }
}

// Why: see `SealedChunk`.
/// The points of one series in one chunk, not yet decoded.
///
/// Valid as long as its chunk is.
public struct SealedColumn: @unchecked Sendable {
    let view: ChunkView
    let index: Int

    /// The kind of its values.
    public let kind: ValueKind
    /// Number of points.
    public let count: Int
    /// Which of the chunk's vectors of times is its own; columns with the same one share times.
    public let vector: Int
    /// The instant of its first point.
    public let first: Int64
    /// The instant of its last point.
    public let last: Int64

    /// What is known without decoding, or nil where nothing may be used.
    public func statistics() throws -> ColumnStatistics? {
        try view.statistics(ofColumn: index)
    }

    /// The instants of the points, strictly ascending.
    public func times() throws -> [Int64] {
        let times = try openTimes()
        try check(times)
        return try times.all()
    }

    /// The values in order of time.
    public func values() throws -> ColumnValues {
        try view.values(ofColumn: index)
    }

    /// The qualities in order of time; empty when all are good.
    public func qualities() throws -> [Quality] {
        try view.qualities(ofColumn: index)
    }
}

extension ChunkView {
    /// The values of a column, after its checksum.
    func values(ofColumn index: Int) throws -> ColumnValues {
        try naming {
            let entry = try columnEntry(index)
            return try ChunkView.values(
                entry.kind, count: entry.count, try payload(ofColumn: index, entry).values)
        }
    }

    /// The qualities of a column; empty when all are good.
    func qualities(ofColumn index: Int) throws -> [Quality] {
        try naming {
            let entry = try columnEntry(index)
            guard entry.qualityByteCount > 0 else { return [] }
            var qualities: [Quality] = []
            try QualityColumn.decode(
                try payload(ofColumn: index, entry).qualities, count: entry.count,
                into: &qualities)
            return qualities
        }
    }
}
