import Glibc

/// Walks all pages that one commit reaches and collects what is wrong with them.
struct PageWalk {
    private let file: PageFile
    private let meta: MetaPage
    private var reached: PageSet
    private(set) var findings: [PageFinding] = []
    /// Free pages that the file does not reach to.
    private(set) var unwrittenPageCount: UInt64 = 0
    private var heldPageCount = UInt64.max

    private struct Counts {
        var branches: UInt64 = 0
        var leaves: UInt64 = 0
        var overflow: UInt64 = 0
        var entries: UInt64 = 0
    }

    /// A tree under way.
    private struct Way {
        let tree: PageTree
        var counts = Counts()
        var isSound = true
        /// The tables it lists and the pages that record them.
        var tables: [(tree: PageTree, page: UInt64)] = []
    }

    init(file: PageFile, meta: MetaPage) {
        self.file = file
        self.meta = meta
        reached = PageSet(last: meta.lastPage)
    }

    /// Walks all trees of the commit; `other` is the other meta page of the same instant.
    mutating func walkAll(beside other: MetaPage) {
        checkCommits(other)
        walkFreeList()
        let tables = PageTree.tables(meta)
        for (table, page) in walk(tables, recordedBy: (meta.number, "the meta pages")) {
            _ = walk(table, recordedBy: (page, tables.name))
        }
    }

    /// Walks the list of free pages; those from `heldPageCount` on are counted.
    mutating func walkFreeList(heldPageCount: UInt64 = .max) {
        self.heldPageCount = heldPageCount
        _ = walk(.free(meta), recordedBy: (meta.number, "the meta pages"))
    }

    private mutating func note(_ page: UInt64, _ tree: String, _ problem: String) {
        // A broken tree would otherwise fill the memory with findings.
        guard findings.count < 1000 else { return }
        findings.append(PageFinding(page: page, tree: tree, problem: problem))
    }

    /// Commits have one number after another and take turns between the meta pages.
    private mutating func checkCommits(_ other: MetaPage) {
        let (older, newer) = other.transaction > meta.transaction ? (meta, other) : (other, meta)
        guard newer.transaction > 0 else { return }
        if newer.transaction % 2 != newer.number || newer.transaction - 1 != older.transaction {
            note(
                newer.number, "the meta pages",
                "it names commit \(newer.transaction), page \(older.number) names commit "
                    + "\(older.transaction), which do not follow one another")
        }
    }

    // MARK: Trees

    /// Walks a tree and returns the tables that it lists.
    private mutating func walk(
        _ tree: PageTree, recordedBy place: (page: UInt64, tree: String)
    ) -> [(tree: PageTree, page: UInt64)] {
        do {
            try tree.checkRecord(lastPage: meta.lastPage)
        } catch {
            note(place.page, place.tree, error.problem)
            return []
        }
        var way = Way(tree: tree)
        if !tree.record.isEmpty {
            visit(tree.record.root, level: 1, from: nil, to: nil, &way)
        }
        if way.isSound { compare(way, place) }
        return way.tables
    }

    private mutating func compare(_ way: Way, _ place: (page: UInt64, tree: String)) {
        let record = way.tree.record
        for (name, recorded, found) in [
            ("branch pages", record.branchCount, way.counts.branches),
            ("leaf pages", record.leafCount, way.counts.leaves),
            ("pages of large values", record.overflowCount, way.counts.overflow),
            ("entries", record.entryCount, way.counts.entries),
        ] where recorded != found {
            note(
                place.page, place.tree,
                "it records \(recorded) \(name) for \(way.tree.name), there are \(found)")
        }
    }

    private mutating func note(_ page: UInt64, _ problem: String, _ way: inout Way) {
        way.isSound = false
        note(page, way.tree.name, problem)
    }

    /// Visits a page and what is below; its keys are at or after `lower` and before `upper`.
    private mutating func visit(
        _ number: UInt64, level: Int, from lower: [UInt8]?, to upper: [UInt8]?, _ way: inout Way
    ) {
        guard reached.insert(number) else {
            return note(number, "it is reached twice, or free and in use", &way)
        }
        let page: TreePage
        do {
            page = try file.treePage(number, of: meta)
            try way.tree.check(page, level: level, lastPage: meta.lastPage)
        } catch {
            return note(number, error.problem, &way)
        }
        let keys = page.nodes.map { way.tree.ordered(page.key($0)) }
        guard PageWalk.isOrdered(page.isLeaf ? keys[...] : keys[1...], from: lower, to: upper)
        else { return note(number, "its keys are not in order", &way) }
        if page.isLeaf {
            way.counts.leaves += 1
            way.counts.entries += UInt64(page.nodes.count)
            for node in page.nodes { visit(node, in: page, number, &way) }
        } else {
            way.counts.branches += 1
            for (index, node) in page.nodes.enumerated() {
                visit(
                    node.child, level: level + 1, from: index == 0 ? lower : keys[index],
                    to: index + 1 < keys.count ? keys[index + 1] : upper, &way)
            }
        }
    }

    private static func isOrdered(
        _ keys: ArraySlice<[UInt8]>, from lower: [UInt8]?, to upper: [UInt8]?
    ) -> Bool {
        guard let first = keys.first, let last = keys.last else { return true }
        if let lower, compare(first, lower) < 0 { return false }
        if let upper, compare(last, upper) >= 0 { return false }
        return zip(keys, keys.dropFirst()).allSatisfy { compare($0, $1) < 0 }
    }

    /// Below zero when `first` comes first, as LMDB compares keys: a prefix before what is longer.
    private static func compare(_ first: [UInt8], _ second: [UInt8]) -> Int {
        let order = memcmp(first, second, min(first.count, second.count))
        return order != 0 ? Int(order) : first.count - second.count
    }

    // MARK: Entries

    private mutating func visit(
        _ node: TreePage.Node, in page: TreePage, _ number: UInt64, _ way: inout Way
    ) {
        if way.tree.kind == .tables {
            do {
                way.tables.append((try .table(node, in: page), number))
            } catch {
                note(number, error.problem, &way)
            }
            return
        }
        var start: UInt64?
        if node.isLarge {
            let first = page.overflowPage(node)
            guard visitOverflow(first, of: node, number, &way) else { return }
            start = first * UInt64(meta.pageByteCount) + UInt64(PageLayout.headerByteCount)
        }
        guard way.tree.kind == .free else { return }
        do {
            try visitFreePages(node, in: page, at: start)
        } catch {
            note(number, error.problem, &way)
        }
    }

    /// Checks the run of pages of a large value.
    private mutating func visitOverflow(
        _ first: UInt64, of node: TreePage.Node, _ number: UInt64, _ way: inout Way
    ) -> Bool {
        let size = meta.pageByteCount
        let needed = UInt64(
            (PageLayout.headerByteCount + node.valueByteCount + size - 1) / size)
        guard first >= 2, first <= meta.lastPage, needed <= meta.lastPage - first + 1 else {
            note(
                number,
                "a value of \(node.valueByteCount) bytes begins at page \(first), the last is "
                    + "\(meta.lastPage)", &way)
            return false
        }
        do {
            let header = try file.bytes(
                at: first * UInt64(size), count: PageLayout.headerByteCount)
            let stored: UInt64 = header.number(at: 0)
            guard stored == first else {
                throw PageDefect("its header holds page number \(stored)")
            }
            let flags: UInt16 = header.number(at: PageLayout.flags)
            guard flags == PageLayout.overflow else {
                throw PageDefect("its flags are \(flags), not those of a large value")
            }
            // A value that was made shorter in the commit that wrote it keeps its pages.
            let count = UInt64(header.number(at: PageLayout.overflowCount, as: UInt32.self))
            guard count >= needed, count <= meta.lastPage - first + 1 else {
                throw PageDefect("it says \(count) pages, its value takes \(needed)")
            }
            for page in first..<(first + count) where !reached.insert(page) {
                throw PageDefect("page \(page) of its value is reached twice, or free and in use")
            }
            way.counts.overflow += count
            return true
        } catch {
            note(first, (error as? PageDefect)?.problem ?? "\(error)", &way)
            return false
        }
    }

    /// Marks the pages that an entry of the free list names: a count, then page numbers.
    private mutating func visitFreePages(
        _ node: TreePage.Node, in page: TreePage, at start: UInt64?
    ) throws(PageDefect) {
        let words = node.valueByteCount / 8
        guard words > 0 else { throw PageDefect("an entry of the free list is too short") }
        func piece(_ range: Range<Int>) throws(PageDefect) -> PageBytes {
            if let start {
                return try file.bytes(
                    at: start + UInt64(range.lowerBound * 8), count: range.count * 8)
            }
            let first = node.valueStart + range.lowerBound * 8
            return PageBytes(
                bytes: Array(page.content.bytes[first..<(first + range.count * 8)]))
        }
        let count: UInt64 = try piece(0..<1).number(at: 0)
        guard count < UInt64(words) else {
            throw PageDefect("an entry of the free list holds \(count) pages in \(words) words")
        }
        var next = 1
        while next <= Int(count) {
            let end = min(next + 8192, Int(count) + 1)
            let bytes = try piece(next..<end)
            for index in 0..<(end - next) {
                let free: UInt64 = bytes.number(at: index * 8)
                guard free >= 2, free <= meta.lastPage, reached.insert(free) else {
                    throw PageDefect("page \(free) of the free list is outside, or not free")
                }
                if free >= heldPageCount { unwrittenPageCount += 1 }
            }
            next = end
        }
    }
}
