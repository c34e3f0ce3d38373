internal import PolluxKernels

/// Chooses the mode of a column of integers by exact size under a decode-cost weight.
struct IntegerEncoder {
    private let values: UnsafeBufferPointer<Int64>
    private let tier: EncodingTier
    /// Whether run-length and dictionary, whose parts are columns again, may be tried.
    private let mayNest: Bool
    /// How many levels the values are the numbers of, where they are a dictionary's: each number
    /// occurs, so that they have no factor in common.
    private let levelCount: Int?
    /// The array that the values are in, where it may be kept.
    private let owner: [Int64]?
    /// The number of runs, where it is known.
    private let knownRunCount: Int?

    /// `owner` is the array whose memory `values` are, when they are all of one.
    init(
        _ values: UnsafeBufferPointer<Int64>, of owner: [Int64]? = nil, tier: EncodingTier,
        mayNest: Bool, levelCount: Int? = nil, runCount: Int? = nil
    ) {
        self.values = values
        self.owner = owner
        self.tier = tier
        self.mayNest = mayNest
        self.levelCount = levelCount
        knownRunCount = runCount
    }

    /// The smallest encoding, weighted; `values` must stay alive while this runs.
    func smallest() -> [UInt8] { smallest(limit: .infinity) ?? raw() }

    /// The smallest encoding of at most `limit` bytes; nil when there is none.
    ///
    /// What turns out to be larger is given up on the way.
    func smallest(limit: Double) -> [UInt8]? {
        let count = values.count
        guard count > 1, let first = values.first else { return within(limit, constantOrRaw()) }
        let runCount = knownRunCount ?? Runs.count(values)
        if runCount == 1 { return within(limit, constant(first)) }
        if count <= 4 { return within(limit, small()) }
        var best = Choice(limit)
        let ranges =
            levelCount.map { NumberRanges(whole: (0, Int64($0 - 1))) } ?? NumberRanges(values)
        let common = levelCount == nil ? SharedFactor(values, range: ranges.whole) : SharedFactor()
        let numbers = common.factor == 1 ? owner ?? Array(values) : common.numbers(of: values)
        let found = ranges.divided(by: common)
        let range = found.whole
        let orders = promisingOrders(numbers, limit: limit)
        var rival: PackedColumn?
        for order in orders {
            let weight = Self.weight(order)
            guard
                let column = PackedColumn(
                    numbers, order: order, factor: common.factor, offset: common.offset,
                    ranges: found, limit: best.room(weight), rival: rival)
            else { continue }
            best.offer(.packed(column), column.byteCount, weight)
            rival = column
        }
        best.offer(.raw, 8 * count + 4, 1)
        if tier == .dense { offerPlanes(numbers, orders, common, weight: 1.02, &best) }
        // Of one plane zstd makes the same, whatever its bytes are called.
        let isPlane =
            tier == .dense && orders.first == .values
            && UInt64(bitPattern: range.greatest &- range.least) < 256
        if mayNest {
            offerNested(numbers, common, range, isPlane: isPlane, runCount: runCount, &best)
        }
        switch best.form {
        case .none: return nil
        case .raw: return raw()
        case .packed(let column): return column.bytes()
        case .bytes(let bytes): return bytes
        }
    }

    private func within(_ limit: Double, _ bytes: [UInt8]) -> [UInt8]? {
        Double(bytes.count) <= limit ? bytes : nil
    }

    /// The column in exactly this mode; nil when the mode cannot hold it.
    func bytes(as encoding: ColumnEncoding) -> [UInt8]? {
        let common = SharedFactor(values)
        if let order = PackedOrder(encoding) {
            let numbers = common.numbers(of: values)
            return PackedColumn(
                numbers, order: order, factor: common.factor, offset: common.offset
            )?.bytes()
        }
        switch encoding {
        case .integerConstant:
            guard let first = values.first, Runs.count(values) == 1 else { return nil }
            return constant(first)
        case .integerRunLength: return runLength()
        case .integerDictionary:
            return Levels(values, limit: values.count).flatMap { dictionary($0) }
        case .integerPlanes: return planes(common.numbers(of: values), common, order: .deltas)
        case .integerRaw: return raw()
        default: return nil
        }
    }

    /// What a byte costs in a mode, for the time its decoding takes.
    private static func weight(_ order: PackedOrder) -> Double {
        switch order {
        case .values: 1
        case .deltas: 1.03
        case .deltaDeltas: 1.06
        }
    }

    private struct Choice {
        /// What becomes bytes in the end; most that is offered does not.
        enum Form {
            case none, raw
            case packed(PackedColumn)
            case bytes([UInt8])
        }

        private let limit: Double
        private var cost = Double.infinity
        private(set) var form = Form.none

        init(_ limit: Double) {
            self.limit = limit
        }

        /// The most bytes with which a mode of this weight may still be chosen.
        func room(_ weight: Double) -> Double { min(limit, cost / weight) }

        mutating func offer(_ form: Form, _ byteCount: Int, _ weight: Double) {
            let offered = Double(byteCount) * weight
            if offered < cost, Double(byteCount) <= limit { (self.form, cost) = (form, offered) }
        }

        mutating func offer(_ bytes: [UInt8]?, _ weight: Double) {
            if let bytes { offer(.bytes(bytes), bytes.count, weight) }
        }
    }

    /// Orders worth trying, what looks best on a sample first; what looks worse is left out.
    private func promisingOrders(_ numbers: [Int64], limit: Double) -> [PackedOrder] {
        guard numbers.count >= 256 else { return PackedOrder.all }
        let bits = numbers.withUnsafeBufferPointer {
            let bits = Residuals.sampledBits(
                $0.baseAddress.unsafelyUnwrapped, count: numbers.count,
                reach: min(numbers.count, ColumnLimits.blockCount))
            return SIMD3(bits.0, bits.1, bits.2)
        }
        let least = bits.min()
        // What a short column saves is not worth a wrong guess, nor is time in the dense tier.
        let margin = tier == .fast ? least / 24 + 32 : least / 8 + 64
        let isLong = numbers.count >= (tier == .fast ? 1 : 2) * ColumnLimits.blockCount
        let most = isLong ? least + margin : Int.max
        // Hardly any packing takes fewer bits than the numbers have.
        let packed = Double(least) / 256 * Double(numbers.count) / 8
        if tier == .fast, packed > 1.25 * limit { return [] }
        // Second differences are noisier than they look where they look as good as others.
        let mostOfSecond = isLong ? min(bits[0], bits[1]) : Int.max
        var orders: [PackedOrder] = []
        orders.reserveCapacity(PackedOrder.all.count)
        for order in PackedOrder.all {
            let own = bits[order.rawValue]
            guard own <= (order == .deltaDeltas ? mostOfSecond : most) else { continue }
            let place = orders.firstIndex { bits[$0.rawValue] > own } ?? orders.endIndex
            orders.insert(order, at: place)
        }
        return orders
    }

    private func offerPlanes(
        _ numbers: [Int64], _ orders: [PackedOrder], _ common: SharedFactor, weight: Double,
        _ best: inout Choice
    ) {
        lazy var repeats = numbers.withUnsafeBufferPointer { Repeats.areMore(than: 1 / 8, of: $0) }
        let all = orders.contains(.values) || !repeats ? orders : orders + [.values]
        var plans = all.map { order in
            PlanesColumn.Plan(
                numbers, order: order, factor: common.factor, offset: common.offset)
        }
        // What looks best comes first; what looks worse is tried only where values come again in
        // the same sequence: those are shortest as they are, however wide.
        let least = plans.map(\.estimate).min() ?? 0
        let ranks = plans.indices.sorted {
            (plans[$0].estimate, $0) < (plans[$1].estimate, $1)
        }
        for (rank, index) in ranks.enumerated() {
            let estimate = plans[index].estimate
            let looksWorse =
                rank > 0 && estimate > 1.01 * least || 0.95 * estimate >= best.room(weight)
            guard !looksWorse || all[index] == .values && repeats else { continue }
            best.offer(plans[index].bytes(limit: best.room(weight)), weight)
        }
    }

    private func planes(
        _ numbers: [Int64], _ common: SharedFactor, order: PackedOrder
    ) -> [UInt8] {
        PlanesColumn.encode(
            numbers, order: order, factor: common.factor, offset: common.offset)
    }

    /// The distinct values, where numbering them leaves out more than the common factor does.
    private func levels(
        _ numbers: [Int64], _ common: SharedFactor, _ range: (least: Int64, greatest: Int64),
        limit: Int
    ) -> Levels? {
        numbers.withUnsafeBufferPointer {
            Levels($0, limit: limit, range: range)?.scaled(by: common)
        }
    }

    private func offerNested(
        _ numbers: [Int64], _ common: SharedFactor, _ range: (least: Int64, greatest: Int64),
        isPlane: Bool, runCount: Int, _ best: inout Choice
    ) {
        let runWeight = tier == .fast ? 1.05 : 1
        if runCount <= values.count / 3, best.room(runWeight) > Runs.least(runCount) {
            best.offer(runLength(limit: best.room(runWeight)), runWeight)
        }
        let limit = min(tier == .fast ? 256 : 4096, values.count / 4)
        let weight = tier == .fast ? 1.1 : 1.02
        // Numbers hardly narrower than what they stand for do not make up for the levels.
        let width = bitLength(UInt64(bitPattern: range.greatest &- range.least))
        let most = width - (tier == .fast ? 6 : 4)
        guard !isPlane, most >= 0, Levels.looksFew(values, limit: limit),
            let levels = levels(numbers, common, range, limit: limit),
            bitLength(UInt64(levels.values.count - 1)) <= most
        else { return }
        best.offer(dictionary(levels, runCount: runCount, room: best.room(weight)), weight)
    }

    private func constant(_ value: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendHeader(.integerConstant, count: values.count)
        bytes.appendSigned(value)
        return bytes
    }

    private func constantOrRaw() -> [UInt8] {
        values.first.map { constant($0) } ?? raw()
    }

    /// Too few values for anything but trying the plain packings.
    private func small() -> [UInt8] {
        let common = SharedFactor(values)
        let numbers = common.numbers(of: values)
        let plans = PackedOrder.all.compactMap {
            PackedColumn(numbers, order: $0, factor: common.factor, offset: common.offset)
        }
        let least = plans.min { $0.byteCount < $1.byteCount }
        if let least, least.byteCount < 8 * values.count { return least.bytes() }
        return raw()
    }

    private func raw() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendHeader(.integerRaw, count: values.count)
        for value in values { bytes.appendWord(UInt64(bitPattern: value)) }
        return bytes
    }

    private func runLength(limit: Double = .infinity) -> [UInt8]? {
        let runs = Runs(values)
        var bytes: [UInt8] = []
        bytes.appendHeader(.integerRunLength, count: values.count)
        for part in [runs.values, runs.lengths] {
            guard let column = Self.flat(part, tier: tier, limit: limit - Double(bytes.count))
            else { return nil }
            bytes.appendNested(column)
        }
        return bytes
    }

    private func dictionary(
        _ levels: Levels, runCount: Int? = nil, room: Double = .infinity
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.appendHeader(.integerDictionary, count: values.count)
        guard
            let values = Self.flat(
                levels.values, tier: tier, limit: room - Double(bytes.count))
        else { return nil }
        bytes.appendNested(values)
        guard
            let indices = Self.flat(
                levels.indices, tier: tier, levelCount: levels.values.count, runCount: runCount,
                limit: room - Double(bytes.count))
        else { return nil }
        bytes.appendNested(indices)
        return bytes
    }

    /// A nested column that nests nothing itself.
    static func flat(_ values: [Int64], tier: EncodingTier) -> [UInt8] {
        values.withUnsafeBufferPointer {
            IntegerEncoder($0, of: values, tier: tier, mayNest: false).smallest()
        }
    }

    /// The same; nil when it takes more than `limit` bytes.
    static func flat(
        _ values: [Int64], tier: EncodingTier, levelCount: Int? = nil, runCount: Int? = nil,
        limit: Double
    ) -> [UInt8]? {
        values.withUnsafeBufferPointer {
            IntegerEncoder(
                $0, of: values, tier: tier, mayNest: false, levelCount: levelCount,
                runCount: runCount
            ).smallest(limit: limit)
        }
    }
}
