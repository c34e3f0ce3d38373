import PolluxModel

/// Where a broker is and how to talk to it, read from a URL such as
/// `mqtt://user:password@host:1883/?topic=factory/%23&client=pollux`.
public struct MQTTAddress: Hashable, Sendable {
    /// Name or address of the broker's host.
    public var host: String
    /// Its port; 1883, or 8883 with TLS.
    public var port: UInt16
    /// Whether the connection is encrypted (`mqtts`).
    public var usesTLS: Bool
    /// The user name, if any.
    public var user: String?
    /// The password, if any.
    public var password: String?
    /// Topic filters to subscribe to; `#` when none is given.
    public var topics: [String]
    /// The client's name at the broker; must stay the same for the session to be kept.
    public var client: String
    /// A file of certificates to trust (`ca=`), for TLS.
    public var authorityFile: String?
    /// A certificate of our own (`cert=`), for TLS.
    public var certificateFile: String?
    /// Its key (`key=`), for TLS.
    public var keyFile: String?
    /// The version of MQTT to speak (`version=5` or `3.1.1`); nil tries 5 first.
    public var version: MQTTVersion?
    /// Whether the broker keeps subscriptions and messages while we are away (`session=persistent`,
    /// the default) or forgets them (`session=clean`).
    public var keepsSession: Bool
    /// Messages that the broker may send before the first is acknowledged (`receive=`).
    ///
    /// From 1 to 65,535; bounds the memory of a source while commits are slow. Version 5 only.
    public var receiveMaximum: UInt16
    /// The name under which the source is a Sparkplug host application (`sparkplug=`); nil listens
    /// to edge nodes and publishes nothing.
    public var sparkplugHost: String?

    /// The client's name when the address gives none.
    public static let defaultClient = "pollux"
    /// What `receiveMaximum` is when the address does not say.
    public static let defaultReceiveMaximum: UInt16 = 5000

    /// The address without its password, for messages and counters.
    public var description: String {
        "\(usesTLS ? "mqtts" : "mqtt")://\(user.map { $0 + "@" } ?? "")\(host):\(port)"
    }

    /// The name under which its messages are counted: the address, and the client's name where it
    /// is not the default, because one broker may be read by several.
    public var sourceName: String {
        client == MQTTAddress.defaultClient ? description : "\(description)?client=\(client)"
    }

    /// Reads an address.
    ///
    /// Options after `?`: `topic` (repeatable, `$share/group/filter` too), `client`, `session`,
    /// `version`, `receive`, `sparkplug`, `ca`, `cert`, `key`.
    /// - Throws: `IngestError.badAddress`.
    public init(_ text: String) throws(IngestError) {
        func fail(_ reason: String) -> IngestError { .badAddress(text: text, reason: reason) }
        guard let separator = MQTTAddress.firstRange(of: "://", in: text) else {
            throw fail("expected mqtt:// or mqtts://")
        }
        switch text[..<separator.lowerBound].lowercased() {
        case "mqtt", "tcp": usesTLS = false
        case "mqtts", "ssl": usesTLS = true
        case let scheme: throw fail("the scheme \(scheme) is neither mqtt nor mqtts")
        }
        var rest = text[separator.upperBound...]
        var options: Substring = ""
        if let mark = rest.firstIndex(of: "?") {
            options = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if let slash = rest.lastIndex(of: "/"), !rest[slash...].contains("@") {
            guard rest[rest.index(after: slash)...].isEmpty else {
                throw fail("topics are given as ?topic=…, not as a path")
            }
            rest = rest[..<slash]
        }
        (user, password) = (nil, nil)
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = MQTTAddress.decode(parts[0]), !name.isEmpty else {
                throw fail("the user name cannot be read")
            }
            user = name
            if parts.count > 1 {
                guard let secret = MQTTAddress.decode(parts[1]) else {
                    throw fail("the password cannot be read: write % as %25")
                }
                password = secret
            }
            rest = rest[rest.index(after: at)...]
        }
        guard let place = MQTTAddress.split(rest, usesTLS: usesTLS) else {
            throw fail("expected a host and, after a colon, a port from 1 to 65535")
        }
        (host, port) = place
        topics = []
        client = MQTTAddress.defaultClient
        (authorityFile, certificateFile, keyFile) = (nil, nil, nil)
        (version, keepsSession) = (nil, true)
        receiveMaximum = MQTTAddress.defaultReceiveMaximum
        if let reason = apply(options) { throw fail(reason) }
        if topics.isEmpty { topics = ["#"] }
    }

    private static func firstRange(of part: String, in text: String) -> Range<String.Index>? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(part) {
                return index..<text.index(index, offsetBy: part.count)
            }
            index = text.index(after: index)
        }
        return nil
    }

    private static func split(_ text: Substring, usesTLS: Bool) -> (String, UInt16)? {
        var host = text
        var port: UInt16 = usesTLS ? 8883 : 1883
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if !rest.isEmpty {
                guard rest.first == ":", let number = UInt16(rest.dropFirst()), number > 0 else {
                    return nil
                }
                port = number
            }
        } else if let colon = text.lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else {
                return nil
            }
            port = number
            host = text[..<colon]
        }
        return host.isEmpty || host.utf8.contains(0) ? nil : (String(host), port)
    }

    /// Takes over the options and returns what is wrong with them.
    private mutating func apply(_ options: Substring) -> String? {
        for option in options.split(separator: "&") {
            let parts = option.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = MQTTAddress.decode(parts[1]), !value.isEmpty else {
                return "the option \(option) has no value"
            }
            if let reason = set(String(parts[0]), value) { return reason }
        }
        return conflict
    }

    /// The names of the options, for messages.
    public static let optionNames = [
        "topic", "client", "session", "version", "receive", "sparkplug", "ca", "cert", "key",
    ]

    /// Sets one option and returns what is wrong with it, if anything.
    public mutating func set(_ option: String, _ value: String) -> String? {
        guard !value.utf8.contains(0) else { return "an option contains a zero byte" }
        switch option {
        case "topic":
            if let reason = MQTTAddress.problem(ofFilter: value) { return reason }
            topics.append(value)
        case "client": client = value
        case "ca": authorityFile = value
        case "cert": certificateFile = value
        case "key": keyFile = value
        case "session":
            guard ["clean", "persistent"].contains(value) else {
                return "session is clean or persistent, not \(value)"
            }
            keepsSession = value == "persistent"
        case "version":
            guard let known = MQTTVersion(rawValue: value) else {
                return "version is 5 or 3.1.1, not \(value)"
            }
            version = known
        case "receive":
            guard let number = UInt16(value), number > 0 else {
                return "receive is a number from 1 to 65535, not \(value)"
            }
            receiveMaximum = number
        case "sparkplug":
            guard !value.contains(where: { "+/#".contains($0) }), value.utf8.count <= 200 else {
                return "sparkplug is the name of a host application without +, / and #"
            }
            sparkplugHost = value
        default:
            let names = MQTTAddress.optionNames.joined(separator: ", ")
            return "the option \(option) is not known; there are \(names)"
        }
        return nil
    }

    /// Why brokers would refuse a topic filter; nil when they would not.
    static func problem(ofFilter filter: String) -> String? {
        var levels = filter.split(separator: "/", omittingEmptySubsequences: false)
        if levels.first == "$share" {
            guard levels.count > 2, !levels[1].isEmpty,
                !levels[1].contains(where: { $0 == "+" || $0 == "#" })
            else {
                return "a shared subscription is written $share/group/filter, not \(filter)"
            }
            levels.removeFirst(2)
        }
        for (index, level) in levels.enumerated() {
            if level.contains("#"), level != "#" || index != levels.count - 1 {
                return "# stands alone at the end of a topic filter, unlike in \(filter)"
            }
            if level.contains("+"), level != "+" {
                return "+ stands for a whole level of a topic filter, unlike in \(filter)"
            }
        }
        return nil
    }

    /// What does not go together, or nil.
    public var conflict: String? {
        guard usesTLS || (authorityFile ?? certificateFile ?? keyFile) == nil else {
            return "ca, cert and key need mqtts://"
        }
        guard (certificateFile == nil) == (keyFile == nil) else {
            return "cert and key go together"
        }
        return nil
    }

    /// Resolves percent escapes; nil when they are broken or do not give UTF-8.
    static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The versions of MQTT.
public enum MQTTVersion: String, Hashable, Sendable {
    case five = "5"
    case three = "3.1.1"
}
