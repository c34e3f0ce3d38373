/// Checksums over stored bytes.
public enum Checksum {
    /// CRC-32C (Castagnoli, reflected, start and end inverted) of `bytes`.
    ///
    /// Pass an earlier result as `previous` to continue over more bytes. O(count).
    public static func crc32c(_ bytes: UnsafeRawBufferPointer, previous: UInt32 = 0) -> UInt32 {
        fatalError("not yet")
    }

    /// CRC-32C of `bytes`.
    public static func crc32c(_ bytes: [UInt8], previous: UInt32 = 0) -> UInt32 {
        fatalError("not yet")
    }
}
