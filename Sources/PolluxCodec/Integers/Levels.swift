internal import PolluxKernels

/// The distinct values of a column and, for each row, the number of its value.
struct Levels {
    /// Distinct bit patterns, ascending as signed integers.
    let values: [Int64]
    /// For each row the place in `values`.
    let indices: [Int64]

    /// Collects the distinct values; nil as soon as there are more than `limit`.
    ///
    /// O(count).
    init?(_ column: UnsafeBufferPointer<Int64>, limit: Int) {
        var table = LevelTable(limit: limit)
        var isFull = false
        var numbers = [Int64](unsafeUninitializedCapacity: column.count) { numbers, count in
            count = column.count
            for row in 0..<column.count {
                guard let number = table.number(of: column[row]) else {
                    // All must be set.
                    numbers[row...].initialize(repeating: 0)
                    isFull = true
                    return
                }
                numbers[row] = Int64(number)
            }
        }
        if isFull { return nil }
        // Slots find each sorted value's number, so plain values are sorted and not their numbers.
        values = table.found.sorted()
        var rank = [Int64](repeating: 0, count: values.count)
        for (place, value) in values.enumerated() {
            if let number = table.number(of: value) { rank[number] = Int64(place) }
        }
        rank.withUnsafeBufferPointer { rank in
            numbers.withUnsafeMutableBufferPointer { numbers in
                for row in numbers.indices { numbers[row] = rank[Int(numbers[row])] }
            }
        }
        indices = numbers
    }

    /// Whether a sample of the column repeats its values often enough to be worth collecting.
    static func looksFew(_ column: UnsafeBufferPointer<Int64>, limit: Int) -> Bool {
        let taken = min(256, column.count)
        guard taken > 16 else { return true }
        let slotCount = 1024
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: slotCount) { slots in
            // Slots hold the number of a sampled value plus one; 0 is an empty slot.
            slots.initialize(repeating: 0)
            var distinct = 0
            for index in 0..<taken {
                let value = column[index * column.count / taken]
                let mixed = UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15
                var slot = Int(truncatingIfNeeded: mixed >> 54)
                while slots[slot] != 0, column[Int(slots[slot] - 1) * column.count / taken] != value
                {
                    slot = (slot + 1) % slotCount
                }
                if slots[slot] == 0 {
                    slots[slot] = UInt16(index + 1)
                    distinct += 1
                }
            }
            return distinct <= min(limit, taken * 3 / 4)
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

    /// Splits a column into its runs.
    ///
    /// O(count).
    init(_ column: UnsafeBufferPointer<Int64>) {
        guard var value = column.first else { return }
        var start = 0
        for row in 1..<column.count where column[row] != value {
            values.append(value)
            lengths.append(Int64(row - start - 1))
            (value, start) = (column[row], row)
        }
        values.append(value)
        lengths.append(Int64(column.count - start - 1))
    }
}

/// Distinct values and their numbers, in the order in which they come.
private struct LevelTable {
    private let limit: Int
    private let shift: UInt64
    /// The number of a level plus one; 0 is an empty slot.
    private var slots: [Int32]
    /// The value of each slot that is not empty.
    private var keys: [Int64]
    private(set) var found: [Int64] = []

    init(limit: Int) {
        self.limit = limit
        let bits = max(4, bitLength(UInt64(limit)) + 1)
        shift = UInt64(64 - bits)
        slots = [Int32](repeating: 0, count: 1 << bits)
        keys = [Int64](repeating: 0, count: 1 << bits)
    }

    /// The number of a value, a new one if need be; nil when there are more than the limit.
    @inline(__always)
    mutating func number(of value: Int64) -> Int? {
        let mask = slots.count - 1
        let mixed = UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: mixed >> shift)
        while slots[slot] != 0 {
            if keys[slot] == value { return Int(slots[slot]) - 1 }
            slot = (slot + 1) & mask
        }
        guard found.count < limit else { return nil }
        found.append(value)
        slots[slot] = Int32(found.count)
        keys[slot] = value
        return found.count - 1
    }
}
