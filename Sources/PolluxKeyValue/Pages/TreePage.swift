/// A branch or leaf page whose header and nodes lie inside it.
struct TreePage {
    /// One entry: a key with what belongs to it.
    struct Node {
        var key: Range<Int>
        /// Flags of a leaf's node; 0 in a branch.
        var flags: UInt16
        /// The page below, of a branch's node.
        var child: UInt64
        /// Where a leaf's value or its page number begins, and how long the value is.
        var valueStart: Int
        var valueByteCount: Int

        var isLarge: Bool { flags & PageLayout.isLarge != 0 }
        var isTable: Bool { flags & PageLayout.isTable != 0 }
    }

    let content: PageBytes
    let isLeaf: Bool
    private(set) var nodes: [Node] = []

    /// Reads a page; whatever is outside of it or of an impossible form is a defect.
    init(_ content: PageBytes, number: UInt64) throws(PageDefect) {
        self.content = content
        let stored: UInt64 = content.number(at: 0)
        guard stored == number else { throw PageDefect("its header holds page number \(stored)") }
        let flags: UInt16 = content.number(at: PageLayout.flags)
        guard flags == PageLayout.branch || flags == PageLayout.leaf else {
            throw PageDefect("its flags are \(flags), neither a branch's nor a leaf's")
        }
        isLeaf = flags == PageLayout.leaf
        let size = content.bytes.count
        let lower = Int(content.number(at: PageLayout.lower, as: UInt16.self))
        let upper = Int(content.number(at: PageLayout.upper, as: UInt16.self))
        guard lower > PageLayout.headerByteCount, lower % 2 == 0, lower <= upper else {
            throw PageDefect("its lower bound is \(lower), its upper bound \(upper)")
        }
        guard upper <= size, upper % 2 == 0 else {
            throw PageDefect("its upper bound is \(upper) of \(size)")
        }
        nodes.reserveCapacity((lower - PageLayout.headerByteCount) / 2)
        var used = 0
        for place in stride(from: PageLayout.headerByteCount, to: lower, by: 2) {
            let (node, byteCount) = try node(
                at: Int(content.number(at: place, as: UInt16.self)), from: upper)
            used += byteCount
            nodes.append(node)
        }
        // Nodes are packed without room between them.
        guard used == size - upper else {
            throw PageDefect("its nodes take \(used) bytes, \(size - upper) are in use")
        }
    }

    private func node(at start: Int, from upper: Int) throws(PageDefect) -> (Node, byteCount: Int) {
        let size = content.bytes.count
        let name = "node \(nodes.count)"
        guard start >= upper, start % 2 == 0, start + PageLayout.nodeByteCount <= size else {
            throw PageDefect("\(name) begins at \(start), the nodes at \(upper) of \(size)")
        }
        let low = UInt64(content.number(at: start, as: UInt16.self))
        let high = UInt64(content.number(at: start + 2, as: UInt16.self))
        let flags: UInt16 = content.number(at: start + 4)
        let keyByteCount = Int(content.number(at: start + 6, as: UInt16.self))
        let keyStart = start + PageLayout.nodeByteCount
        // The first key of a branch stands for everything before the second and may be empty.
        guard keyByteCount <= PageLayout.keyByteCountLimit,
            keyByteCount > 0 || !isLeaf && nodes.isEmpty
        else { throw PageDefect("the key of \(name) has \(keyByteCount) bytes") }
        var node = Node(
            key: keyStart..<(keyStart + keyByteCount), flags: 0, child: 0,
            valueStart: keyStart + keyByteCount, valueByteCount: 0)
        var end = node.valueStart
        if isLeaf {
            node.flags = flags
            node.valueByteCount = Int(low | high << 16)
            end += node.isLarge ? 8 : node.valueByteCount
        } else {
            node.child = low | high << 16 | UInt64(flags) << 32
        }
        guard end <= size else {
            throw PageDefect("\(name) ends at \(end), the page at \(size)")
        }
        return (node, (end - start + 1) & ~1)
    }

    /// The bytes of a node's key.
    func key(_ node: Node) -> ArraySlice<UInt8> { content.bytes[node.key] }

    /// The first page of a value that is too large for a leaf.
    func overflowPage(_ node: Node) -> UInt64 { content.number(at: node.valueStart) }
}
