import PolluxModel

extension HeadRows {
    /// The rows of a range as a batch: ascending, one row per instant, the last write of each.
    func batch(kind: ValueKind, in range: TimeRange) -> ColumnBatch {
        isSorted ? sortedBatch(kind: kind, in: range) : mergedBatch(kind: kind, in: range).batch
    }

    /// The rows of a range where some came late, and how many replaced a different value.
    func mergedBatch(
        kind: ValueKind, in range: TimeRange
    ) -> (batch: ColumnBatch, duplicates: Int) {
        let low = range.start.nanoseconds
        let high = range.end.nanoseconds
        var order: [(time: Int64, piece: Int32, row: Int32)] = []
        for (number, piece) in pieces.enumerated() {
            for row in 0..<piece.count {
                let time = piece.segment.times[row]
                if time >= low && time < high {
                    order.append((time, Int32(number), Int32(row)))
                }
            }
        }
        // Piece and row number are the order of writing, so the last of equal times is the winner.
        order.sort { ($0.time, $0.piece, $0.row) < ($1.time, $1.piece, $1.row) }
        var gathered = RowGatherer(kind: kind, capacity: order.count)
        var duplicates = 0
        for index in order.indices {
            let entry = order[index]
            if index + 1 < order.count, order[index + 1].time == entry.time {
                let next = order[index + 1]
                if !isSame((entry.piece, entry.row), (next.piece, next.row), kind: kind) {
                    duplicates += 1
                }
                continue
            }
            let piece = pieces[Int(entry.piece)]
            gathered.append(piece, row: Int(entry.row))
        }
        return (gathered.finish(), duplicates)
    }

    private func isSame(
        _ left: (Int32, Int32), _ right: (Int32, Int32), kind: ValueKind
    ) -> Bool {
        let one = pieces[Int(left.0)]
        let other = pieces[Int(right.0)]
        let (first, second) = (Int(left.1), Int(right.1))
        guard one.segment.qualities[first] == other.segment.qualities[second] else { return false }
        let (a, b) = (one.segment.bits[first], other.segment.bits[second])
        return kind == .text ? one.texts[Int(a)] == other.texts[Int(b)] : a == b
    }

    private func sortedBatch(kind: ValueKind, in range: TimeRange) -> ColumnBatch {
        var gathered = RowGatherer(kind: kind, capacity: count)
        for piece in pieces {
            let times = UnsafeBufferPointer(start: piece.segment.times, count: piece.count)
            let low = times.firstIndex(notBefore: range.start.nanoseconds)
            let high = times.firstIndex(notBefore: range.end.nanoseconds)
            if low < high { gathered.append(piece, rows: low..<high) }
        }
        return gathered.finish()
    }

    /// The visible row with the greatest time less than `limit`; of equal times the last written.
    func newest(before limit: Int64, kind: ValueKind) -> Point? {
        var best: (time: Int64, piece: Int, row: Int)?
        for (number, piece) in pieces.enumerated() {
            if isSorted {
                let times = UnsafeBufferPointer(start: piece.segment.times, count: piece.count)
                let row = times.firstIndex(notBefore: limit) - 1
                if row >= 0 { best = (times[row], number, row) }
                continue
            }
            for row in 0..<piece.count {
                let time = piece.segment.times[row]
                if time < limit && time >= (best?.time ?? .min) { best = (time, number, row) }
            }
        }
        guard let best else { return nil }
        var gathered = RowGatherer(kind: kind, capacity: 1)
        gathered.append(pieces[best.piece], row: best.row)
        return gathered.finish().point(at: 0)
    }
}

extension UnsafeBufferPointer<Int64> {
    /// The index of the first of these ascending times that is at or after `time`.
    func firstIndex(notBefore time: Int64) -> Int { endOfPrefix { $0 < time } }
}

extension [Int64] {
    /// The index of the first of these ascending times that is at or after `time`.
    func firstIndex(notBefore time: Int64) -> Int {
        withUnsafeBufferPointer { $0.firstIndex(notBefore: time) }
    }
}

extension ColumnBatch {
    /// One row as a point.
    func point(at index: Int) -> Point {
        Point(
            instant: Timestamp(nanoseconds: times[index]), value: values[index],
            quality: quality(at: index))
    }
}

/// Copies rows out of segments into columns of their kind.
struct RowGatherer {
    private var times: [Int64] = []
    private var floats: [Double] = []
    private var integers: [Int64] = []
    private var booleans: [Bool] = []
    private var texts: [String] = []
    private var qualities: [Quality] = []
    private let kind: ValueKind

    init(kind: ValueKind, capacity: Int) {
        self.kind = kind
        times.reserveCapacity(capacity)
        switch kind {
        case .float: floats.reserveCapacity(capacity)
        case .integer: integers.reserveCapacity(capacity)
        case .boolean: booleans.reserveCapacity(capacity)
        case .text: texts.reserveCapacity(capacity)
        }
    }

    mutating func append(_ piece: HeadRows.Piece, row: Int) {
        append(piece, rows: row..<(row + 1))
    }

    mutating func append(_ piece: HeadRows.Piece, rows: Range<Int>) {
        let segment = piece.segment
        let bits = UnsafeBufferPointer(start: segment.bits + rows.lowerBound, count: rows.count)
        appendQualities(segment, rows: rows)
        times.append(
            contentsOf: UnsafeBufferPointer(
                start: segment.times + rows.lowerBound, count: rows.count))
        switch kind {
        case .float:
            bits.withMemoryRebound(to: Double.self) { floats.append(contentsOf: $0) }
        case .integer:
            bits.withMemoryRebound(to: Int64.self) { integers.append(contentsOf: $0) }
        case .boolean:
            for pattern in bits { booleans.append(pattern != 0) }
        case .text:
            for pattern in bits { texts.append(piece.texts[Int(pattern)]) }
        }
    }

    private mutating func appendQualities(_ segment: HeadSegment, rows: Range<Int>) {
        if qualities.isEmpty {
            // Nearly all rows are good: look for one that is not before making a column of them.
            var isAllGood = true
            for row in rows where segment.qualities[row] != 0 {
                isAllGood = false
                break
            }
            if isAllGood { return }
            qualities = Array(repeating: .good, count: times.count)
        }
        for row in rows { qualities.append(Quality(rawValue: segment.qualities[row]) ?? .bad) }
    }

    consuming func finish() -> ColumnBatch {
        if !qualities.isEmpty, qualities.count < times.count {
            qualities += Array(repeating: .good, count: times.count - qualities.count)
        }
        switch kind {
        case .float: return ColumnBatch(times: times, values: .floats(floats), qualities: qualities)
        case .integer:
            return ColumnBatch(times: times, values: .integers(integers), qualities: qualities)
        case .boolean:
            return ColumnBatch(times: times, values: .booleans(booleans), qualities: qualities)
        case .text: return ColumnBatch(times: times, values: .texts(texts), qualities: qualities)
        }
    }
}
