import PolluxCodec

/// Small records of other rooms that live in the same environment: the content and the CRC-32C of
/// it (storage-format/README.md).
public enum SealedRecord {
    /// The record of a content.
    public static func seal(_ content: [UInt8]) -> [UInt8] { withChecksum(content) }

    /// The content of a record; nil when its checksum is wrong.
    public static func content(_ record: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        try? checkedPayload(record)
    }
}
