import PolluxKeyValue
import PolluxModel

/// Walks the catalog and the records of newest points side by side, both by number of series.
///
/// Used by one thread, while its transaction is open.
final class CatalogScan {
    private let catalog: Cursor
    private let records: Cursor

    init(tables: Tables, transaction: ReadTransaction) throws {
        catalog = try transaction.cursor(tables.series)
        records = try transaction.cursor(tables.last)
    }

    deinit {
        catalog.close()
        records.close()
    }

    /// Calls `body` for the first series from a number on, `limit` at most.
    ///
    /// - Throws: what is wrong with the record of `series`; damaged records of others are passed
    ///   over, for nobody asked for them.
    func forEach(from series: SeriesID, limit: Int, _ body: (SlotSeed) throws -> Void) throws {
        var entry = try catalog.seek(atOrAfter: Catalog.key(series))
        var record = try records.seek(atOrAfter: SeriesRecord.key(series))
        for _ in 0..<limit {
            guard let found = entry, let number = Catalog.number(ofKey: found.key) else { return }
            while let known = record, let place = SeriesRecord.number(ofKey: known.key),
                place < number
            {
                record = try records.next()
            }
            do {
                var lastTime: Int64?
                if let known = record, SeriesRecord.number(ofKey: known.key) == number {
                    let newest = try SeriesRecord.decode(number, known.value).newest
                    lastTime = newest?.instant.nanoseconds
                }
                let description = try Catalog.decode(number, found.value)
                try body(SlotSeed(description: description, lastTime: lastTime))
            } catch {
                if number == series { throw error }
            }
            entry = try catalog.next()
        }
    }
}
