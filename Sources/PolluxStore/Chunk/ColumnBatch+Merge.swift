import PolluxModel

extension ColumnValues {
    /// Appends a range of the values of another column of the same kind.
    mutating func append(_ other: ColumnValues, _ rows: Range<Int>) {
        switch (self, other) {
        case (.floats(var mine), .floats(let theirs)):
            self = .floats([])
            mine.append(contentsOf: theirs[rows])
            self = .floats(mine)
        case (.integers(var mine), .integers(let theirs)):
            self = .integers([])
            mine.append(contentsOf: theirs[rows])
            self = .integers(mine)
        case (.booleans(var mine), .booleans(let theirs)):
            self = .booleans([])
            mine.append(contentsOf: theirs[rows])
            self = .booleans(mine)
        case (.texts(var mine), .texts(let theirs)):
            self = .texts([])
            mine.append(contentsOf: theirs[rows])
            self = .texts(mine)
        default:
            preconditionFailure("columns of different kinds are appended")
        }
    }

    /// Whether two values of columns of the same kind have the same bits.
    func isSame(_ row: Int, as other: ColumnValues, _ otherRow: Int) -> Bool {
        switch (self, other) {
        case (.floats(let mine), .floats(let theirs)):
            mine[row].bitPattern == theirs[otherRow].bitPattern
        case (.integers(let mine), .integers(let theirs)): mine[row] == theirs[otherRow]
        case (.booleans(let mine), .booleans(let theirs)): mine[row] == theirs[otherRow]
        case (.texts(let mine), .texts(let theirs)): mine[row] == theirs[otherRow]
        default: false
        }
    }

    /// Forgets the values and keeps their memory.
    mutating func removeAllKeepingCapacity(kind: ValueKind) {
        switch self {
        case .floats(var values) where kind == .float:
            self = .floats([])
            values.removeAll(keepingCapacity: true)
            self = .floats(values)
        case .integers(var values) where kind == .integer:
            self = .integers([])
            values.removeAll(keepingCapacity: true)
            self = .integers(values)
        default:
            self = ColumnValues(kind: kind)
        }
    }
}

extension ColumnBatch {
    /// Appends a range of the rows of another batch of the same kind.
    mutating func append(_ other: ColumnBatch, _ rows: Range<Int>) {
        guard !rows.isEmpty else { return }
        if !other.qualities.isEmpty || !qualities.isEmpty {
            if qualities.isEmpty { qualities = Array(repeating: .good, count: times.count) }
            if other.qualities.isEmpty {
                qualities += Array(repeating: .good, count: rows.count)
            } else {
                qualities += other.qualities[rows]
            }
        }
        times.append(contentsOf: other.times[rows])
        values.append(other.values, rows)
    }

    /// The rows of an index range as a batch of their own.
    func rows(_ range: Range<Int>) -> ColumnBatch {
        if range.count == count { return self }
        var part = ColumnBatch(kind: values.kind)
        part.append(self, range)
        return part
    }

    /// The rows with `low <= time <= high`, as indexes.
    func indexes(from low: Int64, through high: Int64) -> Range<Int> {
        let start = times.firstIndex(notBefore: low)
        let end = high == .max ? count : times.firstIndex(notBefore: high + 1)
        return start..<Swift.max(start, end)
    }

    /// Both batches as one: ascending, and where both have an instant, the row of `newer`.
    ///
    /// - Returns: the rows, and how many of `newer` replaced a different value.
    func merged(with newer: ColumnBatch) -> (rows: ColumnBatch, duplicates: Int) {
        guard let last = times.last else { return (newer, 0) }
        guard let first = newer.times.first else { return (self, 0) }
        var result = self
        if last < first {
            result.append(newer, 0..<newer.count)
            return (result, 0)
        }
        result = ColumnBatch(kind: values.kind)
        result.times.reserveCapacity(count + newer.count)
        var duplicates = 0
        var mine = 0
        var theirs = 0
        while mine < count && theirs < newer.count {
            if times[mine] < newer.times[theirs] {
                let end = times.firstIndex(notBefore: newer.times[theirs])
                result.append(self, mine..<end)
                mine = end
            } else if newer.times[theirs] < times[mine] {
                let end = newer.times.firstIndex(notBefore: times[mine])
                result.append(newer, theirs..<end)
                theirs = end
            } else {
                if quality(at: mine) != newer.quality(at: theirs)
                    || !values.isSame(mine, as: newer.values, theirs)
                {
                    duplicates += 1
                }
                result.append(newer, theirs..<(theirs + 1))
                mine += 1
                theirs += 1
            }
        }
        result.append(self, mine..<count)
        result.append(newer, theirs..<newer.count)
        return (result, duplicates)
    }
}
