import Foundation
import PolluxIngest

/// Adapters of machines in the configuration file.
extension ServeSettings {
    /// The adapter of a section `[shdr NAME]`.
    static func adapter(
        _ section: SettingsFile.Section, _ file: SettingsFile
    ) throws(SettingsFile.Fault) -> SHDRAdapter {
        try refuseRepeated(section, file, except: [])
        func fault(_ reason: String) -> SettingsFile.Fault {
            SettingsFile.Fault(file: file.file, line: section.line, reason: reason)
        }
        guard !section.name.isEmpty, !section.name.contains("/") else {
            throw fault("an adapter needs a name without /: [shdr cell-1]")
        }
        var values: [String: String] = [:]
        for entry in section.entries {
            guard ["address", "asset", "description", "device"].contains(entry.key) else {
                throw file.fault(
                    entry,
                    "unknown key; known in [shdr] are address, asset, description, device")
            }
            if entry.value.isEmpty { throw file.fault(entry, "the value is missing") }
            values[entry.key] = entry.value
        }
        guard let address = values["address"] else {
            throw fault("[shdr \(section.name)] needs address = HOST:7878")
        }
        var description: [UInt8]?
        if let path = values["description"] {
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw fault("cannot read the file \(path)")
            }
            description = Array(bytes)
        }
        do {
            return try SHDRAdapter(
                name: section.name, address: address,
                asset: values["asset"] ?? "machine:\(section.name)", description: description,
                deviceName: values["device"])
        } catch {
            throw fault("[shdr \(section.name)]: \(error.description)")
        }
    }

    /// Refuses two adapters of one name or at one address.
    static func checkAdapters(
        _ adapters: [SHDRAdapter], _ file: SettingsFile
    ) throws(SettingsFile.Fault) {
        for (index, adapter) in adapters.enumerated() {
            let isTwin = adapters[..<index].contains {
                $0.name == adapter.name || $0.sourceName == adapter.sourceName
            }
            guard isTwin else { continue }
            throw SettingsFile.Fault(
                file: file.file, line: file.sections.last { $0.kind == "shdr" }?.line ?? 1,
                reason: "two adapters have the name \(adapter.name) or the address "
                    + "\(adapter.host):\(adapter.port)")
        }
    }
}
