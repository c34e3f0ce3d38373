import Foundation

/// Memory that ends at a page that may not be read: one byte too far ends the test run.
public final class GuardedBytes {
    private let start: UnsafeMutableRawPointer
    private let size: Int
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Room for `capacity` bytes.
    public init(capacity: Int) throws {
        size = (capacity + page - 1) / page * page
        let mapped = mmap(
            nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED, mprotect(mapped + size, page, PROT_NONE) == 0
        else { throw POSIXError(.ENOMEM) }
        start = mapped
    }

    deinit {
        munmap(start, size + page)
    }

    /// Calls `body` with a copy of `bytes` that ends at the forbidden page.
    public func with<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> R) rethrows
        -> R
    {
        let place = UnsafeMutableRawBufferPointer(
            start: start + (size - bytes.count), count: bytes.count)
        place.copyBytes(from: bytes)
        return try body(UnsafeRawBufferPointer(place))
    }
}
