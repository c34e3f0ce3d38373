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
    func smallest() -> [UInt8] { smallest(limit: .infinity) ?? plain(.floatRaw) }

    /// The encoding found so far, and what it costs.
    private struct Choice {
        /// The most bytes of any use.
        let limit: Double
        var bytes: [UInt8] = []
        var cost = Double.infinity

        /// The most bytes with which a mode of this weight may still be chosen.
        func room(_ weight: Double) -> Double { min(limit, cost / weight) }

        mutating func offer(_ bytes: [UInt8]?, _ weight: Double) {
            guard let bytes, Double(bytes.count) <= limit, Double(bytes.count) * weight < cost
            else { return }
            (self.bytes, cost) = (bytes, Double(bytes.count) * weight)
        }
    }

    /// The smallest encoding of at most `limit` bytes; nil when there is none.
    ///
    /// What turns out to be larger, or than what has been found, is given up on the way.
    private func smallest(limit: Double) -> [UInt8]? {
        let runCount = withBits { Runs.count($0) }
        if runCount <= 1 { return bytes(as: .floatConstant) ?? plain(.floatRaw) }
        var best = Choice(limit: limit)
        let count = values.count
        let scales = FloatScale.best(for: values)
        let isPrinted = scales.first?.isPrinted == true
        // Where digits say little, a dictionary wins as a rule, and the rest is soon given up.
        let isLong = scales.contains { $0.sampledBits > 24 } && runCount <= count / 4 * 3
        let mayRepeat = mayNest && (scales.count > 1 || isPrinted || isLong)
        if mayRepeat { offerDictionary(looksFirst: !isLong, runCount, &best) }
        var hasDictionary = !best.bytes.isEmpty
        var hasRuns = false
        var fit = (isExact: false, exceptionCount: 0)
        for scale in scales {
            // On a few values far from what the dictionary takes: not worth splitting them all.
            let sampled = scale.sampledBits / 8 * Double(count)
            if sibling == nil, best.cost < 0.9 * sampled { continue }
            let found = offerScaled(
                scale, runCount: runCount, &best,
                orElse: { best in
                    if runCount <= count / 3 { offerRuns(runCount, &best) }
                    hasRuns = true
                    guard mayNest, !mayRepeat, looksFew() else { return }
                    offerDictionary(looksFirst: false, runCount, &best)
                    hasDictionary = true
                })
            fit.isExact = fit.isExact || found.isExact
            fit.exceptionCount = max(fit.exceptionCount, found.exceptionCount)
        }
        // Where integers fit all, they have had their runs; a few are tried as doubles as well.
        if !hasRuns, runCount <= (fit.isExact ? count / 16 : count / 3) {
            offerRuns(runCount, &best)
        }
        offerGorilla(runCount, &best)
        let isUnlike = 36 * fit.exceptionCount > best.bytes.count
        // Where each value is a short integer over the scale, those have had their dictionary.
        let isShort = fit.isExact && best.cost <= 2 * Double(count)
        if mayNest, !hasDictionary, !isShort,
            best.cost > 2 * Double(count) || tier == .dense || mayRepeat || isUnlike
        {
            // Where all else is dear, even values that come twice are worth a dictionary.
            let isDear = best.cost > 3 * Double(count) || tier == .dense && count <= 2048
            if isDear || !mayRepeat { offerDictionary(looksFirst: !isDear, runCount, &best) }
        }
        // The bits that a split leaves as they are take 5 bytes of a value.
        if best.room(1.02) > 5 * Double(count) {
            best.offer(split(room: best.room(1.02)), 1.02)
        }
        if tier == .dense { offerCompressed(&best) }
        if best.bytes.isEmpty || best.bytes.count > 8 * count + 4 {
            return Double(8 * count + 4) <= limit ? plain(.floatRaw) : nil
        }
        return best.bytes
    }

    private func offerRuns(_ runCount: Int, _ best: inout Choice) {
        guard mayNest, best.room(1.05) > Runs.least(runCount) else { return }
        best.offer(runLength(room: best.room(1.05)), 1.05)
    }

    private func offerGorilla(_ runCount: Int, _ best: inout Choice) {
        // It spends a bit on each repeated value and at least 3 on another.
        let weight = tier == .fast ? 1.1 : 1
        guard best.room(1) > Double((values.count + 2 * (runCount - 1)) / 8),
            Gorilla.byteCount(values, limit: best.room(weight) - 2) != nil
        else { return }
        best.offer(bytes(as: .floatGorilla), weight)
    }

    /// Offers what the dense tier alone takes: planes of the bits, and zstd over all.
    private func offerCompressed(_ best: inout Choice) {
        let count = values.count
        if best.cost > 3 * Double(count) { best.offer(bytes(as: .floatPlanes), 1.02) }
        // Alone zstd is smaller only where values come again in sequences.
        if withBits({ Repeats.areMore(than: count < 1024 ? 0.1 : 0.2, of: $0) }),
            best.cost > zstdEstimate()
        {
            best.offer(bytes(as: .floatZstd), 1)
        }
    }

    /// The most levels of a dictionary.
    private var levelLimit: Int { min(8192, values.count / 4 * 3) }

    private func offerDictionary(looksFirst: Bool, _ runCount: Int, _ best: inout Choice) {
        let found = dictionary(
            limit: levelLimit, looksFirst: looksFirst, runCount: runCount, room: best.room(1.05))
        best.offer(found, 1.05)
    }

    private func looksFew() -> Bool { withBits { Levels.looksFew($0, limit: levelLimit) } }

    /// Offers the values over a scale, and returns how well it fits them.
    ///
    /// What is more than integers takes long to try: `orElse` may offer something better before.
    private func offerScaled(
        _ scale: FloatScale, runCount: Int, _ best: inout Choice, orElse: (inout Choice) -> Void
    ) -> (isExact: Bool, exceptionCount: Int) {
        let scaled = ScaledFloats(values, scale: scale, sibling: nil)
        // Where all fit, equal values are equal integers and no others are.
        let isExact = scaled?.isExact ?? false
        if scaled?.distances.isEmpty != true { orElse(&best) }
        best.offer(
            scaled?.bytes(
                as: .floatScaled, tier: tier, mayNest: mayNest, limit: best.room(1),
                runCount: isExact ? runCount : nil), 1)
        let fit = (
            isExact: isExact,
            exceptionCount: scaled?.exceptions.count ?? 0
        )
        guard let sibling else { return fit }
        best.offer(
            ScaledFloats(values, scale: scale, sibling: sibling)?
                .bytes(
                    as: .floatSibling, tier: tier, mayNest: mayNest, limit: best.room(1.1)), 1.1)
        return fit
    }

    /// What zstd alone may come to, with a margin, from an eighth of a long column.
    private func zstdEstimate() -> Double {
        let part = values.count / 8
        guard part >= 512 else { return 0 }
        let sample = UnsafeBufferPointer(rebasing: values[(4 * part)..<(5 * part)])
        return 0.8 * Double(8 * Zstd.compress(UnsafeRawBufferPointer(sample)).count)
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
                .bytes(as: encoding, tier: tier, mayNest: mayNest, limit: .infinity)
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

    private func runLength(room: Double = .infinity) -> [UInt8]? {
        let runs = withBits { Runs($0) }
        var bytes: [UInt8] = []
        bytes.appendHeader(.floatRunLength, count: values.count)
        guard let levels = flat(runs.values, limit: room) else { return nil }
        bytes.appendNested(levels)
        guard
            let lengths = IntegerEncoder.flat(
                runs.lengths, tier: tier, limit: room - Double(bytes.count))
        else { return nil }
        bytes.appendNested(lengths)
        return bytes
    }

    private func dictionary(
        limit: Int, looksFirst: Bool, runCount: Int? = nil, room: Double = .infinity
    ) -> [UInt8]? {
        guard values.count > 0,
            let levels = withBits({ bits in
                !looksFirst || Levels.looksFew(bits, limit: limit)
                    ? Levels(bits, limit: limit) : nil
            }),
            let numbers = IntegerEncoder.flat(
                levels.indices, tier: tier, levelCount: levels.values.count, runCount: runCount,
                limit: room)
        else { return nil }
        var bytes: [UInt8] = []
        bytes.appendHeader(.floatDictionary, count: values.count)
        guard let found = flat(levels.values, limit: room - Double(numbers.count))
        else { return nil }
        bytes.appendNested(found)
        bytes.appendNested(numbers)
        return bytes
    }

    /// A nested column of bit patterns that nests nothing itself; nil beyond `limit` bytes.
    private func flat(_ bits: [Int64], limit: Double) -> [UInt8]? {
        bits.withUnsafeBufferPointer {
            $0.withMemoryRebound(to: Double.self) {
                FloatEncoder($0, tier: tier, sibling: nil, mayNest: false).smallest(limit: limit)
            }
        }
    }

    /// Front bits as a column of integers, the rest as they are.
    private func split(room: Double = .infinity) -> [UInt8]? {
        guard values.count > 0 else { return nil }
        func front(
            _ cut: Int, of values: Slice<UnsafeBufferPointer<Double>>, limit: Double
        ) -> [UInt8]? {
            let front = values.map { Int64($0.bitPattern >> UInt64(cut)) }
            return front.withUnsafeBufferPointer {
                IntegerEncoder($0, tier: tier, mayNest: mayNest).smallest(limit: limit)
            }
        }
        // The cut is chosen on a part of a long column.
        let part = values.count > 4096 ? values[2048..<4096] : values[...]
        var chosen = (cut: 0, size: Int.max)
        for cut in [40, 44, 48, 52] {
            let rest = part.count * cut / 8
            guard chosen.size > rest,
                let front = front(cut, of: part, limit: Double(chosen.size - rest))
            else { continue }
            if front.count + rest < chosen.size { chosen = (cut, front.count + rest) }
        }
        let rest = TailBits.byteCount(count: values.count, width: chosen.cut)
        guard let front = front(chosen.cut, of: values[...], limit: room - Double(rest)) else {
            return nil
        }
        let best = (cut: chosen.cut, front: front)
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
