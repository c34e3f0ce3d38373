extension ColumnDescription {
    /// Describes the column of doubles that `reader` holds.
    static func floats(_ reader: ByteReader) throws(CodecError) -> ColumnDescription {
        var reader = reader
        let byteCount = reader.remaining
        let (encoding, count) = try FloatColumn.header(&reader)
        var description = ColumnDescription(encoding, count: count, byteCount: byteCount)
        switch encoding {
        case .floatConstant:
            description.add("value", "\(Double(bitPattern: try reader.word("the constant")))")
        case .floatRunLength:
            description.add("values", try .floats(try reader.nested("the values")))
            description.add("lengths", try .integers(try reader.nested("the lengths")))
        case .floatScaled, .floatSibling:
            let parts = try ScaledParts(reader, count: count)
            description.add("divisor", "\(parts.scale.divisor)")
            if parts.scale.isPrinted { description.add("printed with digits", "15") }
            description.add("integers", try .integers(parts.integers))
            if let distances = parts.distances {
                description.add("distances", try .integers(distances))
            }
            description.add("exceptions", "\(parts.exceptionCount)")
        case .floatDictionary:
            description.add("levels", try .floats(try reader.nested("the levels")))
            description.add("indices", try .integers(try reader.nested("the indices")))
        case .floatSplit:
            description.add("cut", "\(try reader.byte("the cut"))")
            description.add("front", try .integers(try reader.nested("the front bits")))
        case .floatPlanes:
            description.add("bits", try .integers(try reader.nested("the bit patterns")))
        default: break
        }
        return description
    }
}
