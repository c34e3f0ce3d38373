/// One thing that is wrong with the pages of `data.mdb`.
public struct PageFinding: Hashable, Sendable, CustomStringConvertible {
    /// The page's number.
    public var page: UInt64
    /// What it is part of, such as `table store.chunks`.
    public var tree: String
    /// What is wrong with it.
    public var problem: String
    /// All of it in one line.
    public var description: String { "page \(page) of \(tree): \(problem)" }
}

/// Verifies the pages of a database, which LMDB itself trusts.
public enum PageCheck {
    /// What is wrong with the pages that the last commit reaches; empty for a sound database.
    ///
    /// Reads the header of each page, whole pages of trees and nothing of large values; never
    /// through the memory map. A server may have the directory.
    ///
    /// - Complexity: O(pages of trees + large values); memory: a bit for each page.
    /// - Throws: `KeyValueError.corrupt` when the file was cut or holds no database.
    public static func findings(inDirectory directory: String) throws -> [PageFinding] {
        var options = Environment.Options()
        options.isReadOnly = true
        options.isExclusive = false
        options.glancesAtPages = false
        let environment = try Environment(directory: directory, options: options)
        return try environment.withPages { file, meta, other in
            var walk = PageWalk(file: file, meta: meta)
            walk.walkAll(beside: other)
            return walk.findings
        }
    }
}

extension Environment {
    /// Calls `body` with the file, the meta page of a commit whose pages stay as they are
    /// meanwhile, and the other meta page.
    func withPages<Result>(
        _ body: (PageFile, _ meta: MetaPage, _ other: MetaPage) -> Result
    ) throws(KeyValueError) -> Result {
        guard let file = try PageFile(directory: directory) else {
            throw .cannotOpen(path: directory, reason: "data.mdb has gone")
        }
        while true {
            // Beginning a transaction reads no tree.
            let transaction = try beginRead()
            defer { transaction.close() }
            let (older, newer) = try file.metaPagesOfOneInstant()
            if newer.transaction == transaction.id { return body(file, newer, older) }
            if older.transaction == transaction.id { return body(file, older, newer) }
            // Two commits of another process came in between.
        }
    }
}
