import PolluxModel

/// How the values of a bucket are spread, for percentiles: counts of values by their sign, exponent
/// and first six bits behind the point (storage-format/life.md §7).
///
/// Bins of a value's leading bits are the linear mapping of DDSketch (Masson, Rim, Lee, VLDB 2019)
/// and of HdrHistogram: 64 to a doubling, so that the middle of a bin is within 1/128 of every
/// value in it. Sketches add up by adding counts, which loses nothing.
public struct RollupSketch: Hashable, Sendable {
    /// A bin and how many values lie in it.
    public struct Bin: Hashable, Sendable {
        /// The bin; bins ascend with their values.
        public var number: UInt32
        /// How many.
        public var count: UInt64
    }

    /// The bins that hold something, ascending.
    public private(set) var bins: [Bin] = []
    /// Whether the values were spread over more bins than are kept; then none is.
    public private(set) var isCrowded = false

    static let binLimit = 1_024
    private static let shift: UInt64 = 46

    init() {}

    /// The bin of a finite value.
    static func bin(of value: Double) -> UInt32 {
        // −0 and 0 are one value.
        let bits = value == 0 ? 0 : value.bitPattern
        let ordered = bits >> 63 == 0 ? bits | 1 << 63 : ~bits
        return UInt32(truncatingIfNeeded: ordered >> shift)
    }

    /// What stands for the values of a bin: its middle, and 0 for the one that begins with 0.
    public static func value(ofBin number: UInt32) -> Double {
        let low = UInt64(number) << shift
        func plain(_ ordered: UInt64) -> Double {
            Double(bitPattern: ordered >> 63 == 1 ? ordered & ~(1 << 63) : ~ordered)
        }
        let (first, last) = (plain(low), plain(low | (1 << shift - 1)))
        if first == 0 || last == 0 { return 0 }
        return first + (last - first) / 2
    }

    /// Adds a finite value.
    mutating func add(_ value: Double) {
        guard !isCrowded else { return }
        let number = RollupSketch.bin(of: value)
        let low = bins.endOfPrefix { $0.number < number }
        if low < bins.count, bins[low].number == number {
            bins[low].count += 1
            return
        }
        guard bins.count < RollupSketch.binLimit else {
            bins = []
            isCrowded = true
            return
        }
        bins.insert(Bin(number: number, count: 1), at: low)
    }

    // MARK: Bytes

    func append(to bytes: inout [UInt8]) {
        bytes.append(littleEndian: isCrowded ? UInt16.max : UInt16(bins.count))
        var before: UInt32 = 0
        for bin in bins {
            RollupSketch.append(UInt64(bin.number - before), to: &bytes)
            RollupSketch.append(bin.count, to: &bytes)
            before = bin.number
        }
    }

    init(decoding reader: inout RecordReader) throws(RecordDefect) {
        let count: UInt16 = try reader.integer()
        guard count != .max else {
            isCrowded = true
            return
        }
        guard count <= RollupSketch.binLimit else { throw RecordDefect("it has too many bins") }
        bins.reserveCapacity(Int(count))
        var number: UInt64 = 0
        for index in 0..<count {
            let step = try RollupSketch.varint(&reader)
            let (sum, overflow) = number.addingReportingOverflow(step)
            guard !overflow, sum < 1 << 18, index == 0 || step > 0 else {
                throw RecordDefect("its bins do not ascend")
            }
            number = sum
            let held = try RollupSketch.varint(&reader)
            guard held > 0 else { throw RecordDefect("a bin is empty") }
            bins.append(Bin(number: UInt32(number), count: held))
        }
    }

    /// Seven bits a byte, the lowest first.
    private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func varint(_ reader: inout RecordReader) throws(RecordDefect) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte: UInt8 = try reader.integer()
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw RecordDefect("a number has more than 64 bits")
    }
}
