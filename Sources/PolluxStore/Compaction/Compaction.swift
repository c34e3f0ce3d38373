extension Store {
    /// Seals the head, rewrites every chunk that is not in the dense tier or small, gives free
    /// pages back to the file system, and waits for it.
    ///
    /// Works chunk by chunk; writers wait only while a finished chunk is put in its place. Blocks
    /// the calling thread.
    public func compact() throws -> CompactionReport { try rewriter.compact() }
}
