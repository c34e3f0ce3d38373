import PolluxCodec
import PolluxModel

/// The statistics of a column of a chunk, and whether they may be used.
struct ChunkColumnStatistics {
    var statistics: ColumnStatistics
    /// A good value is not a number or infinite: sums and bounds would lie.
    var hasOddValues = false
}

extension ColumnStatistics {
    /// The statistics of a column, or nil where a chunk keeps none: texts and very short columns.
    static func ofChunkColumn(_ column: OpenColumn) -> ChunkColumnStatistics? {
        let rows = column.rows
        guard rows.count >= ChunkFormat.statisticsRowCount else { return nil }
        switch rows.values {
        case .floats(let values): return of(rows, numbers: values)
        case .integers(let values): return of(rows, numbers: values.map { Double($0) })
        case .booleans(let values): return of(rows, numbers: values.map { $0 ? 1 : 0 })
        case .texts: return nil
        }
    }

    private static func of(_ rows: ColumnBatch, numbers: [Double]) -> ChunkColumnStatistics {
        var result = ColumnStatistics()
        result.count = rows.count
        result.firstTime = rows.times[0]
        result.lastTime = rows.times[rows.count - 1]
        let good =
            rows.qualities.isEmpty
            ? numbers
            : rows.qualities.indices.compactMap { row in
                rows.qualities[row] == .good ? numbers[row] : nil
            }
        result.goodCount = good.count
        let hasOddValues = good.contains { !$0.isFinite }
        guard !hasOddValues, let first = good.first, let last = good.last else {
            return ChunkColumnStatistics(statistics: result, hasOddValues: hasOddValues)
        }
        // The codec's definition of a sum, so that an encoded column gives the same to the bit.
        let aggregate = good.withUnsafeBufferPointer { FloatAggregate($0) }
        result.sum = aggregate.sum
        result.minimum = aggregate.minimum
        result.maximum = aggregate.maximum
        result.first = first
        result.last = last
        addIntegrals(to: &result, rows: rows, numbers: numbers)
        return ChunkColumnStatistics(statistics: result)
    }

    /// Areas under the curve; only where every point is good, because a doubtful one would end it.
    private static func addIntegrals(
        to result: inout ColumnStatistics, rows: ColumnBatch, numbers: [Double]
    ) {
        guard result.goodCount == result.count else { return }
        var step = 0.0
        var linear = 0.0
        var longest: Int64 = 0
        for row in 1..<rows.count {
            let gap = rows.times[row].subtractingReportingOverflow(rows.times[row - 1])
            let span = gap.overflow ? Int64.max : gap.partialValue
            longest = max(longest, span)
            let seconds = Double(span) * 1e-9
            step += numbers[row - 1] * seconds
            linear += (numbers[row - 1] + numbers[row]) * 0.5 * seconds
        }
        result.stepIntegral = step
        result.linearIntegral = linear
        result.longestGap = longest
    }
}
