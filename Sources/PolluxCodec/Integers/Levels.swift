internal import PolluxKernels

/// The distinct values of a column and, for each row, the number of its value.
struct Levels {
    /// Distinct bit patterns, ascending as signed integers.
    private(set) var values: [Int64]
    /// For each row the place in `values`.
    let indices: [Int64]

    /// Collects the distinct values; nil as soon as there are more than `limit`.
    ///
    /// With the column's `range` also nil when seven eighths of the integers between the least and
    /// the greatest occur: numbering them would save nothing.
    ///
    /// O(count).
    init?(
        _ column: UnsafeBufferPointer<Int64>, limit: Int,
        range: (least: Int64, greatest: Int64)? = nil
    ) {
        guard let base = column.baseAddress else { return nil }
        // A table far larger than the levels that it may hold takes longer than finding them.
        let reach = min(1 << 16, 4 * column.count, 32 * limit)
        if let range, range.greatest.subtractingReportingOverflow(range.least).overflow == false,
            range.greatest - range.least < Int64(reach)
        {
            self.init(narrow: column, limit: limit, range)
            return
        }
        var table = LevelTable(limit: limit)
        var numbers = [Int64](unsafeUninitializedCapacity: column.count) { numbers, count in
            let target = numbers.baseAddress.unsafelyUnwrapped
            count = table.number(base, count: column.count, into: target) ? column.count : 0
        }
        guard numbers.count == column.count else { return nil }
        let (sorted, ranks) = Sorting.ranks(of: table.found)
        numbers.withUnsafeMutableBufferPointer { numbers in
            ranks.withUnsafeBytes { ranks in
                IntegerLoops.replaceIndices(
                    numbers.baseAddress.unsafelyUnwrapped, count: numbers.count,
                    by: ranks.baseAddress.unsafelyUnwrapped)
            }
        }
        self.init(values: sorted, indices: numbers)
    }

    private init(values: [Int64], indices: [Int64]) {
        self.values = values
        self.indices = indices
    }

    /// The same for integers that lie close together: each has its place in a table.
    private init?(
        narrow column: UnsafeBufferPointer<Int64>, limit: Int,
        _ range: (least: Int64, greatest: Int64)
    ) {
        let span = Int(range.greatest - range.least) + 1
        var found: [Int64] = []
        var numbers: [Int64] = []
        let isFew = withUnsafeTemporaryAllocation(of: UInt16.self, capacity: span) { places in
            guard let base = column.baseAddress, let marks = places.baseAddress else {
                return false
            }
            marks.initialize(repeating: 0, count: span)
            let count = LevelLoops.mark(
                base, count: column.count, least: range.least, marks, span: span)
            guard count <= limit, count < span - span / 8 else { return false }
            found.reserveCapacity(count)
            for place in 0..<span where marks[place] != 0 {
                marks[place] = UInt16(truncatingIfNeeded: found.count)
                found.append(range.least &+ Int64(place))
            }
            numbers = [Int64](unsafeUninitializedCapacity: column.count) { numbers, count in
                count = column.count
                LevelLoops.number(
                    base, count: count, least: range.least, by: marks,
                    into: numbers.baseAddress.unsafelyUnwrapped)
            }
            return true
        }
        guard isFew else { return nil }
        self.init(values: found, indices: numbers)
    }

    /// The levels of what the numbers of a column stand for.
    func scaled(by common: SharedFactor) -> Levels {
        guard common.factor > 1 else { return self }
        var scaled = self
        scaled.values = values.map { common.offset &+ common.factor &* $0 }
        return scaled
    }

    /// Whether a sample of the column repeats its values often enough to be worth collecting.
    static func looksFew(_ column: UnsafeBufferPointer<Int64>, limit: Int) -> Bool {
        let taken = min(256, column.count)
        guard taken > 16 else { return true }
        let slotCount = 1024
        let most = min(limit, taken * 3 / 4)
        let step = column.count << 16 / taken
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: slotCount + 256) { memory in
            // Slots hold a sampled value, once `isTaken` says so.
            let keys = memory.baseAddress.unsafelyUnwrapped
            keys.initialize(repeating: 0, count: slotCount)
            let isTaken = UnsafeMutableRawPointer(keys + slotCount)
                .initializeMemory(as: UInt8.self, repeating: 0, count: slotCount)
            var distinct = 0
            for index in 0..<taken {
                let value = column[(index &* step) >> 16]
                let mixed = UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15
                var slot = Int(truncatingIfNeeded: mixed >> 54)
                // Whether it is taken is hard to foresee, that another has taken it is not.
                while isTaken[slot] & (keys[slot] != value ? 1 : 0) != 0 {
                    slot = (slot &+ 1) % slotCount
                }
                distinct &+= 1 &- Int(isTaken[slot])
                isTaken[slot] = 1
                keys[slot] = value
                if distinct > most { return false }
            }
            return true
        }
    }
}

/// Runs of equal values.
struct Runs {
    /// The value of each run.
    private(set) var values: [Int64] = []
    /// The length of each run, less one.
    private(set) var lengths: [Int64] = []

    /// The number of runs.
    ///
    /// O(count).
    static func count(_ column: UnsafeBufferPointer<Int64>) -> Int {
        guard let base = column.baseAddress, column.count > 0 else { return 0 }
        return 1 + IntegerLoops.changes(base, count: column.count)
    }

    /// Bytes that so many runs hardly ever take less than: five bits each.
    static func least(_ count: Int) -> Double { Double(count) * 5 / 8 }

    /// Splits a column into its runs.
    ///
    /// O(count).
    init(_ column: UnsafeBufferPointer<Int64>) {
        guard column.count > 0 else { return }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: column.count + 1) { ends in
            let found = Residuals.changes(
                column.baseAddress.unsafelyUnwrapped, count: column.count,
                into: ends.baseAddress.unsafelyUnwrapped)
            ends[found] = UInt32(column.count)
            let runCount = found + 1
            values = [Int64](unsafeUninitializedCapacity: runCount) { values, count in
                lengths = [Int64](unsafeUninitializedCapacity: runCount) { lengths, count in
                    var start = 0
                    for run in 0..<runCount {
                        let end = Int(ends[run])
                        values[run] = column[start]
                        lengths[run] = Int64(end &- start &- 1)
                        start = end
                    }
                    count = runCount
                }
                count = runCount
            }
        }
    }
}

/// Distinct values and their numbers, in the order in which they come.
private struct LevelTable {
    private let limit: Int
    private var bits: Int
    /// The number of a level plus one; 0 is an empty slot.
    private var slots: [UInt32]
    private(set) var found: [Int64] = []

    init(limit: Int) {
        self.limit = limit
        // A quarter full at most, and mostly far emptier: what is in another's place costs more
        // time than to clear a table that is too large.
        bits = min(13, max(4, bitLength(UInt64(limit)) + 2))
        slots = [UInt32](repeating: 0, count: 1 << bits)
    }

    /// Numbers `count` values, new ones as they come; false when there are more than the limit, and
    /// then not all of `numbers` is set.
    mutating func number(
        _ values: UnsafePointer<Int64>, count: Int, into numbers: UnsafeMutablePointer<Int64>
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: limit + 1) { buffer in
            let levels = buffer.baseAddress.unsafelyUnwrapped
            var levelCount = 0
            var row = 0
            while true {
                // As many as there is room for before the table has to grow.
                let room = min(limit, slots.count / 4)
                slots.withUnsafeMutableBufferPointer { slots in
                    row = LevelLoops.number(
                        values, from: row, count: count,
                        slots: slots.baseAddress.unsafelyUnwrapped, bits: bits, levels: levels,
                        levelCount: &levelCount, room: room, into: numbers)
                }
                if row == count || room == limit { break }
                grow(levels, levelCount)
            }
            found = Array(buffer[1..<(levelCount + 1)])
            return row == count
        }
    }

    private mutating func grow(_ levels: UnsafePointer<Int64>, _ levelCount: Int) {
        bits += 2
        slots = [UInt32](unsafeUninitializedCapacity: 1 << bits) { slots, count in
            slots.initialize(repeating: 0)
            count = slots.count
            LevelLoops.enter(
                levels, levelCount: levelCount, slots: slots.baseAddress.unsafelyUnwrapped,
                bits: bits)
        }
    }
}

/// Sorting by digits: many times faster than by comparing, for a few thousand integers.
enum Sorting {
    /// Distinct integers in ascending order, and for each of `values` its place among them.
    static func ranks(of values: [Int64]) -> (sorted: [Int64], ranks: [Int64]) {
        let sign = UInt64(1) << 63
        var all: UInt64 = 0
        for value in values { all |= UInt64(bitPattern: value ^ values[0]) }
        // The highest 32 bits in which they differ, above the number of the value.
        let digitCount = min(4, (bitLength(all) + 7) / 8)
        let down = UInt64(max(0, bitLength(all) - 32))
        var keys = values.indices.map { index in
            let bits = (UInt64(bitPattern: values[index]) ^ sign) >> down
            return bits << 32 | UInt64(index)
        }
        if keys.count <= 96 {
            keys.sort()
        } else {
            keys.withUnsafeMutableBufferPointer { keys in
                withUnsafeTemporaryAllocation(of: UInt64.self, capacity: keys.count) { other in
                    LevelLoops.sort(
                        keys.baseAddress.unsafelyUnwrapped, count: keys.count,
                        digitCount: digitCount, other.baseAddress.unsafelyUnwrapped)
                }
            }
        }
        if down > 0 { sortEqual(&keys, values) }
        var sorted: [Int64] = []
        let ranks = [Int64](unsafeUninitializedCapacity: keys.count) { ranks, count in
            sorted = [Int64](unsafeUninitializedCapacity: keys.count) { sorted, count in
                count = keys.count
                for place in 0..<count {
                    let index = Int(keys[place] & 0xFFFF_FFFF)
                    ranks[index] = Int64(place)
                    sorted[place] = values[index]
                }
            }
            count = keys.count
        }
        return (sorted, ranks)
    }

    /// Sorts keys whose high halves are the same by all bits of the values that they number.
    private static func sortEqual(_ keys: inout [UInt64], _ values: [Int64]) {
        var start = 0
        while start < keys.count {
            var end = start + 1
            while end < keys.count, keys[end] >> 32 == keys[start] >> 32 { end += 1 }
            if end - start > 1 {
                keys[start..<end].sort {
                    values[Int($0 & 0xFFFF_FFFF)] < values[Int($1 & 0xFFFF_FFFF)]
                }
            }
            start = end
        }
    }
}
