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
        switch content {
        case .any: compress(source, Contexts.any)
        case .plane: compress(source, Contexts.planes)
        }
    }

    private static func compress(
        _ source: UnsafeRawBufferPointer, _ contexts: borrowing Contexts
    ) -> [UInt8] {
        let bound = ZSTD_compressBound(source.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { target, initialized in
            let context = contexts.take()
            defer { contexts.give(context) }
            let size = ZSTD_compress2(
                context, target.baseAddress, bound, source.baseAddress, source.count)
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
/// At most `limit` of each kind are kept; every one is used by one caller at a time. Compressors
/// have a kind for each content: of one size, their memory is not taken anew.
private struct Contexts: ~Copyable {
    private let limit = 4
    private let idle = Mutex<[UInt]>([])
    private let make: @Sendable () -> OpaquePointer?
    private let free: @Sendable (OpaquePointer) -> Void

    static let any = Contexts(make: { compressor(level: 3) }, free: { _ = ZSTD_freeCCtx($0) })
    static let planes = Contexts(
        make: {
            let context = compressor(level: -5)
            // Negative levels leave out the Huffman codes, which are all that skewed bytes need:
            // `literalCompressionMode`, 1 for always. A library without it writes frames that are
            // as good, but larger.
            ZSTD_CCtx_setParameter(context, ZSTD_c_experimentalParam5, 1)
            return context
        }, free: { _ = ZSTD_freeCCtx($0) })
    static let decompressors = Contexts(
        make: { ZSTD_createDCtx() }, free: { _ = ZSTD_freeDCtx($0) })

    private init(
        make: @escaping @Sendable () -> OpaquePointer?,
        free: @escaping @Sendable (OpaquePointer) -> Void
    ) {
        self.make = make
        self.free = free
    }

    private static func compressor(level: Int32) -> OpaquePointer? {
        let context = ZSTD_createCCtx()
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        return context
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
