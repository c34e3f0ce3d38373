import PolluxModel

/// Rows of one series in memory, in the order of writing; a block of memory that never moves.
///
/// The writer fills rows above the count that readers have seen; a reader learns a count under the
/// head's lock and touches only rows below it, which never change again.
// Why: rows below a count read under the head's lock are immutable, and the rest of the fields are
// read and written under that lock only.
final class HeadSegment: @unchecked Sendable {
    /// Bytes of memory per row: time, value, tag, quality.
    static let rowByteCount = 8 + 8 + 4 + 1

    let times: UnsafeMutablePointer<Int64>
    let bits: UnsafeMutablePointer<UInt64>
    /// The commit of each row, less `firstTransaction`.
    let tags: UnsafeMutablePointer<UInt32>
    let qualities: UnsafeMutablePointer<UInt8>
    let capacity: Int
    let firstTransaction: UInt64
    /// Rows in use, once the segment is full or its rows are sealed.
    var count = 0
    /// The segment with the rows before.
    var previous: HeadSegment?
    /// The texts that the rows of a text series refer to.
    var texts: [String] = []
    /// Memory of the texts.
    var textByteCount = 0

    init(capacity: Int, firstTransaction: UInt64) {
        self.capacity = capacity
        self.firstTransaction = firstTransaction
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: capacity * HeadSegment.rowByteCount, alignment: 8)
        times = memory.bindMemory(to: Int64.self, capacity: capacity)
        bits = (memory + capacity * 8).bindMemory(to: UInt64.self, capacity: capacity)
        tags = (memory + capacity * 16).bindMemory(to: UInt32.self, capacity: capacity)
        qualities = (memory + capacity * 20).bindMemory(to: UInt8.self, capacity: capacity)
    }

    /// Memory of one text of a segment: up to 15 bytes lie in the entry itself.
    static func byteCount(of text: String) -> Int {
        let size = text.utf8.count
        return size > 15 ? 48 + size : 16
    }

    deinit { UnsafeMutableRawPointer(times).deallocate() }

    /// Memory of this segment and of those before it.
    var totalByteCount: Int {
        var sum = 0
        var segment: HeadSegment? = self
        while let current = segment {
            sum += current.capacity * HeadSegment.rowByteCount + current.textByteCount
            segment = current.previous
        }
        return sum
    }

    /// How many of the first `count` rows a snapshot of commit `transaction` sees.
    func visibleCount(of count: Int, at transaction: UInt64) -> Int {
        guard count > 0, transaction >= firstTransaction else { return 0 }
        let tag = transaction - firstTransaction
        if UInt64(tags[count - 1]) <= tag { return count }
        return (0..<count).endOfPrefix { UInt64(tags[$0]) <= tag }
    }
}

/// Rows of one series that a commit moved into chunks.
struct RetiredRows {
    /// Its newest segment, which the ones before hang on.
    var newest: HeadSegment
    /// Whether the times of all rows are strictly ascending.
    var isSorted: Bool
    /// The commit that moved them; older views still see them here.
    var sealedAt: UInt64
}

/// Rows of one series as one snapshot sees them: references and counts, no copies.
struct HeadRows {
    struct Piece {
        var segment: HeadSegment
        var count: Int
        /// Texts as of the capture; the segment's own array may grow meanwhile.
        var texts: [String]
    }
    var pieces: [Piece] = []
    var isSorted = true

    var count: Int { pieces.reduce(0) { $0 + $1.count } }

    init() {}

    init(pieces: [Piece], isSorted: Bool) {
        self.pieces = pieces
        self.isSorted = isSorted
    }

    /// What a view of commit `transaction` sees of the segments up to `newest`, of which `count`
    /// rows are in use.
    init(endingWith newest: HeadSegment, count: Int, at transaction: UInt64, isSorted: Bool) {
        self.isSorted = isSorted
        var next: HeadSegment? = newest
        var isWhole = false
        while let segment = next {
            let used = segment === newest ? count : segment.count
            // Rows are no newer than the segment behind theirs: its first commit tells enough.
            let visible = isWhole ? used : segment.visibleCount(of: used, at: transaction)
            isWhole = isWhole || segment.firstTransaction <= transaction
            if visible > 0 {
                pieces.append(.init(segment: segment, count: visible, texts: segment.texts))
            }
            next = segment.previous
        }
        if pieces.count > 1 { pieces.reverse() }
    }
}
