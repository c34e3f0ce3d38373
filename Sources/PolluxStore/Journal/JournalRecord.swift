import PolluxCodec
import PolluxModel

/// The batches of one commit as bytes: columnar, in the order of arrival.
///
/// storage-format/journal.md.
enum JournalRecord {
    static let magic: UInt32 = 0x524A_5850
    static let version: UInt8 = 1
    /// Bytes before the sections.
    static let headerByteCount = 48
    /// Names of the sections in their order.
    static let sectionNames = ["series", "times", "floats", "others", "mask", "qualities", "texts"]

    /// The record of a commit; `kind` tells for each series what its bits mean.
    static func encode(
        _ batches: [PointBatch], sequence: UInt64, kind: (SeriesID) -> ValueKind
    ) -> [UInt8] {
        var columns = JournalColumns()
        for batch in batches { columns.append(batch, kind: kind) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(columns.times.count * 8 + 64)
        bytes.append(littleEndian: magic)
        bytes.append(version)
        bytes.append(contentsOf: [0, 0, 0])
        bytes.append(littleEndian: sequence)
        bytes.append(littleEndian: UInt32(columns.times.count))
        bytes += [UInt8](repeating: 0, count: headerByteCount - bytes.count)
        var sectionStart = bytes.count
        func endSection(_ index: Int) {
            bytes.put(UInt32(bytes.count - sectionStart), at: 20 + 4 * index)
            sectionStart = bytes.count
        }
        BriefColumn.encode(columns.series, into: &bytes)
        endSection(0)
        BriefColumn.encode(columns.times, into: &bytes)
        endSection(1)
        BriefColumn.encode(columns.floats, into: &bytes)
        endSection(2)
        BriefColumn.encode(columns.others, into: &bytes)
        endSection(3)
        // One kind of value is the rule: then no mask is needed.
        if !columns.floats.isEmpty && !columns.others.isEmpty {
            BooleanColumn.encode(columns.isFloat, tier: .fast, into: &bytes)
        }
        endSection(4)
        QualityColumn.encode(columns.qualities, into: &bytes)
        endSection(5)
        if !columns.texts.isEmpty { TextColumn.encode(columns.texts, tier: .fast, into: &bytes) }
        endSection(6)
        return withChecksum(bytes)
    }

    /// The sections of a record whose checksum and header are right.
    static func open(
        _ record: UnsafeRawBufferPointer
    ) throws(RecordDefect) -> (sequence: UInt64, count: Int, sections: [UnsafeRawBufferPointer]) {
        let payload = try checkedPayload(record)
        var reader = RecordReader(payload)
        guard try reader.integer(UInt32.self) == magic else {
            throw RecordDefect("it does not begin like a journal record")
        }
        let found: UInt8 = try reader.integer()
        guard found == version else { throw RecordDefect("its version \(found) is unknown") }
        _ = try reader.slice(3)
        let sequence: UInt64 = try reader.integer()
        let count: UInt32 = try reader.integer()
        guard count <= ColumnLimits.maximumCount else { throw RecordDefect("it has too many rows") }
        var lengths: [UInt32] = []
        for _ in sectionNames { lengths.append(try reader.integer()) }
        var sections: [UnsafeRawBufferPointer] = []
        for length in lengths { sections.append(try reader.slice(Int(length))) }
        guard reader.remaining == 0 else { throw RecordDefect("bytes follow its end") }
        return (sequence, Int(count), sections)
    }

    /// The batch that a record holds.
    static func decode(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> PointBatch {
        let (_, count, sections) = try open(record)
        do {
            var columns = JournalColumns()
            try IntegerColumn.decode(sections[0], into: &columns.series)
            try IntegerColumn.decode(sections[1], into: &columns.times)
            try FloatColumn.decode(sections[2], into: &columns.floats)
            try IntegerColumn.decode(sections[3], into: &columns.others)
            if !sections[4].isEmpty {
                try BooleanColumn.decode(sections[4], into: &columns.isFloat)
            }
            try QualityColumn.decode(sections[5], count: count, into: &columns.qualities)
            if !sections[6].isEmpty { try TextColumn.decode(sections[6], into: &columns.texts) }
            return try columns.batch(count: count)
        } catch let error as CodecError {
            throw RecordDefect(error.description)
        } catch let error as RecordDefect {
            throw error
        } catch {
            throw RecordDefect("\(error)")
        }
    }
}

/// A commit's points as the columns of its record.
struct JournalColumns {
    var series: [Int64] = []
    var times: [Int64] = []
    var floats: [Double] = []
    var others: [Int64] = []
    var isFloat: [Bool] = []
    var qualities: [Quality] = []
    var texts: [String] = []

    mutating func append(_ batch: PointBatch, kind: (SeriesID) -> ValueKind) {
        let start = times.count
        series.reserveCapacity(start + batch.count)
        floats.reserveCapacity(start + batch.count)
        for number in batch.series { series.append(Int64(number.rawValue)) }
        times.append(contentsOf: batch.times)
        // Texts of several batches follow each other, and their indexes shift with them.
        let textBase = Int64(texts.count)
        texts.append(contentsOf: batch.texts)
        isFloat.reserveCapacity(start + batch.count)
        for row in 0..<batch.count {
            let pattern = batch.bits[row]
            let rowKind = kind(batch.series[row])
            isFloat.append(rowKind == .float)
            switch rowKind {
            case .float: floats.append(Double(bitPattern: pattern))
            case .text: others.append(Int64(bitPattern: pattern) + textBase)
            case .integer, .boolean: others.append(Int64(bitPattern: pattern))
            }
        }
        if !batch.qualities.isEmpty || !qualities.isEmpty {
            qualities += Array(repeating: .good, count: start - qualities.count)
            qualities +=
                batch.qualities.isEmpty
                ? Array(repeating: .good, count: batch.count) : batch.qualities
        }
    }

    /// The columns as one batch, after a check that they fit together.
    func batch(count: Int) throws(RecordDefect) -> PointBatch {
        let hasMask = !isFloat.isEmpty
        guard series.count == count, times.count == count,
            floats.count + others.count == count, !hasMask || isFloat.count == count,
            hasMask || floats.isEmpty || others.isEmpty
        else { throw RecordDefect("its columns have different lengths") }
        var batch = PointBatch()
        batch.reserveCapacity(count)
        for text in texts { _ = batch.appendText(text) }
        var floatIndex = 0
        var otherIndex = 0
        for row in 0..<count {
            guard let number = UInt32(exactly: series[row]) else {
                throw RecordDefect("row \(row) names no series")
            }
            let isDouble = hasMask ? isFloat[row] : others.isEmpty
            let pattern: UInt64
            if isDouble {
                guard floatIndex < floats.count else { throw RecordDefect("its mask is wrong") }
                pattern = floats[floatIndex].bitPattern
                floatIndex += 1
            } else {
                guard otherIndex < others.count else { throw RecordDefect("its mask is wrong") }
                pattern = UInt64(bitPattern: others[otherIndex])
                otherIndex += 1
            }
            batch.appendBits(
                SeriesID(rawValue: number), at: Timestamp(nanoseconds: times[row]), pattern,
                quality: qualities.isEmpty ? .good : qualities[row])
        }
        return batch
    }
}
