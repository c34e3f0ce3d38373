public import PolluxModel

/// The rows of one series that are not yet in chunks, as one snapshot sees them; nothing is copied.
///
/// Any thread may read them, also after the snapshot was closed.
public struct MemoryRows: Sendable {
    let rows: HeadRows
    let kind: ValueKind

    /// Number of rows; a row that was written again counts twice.
    public var count: Int { rows.count }

    /// Whether times ascend strictly from row to row, so that runs can be read in place.
    public var isSorted: Bool { rows.isSorted }

    /// The least and the greatest time, or nil without rows.
    ///
    /// O(1) when the rows are sorted, else O(rows).
    public var span: ClosedRange<Int64>? {
        var least = Int64.max
        var greatest = Int64.min
        for piece in rows.pieces where piece.count > 0 {
            if rows.isSorted {
                least = min(least, piece.segment.times[0])
                greatest = max(greatest, piece.segment.times[piece.count - 1])
                continue
            }
            for row in 0..<piece.count {
                least = min(least, piece.segment.times[row])
                greatest = max(greatest, piece.segment.times[row])
            }
        }
        return least <= greatest ? least...greatest : nil
    }

    /// Rows that stand together in memory.
    public struct Run {
        /// The instants, strictly ascending.
        public let times: UnsafeBufferPointer<Int64>
        /// A double's pattern, an integer's two's complement, 0 or 1.
        public let bits: UnsafeBufferPointer<UInt64>
        /// The raw values of the qualities.
        public let qualities: UnsafeBufferPointer<UInt8>

        /// Whether every row is good; eight at a time, because nearly always all are.
        public var hasOnlyGood: Bool {
            let bytes = UnsafeRawBufferPointer(qualities)
            var index = 0
            while index &+ 8 <= bytes.count {
                if bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) != 0 { return false }
                index &+= 8
            }
            while index < bytes.count {
                if bytes[index] != 0 { return false }
                index &+= 1
            }
            return true
        }
    }

    /// Calls `body` for the runs of sorted rows in order of time; pointers are valid inside it.
    public func forEachRun(_ body: (Run) throws -> Void) rethrows {
        precondition(rows.isSorted, "rows that came late are read by `merged`")
        for piece in rows.pieces where piece.count > 0 {
            try withExtendedLifetime(piece.segment) {
                try body(
                    Run(
                        times: UnsafeBufferPointer(
                            start: piece.segment.times, count: piece.count),
                        bits: UnsafeBufferPointer(start: piece.segment.bits, count: piece.count),
                        qualities: UnsafeBufferPointer(
                            start: piece.segment.qualities, count: piece.count)))
            }
        }
    }

    /// The rows of a range in order of time, the last write of each instant.
    public func merged(in range: TimeRange) -> ColumnBatch {
        rows.batch(kind: kind, in: range)
    }
}
