/// Times on a line, each moved by a rest that lies between two bounds.
///
/// Where a search for a time does not come near a rest, it needs no rest: of a sensor that is read
/// once a second, give or take 5 ms, the first reading of a minute is known from the line alone.
struct TimeLine {
    var first: Int64
    var step: Int64
    /// Number of times.
    var count: Int

    /// The rows that may be the first whose time is not before `time`: those below the range are
    /// before it, its upper bound is not, or is the number of times.
    ///
    /// - Returns: nil when arithmetic would overflow, or the line does not rise.
    func candidates(_ time: Int64, _ rests: ClosedRange<Int64>) -> ClosedRange<Int>? {
        guard step > 0, count > 0 else { return nil }
        let (length, overflow) = step.multipliedReportingOverflow(by: Int64(count - 1))
        let (last, overflow1) = first.addingReportingOverflow(length)
        guard !overflow, !overflow1,
            !first.addingReportingOverflow(rests.lowerBound).overflow,
            !last.addingReportingOverflow(rests.upperBound).overflow
        else { return nil }
        let (distance, overflow2) = time.subtractingReportingOverflow(first)
        let (surely, overflow3) = distance.subtractingReportingOverflow(rests.upperBound)
        let (perhaps, overflow4) = distance.subtractingReportingOverflow(rests.lowerBound)
        guard !overflow2, !overflow3, !overflow4 else { return nil }
        return rows(below: surely)...rows(below: perhaps)
    }

    /// How many rows lie less than `length` behind the first.
    private func rows(below length: Int64) -> Int {
        guard length > 0 else { return 0 }
        return Int(min(Int64(count), (length - 1) / step + 1))
    }
}

extension PackedBlocks {
    /// Between what the integers of a block lie, as far as its header tells.
    func bounds(_ block: PackedBlock) -> ClosedRange<Int64>? {
        guard order == .values, block.exceptionCount == 0, block.width < 63 else { return nil }
        return Self.bounds(
            least: block.reference, width: block.width, factor: factor, offset: offset)
    }

    /// What `offset + factor * number` spans for numbers of so many bits above a least one.
    static func bounds(
        least: Int64, width: Int, factor: Int64, offset: Int64
    ) -> ClosedRange<Int64>? {
        let (number, overflow) = least.addingReportingOverflow((1 << Int64(width)) - 1)
        let (low, overflow1) = factor.multipliedReportingOverflow(by: least)
        let (high, overflow2) = factor.multipliedReportingOverflow(by: number)
        let (start, overflow3) = low.addingReportingOverflow(offset)
        let (end, overflow4) = high.addingReportingOverflow(offset)
        guard !overflow, !overflow1, !overflow2, !overflow3, !overflow4, start <= end else {
            return nil
        }
        return start...end
    }
}

extension PlanesColumn {
    /// Between what the integers of a nested column lie, as far as its header tells; nil too when
    /// the column is in another mode.
    static func bounds(nested reader: ByteReader) -> ClosedRange<Int64>? {
        do throws(CodecError) {
            var reader = reader
            guard try IntegerColumn.header(&reader).encoding == .integerPlanes,
                try reader.byte("the order of differences") == PackedOrder.values.rawValue
            else { return nil }
            let factor = try reader.varint("the common factor")
            let offset = try reader.signed("the offset")
            let start = try reader.signed("the start")
            let cut = Int(try reader.byte("the cut"))
            let planeCount = Int(try reader.byte("the number of planes"))
            guard factor >= 1, factor <= UInt64(Int64.max), cut <= 64, planeCount <= 8,
                cut + 8 * planeCount < 63
            else { return nil }
            return PackedBlocks.bounds(
                least: start, width: cut + 8 * planeCount, factor: Int64(factor), offset: offset)
        } catch {
            // Whoever decodes the column will meet the same damage and say it.
            return nil
        }
    }
}
