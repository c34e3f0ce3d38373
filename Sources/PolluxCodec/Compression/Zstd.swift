internal import CZstd
internal import Synchronization

/// Compressed bytes inside columns: zstd frames with the content size in the frame header.
enum Zstd {
    static let level: Int32 = 3

    /// One frame holding `source`.
    static func compress(_ source: UnsafeRawBufferPointer) -> [UInt8] {
        let bound = ZSTD_compressBound(source.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { target, initialized in
            let context = Contexts.compressors.take()
            defer { Contexts.compressors.give(context) }
            let size = ZSTD_compressCCtx(
                context, target.baseAddress, bound, source.baseAddress, source.count, level)
            precondition(ZSTD_isError(size) == 0, "zstd fits its own bound")
            initialized = size
        }
    }

    /// Decompresses one frame that must hold exactly `target.count` bytes.
    static func decompress(
        _ source: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawBufferPointer
    ) throws(CodecError) {
        let context = Contexts.decompressors.take()
        defer { Contexts.decompressors.give(context) }
        let size = ZSTD_decompressDCtx(context, target.baseAddress, target.count, source, count)
        guard ZSTD_isError(size) == 0 else {
            throw .compression(reason: String(cString: ZSTD_getErrorName(size)))
        }
        guard size == target.count else {
            throw .compression(reason: "\(size) bytes where \(target.count) are expected")
        }
    }
}

/// zstd's working memory, kept between calls because making it costs more than a small column.
///
/// At most `limit` of each kind are kept; every one is used by one caller at a time.
private struct Contexts: ~Copyable {
    private let limit = 4
    private let idle = Mutex<[UInt]>([])
    private let make: @Sendable () -> OpaquePointer?
    private let free: @Sendable (OpaquePointer) -> Void

    static let compressors = Contexts(make: { ZSTD_createCCtx() }, free: { _ = ZSTD_freeCCtx($0) })
    static let decompressors = Contexts(
        make: { ZSTD_createDCtx() }, free: { _ = ZSTD_freeDCtx($0) })

    private init(
        make: @escaping @Sendable () -> OpaquePointer?,
        free: @escaping @Sendable (OpaquePointer) -> Void
    ) {
        self.make = make
        self.free = free
    }

    func take() -> OpaquePointer {
        let kept = idle.withLock { $0.popLast() }
        if let kept, let context = OpaquePointer(bitPattern: kept) { return context }
        guard let context = make() else { preconditionFailure("no memory for a zstd context") }
        return context
    }

    func give(_ context: OpaquePointer) {
        let isKept = idle.withLock { idle in
            if idle.count >= limit { return false }
            idle.append(UInt(bitPattern: context))
            return true
        }
        if !isKept { free(context) }
    }
}
