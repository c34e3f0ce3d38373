import PolluxModel

/// The rows of a quiet group as bytes: what an idle series costs while it waits for its chunk.
///
/// Only in memory, so the layout may change with every version: the times that series share, then
/// for each slot of the group, in the order of `HeadGroup.slots`, its rows in the order of writing.
/// Everything is preceded by its length, so that one series is found without decoding others.
struct HeadPack {
    /// The vectors of times and the slots.
    let bytes: [UInt8]
    /// The newest commit among the rows: every view must see it.
    let newestTransaction: UInt64

    /// Bytes of memory.
    var byteCount: Int { HeadPack.overhead + bytes.count }

    /// What an array takes beside its elements.
    private static let overhead = 32

    /// Packs the rows of a group's slots; nil stands for a slot without rows.
    init(_ columns: [(kind: ValueKind, rows: HeadRows)?]) {
        var writer = PackWriter()
        var newest: UInt64 = 0
        for column in columns {
            guard let (kind, rows) = column, rows.count > 0 else {
                writer.addEmpty()
                continue
            }
            newest = max(newest, rows.newestTransaction)
            writer.add(rows, kind)
        }
        bytes = writer.finish()
        newestTransaction = newest
    }

    /// The rows of a slot as a segment without room for more; nil without rows.
    func segment(at position: Int, kind: ValueKind) -> HeadSegment? {
        bytes.withUnsafeBytes { bytes in
            var reader = PackReader(bytes)
            return reader.entry(at: position).map {
                HeadPack.segment($0, &reader, kind: kind, spare: 0)
            }
        }
    }

    /// Calls `body` for each slot that has rows with its position and its rows as a segment.
    ///
    /// - Parameters:
    ///   - kind: the kind of value of the slot at a position.
    ///   - spare: for how many more rows there should be room where there are so many.
    func forEachSegment(
        kind: (Int) -> ValueKind, spare: (Int) -> Int, _ body: (Int, HeadSegment) -> Void
    ) {
        bytes.withUnsafeBytes { bytes in
            var reader = PackReader(bytes)
            let (vectors, slots) = reader.index()
            for (position, start) in slots.enumerated() {
                let entry = reader.entry(startingAt: start) { vectors[$1] }
                guard let entry else { continue }
                body(
                    position,
                    HeadPack.segment(
                        entry, &reader, kind: kind(position), spare: spare(entry.count)))
            }
        }
    }

    private static func segment(
        _ entry: PackReader.Entry, _ reader: inout PackReader, kind: ValueKind, spare: Int
    ) -> HeadSegment {
        // Every view sees packed rows, so they may bear the least of commits.
        let segment = HeadSegment(capacity: entry.count + spare, firstTransaction: 0)
        segment.count = entry.count
        segment.tags.initialize(repeating: 0, count: entry.count)
        reader.readTimes(entry, into: segment.times)
        reader.readValues(entry, kind: kind, into: segment.bits)
        reader.readQualities(entry, into: segment.qualities)
        segment.texts = reader.readTexts(entry, kind: kind)
        segment.textByteCount = segment.texts.reduce(0) { $0 + HeadSegment.byteCount(of: $1) }
        return segment
    }
}

extension HeadRows {
    /// The commit of the newest row.
    var newestTransaction: UInt64 {
        guard let piece = pieces.last, piece.count > 0 else { return 0 }
        return piece.segment.firstTransaction + UInt64(piece.segment.tags[piece.count - 1])
    }
}
