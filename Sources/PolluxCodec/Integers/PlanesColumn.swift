internal import PolluxKernels

/// Integers as byte planes, each behind zstd where that helps (storage-format/encodings.md §6).
enum PlanesColumn {
    /// How a plane is stored.
    private enum PlaneKind: UInt8 {
        case constant = 0
        case raw = 1
        case zstd = 2
    }

    /// The encoded column for `numbers`, which stand for `offset + factor * number`.
    static func encode(
        _ numbers: [Int64], order: PackedOrder, factor: Int64, offset: Int64
    ) -> [UInt8] {
        var plan = Plan(numbers, order: order, factor: factor, offset: offset)
        return plan.bytes(limit: .infinity) ?? []
    }

    /// A column cut into planes, and what they may come to.
    ///
    /// The lowest bits of residuals wider than a byte may be a plane or packed as they are: what is
    /// noise is left to no plane, and the eight bits above it stay together in one.
    struct Plan {
        /// What stands before the planes.
        private var head: [UInt8] = []
        private var residuals: [Int64]
        /// Bits of the greatest residual.
        private let width: Int
        /// Bits by how often each byte occurs, with no low bits and with all that fill no byte:
        /// what repeats as a sequence is not seen.
        private let bits: (whole: Double, cut: Double)

        init(_ numbers: [Int64], order: PackedOrder, factor: Int64, offset: Int64) {
            head.appendHeader(.integerPlanes, count: numbers.count)
            head.append(UInt8(order.rawValue))
            head.appendVarint(UInt64(factor))
            head.appendSigned(offset)
            (residuals, width) = PlanesColumn.residuals(numbers, order: order, bytes: &head)
            let whole = PlanesColumn.bits(&residuals, width: width, cut: 0)
            let cut = width & 7
            bits = (
                whole,
                width > 8 && cut != 0
                    ? PlanesColumn.bits(&residuals, width: width, cut: cut) : .infinity
            )
        }

        /// Bytes by how often each occurs.
        var estimate: Double { min(bits.whole, bits.cut) / 8 }

        /// The encoded column; nil when it takes more than `limit` bytes.
        mutating func bytes(limit: Double) -> [UInt8]? {
            let (head, count, width, bits) = (head, residuals.count, width, bits)
            return residuals.withUnsafeMutableBufferPointer { residuals in
                guard let values = residuals.baseAddress else { return head + [0, 0] }
                // Where both look the same, both are tried.
                var whole: [UInt8]?
                if bits.cut >= 0.95 * bits.whole {
                    whole = PlanesColumn.bytes(
                        head, values, count: count, width: width, cut: 0, limit: limit)
                }
                guard bits.cut < 0.997 * bits.whole else { return whole }
                let cut = PlanesColumn.bytes(
                    head, values, count: count, width: width, cut: width & 7,
                    limit: whole.map { Double($0.count - 1) } ?? limit)
                return cut ?? whole
            }
        }
    }

    private static func bits(_ residuals: inout [Int64], width: Int, cut: Int) -> Double {
        let count = residuals.count
        return residuals.withUnsafeMutableBufferPointer { residuals in
            guard let values = residuals.baseAddress else { return 0 }
            return values.withMemoryRebound(to: UInt64.self, capacity: count) { words in
                var bits = Double(cut * count)
                for shift in stride(from: cut, to: width, by: 8) {
                    bits += ByteCounts.bits(words, count: count, shift: shift)
                }
                return bits
            }
        }
    }

    /// What stands before, cut, number of planes, low bits and planes; nil when they take more than
    /// `limit` bytes.
    private static func bytes(
        _ head: [UInt8], _ values: UnsafeMutablePointer<Int64>, count: Int, width: Int, cut: Int,
        limit: Double
    ) -> [UInt8]? {
        let planeCount = (width - cut + 7) / 8
        var bytes: [UInt8] = []
        // Most planes take less than they hold, some a kind and a length more.
        bytes.reserveCapacity(
            head.count + 2 + TailBits.byteCount(count: count, width: cut)
                + planeCount * (count + 8))
        bytes += head
        bytes.append(UInt8(cut))
        bytes.append(UInt8(planeCount))
        TailBits.append(values, count: count, width: cut, reference: 0, into: &bytes)
        values.withMemoryRebound(to: UInt64.self, capacity: count) { words in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { plane in
                for index in 0..<planeCount where Double(bytes.count) <= limit {
                    BytePlanes.gather(
                        words, count: count, shift: cut + 8 * index,
                        into: plane.baseAddress.unsafelyUnwrapped)
                    append(UnsafeBufferPointer(plane), to: &bytes)
                }
            }
        }
        return Double(bytes.count) <= limit ? bytes : nil
    }

    /// Residuals as non-negative numbers, and the bits of the greatest; appends what undoing them
    /// starts from.
    private static func residuals(
        _ numbers: [Int64], order: PackedOrder, bytes: inout [UInt8]
    ) -> ([Int64], width: Int) {
        guard numbers.count > 0 else {
            bytes.append(contentsOf: repeatElement(0, count: order.rawValue == 2 ? 2 : 1))
            return ([], 0)
        }
        var numbers = numbers
        var previous = numbers[0]
        switch order {
        case .values:
            let (least, greatest) = numbers.withUnsafeBufferPointer { NumberRanges($0).whole }
            bytes.appendSigned(least)
            let width = bitLength(UInt64(bitPattern: greatest &- least))
            return (PackedColumn.distances(numbers, above: least), width)
        case .deltas:
            bytes.appendSigned(previous)
        case .deltaDeltas:
            let step = numbers.count > 1 ? numbers[1] &- numbers[0] : 0
            bytes.appendSigned(numbers[0] &- step)
            bytes.appendSigned(step)
            numbers = PackedColumn.differences(numbers, previous: numbers[0] &- step)
            previous = step
        }
        var all: UInt64 = 0
        let zigzag = [Int64](unsafeUninitializedCapacity: numbers.count) { zigzag, count in
            count = numbers.count
            numbers.withUnsafeBufferPointer {
                all = BytePlanes.zigzagDifferences(
                    $0.baseAddress.unsafelyUnwrapped, count: $0.count, previous: previous,
                    into: zigzag.baseAddress.unsafelyUnwrapped)
            }
        }
        return (zigzag, bitLength(all))
    }

    /// Appends a plane: constant, behind zstd or as it is.
    private static func append(_ plane: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        let count = plane.count
        if let first = plane.first, plane.allSatisfy({ $0 == first }) {
            bytes.append(PlaneKind.constant.rawValue)
            bytes.append(first)
            return
        }
        let packed = Zstd.compress(UnsafeRawBufferPointer(plane), as: .plane)
        // Raw planes decode at memory speed, so zstd has to earn two percent.
        if packed.count + 3 < count - count / 50 {
            bytes.append(PlaneKind.zstd.rawValue)
            bytes.appendNested(packed)
        } else {
            bytes.append(PlaneKind.raw.rawValue)
            bytes.append(contentsOf: plane)
        }
    }

    /// Decodes the column behind its mode and count.
    static func decode(
        _ reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Int64>
    ) throws(CodecError) {
        let count = target.count
        let orderByte = try reader.byte("the order of differences")
        guard let order = PackedOrder(rawValue: Int(orderByte)) else {
            throw .invalid(field: "the order of differences", value: Int64(orderByte))
        }
        let factor = try reader.varint("the common factor")
        guard factor >= 1, factor <= UInt64(Int64.max) else {
            throw .invalid(field: "the common factor", value: Int64(truncatingIfNeeded: factor))
        }
        let offset = try reader.signed("the offset")
        let start = try reader.signed("the start")
        let step = order == .deltaDeltas ? try reader.signed("the first step") : 0
        let cut = Int(try reader.byte("the cut"))
        let planeCount = Int(try reader.byte("the number of planes"))
        guard cut <= 64, planeCount <= 8, cut + 8 * planeCount < 72 else {
            throw .invalid(field: "the number of planes", value: Int64(planeCount))
        }
        let low = try reader.take(
            TailBits.byteCount(count: count, width: cut), "the low bits")
        guard let values = target.baseAddress, count > 0 else { return }
        if cut > 0 || planeCount == 0 {
            TailBits.read(low, count: count, width: cut, reference: 0, into: values)
        }
        try readPlanes(&reader, cut: cut, planeCount: planeCount, values, count)
        let scale = Int64(truncatingIfNeeded: factor)
        switch order {
        case .values:
            IntegerLoops.scale(
                values, count: count, base: offset &+ scale &* start, factor: scale)
        case .deltas:
            BytePlanes.sumZigzag(values, count: count, start: start, base: offset, factor: scale)
        case .deltaDeltas:
            BytePlanes.sumZigzag(values, count: count, start: step, base: 0, factor: 1)
            IntegerLoops.runningSums(values, count: count, start: start)
            IntegerLoops.scale(values, count: count, base: offset, factor: scale)
        }
    }

    private static func readPlanes(
        _ reader: inout ByteReader, cut: Int, planeCount: Int,
        _ values: UnsafeMutablePointer<Int64>, _ count: Int
    ) throws(CodecError) {
        let plane = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
        defer { plane.deallocate() }
        let words = UnsafeMutableRawPointer(values).assumingMemoryBound(to: UInt64.self)
        for index in 0..<planeCount {
            let shift = cut + 8 * index
            let isFirst = cut + index == 0
            let kind = try reader.byte("a plane's kind")
            switch PlaneKind(rawValue: kind) {
            case .constant:
                let bits = UInt64(try reader.byte("a plane's byte")) << UInt64(shift)
                if isFirst {
                    words.update(repeating: bits, count: count)
                } else if bits != 0 {
                    for index in 0..<count { words[index] |= bits }
                }
            case .raw:
                let source = try reader.take(count, "a plane")
                BytePlanes.spread(
                    source.assumingMemoryBound(to: UInt8.self), count: count, shift: shift,
                    isFirst: isFirst, into: words)
            case .zstd:
                let frame = try reader.nested("a plane").rest
                guard let source = frame.baseAddress, let first = plane.baseAddress else {
                    throw .compression(reason: "an empty frame")
                }
                try Zstd.decompress(
                    source, count: frame.count, into: UnsafeMutableRawBufferPointer(plane))
                BytePlanes.spread(
                    first, count: count, shift: shift, isFirst: isFirst, into: words)
            case nil:
                throw .invalid(field: "a plane's kind", value: Int64(kind))
            }
        }
    }
}
