/// An encoded column's header as named fields, for `pollux inspect`.
public struct ColumnDescription: Sendable {
    /// The mode of the column.
    public var encoding: ColumnEncoding
    /// The number of values.
    public var count: Int
    /// The bytes of the column, header included.
    public var byteCount: Int
    /// Parameters of the mode, in the order in which they are stored; those of a nested column
    /// follow its name and a dot, such as `integers.factor`.
    public var fields: [(name: String, value: String)] = []
    /// The modes in use, outermost first, such as float scaled and integer packed delta.
    public var modes: [ColumnEncoding]

    init(_ encoding: ColumnEncoding, count: Int, byteCount: Int) {
        self.encoding = encoding
        self.count = count
        self.byteCount = byteCount
        modes = [encoding]
    }

    mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// Adds a nested column.
    mutating func add(_ name: String, _ nested: ColumnDescription) {
        add("\(name).mode", nested.encoding.name)
        add("\(name).count", "\(nested.count)")
        add("\(name).bytes", "\(nested.byteCount)")
        for field in nested.fields { add("\(name).\(field.name)", field.value) }
        modes.append(contentsOf: nested.modes)
    }

    /// Describes the column of integers that `reader` holds.
    static func integers(_ reader: ByteReader) throws(CodecError) -> ColumnDescription {
        var reader = reader
        let byteCount = reader.remaining
        let (encoding, count) = try IntegerColumn.header(&reader)
        var description = ColumnDescription(encoding, count: count, byteCount: byteCount)
        if let order = PackedOrder(encoding) {
            var blocks = try PackedBlocks(reader, order: order, count: count)
            description.add("factor", "\(blocks.factor)")
            description.add("offset", "\(blocks.offset)")
            var widths: [String] = []
            var exceptionCount = 0
            while blocks.remainingCount > 0 {
                let block = try blocks.next()
                widths.append(block.isWide ? "\(block.width) wide" : "\(block.width)")
                exceptionCount += block.exceptionCount
            }
            description.add("widths", widths.joined(separator: " "))
            description.add("exceptions", "\(exceptionCount)")
            return description
        }
        switch encoding {
        case .integerConstant:
            description.add("value", "\(try reader.signed("the constant"))")
        case .integerRunLength:
            description.add("values", try .integers(try reader.nested("the values")))
            description.add("lengths", try .integers(try reader.nested("the lengths")))
        case .integerDictionary:
            description.add("levels", try .integers(try reader.nested("the levels")))
            description.add("indices", try .integers(try reader.nested("the indices")))
        case .integerPlanes:
            description.add("order", "\(try reader.byte("the order of differences"))")
            description.add("factor", "\(try reader.varint("the common factor"))")
            description.add("offset", "\(try reader.signed("the offset"))")
        default: break
        }
        return description
    }
}
