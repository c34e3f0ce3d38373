public import PolluxModel

/// How a counter ran in one bucket (storage-format/life.md §5).
public struct RollupCounter: Hashable, Sendable {
    /// Its first value.
    public private(set) var first: Value?
    /// Its last value.
    public private(set) var last: Value?
    /// The sum of its rises.
    public private(set) var rise = 0.0
    /// How often it fell.
    public private(set) var fallCount: UInt64 = 0
    /// The sum of the values before falls.
    public private(set) var beforeFalls = 0.0
    /// The sum of the values behind falls.
    public private(set) var behindFalls = 0.0
    /// Nanoseconds between points in which its curve is not known, and no end mark lies.
    public private(set) var bridgedTime: Int64 = 0

    /// Its increase from the first point to the last: a fall is a reset, or a step through
    /// `rollover`.
    public func increase(rollover: Double?) -> Double {
        guard let rollover else { return rise + behindFalls }
        return rise + rollover * Double(fallCount) - beforeFalls + behindFalls
    }

    /// Adds a value behind those that were added.
    mutating func add(_ value: Value) {
        defer { last = value }
        guard let before = last else {
            first = value
            return
        }
        let old = before.number ?? 0
        let new = value.number ?? 0
        var change = new - old
        // Whole numbers are subtracted as such: a double has 53 bits.
        if case .integer(let lower) = before, case .integer(let upper) = value {
            let (difference, overflow) = upper.subtractingReportingOverflow(lower)
            if !overflow { change = Double(difference) }
        }
        guard change < 0 else {
            rise += change
            return
        }
        fallCount += 1
        beforeFalls += old
        behindFalls += new
    }

    /// Adds time between two points in which the curve is not known.
    mutating func bridge(_ length: Int64) { bridgedTime += length }

    // MARK: Bytes

    init() {}

    func append(to bytes: inout [UInt8]) {
        bytes.append(first?.kind.rawValue ?? 0)
        for value in [first, last] {
            switch value {
            case .float(let number)?: bytes.append(littleEndian: number.bitPattern)
            case .integer(let number)?: bytes.append(littleEndian: number)
            default: bytes.append(littleEndian: UInt64(0))
            }
        }
        bytes.append(littleEndian: fallCount)
        for sum in [rise, beforeFalls, behindFalls] { bytes.append(littleEndian: sum.bitPattern) }
        bytes.append(littleEndian: bridgedTime)
    }

    init(decoding reader: inout RecordReader) throws(RecordDefect) {
        let kind: UInt8 = try reader.integer()
        let bits: [UInt64] = [try reader.integer(), try reader.integer()]
        switch kind {
        case 0: break
        case ValueKind.float.rawValue:
            first = .float(Double(bitPattern: bits[0]))
            last = .float(Double(bitPattern: bits[1]))
        case ValueKind.integer.rawValue:
            first = .integer(Int64(bitPattern: bits[0]))
            last = .integer(Int64(bitPattern: bits[1]))
        default: throw RecordDefect("a counter is no number")
        }
        fallCount = try reader.integer()
        rise = try reader.double()
        beforeFalls = try reader.double()
        behindFalls = try reader.double()
        bridgedTime = try reader.integer()
        guard bridgedTime >= 0 else { throw RecordDefect("a counter is bridged for less than 0") }
    }
}
