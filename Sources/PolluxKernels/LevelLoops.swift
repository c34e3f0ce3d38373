/// Loops that number the distinct values of a column.
public enum LevelLoops {
    /// Numbers the values of the rows `first..<count` by a table of what was seen, new ones as they
    /// come, from `levelCount` on; `numbers[i]` is one less, from 0 on.
    ///
    /// `slots` has `1 << bits` of them: the number of a level, or 0; not all are taken. `levels`
    /// holds the value of each number, and has room for `room` behind the unused first. Returns the
    /// row of the value that there is no room for, or `count`.
    public static func number(
        _ values: UnsafePointer<Int64>, from first: Int, count: Int,
        slots: UnsafeMutablePointer<UInt32>, bits: Int, levels: UnsafeMutablePointer<Int64>,
        levelCount: inout Int, room: Int, into numbers: UnsafeMutablePointer<Int64>
    ) -> Int {
        let mask = 1 &<< bits &- 1
        let shift = UInt64(truncatingIfNeeded: 64 &- bits)
        var known = levelCount
        defer { levelCount = known }
        for row in first..<count {
            let value = values[row]
            var slot = Int(truncatingIfNeeded: mixed(value) &>> shift)
            var number = Int(slots[slot])
            while number != 0, levels[number] != value {
                slot = (slot &+ 1) & mask
                number = Int(slots[slot])
            }
            if number == 0 {
                if known == room { return row }
                known &+= 1
                number = known
                slots[slot] = UInt32(truncatingIfNeeded: number)
                levels[number] = value
            }
            numbers[row] = Int64(number &- 1)
        }
        return count
    }

    /// Enters the levels of the numbers 1 to `levelCount` into a table of empty slots.
    public static func enter(
        _ levels: UnsafePointer<Int64>, levelCount: Int, slots: UnsafeMutablePointer<UInt32>,
        bits: Int
    ) {
        let mask = 1 &<< bits &- 1
        let shift = UInt64(truncatingIfNeeded: 64 &- bits)
        for number in 0..<levelCount {
            var slot = Int(truncatingIfNeeded: mixed(levels[number &+ 1]) &>> shift)
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: number &+ 1)
        }
    }

    @inline(__always)
    private static func mixed(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value) &* 0xF135_7AEA_2E62_A9C5
    }

    /// Sorts keys by `digitCount` bytes, at most four, from the 32nd bit on, keeping the order of
    /// equal ones.
    ///
    /// Both pointers hold `count` keys and must not overlap; `other` is room for the way.
    public static func sort(
        _ keys: UnsafeMutablePointer<UInt64>, count: Int, digitCount: Int,
        _ other: UnsafeMutablePointer<UInt64>
    ) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 &* 256) { buffer in
            let places = buffer.baseAddress.unsafelyUnwrapped
            places.initialize(repeating: 0, count: 4 &* 256)
            // All digits at once: those of one are often the same, and wait for each other.
            for row in 0..<count {
                let key = keys[row]
                for digit in 0..<4 { places[place(key, digit)] &+= 1 }
            }
            var (from, to) = (keys, other)
            for digit in 0..<digitCount {
                var next: UInt32 = 0
                for place in (256 &* digit)..<(256 &* digit &+ 256) {
                    let count = places[place]
                    places[place] = next
                    next &+= count
                }
                for row in 0..<count {
                    let place = place(from[row], digit)
                    to[Int(places[place])] = from[row]
                    places[place] &+= 1
                }
                swap(&from, &to)
            }
            if from != keys { keys.update(from: from, count: count) }
        }
    }

    /// Where a digit of the key is counted.
    @inline(__always)
    private static func place(_ key: UInt64, _ digit: Int) -> Int {
        let byte = key &>> UInt64(truncatingIfNeeded: 32 &+ 8 &* digit) & 255
        return 256 &* digit &+ Int(truncatingIfNeeded: byte)
    }

    /// `marks[value - least] = 1` for each value; returns how many are marked.
    ///
    /// `marks` holds `span` zeros, and no value is outside.
    public static func mark(
        _ values: UnsafePointer<Int64>, count: Int, least: Int64,
        _ marks: UnsafeMutablePointer<UInt16>, span: Int
    ) -> Int {
        for row in 0..<count {
            marks[Int(truncatingIfNeeded: values[row] &- least)] = 1
        }
        var found = 0
        for place in 0..<span { found &+= Int(marks[place]) }
        return found
    }

    /// `numbers[i] = places[values[i] - least]`.
    public static func number(
        _ values: UnsafePointer<Int64>, count: Int, least: Int64,
        by places: UnsafePointer<UInt16>, into numbers: UnsafeMutablePointer<Int64>
    ) {
        for row in 0..<count {
            numbers[row] = Int64(places[Int(truncatingIfNeeded: values[row] &- least)])
        }
    }
}
