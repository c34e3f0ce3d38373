import CLMDB
import Glibc

/// Giving the room of free pages back to the file system.
///
/// LMDB reuses free pages but never makes its file smaller. A page that neither of the two newest
/// commits nor any reader can reach is never read again before it is written anew, so its bytes may
/// go: the file keeps its length and takes less of the disk.
extension Environment {
    /// Bytes of pages inside the file that hold nothing as of the last commit.
    ///
    /// - Complexity: O(free pages).
    public func freeByteCount() throws -> UInt64 {
        let transaction = try beginRead()
        defer { transaction.close() }
        var count: UInt64 = 0
        try forEachFreeList(transaction) { _, pages in count += UInt64(pages.count) }
        return count * UInt64(statistics.pageByteCount)
    }

    /// Gives the disk blocks of free pages back to the file system.
    ///
    /// Holds writers off meanwhile, a few milliseconds for some hundred runs of pages. On a file
    /// system without holes it does nothing.
    ///
    /// - Returns: bytes that were given back.
    @discardableResult
    public func releaseFreePages() throws -> UInt64 {
        try holdingWriters {
            let transaction = try beginRead()
            defer { transaction.close() }
            // As LMDB itself reuses them: what was freed before the oldest view that is open, the
            // last commit included, belongs to no state that anyone can still ask for.
            let oldest = min(transaction.id, oldestReader() ?? .max)
            var free: [UInt64] = []
            try forEachFreeList(transaction) { freedBy, pages in
                if freedBy < oldest { free += pages.lazy.map(UInt64.init) }
            }
            free.sort()
            return try punch(free)
        }
    }

    /// The oldest commit that a reader of any process has open.
    private func oldestReader() -> UInt64? {
        var text: [UInt8] = []
        withUnsafeMutablePointer(to: &text) { text in
            // Why a line of text: LMDB tells its readers in no other form.
            _ = mdb_reader_list(
                pointer,
                { line, context in
                    guard let line, let context else { return 0 }
                    context.assumingMemoryBound(to: [UInt8].self).pointee += Array(
                        UnsafeRawBufferPointer(start: line, count: strlen(line)))
                    return 0
                }, text)
        }
        var oldest: UInt64?
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard let last = words.last,
                let id = UInt64(String(decoding: last, as: UTF8.self))
            else { continue }
            oldest = min(oldest ?? .max, id)
        }
        return oldest
    }

    /// Calls `body` with each list of free pages and the commit that freed them.
    private func forEachFreeList(
        _ transaction: ReadTransaction,
        _ body: (_ freedBy: UInt64, _ pages: UnsafeBufferPointer<UInt>) -> Void
    ) throws {
        // Table 0 is LMDB's own list of free pages; only read transactions may look at it.
        let cursor = try transaction.cursor(Table(name: "free pages", number: 0))
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: [])
        while let (key, value) = entry {
            guard key.count == 8, value.count >= 8 else {
                throw KeyValueError.corrupt(path: directory, reason: "a list of free pages")
            }
            let words = value.bindMemory(to: UInt.self)
            guard words[0] < UInt(words.count) else {
                throw KeyValueError.corrupt(path: directory, reason: "a list of free pages")
            }
            body(
                key.loadUnaligned(as: UInt64.self),
                UnsafeBufferPointer(rebasing: words[1..<(1 + Int(words[0]))]))
            entry = try cursor.next()
        }
    }

    /// Makes holes of runs of neighbouring pages.
    private func punch(_ pages: [UInt64]) throws -> UInt64 {
        let path = directory + "/data.mdb"
        let file = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else {
            throw KeyValueError.cannotOpen(
                path: path, reason: EnvironmentDirectory.systemReason())
        }
        defer { close(file) }
        let size = UInt64(statistics.pageByteCount)
        var released: UInt64 = 0
        var index = 0
        while index < pages.count {
            var end = index + 1
            while end < pages.count, pages[end] == pages[end - 1] + 1 { end += 1 }
            let start = Int(pages[index] * size)
            let count = Int(pages[end - 1] * size + size) - start
            index = end
            // Where no data follows before the end of the run there is a hole already.
            let data = lseek(file, start, EnvironmentDirectory.seekData)
            if data < 0 ? errno == ENXIO : data >= start + count { continue }
            guard pollux_punch_hole(file, start, count) == 0 else {
                if errno == EOPNOTSUPP { return 0 }
                throw KeyValueError.failed(
                    action: "give free pages of \(path) back",
                    reason: EnvironmentDirectory.systemReason())
            }
            released += UInt64(count)
        }
        return released
    }
}

extension EnvironmentDirectory {
    /// `SEEK_DATA` of lseek(2).
    static let seekData: Int32 = 3
}
