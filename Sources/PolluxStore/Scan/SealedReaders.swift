public import PolluxCodec
import PolluxModel

/// The instants of a vector of a chunk, opened for search: decoded only as far as they are needed.
///
/// Used by one thread; valid as long as its chunk is.
public final class SealedTimes {
    private let view: ChunkView
    private let vector: Int
    private var reader: TimeReader
    private var decoded: [Int64]?

    init(_ view: ChunkView, vector: Int) throws {
        self.view = view
        self.vector = vector
        let bytes = try view.naming { try view.timeBytes(ofVector: vector) }
        do {
            reader = try TimeReader(bytes)
        } catch {
            throw view.corrupt(error)
        }
        try checkCount(Int(try view.naming { try view.timeEntry(vector).count }))
    }

    /// Number of instants.
    public var count: Int { reader.count }

    private func checkCount(_ count: Int) throws {
        guard reader.count == count else {
            throw StoreError.corrupt(
                record: view.key.name,
                reason: "time vector \(vector) has another length than its entry")
        }
    }

    /// The first row whose instant is not before `time`, or `count`.
    public func firstRow(notBefore time: Int64) throws -> Int {
        do {
            return try reader.firstRow(notBefore: time)
        } catch {
            throw view.corrupt(error)
        }
    }

    /// The instants of some rows.
    public func times(_ rows: Range<Int>) throws -> [Int64] {
        if let decoded { return Array(decoded[rows]) }
        return try view.naming {
            try [Int64](unsafeUninitializedCapacity: rows.count) { room, count throws in
                if let place = room.baseAddress { try reader.decode(rows: rows, into: place) }
                count = rows.count
            }
        }
    }

    /// All instants, checked; decoded once.
    public func all() throws -> [Int64] {
        if let decoded { return decoded }
        let times = try view.times(ofVector: vector)
        decoded = times
        return times
    }
}

/// The values of a column of doubles that are all good, opened for reading in parts.
///
/// Used by one thread; valid as long as its chunk is.
public final class SealedFloats {
    private let view: ChunkView
    private var reader: FloatReader

    init(_ view: ChunkView, column: Int) throws {
        self.view = view
        let entry = try view.naming { try view.columnEntry(column) }
        let bytes = try view.naming { try view.payload(ofColumn: column, entry).values }
        do {
            reader = try FloatReader(bytes)
        } catch {
            throw view.corrupt(error)
        }
        guard reader.count == entry.count else {
            throw StoreError.corrupt(
                record: view.key.name, reason: "column \(column) has another length than its entry")
        }
    }

    /// Count, sum and, if wanted, least and greatest of some rows, mostly without decoding them.
    public func aggregate(_ rows: Range<Int>, wantsExtremes: Bool) throws -> FloatAggregate {
        do throws(CodecError) {
            return try reader.aggregate(rows: rows, wantsExtremes: wantsExtremes)
        } catch {
            throw view.corrupt(error)
        }
    }

    /// Calls `body` with the values of some rows, decoded into `room` unless they are already;
    /// `room` is made as large as it must be.
    public func withValues<Result>(
        _ rows: Range<Int>, room: inout [Double], _ body: (UnsafePointer<Double>) throws -> Result
    ) throws -> Result {
        if room.count < max(1, rows.count) {
            room = [Double](repeating: 0, count: max(1, rows.count))
        }
        do {
            return try room.withUnsafeMutableBufferPointer { room in
                try reader.withValues(
                    rows: rows, room: room.baseAddress.unsafelyUnwrapped, body)
            }
        } catch let error as CodecError {
            throw view.corrupt(error)
        }
    }
}

extension ChunkView {
    /// What a codec found wrong, with the name of this chunk.
    func corrupt(_ error: CodecError) -> StoreError {
        StoreError.corrupt(record: key.name, reason: error.description)
    }
}

extension SealedColumn {
    /// The instants for search, shared by all columns with the same `vector`.
    public func openTimes() throws -> SealedTimes { try SealedTimes(view, vector: vector) }

    /// Throws `StoreError.corrupt` unless there are as many values as instants.
    public func check(_ times: SealedTimes) throws {
        guard times.count == count else {
            throw StoreError.corrupt(
                record: view.key.name,
                reason: "column \(index) and its times have different lengths")
        }
    }

    /// The values for reading in parts; nil unless they are doubles and all good.
    public func openFloats() throws -> SealedFloats? {
        guard kind == .float, try view.naming({ try view.columnEntry(index) }).qualityByteCount == 0
        else { return nil }
        return try SealedFloats(view, column: index)
    }
}
