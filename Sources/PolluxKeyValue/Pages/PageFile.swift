import Glibc

/// `data.mdb`, read with calls instead of through the memory map: a page that is missing or cannot
/// be read is an error here and no bus error.
final class PageFile {
    let directory: String
    private let file: Int32

    /// Opens the file of a directory; nil when there is none.
    init?(directory: String) throws(KeyValueError) {
        self.directory = directory
        file = Glibc.open(directory + "/data.mdb", O_RDONLY | O_CLOEXEC)
        guard file < 0 else { return }
        if errno == ENOENT { return nil }
        throw .cannotOpen(path: directory, reason: EnvironmentDirectory.systemReason())
    }

    deinit { if file >= 0 { close(file) } }

    /// The length of the file.
    func byteCount() throws(KeyValueError) -> UInt64 {
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .failed(
                action: "read \(directory)/data.mdb", reason: EnvironmentDirectory.systemReason())
        }
        return UInt64(status.st_size)
    }

    /// Bytes of the file from an offset on.
    func bytes(at offset: UInt64, count: Int) throws(PageDefect) -> PageBytes {
        var reason: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let start = buffer.baseAddress {
                let got = pread(file, start + filled, count - filled, Int(offset) + filled)
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else {
                    reason =
                        got < 0
                        ? "it cannot be read: \(EnvironmentDirectory.systemReason())"
                        : "the file ends before it does"
                    return
                }
                filled += got
            }
        }
        if let reason { throw PageDefect(reason) }
        return PageBytes(bytes: bytes)
    }

    /// A branch or leaf page.
    func treePage(_ number: UInt64, of meta: MetaPage) throws(PageDefect) -> TreePage {
        try TreePage(
            bytes(at: number * UInt64(meta.pageByteCount), count: meta.pageByteCount),
            number: number)
    }

    /// Both meta pages, the newer one last.
    func metaPages() throws(KeyValueError) -> (older: MetaPage, newer: MetaPage) {
        let first = try metaPage(0, at: 0)
        let second = try metaPage(1, at: UInt64(first.pageByteCount))
        guard first.pageByteCount == second.pageByteCount else {
            throw damaged("pages 0 and 1 name different page sizes")
        }
        return second.transaction > first.transaction ? (first, second) : (second, first)
    }

    private func metaPage(_ number: UInt64, at offset: UInt64) throws(KeyValueError) -> MetaPage {
        do {
            return try MetaPage(
                bytes(at: offset, count: PageLayout.metaByteCount), number: number)
        } catch {
            throw damaged("page \(number): \(error.problem)")
        }
    }

    /// Both meta pages of one instant, while a writer of another process may change them.
    func metaPagesOfOneInstant() throws(KeyValueError) -> (older: MetaPage, newer: MetaPage) {
        var pages = try metaPages()
        while true {
            let again = try metaPages()
            if again == pages { return pages }
            pages = again
        }
    }

    /// The error for damage in this file.
    func damaged(_ reason: String) -> KeyValueError {
        .corrupt(path: directory, reason: "data.mdb: \(reason)")
    }

    /// Refuses a file that was cut or is none of LMDB's, before LMDB maps it.
    ///
    /// - Complexity: O(1); O(free pages) when the file ends before its last page, which is sound
    ///   when those that are missing were never written.
    func checkLength() throws(KeyValueError) {
        guard try byteCount() > 0 else { throw damaged("it is empty") }
        var attempts = 0
        while true {
            // A writer lengthens the file before its meta page says so.
            let meta = try metaPages().newer
            let held = try byteCount() / UInt64(meta.pageByteCount)
            guard held <= meta.lastPage else { return }
            let missing = meta.lastPage + 1 - held
            // Eight bytes of the free list name one of them.
            if missing <= held * UInt64(meta.pageByteCount) / 8 {
                var walk = PageWalk(file: self, meta: meta)
                walk.walkFreeList(heldPageCount: held)
                if walk.findings.isEmpty, walk.unwrittenPageCount == missing { return }
            }
            attempts += 1
            // A writer of another process may have gone on meanwhile.
            if attempts < 3, try metaPages().newer != meta { continue }
            throw damaged(
                "it ends after \(held) pages, but has \(meta.lastPage + 1); it was cut")
        }
    }
}
