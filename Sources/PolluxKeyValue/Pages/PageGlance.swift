/// A look at the uppermost pages of all trees, so that opening a damaged database is an error.
///
/// It reads a bounded number of pages, level by level: a small database whole, of a large one the
/// pages that most reads go through. The rest is for `PageCheck`.
struct PageGlance {
    /// 2 MiB of pages of the usual size: milliseconds from memory, less than half a second from a
    /// disk that needs a millisecond for each.
    static let pageLimit = 512

    let file: PageFile
    let meta: MetaPage

    private struct Place {
        var page: UInt64
        var level: Int
        var tree: PageTree
    }

    /// What is wrong, nil when nothing was found.
    func finding() -> PageFinding? {
        var places: [Place] = []
        for tree in [PageTree.tables(meta), .free(meta)] {
            do {
                try add(tree, to: &places)
            } catch {
                return PageFinding(
                    page: meta.number, tree: "the meta pages", problem: error.problem)
            }
        }
        var next = 0
        while next < places.count, next < PageGlance.pageLimit {
            let place = places[next]
            next += 1
            do {
                try look(at: place, &places)
            } catch {
                return PageFinding(
                    page: place.page, tree: place.tree.name, problem: error.problem)
            }
        }
        return nil
    }

    private func add(_ tree: PageTree, to places: inout [Place]) throws(PageDefect) {
        try tree.checkRecord(lastPage: meta.lastPage)
        if !tree.record.isEmpty {
            places.append(Place(page: tree.record.root, level: 1, tree: tree))
        }
    }

    private func look(at place: Place, _ places: inout [Place]) throws(PageDefect) {
        let page = try file.treePage(place.page, of: meta)
        try place.tree.check(page, level: place.level, lastPage: meta.lastPage)
        for node in page.nodes {
            if !page.isLeaf {
                guard places.count < PageGlance.pageLimit else { return }
                places.append(Place(page: node.child, level: place.level + 1, tree: place.tree))
            } else if place.tree.kind == .tables {
                try add(try .table(node, in: page), to: &places)
            } else if node.isLarge {
                let first = page.overflowPage(node)
                let byteCount = UInt64(node.valueByteCount + PageLayout.headerByteCount)
                guard first >= 2, first <= meta.lastPage,
                    (byteCount - 1) / UInt64(meta.pageByteCount) <= meta.lastPage - first
                else { throw PageDefect("a large value begins at page \(first) and ends outside") }
            }
        }
    }
}
