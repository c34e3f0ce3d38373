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
    /// Rows in use, once the segment is full or its generation is sealed.
    var count = 0
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

    /// How many of the first `count` rows a snapshot of commit `transaction` sees.
    func visibleCount(of count: Int, at transaction: UInt64) -> Int {
        guard count > 0, transaction >= firstTransaction else { return 0 }
        let tag = transaction - firstTransaction
        if UInt64(tags[count - 1]) <= tag { return count }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if UInt64(tags[middle]) <= tag { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The rows of one series between two sealings.
// Why: all fields are read and written under the head's lock only.
final class HeadGeneration: @unchecked Sendable {
    var segments: [HeadSegment] = []
    /// Whether the times of all rows are strictly ascending.
    var isSorted = true
    /// The commit that moved the rows into chunks; the greatest number while they are only here.
    var sealedAt = UInt64.max
    /// Memory of the segments and their texts.
    var byteCount: Int {
        segments.reduce(0) {
            $0 + $1.capacity * HeadSegment.rowByteCount + $1.textByteCount
        }
    }
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
}
