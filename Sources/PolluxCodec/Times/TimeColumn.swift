internal import PolluxKernels

/// Columns of timestamps in nanoseconds since 1970 UTC: bytes and back.
///
/// storage-format/encodings.md §7.
public enum TimeColumn: EncodedIntegers {
    /// `time`.
    public static let kind = "time"
    /// 3.
    public static let modeDigit: UInt8 = 3

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(
        _ values: UnsafeBufferPointer<Int64>, tier: EncodingTier, into bytes: inout [UInt8]
    ) {
        if let constant = encoded(values, as: .timeConstantStep, tier: tier) {
            bytes.append(contentsOf: constant)
            return
        }
        var modes: [ColumnEncoding] = [.timeStepExceptions, .timePacked, .timeLine]
        if tier == .dense { modes.append(.timeDense) }
        let candidates = modes.compactMap { encoded(values, as: $0, tier: tier) }
        if let least = candidates.min(by: { $0.count < $1.count }) {
            bytes.append(contentsOf: least)
        }
    }

    /// Appends `values` in the mode that is smallest at a decode cost the tier accepts.
    public static func encode(_ values: [Int64], tier: EncodingTier, into bytes: inout [UInt8]) {
        values.withUnsafeBufferPointer { encode($0, tier: tier, into: &bytes) }
    }

    /// The column in exactly this mode; nil when the mode cannot hold it or would be absurd.
    static func encoded(
        _ values: UnsafeBufferPointer<Int64>, as encoding: ColumnEncoding, tier: EncodingTier
    ) -> [UInt8]? {
        let count = values.count
        var bytes: [UInt8] = []
        bytes.appendHeader(encoding, count: count)
        switch encoding {
        case .timeConstantStep, .timeStepExceptions:
            guard count > 0 else { return nil }
            let step = commonStep(values)
            bytes.appendSigned(values[0])
            bytes.appendSigned(step)
            let exceptions = Self.exceptions(values, step: step, limit: count / 8 + 1)
            if encoding == .timeConstantStep {
                return exceptions?.isEmpty == true ? bytes : nil
            }
            guard let exceptions else { return nil }
            bytes.appendNested(IntegerEncoder.flat(exceptions.map(\.gap), tier: tier))
            bytes.appendNested(IntegerEncoder.flat(exceptions.map(\.jump), tier: tier))
        case .timePacked:
            bytes.appendNested(IntegerEncoder(values, tier: .fast, mayNest: true).smallest())
        case .timeDense:
            bytes.appendNested(IntegerEncoder(values, tier: .dense, mayNest: true).smallest())
        case .timeLine:
            guard count > 2 else { return nil }
            let step = lineStep(values)
            bytes.appendSigned(values[0])
            bytes.appendSigned(step)
            var expected = values[0]
            let rests = values.map { value in
                defer { expected &+= step }
                return value &- expected
            }
            bytes.appendNested(IntegerEncoder.flat(rests, tier: tier))
        default: return nil
        }
        return bytes
    }

    /// Decodes exactly `values.count` values into the caller's memory.
    ///
    /// Throws when the header holds another count. O(count); no allocation per value.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        var reader = ByteReader(bytes)
        let (encoding, count) = try TimeColumn.header(&reader)
        guard count == values.count else {
            throw .countMismatch(expected: values.count, found: count)
        }
        if encoding == .timePacked || encoding == .timeDense {
            try IntegerColumn.decode(try reader.nested("the times"), into: values)
            return try reader.finish()
        }
        let start = try reader.signed("the first time")
        let step = try reader.signed("the step")
        switch encoding {
        case .timeConstantStep: fill(values, from: start, step: step)
        case .timeStepExceptions:
            let gaps = try IntegerColumn.decodeNested(&reader, "the places", limit: count)
            let jumps = try IntegerColumn.decodeNested(&reader, "the jumps", limit: count)
            guard gaps.count == jumps.count else {
                throw .countMismatch(expected: gaps.count, found: jumps.count)
            }
            try fill(values, from: start, step: step, gaps: gaps, jumps: jumps)
        default:
            try IntegerColumn.decode(try reader.nested("the rests"), into: values)
            if let place = values.baseAddress {
                IntegerLoops.addLine(place, count: count, first: start, step: step)
            }
        }
        try reader.finish()
    }

    /// The column's header as named fields, for `pollux inspect`.
    public static func describe(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CodecError) -> ColumnDescription {
        var reader = ByteReader(bytes)
        let (encoding, count) = try TimeColumn.header(&reader)
        var description = ColumnDescription(encoding, count: count, byteCount: bytes.count)
        if encoding == .timePacked || encoding == .timeDense {
            description.add("times", try .integers(try reader.nested("the times")))
            return description
        }
        description.add("start", "\(try reader.signed("the first time"))")
        description.add("step", "\(try reader.signed("the step"))")
        if encoding == .timeStepExceptions {
            description.add("places", try .integers(try reader.nested("the places")))
            description.add("jumps", try .integers(try reader.nested("the jumps")))
        } else if encoding == .timeLine {
            description.add("rests", try .integers(try reader.nested("the rests")))
        }
        return description
    }

    /// The step that occurs most among a few spread over the column.
    private static func commonStep(_ values: UnsafeBufferPointer<Int64>) -> Int64 {
        guard values.count > 1 else { return 0 }
        var steps: [Int64: Int] = [:]
        let taken = min(31, values.count - 1)
        for index in 0..<taken {
            let row = 1 + index * (values.count - 1) / taken
            steps[values[row] &- values[row - 1], default: 0] += 1
        }
        let best = steps.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return best?.key ?? 0
    }

    /// The step of the line from the first to the last time, as a multiple of what all differences
    /// share: then the rests share it too, and are few and small where clocks tick in milliseconds.
    private static func lineStep(_ values: UnsafeBufferPointer<Int64>) -> Int64 {
        let last = values.count - 1
        let (span, overflow) = values[last].subtractingReportingOverflow(values[0])
        let (rounded, overflow1) = span.addingReportingOverflow(Int64(last) / 2)
        if overflow || overflow1 { return 0 }
        let average = rounded / Int64(last)
        let factor = SharedFactor(values).factor
        guard average > 0, factor > 1, average <= Int64.max - factor / 2 else { return average }
        let multiple = (average + factor / 2) / factor * factor
        return multiple > 0 ? multiple : average
    }

    /// Rows with another step: rows skipped since the one before, and what the step exceeds.
    private static func exceptions(
        _ values: UnsafeBufferPointer<Int64>, step: Int64, limit: Int
    ) -> [(gap: Int64, jump: Int64)]? {
        var found: [(gap: Int64, jump: Int64)] = []
        var previous = 0
        for row in 1..<max(1, values.count) {
            let jump = values[row] &- values[row - 1] &- step
            guard jump != 0 else { continue }
            if found.count == limit { return nil }
            found.append((Int64(row - previous - 1), jump))
            previous = row
        }
        return found
    }

    private static func fill(
        _ values: UnsafeMutableBufferPointer<Int64>, from start: Int64, step: Int64
    ) {
        guard let place = values.baseAddress else { return }
        IntegerLoops.fill(place, count: values.count, first: start, step: step)
    }

    private static func fill(
        _ values: UnsafeMutableBufferPointer<Int64>, from start: Int64, step: Int64,
        gaps: [Int64], jumps: [Int64]
    ) throws(CodecError) {
        var first = 0
        var time = start
        for (gap, jump) in zip(gaps, jumps) {
            guard gap >= 0, gap < Int64(values.count - first - 1) else {
                throw .invalid(field: "the place of a jump", value: gap)
            }
            let row = first + Int(gap) + 1
            fill(UnsafeMutableBufferPointer(rebasing: values[first..<row]), from: time, step: step)
            time = values[row - 1] &+ step &+ jump
            first = row
        }
        fill(UnsafeMutableBufferPointer(rebasing: values[first...]), from: time, step: step)
    }
}
