import CLMDB

/// Memory that was freed and that the C library still keeps from the system.
public enum FreedMemory {
    /// Gives whole free pages back to the system, also those between blocks in use, which the
    /// C library does not do by itself.
    ///
    /// - Complexity: O(free blocks of the heap).
    public static func giveBack() { _ = malloc_trim(0) }
}
