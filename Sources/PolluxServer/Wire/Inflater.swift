import CZlib

/// Unpacks a gzip or zlib body; the output is bounded so that a small body cannot fill memory.
enum Inflater {
    /// Why a compressed body was not unpacked.
    enum Failure: Error, Equatable {
        /// The bytes are not gzip or zlib data, or they are cut short or damaged.
        case corrupt(String)
        /// The content is larger than allowed.
        case tooLarge(limit: Int)
    }

    /// Unpacks all members of `compressed`; never returns more than `limit` bytes.
    static func inflate(_ compressed: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        var stream = z_stream()
        guard pollux_inflate_init_any(&stream) == Z_OK else { throw .corrupt("zlib did not start") }
        defer { inflateEnd(&stream) }
        // zlib reads through a mutable pointer type but never writes to its input.
        var source = compressed
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        var output: [UInt8] = []
        var taken = 0
        while true {
            let step = advance(&stream, from: &source, at: taken, into: &block)
            taken += step.taken
            guard step.status == Z_OK || step.status == Z_STREAM_END else {
                throw .corrupt(step.status == Z_BUF_ERROR ? "it ends too early" : "it is damaged")
            }
            guard output.count + step.produced <= limit else { throw .tooLarge(limit: limit) }
            output.append(contentsOf: block[..<step.produced])
            if step.status == Z_STREAM_END {
                if taken == source.count { return output }
                guard inflateReset(&stream) == Z_OK else { throw .corrupt("it is damaged") }
            } else if step.produced == 0, taken == source.count {
                throw .corrupt("it ends too early")
            }
        }
    }

    /// One call of zlib: what it took from `source`, what it put into `block`, and its status.
    private static func advance(
        _ stream: inout z_stream, from source: inout [UInt8], at position: Int,
        into block: inout [UInt8]
    ) -> (taken: Int, produced: Int, status: Int32) {
        source.withUnsafeMutableBufferPointer { source in
            block.withUnsafeMutableBufferPointer { block in
                let offered = UInt32(clamping: source.count - position)
                stream.next_in = source.baseAddress.map { $0 + position }
                stream.avail_in = offered
                stream.next_out = block.baseAddress
                stream.avail_out = UInt32(block.count)
                let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                return (
                    Int(offered - stream.avail_in), block.count - Int(stream.avail_out), status
                )
            }
        }
    }
}
