internal import PolluxKernels

/// Doubles as integers over a scale, with what does not fit (storage-format/encodings.md §5).
struct ScaledFloats {
    /// Distances in bit patterns that are kept as a stream; greater ones make an exception.
    private static let greatestDistance: Int64 = 1 << 20

    let scale: FloatScale
    /// One integer per row; at an exception the one of the row before.
    private(set) var integers: [Int64]
    /// Distances in bit patterns; empty when all are zero.
    private(set) var distances: [Int64]
    private(set) var exceptions: [(row: Int, bits: UInt64)] = []

    /// Splits `values`; nil when more than an eighth are exceptions.
    init?(
        _ values: UnsafeBufferPointer<Double>, scale: FloatScale,
        sibling: UnsafeBufferPointer<Double>?
    ) {
        let count = values.count
        guard let source = values.baseAddress else { return nil }
        self.scale = scale
        var distances: [Int64] = []
        var missCount = 0
        integers = [Int64](unsafeUninitializedCapacity: count) { target, initialized in
            initialized = count
            guard let integers = target.baseAddress else { return }
            missCount = Self.split(source, count: count, scale, integers, &distances)
        }
        self.distances = []
        if missCount > 0 {
            // A few misses are cheaper as exceptions than a whole stream of distances.
            let keepsDistances = missCount > count / 32
            let greatest = keepsDistances ? Self.greatestDistance : 0
            if !takeExceptions(values, &distances, above: greatest) { return nil }
            if keepsDistances { self.distances = distances }
        }
        if let other = sibling?.baseAddress {
            integers.withUnsafeMutableBufferPointer { integers in
                if let integers = integers.baseAddress {
                    Scaling.addRounded(
                        other, count: count, divisor: scale.divisor, sign: -1, to: integers)
                }
            }
            for exception in exceptions {
                integers[exception.row] = exception.row > 0 ? integers[exception.row - 1] : 0
            }
        }
    }

    /// Makes exceptions of the rows with greater distances; false when those are too many.
    private mutating func takeExceptions(
        _ values: UnsafeBufferPointer<Double>, _ distances: inout [Int64], above greatest: Int64
    ) -> Bool {
        let count = values.count
        var isFew = true
        distances.withUnsafeMutableBufferPointer { distances in
            guard let start = distances.baseAddress, count > 0 else { return }
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { rows in
                let found = Residuals.outliers(
                    start, count: count, least: -greatest, span: 2 * UInt64(greatest),
                    into: rows.baseAddress.unsafelyUnwrapped)
                guard found <= count / 8 else {
                    isFew = false
                    return
                }
                exceptions.reserveCapacity(found)
                integers.withUnsafeMutableBufferPointer { integers in
                    for row in rows.prefix(found).lazy.map({ Int($0) }) {
                        exceptions.append((row, values[row].bitPattern))
                        distances[row] = 0
                        if row > 0 { integers[row] = integers[row - 1] }
                    }
                }
            }
        }
        return isFew
    }

    /// Splits all values; returns how many are missed, with all distances where there are any.
    private static func split(
        _ values: UnsafePointer<Double>, count: Int, _ scale: FloatScale,
        _ integers: UnsafeMutablePointer<Int64>, _ distances: inout [Int64]
    ) -> Int {
        // Up to the first part with a miss nobody asks for distances.
        var first = 0
        while first < count {
            let part = min(1024, count - first)
            let isExact = Scaling.integers(
                of: values + first, count: part, divisor: scale.divisor, into: integers + first)
            if !isExact && !scale.isPrinted { break }
            first += part
        }
        guard first < count || scale.isPrinted else { return 0 }
        var missCount = 0
        distances = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = count
            let distances = buffer.baseAddress.unsafelyUnwrapped
            guard scale.isPrinted else {
                distances.initialize(repeating: 0, count: first)
                missCount = Scaling.split(
                    values + first, count: count - first, divisor: scale.divisor,
                    integers: integers + first, distances: distances + first)
                return
            }
            withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { printed in
                let printed = printed.baseAddress.unsafelyUnwrapped
                Scaling.join(integers, count: count, divisor: scale.divisor, into: printed)
                Printing.printAll(printed, count: count)
                missCount = Scaling.distances(values, from: printed, count: count, into: distances)
            }
        }
        return missCount
    }

    /// Whether the integers alone give all values.
    var isExact: Bool { distances.isEmpty && exceptions.isEmpty }

    /// The encoded column; nil when it takes more than `limit` bytes.
    ///
    /// `runCount` is that of the integers, where it is known.
    func bytes(
        as encoding: ColumnEncoding, tier: EncodingTier, mayNest: Bool, limit: Double,
        runCount: Int? = nil
    ) -> [UInt8]? {
        var room = limit - Double(9 * exceptions.count)
        var streams: [[UInt8]] = []
        for stream in distances.isEmpty ? [integers] : [integers, distances] {
            guard room > 0 else { return nil }
            let found = stream.withUnsafeBufferPointer {
                IntegerEncoder(
                    $0, of: stream, tier: tier, mayNest: mayNest,
                    runCount: streams.isEmpty ? runCount : nil
                ).smallest(limit: room)
            }
            guard let found else { return nil }
            room -= Double(found.count)
            streams.append(found)
        }
        return bytes(as: encoding, streams)
    }

    /// The encoded column of the encoded integers and, where there are any, distances.
    func bytes(as encoding: ColumnEncoding, _ streams: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            streams.reduce(32 + 13 * exceptions.count) { $0 + $1.count })
        bytes.appendHeader(encoding, count: integers.count)
        bytes.append(scale.code)
        bytes.append(
            (distances.isEmpty ? 0 : 1) | (exceptions.isEmpty ? 0 : 2) | (scale.isPrinted ? 4 : 0))
        for stream in streams { bytes.appendNested(stream) }
        if !exceptions.isEmpty {
            bytes.appendVarint(UInt64(exceptions.count))
            var previous = -1
            for exception in exceptions {
                bytes.appendVarint(UInt64(exception.row - previous - 1))
                bytes.appendWord(exception.bits)
                previous = exception.row
            }
        }
        return bytes
    }
}

/// The parts of a scaled column, found but not yet decoded.
struct ScaledParts {
    let scale: FloatScale
    let integers: ByteReader
    let distances: ByteReader?
    let exceptionCount: Int
    private let exceptions: ByteReader

    /// `reader` stands behind the mode and the count.
    init(_ reader: ByteReader, count: Int) throws(CodecError) {
        var reader = reader
        let code = try reader.byte("the scale")
        guard var scale = FloatScale(code: code) else {
            throw .invalid(field: "the scale", value: Int64(code))
        }
        let flags = try reader.byte("the flags")
        scale.isPrinted = flags & 4 != 0
        self.scale = scale
        guard flags <= 7 else { throw .invalid(field: "the flags", value: Int64(flags)) }
        integers = try reader.nested("the integers")
        distances = flags & 1 != 0 ? try reader.nested("the distances") : nil
        exceptionCount = flags & 2 != 0 ? try reader.count("the exceptions", limit: count) : 0
        exceptions = reader
    }

    var hasExceptions: Bool { exceptionCount > 0 }

    /// Writes the exceptions over what the integers gave.
    func patch(_ values: UnsafeMutableBufferPointer<Double>) throws(CodecError) {
        try forEachException(count: values.count) { row, value in values[row] = value }
    }

    /// Calls `body` with row and value of each exception, in the order of rows.
    func forEachException(
        count: Int, _ body: (_ row: Int, Double) -> Void
    ) throws(CodecError) {
        var reader = exceptions
        var row = -1
        for _ in 0..<exceptionCount {
            row += 1 + (try reader.count("the row of an exception", limit: count))
            guard row < count else {
                throw .invalid(field: "the row of an exception", value: Int64(row))
            }
            body(row, Double(bitPattern: try reader.word("an exception")))
        }
        try reader.finish()
    }
}
