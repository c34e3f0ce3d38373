internal import PolluxKernels

/// Numbers of equal width packed one after the other, lowest bit first: the layout of a block that
/// is not full (storage-format/encodings.md §4).
enum TailBits {
    /// Bytes that `count` numbers of `width` bits take.
    static func byteCount(count: Int, width: Int) -> Int {
        (count * width + 7) / 8
    }

    /// Appends the low `width` bits of each number.
    static func append(
        _ values: UnsafePointer<Int64>, count: Int, width: Int, reference: Int64,
        into bytes: inout [UInt8]
    ) {
        guard width > 0 else { return }
        let mask = UInt64.max >> UInt64(64 - width)
        bytes.appendSpace(byteCount(count: count, width: width)) { target in
            var place = target
            var held: UInt64 = 0
            var filled = 0
            for index in 0..<count {
                let value = UInt64(bitPattern: values[index] &- reference) & mask
                held |= value &<< UInt64(filled)
                filled &+= width
                if filled >= 64 {
                    place.storeBytes(of: held.littleEndian, as: UInt64.self)
                    place += 8
                    filled &-= 64
                    held = filled == 0 ? 0 : value &>> UInt64(width &- filled)
                }
            }
            while filled > 0 {
                place.storeBytes(of: UInt8(truncatingIfNeeded: held), as: UInt8.self)
                place += 1
                held >>= 8
                filled -= 8
            }
        }
    }

    /// Reads `count` numbers from exactly `byteCount(count:width:)` bytes and adds `reference`.
    static func read(
        _ source: UnsafeRawPointer, count: Int, width: Int, reference: Int64,
        into values: UnsafeMutablePointer<Int64>
    ) {
        guard width > 0 else {
            for index in 0..<count { values[index] = reference }
            return
        }
        BitStrings.read(
            source, count: count, width: width, reference: reference, into: values)
    }
}
