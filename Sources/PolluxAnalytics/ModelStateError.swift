/// Why bytes are not the state of a model.
public enum ModelStateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes end before the state does, or go on after it.
    case wrongLength
    /// The checksum does not match: the bytes were damaged.
    case damaged
    /// The bytes are the state of another model.
    case otherModel(expected: UInt8, found: UInt8)
    /// The state was written by a version this program cannot resume.
    case unknownVersion(UInt8)
    /// A field holds what the model can never hold.
    case impossible(field: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .wrongLength: "the stored model state has the wrong length; the model starts afresh"
        case .damaged: "the stored model state is damaged (checksum); the model starts afresh"
        case .otherModel(let expected, let found):
            "the stored state is of model \(found), not of model \(expected)"
        case .unknownVersion(let version):
            "the stored model state has version \(version), which this program cannot resume"
        case .impossible(let field): "the stored model state has an impossible \(field)"
        }
    }
}
