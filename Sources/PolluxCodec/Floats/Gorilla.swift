internal import PolluxKernels

/// Doubles by exclusive or with the one before (storage-format/encodings.md §5, Gorilla).
enum Gorilla {
    /// The bit stream of `values`.
    static func encode(_ values: UnsafeBufferPointer<Double>) -> [UInt8] {
        var writer = BitWriter()
        forEachStep(of: values) { mixed, window in
            guard mixed != 0 else { return writer.append(0, count: 1) }
            let width = 64 - window.leading - window.trailing
            if window.isNew {
                writer.append(0b11, count: 2)
                writer.append(UInt64(window.leading), count: 5)
                writer.append(UInt64(width - 1), count: 6)
            } else {
                writer.append(0b01, count: 2)
            }
            writer.append(mixed >> UInt64(window.trailing), count: width)
        }
        return writer.finished()
    }

    /// How many bytes `encode` gives, in a fraction of its time; nil as soon as they are more than
    /// `limit`, or look from the first rows as if they would be several times as many.
    static func byteCount(_ values: UnsafeBufferPointer<Double>, limit: Double) -> Int? {
        guard let base = values.baseAddress else { return 0 }
        var bits = 0
        var window = XorWindow()
        for first in stride(from: 0, to: values.count, by: 128) {
            let count = min(128, values.count - first)
            bits += window.bitCount(of: base + first, count: count)
            let done = first + count
            let share = Double(done) / Double(values.count)
            let bound = limit * min(1, (done < 512 ? 3 : 1.5) * share)
            if Double((bits + 7) / 8) > bound { return nil }
        }
        return (bits + 7) / 8
    }

    /// Calls `body` with each exclusive or and the window of bits that it is written in.
    @inline(__always)
    private static func forEachStep(
        of values: UnsafeBufferPointer<Double>,
        _ body: (UInt64, (leading: Int, trailing: Int, isNew: Bool)) -> Void
    ) {
        var (previous, leading, trailing) = (UInt64(0), 64, 0)
        for value in values {
            let mixed = value.bitPattern ^ previous
            previous = value.bitPattern
            var isNew = false
            if mixed != 0 {
                let zeros = min(mixed.leadingZeroBitCount, 31)
                let ending = mixed.trailingZeroBitCount
                if leading == 64 || zeros < leading || ending < trailing {
                    (leading, trailing, isNew) = (zeros, ending, true)
                }
            }
            body(mixed, (leading, trailing, isNew))
        }
    }

    /// Decodes exactly `values.count` values from all of `source`.
    static func decode(
        _ source: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Double>
    ) throws(CodecError) {
        var reader = BitReader(source)
        var previous: UInt64 = 0
        var leading = 64
        var width = 0
        for row in 0..<values.count {
            if try reader.read(1) == 1 {
                if try reader.read(1) == 1 {
                    leading = Int(try reader.read(5))
                    width = Int(try reader.read(6)) + 1
                }
                guard leading + width <= 64, width > 0 else {
                    throw .invalid(field: "a window of bits", value: Int64(width))
                }
                previous ^= try reader.read(width) << UInt64(64 - leading - width)
            }
            values[row] = Double(bitPattern: previous)
        }
        try reader.finish()
    }
}

/// Appends bits, lowest first.
struct BitWriter {
    private var bytes: [UInt8] = []
    private var held: UInt64 = 0
    private var filled = 0

    /// Appends the low `count` bits of `value`, which has no others; 1...64.
    mutating func append(_ value: UInt64, count: Int) {
        held |= value &<< UInt64(filled)
        filled += count
        if filled >= 64 {
            bytes.appendWord(held)
            filled -= 64
            held = filled == 0 ? 0 : value >> UInt64(count - filled)
        }
    }

    /// All bytes, the last filled up with zero bits.
    mutating func finished() -> [UInt8] {
        while filled > 0 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
            filled -= 8
        }
        return bytes
    }
}

/// Reads bits, lowest first, and never past the end.
struct BitReader {
    private let bytes: UnsafeRawBufferPointer
    private var bit = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next `count` bits; 1...64.
    mutating func read(_ count: Int) throws(CodecError) -> UInt64 {
        guard bit + count <= 8 * bytes.count else {
            throw .truncated(
                field: "the bits", needed: (bit + count + 7) / 8, available: bytes.count)
        }
        let first = bit >> 3
        let shift = bit & 7
        bit += count
        var value: UInt64 = 0
        if first + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: first, as: UInt64.self)
            value = UInt64(littleEndian: word) >> UInt64(shift)
        } else {
            for place in first..<bytes.count {
                value |= UInt64(bytes[place]) << UInt64(8 * (place - first))
            }
            value >>= UInt64(shift)
        }
        if shift + count > 64 { value |= UInt64(bytes[first + 8]) << UInt64(64 - shift) }
        return count == 64 ? value : value & ((1 << UInt64(count)) - 1)
    }

    /// Throws unless only the padding of the last byte is left.
    func finish() throws(CodecError) {
        let left = bytes.count - (bit + 7) / 8
        if left != 0 { throw .trailingBytes(count: left) }
    }
}
