internal import CZstd
internal import Synchronization

/// Compressed bytes inside columns: zstd frames with the content size in the frame header.
enum Zstd {
    /// What the bytes are, and so how much searching pays.
    enum Content {
        /// Anything: level 3.
        case any
        /// One byte of each of a column's numbers: some repeat as sequences, most are only skewed.
        /// A fast search gives no more bytes than a long one in the mean, and half the time.
        case plane
    }

    /// One frame holding `source`.
    static func compress(
        _ source: UnsafeRawBufferPointer, as content: Content = .any
    ) -> [UInt8] {
        let bound = ZSTD_compressBound(source.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { target, initialized in
            let context = Contexts.compressors.take()
            defer { Contexts.compressors.give(context) }
            set(content, context)
            let size = ZSTD_compress2(
                context, target.baseAddress, bound, source.baseAddress, source.count)
            precondition(ZSTD_isError(size) == 0, "zstd fits its own bound")
            initialized = size
        }
    }

    private static func set(_ content: Content, _ context: OpaquePointer) {
        let level: Int32 = content == .plane ? -5 : 3
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        // Negative levels leave out the Huffman codes, which are all that skewed bytes need:
        // `literalCompressionMode`, 1 for always, 0 for what the level says. A library without it
        // writes frames that are as good, but larger.
        ZSTD_CCtx_setParameter(context, ZSTD_c_experimentalParam5, content == .plane ? 1 : 0)
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
