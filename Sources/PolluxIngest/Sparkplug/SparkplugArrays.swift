import PolluxModel

/// Values of a metric that are several at once: arrays and one-row data sets, each as the measures
/// it becomes.
enum SparkplugArrays {
    /// At most this many elements become measures; longer arrays are signals to be kept elsewhere.
    static let elementLimit = 64

    /// The elements of an array type, which travel as packed little-endian bytes; nil when the
    /// bytes are none of that type.
    static func elements(
        _ type: SparkplugType, _ bytes: Span<UInt8>, _ range: Range<Int>
    ) -> [DecodedValue]? {
        switch type {
        case .int8Array: integers(bytes, range, .int8, 1)
        case .int16Array: integers(bytes, range, .int16, 2)
        case .int32Array: integers(bytes, range, .int32, 4)
        case .int64Array: integers(bytes, range, .int64, 8)
        case .uint8Array: integers(bytes, range, .uint8, 1)
        case .uint16Array: integers(bytes, range, .uint16, 2)
        case .uint32Array: integers(bytes, range, .uint32, 4)
        case .uint64Array: integers(bytes, range, .uint64, 8)
        case .floatArray:
            words(bytes, range, 4)?.map {
                .typed(.float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0)))))
            }
        case .doubleArray:
            words(bytes, range, 8)?.map { .typed(.float(Double(bitPattern: $0))) }
        case .dateTimeArray:
            // The standard's example shows six bytes a value; eight are what senders write.
            words(bytes, range, 8)?.map { word in
                SparkplugType.instant(milliseconds: word).map { .typed(.text($0.description)) }
                    ?? .gone
            }
        case .booleanArray: booleans(bytes, range)
        case .stringArray: texts(bytes, range)
        default: nil
        }
    }

    private static func words(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ width: Int
    ) -> [UInt64]? {
        guard range.count % width == 0 else { return nil }
        var words: [UInt64] = []
        words.reserveCapacity(range.count / width)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: width) {
            var word: UInt64 = 0
            for index in 0..<width { word |= UInt64(bytes[start + index]) << UInt64(index * 8) }
            words.append(word)
        }
        return words
    }

    private static func integers(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ element: SparkplugType, _ width: Int
    ) -> [DecodedValue]? {
        words(bytes, range, width)?.map { word in
            element.integer(word).map { .typed(.integer($0)) } ?? .unsigned(word)
        }
    }

    /// A count of four bytes, then bits from the highest on, the last byte filled up with zeros.
    private static func booleans(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [DecodedValue]? {
        guard range.count >= 4 else { return nil }
        var count = 0
        for index in 0..<4 { count |= Int(bytes[range.lowerBound + index]) << (index * 8) }
        guard range.count - 4 == (count + 7) / 8 else { return nil }
        return (0..<count).map { index in
            let byte = bytes[range.lowerBound + 4 + index / 8]
            return .typed(.boolean(byte >> UInt8(7 - index % 8) & 1 == 1))
        }
    }

    /// Texts, each ended by a zero byte.
    private static func texts(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [DecodedValue]? {
        var texts: [DecodedValue] = []
        var start = range.lowerBound
        for index in range where bytes[index] == 0 {
            guard let text = BytesText.text(bytes, start..<index) else { return nil }
            texts.append(.typed(.text(text)))
            start = index + 1
        }
        return start == range.upperBound ? texts : nil
    }

    /// The columns of a data set of one row, by name; a larger one is refused with a reason.
    static func row(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ProtobufError) -> [(name: String, value: DecodedValue)] {
        func fail(_ reason: String) -> ProtobufError {
            ProtobufError(offset: range.lowerBound, reason: reason)
        }
        var columns: [Range<Int>] = []
        var types: [UInt64] = []
        var rows: [Range<Int>] = []
        var reader = ProtobufReader(range)
        while !reader.isAtEnd {
            let (number, wire) = try reader.field(bytes)
            switch (number, wire) {
            case (2, .bytes): columns.append(try reader.range(bytes))
            case (3, .varint): types.append(try reader.varint(bytes))
            case (3, .bytes):
                // The same list packed, as writers of newer syntax send it.
                var packed = ProtobufReader(try reader.range(bytes))
                while !packed.isAtEnd { types.append(try packed.varint(bytes)) }
            case (4, .bytes): rows.append(try reader.range(bytes))
            default: try reader.skip(wire, bytes)
            }
        }
        guard columns.count == types.count else {
            throw fail("the data set has \(columns.count) columns and \(types.count) types")
        }
        guard rows.count == 1 else {
            throw fail(
                "a data set of \(rows.count) rows has no time for each row; one row is stored")
        }
        let cells = try cells(bytes, rows[0])
        guard cells.count == columns.count else {
            throw fail("the row has \(cells.count) elements for \(columns.count) columns")
        }
        var row: [(name: String, value: DecodedValue)] = []
        for index in columns.indices {
            guard let name = BytesText.text(bytes, columns[index]), !name.isEmpty,
                let type = SparkplugType(rawValue: UInt32(truncatingIfNeeded: types[index]))
            else { throw fail("column \(index + 1) has no name or no known type") }
            guard let value = type.value(cells[index], bytes) else {
                throw fail("the element of column \(name) is not of its type")
            }
            row.append((name, value))
        }
        return row
    }

    private static func cells(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ProtobufError) -> [SparkplugMetric.Content] {
        var cells: [SparkplugMetric.Content] = []
        var reader = ProtobufReader(range)
        while !reader.isAtEnd {
            let (number, wire) = try reader.field(bytes)
            guard number == 1, wire == .bytes else {
                try reader.skip(wire, bytes)
                continue
            }
            var content = SparkplugMetric.Content.none
            var cell = ProtobufReader(try reader.range(bytes))
            while !cell.isAtEnd {
                let (field, layout) = try cell.field(bytes)
                switch (field, layout) {
                case (1, .varint), (2, .varint): content = .integer(try cell.varint(bytes))
                case (3, .fixed32):
                    content = .float(Float(bitPattern: try cell.fixed32(bytes)))
                case (4, .fixed64):
                    content = .double(Double(bitPattern: try cell.fixed64(bytes)))
                case (5, .varint): content = .boolean(try cell.varint(bytes) != 0)
                case (6, .bytes): content = .text(try cell.range(bytes))
                default: try cell.skip(layout, bytes)
                }
            }
            cells.append(content)
        }
        return cells
    }
}
