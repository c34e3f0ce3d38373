import PolluxIngest
import PolluxServer

/// What `pollux serve` does: from a configuration file, then from the command line, which wins.
struct ServeSettings {
    var data: String?
    var listen: ListenAddress?
    var isInsecure = false
    /// Further names under which browsers reach the server, such as a proxy's.
    var hosts: [String] = []
    /// The files of the certificate and its key.
    var certificate: String?
    var key: String?
    var sources: [MQTTAddress] = []
    var adapters: [SHDRAdapter] = []
    var ingest = IngestOptions()
    var limits = ServerLimits()
    /// A file of rules for topics and lines.
    var rulesFile: String?

    /// No settings of one's own.
    init() {}

    /// The settings of a file.
    ///
    /// - Throws: `SettingsFile.Fault` with the line and the key.
    init(_ text: String, file: String) throws(SettingsFile.Fault) {
        let settings = try SettingsFile(text, file: file)
        for section in settings.sections {
            switch section.kind {
            case "": try takeServer(section, settings)
            case "ingest": try takeIngest(section, settings)
            case "limits": try takeLimits(section, settings)
            case "mqtt": sources.append(try ServeSettings.source(section, settings))
            case "shdr": adapters.append(try ServeSettings.adapter(section, settings))
            default:
                throw SettingsFile.Fault(
                    file: file, line: section.line,
                    reason: "the heading [\(section.kind)] is not known: [ingest], [limits], "
                        + "[mqtt NAME] and [shdr NAME] are")
            }
        }
        try checkSources(settings)
        try ServeSettings.checkAdapters(adapters, settings)
    }

    private mutating func takeServer(
        _ section: SettingsFile.Section, _ file: SettingsFile
    ) throws(SettingsFile.Fault) {
        try ServeSettings.refuseRepeated(section, file, except: [])
        for entry in section.entries {
            switch entry.key {
            case "data": data = entry.value
            case "listen":
                guard let address = ListenAddress(argument: entry.value) else {
                    throw file.fault(entry, "`\(entry.value)` is not HOST:PORT")
                }
                listen = address
            case "insecure": isInsecure = try ServeSettings.flag(entry, file)
            case "hosts":
                hosts = entry.value.split { $0 == "," || $0 == " " }.map(String.init)
                guard !hosts.isEmpty else {
                    throw file.fault(entry, "write names of hosts, such as plant.example")
                }
                if let reason = hosts.lazy.compactMap(ServeSettings.mistake(inHost:)).first {
                    throw file.fault(entry, reason)
                }
            case "certificate": certificate = entry.value
            case "key": key = entry.value
            default:
                throw file.fault(
                    entry,
                    "unknown key; data, listen, hosts, certificate, key and insecure are known here"
                )
            }
        }
    }

    /// Why a text is no name of a host, or nil.
    static func mistake(inHost name: String) -> String? {
        let isName = name.allSatisfy {
            $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_"
        }
        guard name.isEmpty || !isName else { return nil }
        return "`\(name)` is no name of a host: write it without https:// and without a port, "
            + "such as plant.example"
    }

    /// Both files, or none.
    static func certificateFiles(
        _ certificate: String?, _ key: String?
    ) throws(CommandFailure) -> CertificateFiles? {
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            return CertificateFiles(certificate: certificate, key: key)
        case (let given, _):
            throw CommandFailure(
                ExitCode.badUse,
                "TLS needs the certificate and its key: \(given == nil ? "certificate" : "key") "
                    + "is missing")
        }
    }

    private mutating func takeIngest(
        _ section: SettingsFile.Section, _ file: SettingsFile
    ) throws(SettingsFile.Fault) {
        try ServeSettings.refuseRepeated(section, file, except: [])
        for entry in section.entries {
            switch entry.key {
            case "create": ingest.createsUnknown = try ServeSettings.flag(entry, file)
            case "new-assets-per-minute":
                ingest.newAssetsPerMinute = try ServeSettings.number(entry, file)
            case "new-series-per-minute":
                ingest.newSeriesPerMinute = try ServeSettings.number(entry, file)
            case "attribute-changes-per-minute":
                ingest.attributeChangesPerMinute = try ServeSettings.number(entry, file)
            case "future-seconds":
                let seconds = try ServeSettings.number(entry, file)
                ingest.futureTolerance = Int64(min(seconds, 9_000_000_000)) * 1_000_000_000
            case "dead-letter-bytes":
                ingest.deadLetterByteCount = try ServeSettings.number(entry, file)
            case "message-bytes":
                ingest.messageByteCountLimit = try ServeSettings.number(entry, file)
            case "containment":
                let types = entry.value.split { $0 == "," || $0 == " " }.map(String.init)
                guard !types.isEmpty, Set(types).count == types.count else {
                    throw file.fault(
                        entry, "write types, outermost first, such as site, line, machine")
                }
                ingest.containment = types
            case "rules": rulesFile = entry.value
            default:
                throw file.fault(
                    entry,
                    "unknown key; known in [ingest] are create, new-assets-per-minute, "
                        + "new-series-per-minute, attribute-changes-per-minute, future-seconds, "
                        + "dead-letter-bytes, message-bytes, containment, rules")
            }
        }
    }

    private mutating func takeLimits(
        _ section: SettingsFile.Section, _ file: SettingsFile
    ) throws(SettingsFile.Fault) {
        try ServeSettings.refuseRepeated(section, file, except: [])
        for entry in section.entries {
            let number = try ServeSettings.number(entry, file)
            guard number > 0 else { throw file.fault(entry, "a limit of nothing lets nothing in") }
            switch entry.key {
            case "query-seconds": limits.queryTime = .seconds(min(number, 1_000_000_000))
            case "query-bytes": limits.queryByteCount = number
            case "body-bytes": limits.bodyByteCount = number
            default:
                throw file.fault(
                    entry,
                    "unknown key; known in [limits] are query-seconds, query-bytes, body-bytes")
            }
        }
    }

    private static func source(
        _ section: SettingsFile.Section, _ file: SettingsFile
    ) throws(SettingsFile.Fault) -> MQTTAddress {
        try refuseRepeated(section, file, except: ["topic"])
        guard let url = section.entries.first(where: { $0.key == "url" }) else {
            throw SettingsFile.Fault(
                file: file.file, line: section.line,
                reason: "[mqtt \(section.name)] needs url = mqtt://host:1883")
        }
        var address: MQTTAddress
        do {
            address = try MQTTAddress(url.value)
        } catch {
            throw file.fault(url, error.description)
        }
        if section.entries.contains(where: { $0.key == "topic" }) { address.topics = [] }
        for entry in section.entries where entry.key != "url" {
            if entry.value.isEmpty { throw file.fault(entry, "the value is missing") }
            switch entry.key {
            case "user": address.user = entry.value
            case "password": address.password = entry.value
            case let key where MQTTAddress.optionNames.contains(key):
                if let reason = address.set(key, entry.value) { throw file.fault(entry, reason) }
            default:
                let names = ["url", "user", "password"] + MQTTAddress.optionNames
                throw file.fault(
                    entry, "unknown key; known in [mqtt] are \(names.joined(separator: ", "))")
            }
        }
        if let reason = address.conflict {
            throw SettingsFile.Fault(file: file.file, line: section.line, reason: reason)
        }
        return address
    }

    private func checkSources(_ file: SettingsFile) throws(SettingsFile.Fault) {
        guard let reason = ServeSettings.clash(sources) else { return }
        throw SettingsFile.Fault(
            file: file.file, line: file.sections.last { $0.kind == "mqtt" }?.line ?? 1,
            reason: reason)
    }

    /// Why sources cannot run side by side, or nil.
    static func clash(_ sources: [MQTTAddress]) -> String? {
        for (index, source) in sources.enumerated() {
            let twin = sources[..<index].contains {
                $0.host == source.host && $0.port == source.port && $0.client == source.client
            }
            if twin {
                return "two sources use the client name \(source.client) at \(source.description), "
                    + "and the broker would end one for the other: give each its own client"
            }
        }
        return nil
    }

    static func refuseRepeated(
        _ section: SettingsFile.Section, _ file: SettingsFile, except repeatable: Set<String>
    ) throws(SettingsFile.Fault) {
        var seen: Set<String> = []
        for entry in section.entries
        where !seen.insert(entry.key).inserted && !repeatable.contains(entry.key) {
            throw file.fault(entry, "it stands here twice")
        }
    }

    private static func flag(
        _ entry: SettingsFile.Entry, _ file: SettingsFile
    ) throws(SettingsFile.Fault) -> Bool {
        switch entry.value {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw file.fault(entry, "`\(entry.value)` is neither true nor false")
        }
    }

    private static func number(
        _ entry: SettingsFile.Entry, _ file: SettingsFile
    ) throws(SettingsFile.Fault) -> Int {
        guard let number = Int(entry.value), number >= 0 else {
            throw file.fault(entry, "`\(entry.value)` is not a whole number from 0")
        }
        return number
    }
}
