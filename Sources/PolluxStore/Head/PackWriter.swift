import PolluxModel

/// How the values of a packed slot are written.
enum PackedValues: UInt8 {
    /// Differences of whole numbers.
    case integers = 0
    /// The same of doubles times a power of ten, `decimals + power`.
    case decimals = 1
    /// What differs from the double before, its zero bytes at both ends left out.
    case doubles = 32

    /// The greatest power of ten that doubles are multiplied by.
    static let maximumPower = 6
    static let powers: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
    /// Set in the mode where qualities follow.
    static let qualityFlag: UInt8 = 0x80
}

/// Writes a pack.
struct PackWriter {
    private var vectors: [[Int64]] = []
    private var slots: [UInt8] = []

    mutating func addEmpty() { slots.append(varint: 0) }

    mutating func add(_ rows: HeadRows, _ kind: ValueKind) {
        var times: [Int64] = []
        var bits: [UInt64] = []
        var qualities: [UInt8] = []
        var texts: [String] = []
        for piece in rows.pieces {
            let segment = piece.segment
            times += UnsafeBufferPointer(start: segment.times, count: piece.count)
            qualities += UnsafeBufferPointer(start: segment.qualities, count: piece.count)
            let base = UInt64(texts.count)
            for row in 0..<piece.count {
                bits.append(kind == .text ? segment.bits[row] + base : segment.bits[row])
            }
            if kind == .text { texts += piece.texts }
        }
        var entry: [UInt8] = []
        entry.append(varint: UInt64(vector(times)))
        let modeAt = entry.count
        entry.append(0)
        var mode = PackWriter.append(bits, kind, to: &entry)
        if qualities.contains(where: { $0 != 0 }) {
            mode |= PackedValues.qualityFlag
            entry += qualities
        }
        entry[modeAt] = mode
        if kind == .text {
            entry.append(varint: UInt64(texts.count))
            for text in texts {
                entry.append(varint: UInt64(text.utf8.count))
                entry += text.utf8
            }
        }
        slots.append(varint: UInt64(entry.count))
        slots += entry
    }

    /// The number of a vector of times; the series of a machine mostly share one.
    private mutating func vector(_ times: [Int64]) -> Int {
        if let known = vectors.suffix(16).lastIndex(of: times) { return known }
        vectors.append(times)
        return vectors.count - 1
    }

    /// Appends the values and returns how they are written.
    private static func append(
        _ bits: [UInt64], _ kind: ValueKind, to bytes: inout [UInt8]
    ) -> UInt8 {
        guard kind == .float else {
            appendDifferences(bits.lazy.map { Int64(bitPattern: $0) }, to: &bytes)
            return PackedValues.integers.rawValue
        }
        if let (power, numbers) = decimals(bits) {
            appendDifferences(numbers, to: &bytes)
            return PackedValues.decimals.rawValue + UInt8(power)
        }
        var previous: UInt64 = 0
        for pattern in bits {
            let change = pattern ^ previous
            previous = pattern
            let low = change == 0 ? 8 : change.trailingZeroBitCount / 8
            let count = change == 0 ? 0 : 8 - change.leadingZeroBitCount / 8 - low
            bytes.append(UInt8(low << 4 | count))
            for index in low..<(low + count) {
                bytes.append(UInt8(truncatingIfNeeded: change >> UInt64(8 * index)))
            }
        }
        return PackedValues.doubles.rawValue
    }

    /// The doubles as whole numbers under the least power of ten that gives all of them back bit
    /// for bit; nil where none does.
    private static func decimals(_ bits: [UInt64]) -> (power: Int, numbers: [Int64])? {
        var power = 0
        var numbers: [Int64] = []
        numbers.reserveCapacity(bits.count)
        var row = 0
        while row < bits.count {
            let value = Double(bitPattern: bits[row])
            guard let number = whole(value, power) else {
                // A greater power serves the rows before as well, or the loop comes back here.
                power += 1
                guard power <= PackedValues.maximumPower else { return nil }
                numbers.removeAll(keepingCapacity: true)
                row = 0
                continue
            }
            numbers.append(number)
            row += 1
        }
        return (power, numbers)
    }

    private static func whole(_ value: Double, _ power: Int) -> Int64? {
        let factor = PackedValues.powers[power]
        let scaled = (value * factor).rounded()
        guard scaled.magnitude < 0x1p52 else { return nil }
        let number = Int64(scaled)
        return (Double(number) / factor).bitPattern == value.bitPattern ? number : nil
    }

    private static func appendDifferences(
        _ numbers: some Sequence<Int64>, to bytes: inout [UInt8]
    ) {
        var previous: Int64 = 0
        for number in numbers {
            bytes.append(signedVarint: number &- previous)
            previous = number
        }
    }

    /// The bytes: the vectors, then the slots.
    consuming func finish() -> [UInt8] {
        var head: [UInt8] = []
        head.append(varint: UInt64(vectors.count))
        for times in vectors {
            var entry: [UInt8] = []
            entry.append(varint: UInt64(times.count))
            var previous: Int64 = 0
            var step: Int64 = 0
            for time in times {
                let next = time &- previous
                entry.append(signedVarint: next &- step)
                // The first time is no step: the second one says how far they are apart.
                step = previous == 0 ? 0 : next
                previous = time
            }
            head.append(varint: UInt64(entry.count))
            head += entry
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + slots.count)
        bytes += head
        bytes += slots
        return bytes
    }
}

extension [UInt8] {
    /// Appends an unsigned LEB128 number.
    fileprivate mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a zigzag LEB128 number.
    fileprivate mutating func append(signedVarint value: Int64) {
        append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }
}
