/// Where things lie in the pages of `data.mdb`, as LMDB 0.9 writes them on a 64-bit machine
/// (storage-format/environment.md §4; mdb.c: `MDB_page`, `MDB_node`, `MDB_db`, `MDB_meta`).
enum PageLayout {
    // MDB_page: number u64, padding u16, flags u16, then lower u16, upper u16 or page count u32.
    static let flags = 10
    static let lower = 12
    static let upper = 14
    static let overflowCount = 12
    static let headerByteCount = 16

    static let branch: UInt16 = 1
    static let leaf: UInt16 = 2
    static let overflow: UInt16 = 4
    static let meta: UInt16 = 8

    // MDB_node: low u16, high u16, flags u16, key size u16, key, data.
    static let nodeByteCount = 8
    static let isLarge: UInt16 = 1
    static let isTable: UInt16 = 2
    static let keyByteCountLimit = 511

    // MDB_meta, from the start of its page.
    static let magic = 16
    static let version = 20
    static let trees = 40
    static let lastPage = 136
    static let transaction = 144
    static let metaByteCount = 152

    // MDB_db: page size or 0 u32, flags u16, depth u16, five u64.
    static let treeByteCount = 48
    static let noPage = UInt64.max
    static let depthLimit = 32

    /// Flags of the free list's tree: its keys are whole numbers of the machine.
    static let integerKeys: UInt16 = 8
}

/// Bytes of a page and the numbers in them, which are in the machine's order.
struct PageBytes {
    var bytes: [UInt8]

    func number<Number: FixedWidthInteger>(at offset: Int, as: Number.Type = Number.self) -> Number
    {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= bytes.count)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }
}

/// What is wrong with a page, without its number.
struct PageDefect: Error {
    var problem: String
    init(_ problem: String) { self.problem = problem }
}

/// One tree of pages as a meta page or the list of tables records it: `MDB_db`.
struct TreeRecord: Equatable {
    var pageByteCount: UInt32
    var flags: UInt16
    var depth: Int
    var branchCount: UInt64
    var leafCount: UInt64
    var overflowCount: UInt64
    var entryCount: UInt64
    var root: UInt64

    init(_ page: PageBytes, at offset: Int) {
        pageByteCount = page.number(at: offset)
        flags = page.number(at: offset + 4)
        depth = Int(page.number(at: offset + 6, as: UInt16.self))
        branchCount = page.number(at: offset + 8)
        leafCount = page.number(at: offset + 16)
        overflowCount = page.number(at: offset + 24)
        entryCount = page.number(at: offset + 32)
        root = page.number(at: offset + 40)
    }

    var isEmpty: Bool { root == PageLayout.noPage }
}

/// One of the two pages that say where the trees of a commit begin: `MDB_meta`.
struct MetaPage: Equatable {
    var number: UInt64
    var free: TreeRecord
    var main: TreeRecord
    var lastPage: UInt64
    var transaction: UInt64

    var pageByteCount: Int { Int(free.pageByteCount) }

    /// The fields of a meta page, when it is one.
    init(_ page: PageBytes, number: UInt64) throws(PageDefect) {
        guard page.number(at: 0, as: UInt64.self) == number else {
            throw PageDefect("its header holds the number of another page")
        }
        guard page.number(at: PageLayout.flags, as: UInt16.self) == PageLayout.meta else {
            throw PageDefect("its flags are not those of a meta page")
        }
        guard page.number(at: PageLayout.magic, as: UInt32.self) == 0xBEEF_C0DE else {
            throw PageDefect("its magic number is not LMDB's")
        }
        let version: UInt32 = page.number(at: PageLayout.version)
        guard version == 1 else { throw PageDefect("its version is \(version), not 1") }
        self.number = number
        free = TreeRecord(page, at: PageLayout.trees)
        main = TreeRecord(page, at: PageLayout.trees + PageLayout.treeByteCount)
        lastPage = page.number(at: PageLayout.lastPage)
        transaction = page.number(at: PageLayout.transaction)
        // The offsets in a page have 16 bits and begin at its header.
        guard (256...32768).contains(free.pageByteCount),
            free.pageByteCount.nonzeroBitCount == 1
        else { throw PageDefect("its page size is \(free.pageByteCount)") }
        guard lastPage >= 1, lastPage < 1 << 48 else {
            throw PageDefect("its last page is \(lastPage)")
        }
        guard transaction < 1 << 62 else {
            throw PageDefect("its commit is \(transaction), which none reaches")
        }
    }
}
