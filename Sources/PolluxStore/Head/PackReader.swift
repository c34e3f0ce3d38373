import PolluxModel

/// Reads a pack, whose bytes were never anywhere but in this memory.
struct PackReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    /// One slot's rows.
    struct Entry {
        /// Where its vector of times begins, behind the count.
        var timesAt: Int
        var count: Int
        /// Where its values begin.
        var valuesAt: Int
        var mode: UInt8
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    private mutating func signed() -> Int64 {
        let value = varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Where the vectors and the slots begin, for reading all of them.
    mutating func index() -> (vectors: [Int], slots: [Int]) {
        place = 0
        var vectors: [Int] = []
        for _ in 0..<varint() {
            vectors.append(place)
            skip()
        }
        var slots: [Int] = []
        while place < bytes.count {
            slots.append(place)
            skip()
        }
        return (vectors, slots)
    }

    /// The entry of a slot; nil when it has no rows.
    mutating func entry(at position: Int) -> Entry? {
        place = 0
        for _ in 0..<varint() { skip() }
        for _ in 0..<position {
            // Slots that came after the packing have no rows in it.
            guard place < bytes.count else { return nil }
            skip()
        }
        guard place < bytes.count else { return nil }
        return entry(startingAt: place) { reader, vector in
            reader.place = 0
            _ = reader.varint()
            for _ in 0..<vector { reader.skip() }
            return reader.place
        }
    }

    /// The entry of a slot that begins at `start`, with a way to find a vector.
    mutating func entry(
        startingAt start: Int, vectorAt: (inout PackReader, Int) -> Int
    ) -> Entry? {
        place = start
        guard varint() > 0 else { return nil }
        let vector = Int(varint())
        let mode = bytes[place]
        let valuesAt = place + 1
        place = vectorAt(&self, vector)
        _ = varint()
        let count = Int(varint())
        return Entry(timesAt: place, count: count, valuesAt: valuesAt, mode: mode)
    }

    private mutating func skip() {
        let length = Int(varint())
        place += length
    }

    mutating func readTimes(_ entry: Entry, into times: UnsafeMutablePointer<Int64>) {
        place = entry.timesAt
        var previous: Int64 = 0
        var step: Int64 = 0
        for row in 0..<entry.count {
            let next = signed() &+ step
            step = previous == 0 ? 0 : next
            previous = previous &+ next
            times[row] = previous
        }
    }

    mutating func readValues(
        _ entry: Entry, kind: ValueKind, into bits: UnsafeMutablePointer<UInt64>
    ) {
        place = entry.valuesAt
        let mode = entry.mode & ~PackedValues.qualityFlag
        if mode == PackedValues.doubles.rawValue {
            var previous: UInt64 = 0
            for row in 0..<entry.count {
                let shape = Int(bytes[place])
                place += 1
                for index in (shape >> 4)..<((shape >> 4) + (shape & 15)) {
                    previous ^= UInt64(bytes[place]) << UInt64(8 * index)
                    place += 1
                }
                bits[row] = previous
            }
            return
        }
        var previous: Int64 = 0
        for row in 0..<entry.count {
            previous = previous &+ signed()
            bits[row] = UInt64(bitPattern: previous)
        }
        guard kind == .float else { return }
        let factor = PackedValues.powers[Int(mode - PackedValues.decimals.rawValue)]
        for row in 0..<entry.count {
            bits[row] = (Double(Int64(bitPattern: bits[row])) / factor).bitPattern
        }
    }

    /// Reads the qualities, which follow the values.
    mutating func readQualities(_ entry: Entry, into qualities: UnsafeMutablePointer<UInt8>) {
        guard entry.mode & PackedValues.qualityFlag != 0 else {
            qualities.initialize(repeating: 0, count: entry.count)
            return
        }
        for row in 0..<entry.count { qualities[row] = bytes[place + row] }
        place += entry.count
    }

    /// Reads the texts, which follow the qualities.
    mutating func readTexts(_ entry: Entry, kind: ValueKind) -> [String] {
        guard kind == .text else { return [] }
        let count = Int(varint())
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count {
            let length = Int(varint())
            texts.append(
                String(
                    decoding: UnsafeRawBufferPointer(rebasing: bytes[place..<(place + length)]),
                    as: UTF8.self))
            place += length
        }
        return texts
    }
}
