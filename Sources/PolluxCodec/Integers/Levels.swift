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
        let bits = max(4, bitLength(UInt64(limit)) + 1)
        let mask = (1 << bits) - 1
        // Slots hold the number of the level plus one; 0 is an empty slot.
        var slots = [Int32](repeating: 0, count: 1 << bits)
        var found: [Int64] = []
        var numbers: [Int64] = []
        numbers.reserveCapacity(column.count)
        for value in column {
            let mixed = UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15
            var slot = Int(truncatingIfNeeded: mixed >> UInt64(64 - bits)) & mask
            while true {
                let number = Int(slots[slot])
                if number == 0 {
                    if found.count == limit { return nil }
                    found.append(value)
                    slots[slot] = Int32(found.count)
                    numbers.append(Int64(found.count - 1))
                    break
                }
                if found[number - 1] == value {
                    numbers.append(Int64(number - 1))
                    break
                }
                slot = (slot + 1) & mask
            }
        }
        // Slots find each sorted value's number, so plain values are sorted and not their numbers.
        values = found.sorted()
        var rank = [Int64](repeating: 0, count: found.count)
        for (place, value) in values.enumerated() {
            let mixed = UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15
            var slot = Int(truncatingIfNeeded: mixed >> UInt64(64 - bits)) & mask
            while found[Int(slots[slot]) - 1] != value { slot = (slot + 1) & mask }
            rank[Int(slots[slot]) - 1] = Int64(place)
        }
        for index in numbers.indices { numbers[index] = rank[Int(numbers[index])] }
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
        for value in column {
            if values.last == value {
                lengths[lengths.count - 1] += 1
            } else {
                values.append(value)
                lengths.append(0)
            }
        }
    }
}
