import NIOCore
import PolluxModel
import PolluxQuery

/// Writes rows of an answer as JSON arrays, JSON objects or CSV lines, many at a time: columns are
/// read through pointers and text is written through one, with no value, string or array per cell.
struct RowBytes: Sendable {
    /// The forms of a row.
    enum Form: Sendable {
        case array
        case object
        case line
    }

    /// What a column needs besides its cells, made ready once.
    private struct Shape: Sendable {
        /// What stands before each of its cells.
        var prefix: [UInt8]
        /// Whether its texts need quotes around them.
        var isQuoted: Bool
        /// The words of a text column as they are written, and where each begins.
        var words: [UInt8] = []
        var wordStarts: [Int32] = []
        /// The most bytes that a cell takes, prefix and quotes included.
        var width: Int
        /// The kind of its cells.
        var kind: ResultColumn.Kind
    }

    private let columns: [ResultColumn]
    private let shapes: [Shape]
    private let form: Form
    private let missing: [UInt8]
    private let time: ResultFormatOptions.TimeForm
    private let zone: ZoneRules
    /// The most bytes that a row takes.
    let width: Int

    init(_ result: QueryResult, form: Form, options: ResultFormatOptions) {
        columns = result.columns
        zone = result.zone
        time = options.time
        self.form = form
        missing = form == .line ? [] : Array("null".utf8)
        let time = options.time
        shapes = result.columns.enumerated().map { index, column in
            RowBytes.shape(column, isFirst: index == 0, form: form, time: time)
        }
        width = shapes.reduce(8) { $0 + $1.width }
    }

    private static func shape(
        _ column: ResultColumn, isFirst: Bool, form: Form, time: ResultFormatOptions.TimeForm
    ) -> Shape {
        var prefix: [UInt8] = isFirst ? [] : [UInt8(ascii: ",")]
        if form == .object {
            if isFirst { prefix = [UInt8(ascii: "{")] }
            JSONValue.append(column.name, to: &prefix)
            prefix.append(UInt8(ascii: ":"))
        }
        let isText = form != .line
        let isQuoted =
            isText && (column.kind == .duration || column.kind == .timestamp && time == .rfc3339)
        var shape = Shape(
            prefix: prefix, isQuoted: isQuoted, width: prefix.count + 48, kind: column.kind)
        switch column.cells.values {
        case .floats: shape.kind = .float
        case .booleans: shape.kind = .boolean
        case .integers: break
        case .texts(let texts):
            shape.kind = .text
            return RowBytes.shape(shape, texts, isText: isText)
        }
        return shape
    }

    /// Makes the words of a text column ready.
    private static func shape(
        _ shape: Shape, _ texts: ResultCells.Texts, isText: Bool
    ) -> Shape {
        var shape = shape
        var longest = 0
        for word in texts.words {
            let before = shape.words.count
            shape.wordStarts.append(Int32(before))
            if isText {
                JSONValue.append(word, to: &shape.words)
            } else {
                CSVResult.appendText(word, to: &shape.words)
            }
            longest = max(longest, shape.words.count - before)
        }
        shape.wordStarts.append(Int32(shape.words.count))
        shape.words += repeatElement(0, count: ByteCursor.slack)
        shape.width = shape.prefix.count + 8 + longest
        return shape
    }

    // MARK: Rows

    /// Appends rows from `row` on until they are all written or take more than `byteCount` bytes.
    ///
    /// - Parameter separator: what stands between rows; before the first one too unless `row` is 0.
    /// - Returns: the next row.
    func write(
        from row: Int, to rowEnd: Int, byteCount: Int, separator: UInt8?,
        into buffer: inout ByteBuffer
    ) -> Int {
        var next = row
        let capacity =
            min(byteCount, max(0, rowEnd - row) * (width + 1)) + width + 1 + ByteCursor.slack
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { room in
            guard let base = room.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
            var out = ByteCursor(base)
            withSources { (sources: inout [Source]) in
                var instants = InstantText(zone: zone)
                sources.withUnsafeMutableBufferPointer { sources in
                    while next < rowEnd, out.count(from: base) < byteCount {
                        if let separator, next > 0 { out.put(separator) }
                        put(next, sources, &instants, &out)
                        next += 1
                    }
                }
            }
            return out.count(from: base)
        }
        return next
    }

    /// The cells of one column, and how the one before was written.
    private struct Source {
        let values: UnsafeRawPointer
        let missing: UnsafePointer<Bool>?
        let prefix: UnsafeBufferPointer<UInt8>
        let words: UnsafePointer<UInt8>?
        let wordStarts: UnsafePointer<Int32>?
        let kind: ResultColumn.Kind
        let isQuoted: Bool
        var decimals = 3
    }

    /// Calls `body` with pointers to the cells of all columns.
    private func withSources(_ body: (inout [Source]) -> Void) {
        var gathered: [Source] = []
        gathered.reserveCapacity(columns.count)
        gather(0, &gathered, body)
    }

    /// Opens the columns one inside the other, because a pointer is valid inside its call only.
    private func gather(
        _ index: Int, _ gathered: inout [Source], _ body: (inout [Source]) -> Void
    ) {
        guard index < columns.count else { return body(&gathered) }
        let shape = shapes[index]
        let missing = columns[index].cells.missing
        func open(_ values: UnsafeRawBufferPointer) {
            guard let base = values.baseAddress else { return }
            missing.withUnsafeBufferPointer { missing in
                shape.prefix.withUnsafeBufferPointer { prefix in
                    shape.words.withUnsafeBufferPointer { words in
                        shape.wordStarts.withUnsafeBufferPointer { starts in
                            gathered.append(
                                Source(
                                    values: base,
                                    missing: missing.isEmpty ? nil : missing.baseAddress,
                                    prefix: prefix, words: words.baseAddress,
                                    wordStarts: starts.baseAddress, kind: shape.kind,
                                    isQuoted: shape.isQuoted))
                            gather(index + 1, &gathered, body)
                        }
                    }
                }
            }
        }
        switch columns[index].cells.values {
        case .integers(let values): values.withUnsafeBytes(open)
        case .floats(let values): values.withUnsafeBytes(open)
        case .booleans(let values): values.withUnsafeBytes(open)
        case .texts(let texts): texts.indices.withUnsafeBytes(open)
        }
    }

    private func put(
        _ row: Int, _ sources: UnsafeMutableBufferPointer<Source>,
        _ instants: inout InstantText, _ out: inout ByteCursor
    ) {
        if form == .array { out.put(UInt8(ascii: "[")) }
        for index in sources.indices {
            let source = sources[index]
            // Arrays and lines have a comma here.
            if source.prefix.count == 1 {
                out.put(source.prefix[0])
            } else {
                out.put(source.prefix)
            }
            if let missing = source.missing, missing[row] {
                for byte in self.missing { out.put(byte) }
                continue
            }
            switch source.kind {
            case .float:
                let value = source.values.load(fromByteOffset: row * 8, as: Double.self)
                if !out.put(value, &sources[index].decimals) {
                    for byte in self.missing { out.put(byte) }
                }
            case .timestamp, .duration, .integer:
                let value = source.values.load(fromByteOffset: row * 8, as: Int64.self)
                if source.isQuoted { out.put(UInt8(ascii: "\"")) }
                put(value, source.kind, &instants, &out)
                if source.isQuoted { out.put(UInt8(ascii: "\"")) }
            case .boolean:
                let flag = source.values.load(fromByteOffset: row, as: Bool.self)
                out.put(flag ? "true" : "false")
            case .asset, .text, .note:
                let word = Int(source.values.load(fromByteOffset: row * 4, as: Int32.self))
                guard let words = source.words, let starts = source.wordStarts else { continue }
                let low = Int(starts[word])
                out.put(slack: words + low, count: Int(starts[word + 1]) - low)
            }
        }
        switch form {
        case .array: out.put(UInt8(ascii: "]"))
        case .object: out.put("}\n")
        case .line: out.put(10)
        }
    }

    private func put(
        _ value: Int64, _ kind: ResultColumn.Kind, _ instants: inout InstantText,
        _ out: inout ByteCursor
    ) {
        switch kind {
        case .timestamp where time == .rfc3339: instants.put(value, &out)
        case .timestamp:
            var text: [UInt8] = []
            CellText.appendDecimal(value, decimals: time.decimals, to: &text)
            for byte in text { out.put(byte) }
        case .duration: out.put(duration: value)
        default:
            if value < 0 { out.put(UInt8(ascii: "-")) }
            out.put(digits: value.magnitude)
        }
    }
}
