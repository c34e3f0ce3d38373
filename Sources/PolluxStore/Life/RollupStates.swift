public import PolluxModel

/// The values of a state in one bucket: how long each held, and how often each followed which
/// (storage-format/life.md §5).
///
/// With more than 16 different values, or a text of more than 256 bytes, the first and the last
/// alone are kept.
public struct RollupStates: Hashable, Sendable {
    /// A value with the time in which it is known to have held, from the first point to the last,
    /// or to the end mark behind it.
    public struct Held: Hashable, Sendable {
        /// The value.
        public var value: Value
        /// Nanoseconds.
        public var time: Int64 = 0
    }

    /// How often a value followed another one.
    public struct Change: Hashable, Sendable {
        /// The index of the value before.
        public var from: UInt8
        /// The index of the value behind.
        public var to: UInt8
        /// How often.
        public var count: UInt32
    }

    /// The values in the order in which they came; the first and the last alone where there were
    /// too many.
    public private(set) var values: [Held] = []
    /// The index of the last value.
    public private(set) var last = 0
    /// The changes, in the order in which they came.
    public private(set) var changes: [Change] = []
    /// Whether there were too many values to keep.
    public private(set) var isCrowded = false

    static let valueLimit = 16
    static let byteLimit = 256

    /// Adds the value of a point behind those that were added.
    mutating func enter(_ value: Value) {
        if isCrowded {
            // The first keeps its place.
            if values.count < 2 { values.append(Held(value: value)) }
            values[1].value = value
            last = 1
            return
        }
        if values.indices.contains(last), values[last].value == value { return }
        let known = values.firstIndex { $0.value == value }
        if known == nil, values.count == RollupStates.valueLimit || RollupStates.isLong(value) {
            crowd(value)
            return
        }
        let index = known ?? values.count
        if known == nil { values.append(Held(value: value)) }
        if values.count > 1 { note(from: last, to: index) }
        last = index
    }

    private mutating func note(from: Int, to: Int) {
        for index in changes.indices
        where changes[index].from == UInt8(from) && changes[index].to == UInt8(to) {
            guard changes[index].count < .max else {
                crowd(values[to].value)
                return
            }
            changes[index].count += 1
            return
        }
        changes.append(Change(from: UInt8(from), to: UInt8(to), count: 1))
    }

    private static func isLong(_ value: Value) -> Bool {
        (value.text?.utf8.count ?? 0) > byteLimit
    }

    private mutating func crowd(_ value: Value) {
        values = [Held(value: values.first?.value ?? value), Held(value: value)]
        last = 1
        changes = []
        isCrowded = true
    }

    /// Adds time in which the last value held.
    mutating func hold(_ length: Int64) {
        if !isCrowded, values.indices.contains(last) { values[last].time += length }
    }

    // MARK: Bytes

    init() {}

    func append(to bytes: inout [UInt8]) {
        bytes.append(values.first?.value.kind.rawValue ?? 0)
        bytes.append(UInt8(values.count))
        bytes.append(isCrowded ? 1 : 0)
        bytes.append(UInt8(last))
        for held in values {
            bytes.append(littleEndian: held.time)
            switch held.value {
            case .float(let number): bytes.append(littleEndian: number.bitPattern)
            case .integer(let number): bytes.append(littleEndian: number)
            case .boolean(let flag): bytes.append(flag ? 1 : 0)
            case .text(let text):
                bytes.append(littleEndian: UInt32(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            }
        }
        bytes.append(UInt8(changes.count))
        for change in changes {
            bytes.append(change.from)
            bytes.append(change.to)
            bytes.append(littleEndian: change.count)
        }
    }

    init(decoding reader: inout RecordReader) throws(RecordDefect) {
        let rawKind: UInt8 = try reader.integer()
        let count: UInt8 = try reader.integer()
        let crowded: UInt8 = try reader.integer()
        last = Int(try reader.integer(UInt8.self))
        isCrowded = crowded == 1
        let kind = ValueKind(rawValue: rawKind)
        guard crowded <= 1, count == 0 ? rawKind == 0 && last == 0 : kind != nil && last < count,
            count <= RollupStates.valueLimit, !isCrowded || count == 2
        else { throw RecordDefect("its values are of no known form") }
        for _ in 0..<count {
            let time: Int64 = try reader.integer()
            guard time >= 0, let kind else { throw RecordDefect("a value held for less than 0") }
            values.append(Held(value: try RollupStates.value(kind, &reader), time: time))
        }
        let changeCount: UInt8 = try reader.integer()
        for _ in 0..<changeCount {
            let change = Change(
                from: try reader.integer(), to: try reader.integer(), count: try reader.integer())
            guard change.from < count, change.to < count, change.from != change.to,
                change.count > 0
            else { throw RecordDefect("a change between values that are not there, or none") }
            changes.append(change)
        }
    }

    private static func value(
        _ kind: ValueKind, _ reader: inout RecordReader
    ) throws(RecordDefect) -> Value {
        switch kind {
        case .float: return .float(try reader.double())
        case .integer: return .integer(try reader.integer())
        case .boolean:
            let flag: UInt8 = try reader.integer()
            guard flag <= 1 else { throw RecordDefect("a truth value is neither 0 nor 1") }
            return .boolean(flag == 1)
        case .text:
            let count: UInt32 = try reader.integer()
            let bytes = try reader.slice(Int(count))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw RecordDefect("a text is not UTF-8")
            }
            return .text(text)
        }
    }
}

extension RollupStates {
    /// A run of one value.
    public struct Visit: Hashable, Sendable {
        /// The index of the value.
        public var value: Int
        /// Nanoseconds.
        public var time: Int64
    }

    /// Runs of values that last as long, begin and end with the same values, and, with
    /// `followsChanges`, change as often from one to the other as those in the bucket did.
    ///
    /// Which of them came when is not known, and does not matter to sums over the whole bucket.
    /// Nil where there were too many values, or more than `limit` changes.
    ///
    /// - Complexity: O(values), with changes O(changes), by Hierholzer's walk over all edges.
    public func visits(followsChanges: Bool, limit: Int = 65_536) -> [Visit]? {
        guard !isCrowded else { return nil }
        guard values.count > 1 else {
            return values.indices.map { Visit(value: $0, time: values[$0].time) }
        }
        guard followsChanges else {
            return values.indices.map { Visit(value: $0, time: values[$0].time) }
        }
        guard let walk = walk(limit: limit) else { return nil }
        var open = Array(repeating: 0, count: values.count)
        for value in walk.dropLast() { open[value] += 1 }
        var rest = values.map(\.time)
        var visits: [Visit] = []
        visits.reserveCapacity(walk.count)
        for (position, value) in walk.enumerated() {
            guard position < walk.count - 1 else {
                visits.append(Visit(value: value, time: rest[value]))
                break
            }
            open[value] -= 1
            // The last visit may have no time of its own; every other one has some.
            let isLastToCome = value == last && open[value] == 0
            let time = open[value] == 0 && !isLastToCome ? rest[value] : 1
            guard rest[value] >= time, time > 0 else { return nil }
            rest[value] -= time
            visits.append(Visit(value: value, time: time))
        }
        return visits
    }

    private func walk(limit: Int) -> [Int]? {
        let total = changes.reduce(0) { $0 + Int($1.count) }
        guard total <= limit else { return nil }
        var edges: [[(to: Int, count: Int)]] = Array(repeating: [], count: values.count)
        for change in changes {
            edges[Int(change.from)].append((Int(change.to), Int(change.count)))
        }
        var stack = [0]
        var walk: [Int] = []
        while let value = stack.last {
            if let edge = edges[value].indices.last {
                edges[value][edge].count -= 1
                stack.append(edges[value][edge].to)
                if edges[value][edge].count == 0 { edges[value].remove(at: edge) }
            } else {
                walk.append(value)
                stack.removeLast()
            }
        }
        walk.reverse()
        return walk.count == total + 1 && walk.last == last ? walk : nil
    }
}
