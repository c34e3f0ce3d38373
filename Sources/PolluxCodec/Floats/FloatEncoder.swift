/// Chooses the mode of a column of doubles by exact size under a decode-cost weight.
struct FloatEncoder {
    private let values: UnsafeBufferPointer<Double>
    private let tier: EncodingTier
    private let sibling: UnsafeBufferPointer<Double>?
    /// Whether run-length and dictionary, whose parts are columns again, may be tried.
    private let mayNest: Bool

    init(
        _ values: UnsafeBufferPointer<Double>, tier: EncodingTier,
        sibling: UnsafeBufferPointer<Double>?, mayNest: Bool
    ) {
        self.values = values
        self.tier = tier
        self.sibling = sibling
        self.mayNest = mayNest
    }

    /// The smallest encoding, weighted; the buffers must stay alive while this runs.
    func smallest() -> [UInt8] {
        let runCount = withBits { Runs.count($0) }
        if runCount <= 1 { return bytes(as: .floatConstant) ?? plain(.floatRaw) }
        var best: [UInt8] = []
        var cost = Double.infinity
        func offer(_ bytes: [UInt8]?, _ weight: Double) {
            guard let bytes, Double(bytes.count) * weight < cost else { return }
            (best, cost) = (bytes, Double(bytes.count) * weight)
        }
        let scales = FloatScale.best(for: values)
        for scale in scales {
            offer(
                ScaledFloats(values, scale: scale, sibling: nil)?
                    .bytes(as: .floatScaled, tier: tier), 1)
            if let sibling {
                offer(
                    ScaledFloats(values, scale: scale, sibling: sibling)?
                        .bytes(as: .floatSibling, tier: tier), 1.1)
            }
        }
        let count = values.count
        let isPrinted = scales.first?.isPrinted == true
        if mayNest, runCount <= count / 3 { offer(bytes(as: .floatRunLength), 1.05) }
        // Gorilla spends a bit on each repeated value and at least 3 on another; in practice 14 and
        // more, and the fast tier looks at restless columns only where that would be less.
        let bitsOfChange = tier == .fast && runCount > count / 4 ? 14 : 2
        if cost > Double((count + bitsOfChange * (runCount - 1)) / 8) {
            let weight = tier == .fast ? 1.1 : 1
            if Double(Gorilla.byteCount(values) + 2) * weight < cost {
                offer(bytes(as: .floatGorilla), weight)
            }
        }
        if cost > 2.5 * Double(count) || tier == .dense || scales.count > 1 || isPrinted {
            // Where all else is dear, even values that come twice are worth a dictionary.
            let isDear = cost > 3 * Double(count) || tier == .dense && count <= 2048
            if mayNest {
                offer(dictionary(limit: min(8192, count / 4 * 3), looksFirst: !isDear), 1.05)
            }
        }
        if cost > 3 * Double(count) {
            offer(bytes(as: .floatSplit), 1.02)
            if tier == .dense { offer(bytes(as: .floatPlanes), 1.02) }
        }
        if tier == .dense, cost > zstdEstimate() { offer(bytes(as: .floatZstd), 1) }
        return best.isEmpty || best.count > 8 * count + 4 ? plain(.floatRaw) : best
    }

    /// What zstd alone may come to, with a wide margin, from an eighth of a long column.
    private func zstdEstimate() -> Double {
        let part = values.count / 8
        guard part >= 512 else { return 0 }
        let sample = UnsafeBufferPointer(rebasing: values[(4 * part)..<(5 * part)])
        return 0.5 * Double(8 * Zstd.compress(UnsafeRawBufferPointer(sample)).count)
    }

    /// The column in exactly this mode; nil when the mode cannot hold it.
    func bytes(as encoding: ColumnEncoding) -> [UInt8]? {
        switch encoding {
        case .floatConstant:
            guard let first = values.first, withBits({ Runs.count($0) }) == 1 else { return nil }
            var bytes: [UInt8] = []
            bytes.appendHeader(encoding, count: values.count)
            bytes.appendWord(first.bitPattern)
            return bytes
        case .floatRunLength: return runLength()
        case .floatScaled, .floatSibling:
            guard encoding == .floatScaled || sibling != nil,
                let scale = FloatScale.best(for: values).first
            else { return nil }
            let other = encoding == .floatSibling ? sibling : nil
            return ScaledFloats(values, scale: scale, sibling: other)?
                .bytes(as: encoding, tier: tier)
        case .floatDictionary: return dictionary(limit: values.count, looksFirst: false)
        case .floatSplit: return split()
        case .floatPlanes:
            var bytes: [UInt8] = []
            bytes.appendHeader(encoding, count: values.count)
            let ordered = values.map { Self.ordered($0.bitPattern) }
            bytes.appendNested { IntegerColumn.encode(ordered, tier: tier, into: &$0) }
            return bytes
        case .floatGorilla, .floatRaw, .floatZstd: return plain(encoding)
        default: return nil
        }
    }

    /// Bit patterns as integers in the order of the doubles; its own inverse.
    static func ordered(_ bits: UInt64) -> Int64 {
        let signed = Int64(bitPattern: bits)
        return signed < 0 ? signed ^ Int64.max : signed
    }

    private func withBits<R>(_ body: (UnsafeBufferPointer<Int64>) -> R) -> R {
        values.withMemoryRebound(to: Int64.self, body)
    }

    private func plain(_ encoding: ColumnEncoding) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendHeader(encoding, count: values.count)
        switch encoding {
        case .floatGorilla: bytes.append(contentsOf: Gorilla.encode(values))
        case .floatZstd:
            bytes.append(contentsOf: Zstd.compress(UnsafeRawBufferPointer(values)))
        default: bytes.append(contentsOf: UnsafeRawBufferPointer(values))
        }
        return bytes
    }

    private func runLength() -> [UInt8] {
        let runs = withBits { Runs($0) }
        var bytes: [UInt8] = []
        bytes.appendHeader(.floatRunLength, count: values.count)
        bytes.appendNested(flat(runs.values))
        bytes.appendNested(IntegerEncoder.flat(runs.lengths, tier: tier))
        return bytes
    }

    private func dictionary(limit: Int, looksFirst: Bool) -> [UInt8]? {
        guard values.count > 0,
            let levels = withBits({ bits in
                !looksFirst || Levels.looksFew(bits, limit: limit)
                    ? Levels(bits, limit: limit) : nil
            })
        else { return nil }
        var bytes: [UInt8] = []
        bytes.appendHeader(.floatDictionary, count: values.count)
        bytes.appendNested(flat(levels.values))
        bytes.appendNested(IntegerEncoder.flat(levels.indices, tier: tier))
        return bytes
    }

    /// A nested column of bit patterns that nests nothing itself.
    private func flat(_ bits: [Int64]) -> [UInt8] {
        let doubles = bits.map { Double(bitPattern: UInt64(bitPattern: $0)) }
        return doubles.withUnsafeBufferPointer {
            FloatEncoder($0, tier: tier, sibling: nil, mayNest: false).smallest()
        }
    }

    /// Front bits as a column of integers, the rest as they are.
    private func split() -> [UInt8]? {
        guard values.count > 0 else { return nil }
        func front(_ cut: Int, of values: Slice<UnsafeBufferPointer<Double>>) -> [UInt8] {
            let front = values.map { Int64($0.bitPattern >> UInt64(cut)) }
            return front.withUnsafeBufferPointer {
                IntegerEncoder($0, tier: tier, mayNest: mayNest).smallest()
            }
        }
        // The cut is chosen on a part of a long column.
        let part = values.count > 4096 ? values[2048..<4096] : values[...]
        let sizes = [40, 44, 48, 52].map { cut in
            (cut: cut, size: front(cut, of: part).count + part.count * cut / 8)
        }
        guard let cut = sizes.min(by: { $0.size < $1.size })?.cut else { return nil }
        let best = (cut: cut, front: front(cut, of: values[...]))
        var bytes: [UInt8] = []
        bytes.appendHeader(.floatSplit, count: values.count)
        bytes.append(UInt8(best.cut))
        bytes.appendNested(best.front)
        withBits { bits in
            if let base = bits.baseAddress {
                TailBits.append(
                    base, count: bits.count, width: best.cut, reference: 0, into: &bytes)
            }
        }
        return bytes
    }
}
