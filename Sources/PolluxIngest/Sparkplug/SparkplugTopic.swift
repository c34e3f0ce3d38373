/// What a Sparkplug topic says: who speaks, and what kind of message it is.
struct SparkplugTopic: Hashable, Sendable {
    /// The kinds of message.
    enum Kind: String, Sendable {
        case nodeBirth = "NBIRTH"
        case nodeDeath = "NDEATH"
        case nodeValues = "NDATA"
        case nodeCommand = "NCMD"
        case deviceBirth = "DBIRTH"
        case deviceDeath = "DDEATH"
        case deviceValues = "DDATA"
        case deviceCommand = "DCMD"

        var isOfDevice: Bool { rawValue.utf8.first == UInt8(ascii: "D") }
    }

    var kind: Kind
    var group: String
    var node: String
    /// The device; empty when the node speaks for itself.
    var device: String
    /// Whether it is the copy of a birth that a broker keeps (`$sparkplug/certificates/…`).
    var isCertificate = false

    /// The node as one text, unique per plant.
    var nodePath: String { group + "/" + node }

    /// What a topic turned out to be.
    enum Reading {
        /// Not of Sparkplug.
        case none
        /// The state of a host application.
        case hostState(host: String)
        case message(SparkplugTopic)
        /// In Sparkplug's namespace but not as the standard says.
        case wrong(reason: String)
    }

    private static let namespace = "spBv1.0/"
    private static let certificates = "$sparkplug/certificates/spBv1.0/"

    /// Whether a topic is one of Sparkplug's, right or wrong.
    static func owns(_ topic: String) -> Bool {
        topic.hasPrefix(namespace) || topic.hasPrefix("STATE/")
            || topic.hasPrefix("$sparkplug/")
    }

    /// Reads a topic.
    static func read(_ topic: String) -> Reading {
        if topic.hasPrefix(namespace) {
            return read(levels: topic.dropFirst(namespace.count), isCertificate: false)
        }
        if topic.hasPrefix(certificates) {
            return read(levels: topic.dropFirst(certificates.count), isCertificate: true)
        }
        // Version 2.2 put the host's state at the root.
        if topic.hasPrefix("STATE/"), topic.utf8.count > 6, !topic.dropFirst(6).contains("/") {
            return .hostState(host: String(topic.dropFirst(6)))
        }
        return .none
    }

    private static func read(levels: Substring, isCertificate: Bool) -> Reading {
        let parts = levels.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.first == "STATE", parts.count == 2 { return .hostState(host: parts[1]) }
        guard parts.count >= 3, let kind = Kind(rawValue: parts[1]) else {
            return .wrong(
                reason: "a Sparkplug topic is spBv1.0/group/NBIRTH|NDATA|…/node[/device]")
        }
        guard !parts.contains("") else {
            return .wrong(reason: "a level of the Sparkplug topic is empty")
        }
        guard parts.count == (kind.isOfDevice ? 4 : 3) else {
            return .wrong(
                reason: kind.isOfDevice
                    ? "\(kind.rawValue) needs a device: spBv1.0/group/\(kind.rawValue)/node/device"
                    : "\(kind.rawValue) has no device level: spBv1.0/group/\(kind.rawValue)/node")
        }
        return .message(
            SparkplugTopic(
                kind: kind, group: parts[0], node: parts[2],
                device: kind.isOfDevice ? parts[3] : "", isCertificate: isCertificate))
    }
}
