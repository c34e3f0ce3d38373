/// How much work a column may cost for the sake of fewer bytes.
public enum EncodingTier: UInt8, Sendable, CaseIterable {
    /// For hot chunks and the journal: numbers take modes without zstd, which are written and
    /// decoded several times as fast.
    case fast = 1
    /// For cold chunks: the same integers as byte planes behind zstd where that is smaller.
    case dense = 2
}

/// The modes a column can be stored in; the raw value is the first byte of an encoded column.
///
/// storage-format/encodings.md has a section for each.
public enum ColumnEncoding: UInt8, Sendable, CaseIterable {
    // Floats
    case floatConstant = 0x10
    case floatRunLength = 0x11
    case floatScaled = 0x12
    case floatDictionary = 0x13
    case floatSibling = 0x14
    case floatSplit = 0x15
    case floatGorilla = 0x16
    case floatRaw = 0x17
    case floatPlanes = 0x18
    case floatZstd = 0x19
    // Integers; also the streams inside other modes
    case integerConstant = 0x20
    case integerRunLength = 0x21
    case integerPacked = 0x22
    case integerPackedDelta = 0x23
    case integerPackedDeltaDelta = 0x24
    case integerDictionary = 0x25
    case integerPlanes = 0x26
    case integerRaw = 0x27
    // Timestamps
    case timeConstantStep = 0x30
    case timeStepExceptions = 0x31
    case timePacked = 0x32
    case timeDense = 0x33
    case timeLine = 0x34
    // Booleans
    case booleanConstant = 0x40
    case booleanRunLength = 0x41
    case booleanBits = 0x42
    case booleanZstd = 0x43
    // Texts
    case textDictionary = 0x50
    case textPlain = 0x51
    case textZstd = 0x52
    // Qualities
    case qualityRunLength = 0x60

    /// The name shown by `pollux inspect`, such as `float scaled`.
    public var name: String {
        var words = ""
        for character in String(describing: self) {
            if character.isUppercase { words += " " }
            words += character.lowercased()
        }
        return words
    }
}

/// Limits that every reader of an encoded column enforces before it allocates.
public enum ColumnLimits {
    /// The most values one column may hold.
    public static let maximumCount = 1 << 24
    /// Rows of one packed block; aggregates are answered per whole block.
    public static let blockCount = 1024
}
