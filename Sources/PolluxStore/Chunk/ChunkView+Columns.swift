import PolluxCodec
import PolluxModel

extension ChunkView {
    /// The first and last instant of a column.
    func span(ofColumn index: Int) throws -> ClosedRange<Int64> {
        try naming {
            let entry = try timeEntry(try columnEntry(index).vector)
            guard entry.first <= entry.last else { throw RecordDefect("times run backwards") }
            return entry.first...entry.last
        }
    }

    /// The statistics of a column, or nil when it has none that may be used.
    func statistics(ofColumn index: Int) throws -> ColumnStatistics? {
        try naming {
            let entry = try columnEntry(index)
            guard entry.flags & ChunkFormat.hasStatistics != 0,
                entry.flags & ChunkFormat.hasOddValues == 0
            else { return nil }
            return try storedStatistics(ofColumn: index, entry)
        }
    }

    func storedStatistics(
        ofColumn index: Int, _ entry: ColumnEntry
    ) throws(RecordDefect) -> ColumnStatistics {
        var before = 0
        for other in 0..<index {
            before += Int(try columnEntry(other).flags & ChunkFormat.hasStatistics)
        }
        let start =
            ChunkFormat.headerByteCount + vectorCount * ChunkFormat.timeEntryByteCount
            + columnCount * ChunkFormat.columnEntryByteCount
            + before * ChunkFormat.statisticsByteCount
        var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        let times = try timeEntry(entry.vector)
        var result = ColumnStatistics()
        result.count = entry.count
        result.firstTime = times.first
        result.lastTime = times.last
        let good: UInt64 = try reader.integer()
        guard good <= UInt64(entry.count) else {
            throw RecordDefect("column \(index) has more good points than points")
        }
        result.goodCount = Int(good)
        result.minimum = try reader.double()
        result.maximum = try reader.double()
        result.sum = try reader.double()
        result.first = try reader.double()
        result.last = try reader.double()
        let step = try reader.double()
        let linear = try reader.double()
        let gap: Int64 = try reader.integer()
        if result.goodCount == result.count {
            result.stepIntegral = step
            result.linearIntegral = linear
            result.longestGap = gap
        }
        return result
    }

    /// The encoded times of a vector, after their checksum.
    func timeBytes(ofVector index: Int) throws(RecordDefect) -> UnsafeRawBufferPointer {
        let entry = try timeEntry(index)
        let part = try section(
            of: bytes, at: entry.offset, count: entry.byteCount, name: "time vector \(index)")
        guard Checksum.crc32c(part) == entry.checksum else {
            throw RecordDefect("the checksum of time vector \(index) is wrong")
        }
        guard entry.count > 0, entry.count <= ColumnLimits.maximumCount else {
            throw RecordDefect("time vector \(index) has an impossible number of rows")
        }
        return part
    }

    /// The times of a vector: strictly ascending, inside the chunk's span.
    func times(ofVector index: Int) throws -> [Int64] {
        try naming {
            let entry = try timeEntry(index)
            let part = try timeBytes(ofVector: index)
            let times = try [Int64](unsafeUninitializedCapacity: Int(entry.count)) {
                buffer, count throws in
                try TimeColumn.decode(
                    part, into: UnsafeMutableBufferPointer(rebasing: buffer[..<Int(entry.count)]))
                count = Int(entry.count)
            }
            guard times[0] == entry.first, times[times.count - 1] == entry.last,
                entry.first >= first, entry.last <= last
            else { throw RecordDefect("time vector \(index) is not what its entry says") }
            return times
        }
    }

    /// The encoded values of a column, after their checksum, and its encoded qualities.
    func payload(
        ofColumn index: Int, _ entry: ColumnEntry
    ) throws(RecordDefect) -> (values: UnsafeRawBufferPointer, qualities: UnsafeRawBufferPointer) {
        let (count, overflow) = entry.valueByteCount.addingReportingOverflow(entry.qualityByteCount)
        guard !overflow else { throw RecordDefect("column \(index) lies outside the record") }
        let part = try section(
            of: bytes, at: entry.offset, count: count, name: "column \(index)")
        guard Checksum.crc32c(part) == entry.checksum else {
            throw RecordDefect("the checksum of column \(index) is wrong")
        }
        let split = Int(entry.valueByteCount)
        return (
            UnsafeRawBufferPointer(rebasing: part[..<split]),
            UnsafeRawBufferPointer(rebasing: part[split...])
        )
    }

    /// The rows of a column; `times` are those of its vector when the caller has them already.
    func rows(ofColumn index: Int, times known: [Int64]? = nil) throws -> ColumnBatch {
        let entry = try naming { try columnEntry(index) }
        let times = try known ?? times(ofVector: entry.vector)
        return try naming {
            guard times.count == entry.count else {
                throw RecordDefect("column \(index) and its times have different lengths")
            }
            let payload = try payload(ofColumn: index, entry)
            let values = try ChunkView.values(entry.kind, count: entry.count, payload.values)
            var qualities: [Quality] = []
            if !payload.qualities.isEmpty {
                try QualityColumn.decode(
                    payload.qualities, count: entry.count, into: &qualities)
            }
            return ColumnBatch(times: times, values: values, qualities: qualities)
        }
    }

    static func values(
        _ kind: ValueKind, count: Int, _ bytes: UnsafeRawBufferPointer
    ) throws -> ColumnValues {
        switch kind {
        case .float:
            return .floats(
                try [Double](unsafeUninitializedCapacity: count) { buffer, filled throws in
                    try FloatColumn.decode(
                        bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                    filled = count
                })
        case .integer:
            return .integers(
                try [Int64](unsafeUninitializedCapacity: count) { buffer, filled throws in
                    try IntegerColumn.decode(
                        bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                    filled = count
                })
        case .boolean:
            guard try BooleanColumn.count(of: bytes) == count else {
                throw RecordDefect("a column of booleans has another length than its entry")
            }
            var values: [Bool] = []
            try BooleanColumn.decode(bytes, into: &values)
            return .booleans(values)
        case .text:
            guard try TextColumn.count(of: bytes) == count else {
                throw RecordDefect("a column of texts has another length than its entry")
            }
            var values: [String] = []
            try TextColumn.decode(bytes, into: &values)
            return .texts(values)
        }
    }

    /// All columns, decoded.
    func openColumns() throws -> [OpenColumn] {
        var vectors: [Int: [Int64]] = [:]
        return try (0..<columnCount).map { index in
            let entry = try naming { try columnEntry(index) }
            let times = try vectors[entry.vector] ?? times(ofVector: entry.vector)
            vectors[entry.vector] = times
            return OpenColumn(
                series: entry.series, kind: entry.kind,
                rows: try rows(ofColumn: index, times: times))
        }
    }
}
