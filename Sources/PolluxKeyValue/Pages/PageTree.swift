/// One of the trees of pages in `data.mdb`.
struct PageTree {
    enum Kind {
        /// The pages that hold nothing.
        case free
        /// The tables.
        case tables
        /// The keys of a table.
        case table
    }

    var name: String
    var kind: Kind
    var record: TreeRecord

    /// The trees that a meta page names.
    static func free(_ meta: MetaPage) -> PageTree {
        PageTree(name: "the free list", kind: .free, record: meta.free)
    }

    static func tables(_ meta: MetaPage) -> PageTree {
        PageTree(name: "the list of tables", kind: .tables, record: meta.main)
    }

    /// The tree that an entry of the list of tables names.
    static func table(_ node: TreePage.Node, in page: TreePage) throws(PageDefect) -> PageTree {
        let name = "table \(String(decoding: page.key(node), as: UTF8.self))"
        guard node.flags == PageLayout.isTable, node.valueByteCount == PageLayout.treeByteCount
        else {
            throw PageDefect(
                "its entry for \(name) has flags \(node.flags) and \(node.valueByteCount) bytes")
        }
        return PageTree(
            name: name, kind: .table, record: TreeRecord(page.content, at: node.valueStart))
    }

    /// Refuses a record that cannot be one.
    func checkRecord(lastPage: UInt64) throws(PageDefect) {
        let flags = kind == .free ? PageLayout.integerKeys : 0
        guard record.flags == flags else {
            throw PageDefect("it records flags \(record.flags) for \(name), not \(flags)")
        }
        guard record.depth <= PageLayout.depthLimit, (record.depth == 0) == record.isEmpty else {
            throw PageDefect("it records a depth of \(record.depth) for \(name)")
        }
        guard record.isEmpty || (2...max(2, lastPage)).contains(record.root) else {
            throw PageDefect(
                "it records page \(record.root) as the root of \(name), the last is \(lastPage)")
        }
    }

    /// Refuses a page that cannot stand at a level of this tree.
    func check(_ page: TreePage, level: Int, lastPage: UInt64) throws(PageDefect) {
        guard page.isLeaf == (level == record.depth) else {
            throw PageDefect(
                "it is a \(page.isLeaf ? "leaf" : "branch") at level \(level) of \(record.depth)")
        }
        // LMDB leaves a branch of the free list with one child while it balances that list.
        guard page.isLeaf || kind == .free || page.nodes.count > 1 else {
            throw PageDefect("it is a branch with one child")
        }
        for (index, node) in page.nodes.enumerated() {
            if !page.isLeaf {
                guard (2...max(2, lastPage)).contains(node.child) else {
                    throw PageDefect(
                        "node \(index) leads to page \(node.child), the last is \(lastPage)")
                }
            } else if kind != .tables, node.flags & ~PageLayout.isLarge != 0 {
                throw PageDefect("node \(index) has flags \(node.flags)")
            }
            guard kind != .free || node.key.count == 8 || !page.isLeaf && index == 0 else {
                throw PageDefect("the key of node \(index) has \(node.key.count) bytes, not 8")
            }
        }
    }

    /// A key as bytes whose order is the tree's.
    func ordered(_ key: ArraySlice<UInt8>) -> [UInt8] {
        // Commits count as whole numbers of the machine, whose least byte is the first.
        kind == .free ? key.reversed() : Array(key)
    }
}
