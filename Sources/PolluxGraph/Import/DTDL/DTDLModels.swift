import PolluxKeyValue
import PolluxModel

/// The interfaces of one import, checked against each other and against the types that exist.
struct DTDLModels {
    private(set) var interfaces: [DTDLInterface] = []
    private(set) var notes: [(place: ImportPlace, text: String)] = []
    /// Index of an interface by its identifier without the version.
    private var byID: [String: Int] = [:]

    /// Reads a file: one Interface, or an array of them.
    mutating func read(_ file: ImportFile, units: UnitCatalog) throws(ImportFailure) {
        let source = DTDLSource(file: file.name, bytes: file.bytes)
        var limits = JSONReader.Limits()
        limits.byteCount = 1 << 28
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.parse(file.bytes, limits: limits)
        } catch {
            throw ImportFailure(
                ImportPlace(file: file.name, line: error.line, column: error.column), error.reason)
        }
        guard let elements = value.array else {
            try add(value, at: [], of: source, units: units)
            return
        }
        for (index, element) in elements.enumerated() {
            try add(element, at: [.element(index)], of: source, units: units)
        }
    }

    /// Reads one Interface.
    mutating func add(
        _ value: JSONValue, at path: [JSONPlace.Step], of source: DTDLSource, units: UnitCatalog
    ) throws(ImportFailure) {
        var reader = DTDLReader(source: source, units: units)
        let interface = try reader.read(value, at: path)
        for note in reader.notes { notes.append((source.place(note.path), note.text)) }
        // The base that our own exports extend is no type of its own.
        if interface.id.unversioned == DTDLModels.baseID { return }
        if let other = byID[interface.id.unversioned] {
            throw source.failure(
                path + [.member("@id")],
                "`\(interface.id.unversioned)` was defined at "
                    + "\(interfaces[other].source.place(interfaces[other].path)) already"
            )
        }
        byID[interface.id.unversioned] = interfaces.count
        interfaces.append(interface)
    }

    /// The interface of which all exported ones are made.
    static let baseID = "dtmi:pollux:Asset"

    func interface(_ id: DTMI) -> DTDLInterface? { byID[id.unversioned].map { interfaces[$0] } }

    /// Checks what interfaces say of each other; `exists` tells of types known already.
    func check(_ exists: (DTMI) throws -> Bool) throws {
        for interface in interfaces {
            for parent in interface.extends
            where self.interface(parent.id) == nil && parent.id.unversioned != DTDLModels.baseID {
                guard try !exists(parent.id) else { continue }
                throw interface.source.failure(
                    parent.path,
                    "`\(parent.id.text)` is neither in the files nor in the database",
                    suggestions: near(parent.id))
            }
            for component in interface.components {
                guard let schema = self.interface(component.schema) else {
                    guard try !exists(component.schema) else { continue }
                    throw interface.source.failure(
                        component.path,
                        "`\(component.schema.text)` is neither in the files nor in the database",
                        suggestions: near(component.schema))
                }
                guard schema.components.isEmpty else {
                    throw interface.source.failure(
                        component.path, "a component's Interface has no components of its own")
                }
            }
            for relationship in interface.relationships {
                guard let target = relationship.target, self.interface(target) == nil,
                    target.unversioned != DTDLModels.baseID, try !exists(target)
                else { continue }
                throw interface.source.failure(
                    relationship.path + [.member("target")],
                    "`\(target.text)` is neither in the files nor in the database",
                    suggestions: near(target))
            }
            try checkInheritance(of: interface)
        }
    }

    private func near(_ id: DTMI) -> [String] {
        let wanted = Array(id.unversioned)
        return interfaces.map(\.id).filter {
            editDistance(Array($0.unversioned), wanted) <= max(2, wanted.count / 8)
        }.map(\.text)
    }

    /// Depth, circles, and names that two ancestors give different things.
    private func checkInheritance(of interface: DTDLInterface) throws(ImportFailure) {
        let limit = interface.version == 4 ? 12 : 10
        var level = [interface]
        var names = interface.names.mapValues { _ in interface.id }
        var met: Set<String> = [interface.id.unversioned]
        var depth = 0
        while !level.isEmpty {
            depth += 1
            guard depth <= limit else {
                throw interface.source.failure(
                    interface.path + [.member("extends")],
                    "extends leads through more than \(limit) levels")
            }
            var above: [DTDLInterface] = []
            for lower in level {
                for parent in lower.extends {
                    guard let found = self.interface(parent.id) else { continue }
                    guard found.id.unversioned != interface.id.unversioned else {
                        throw lower.source.failure(parent.path, "extends leads back to itself")
                    }
                    guard met.insert(found.id.unversioned).inserted else { continue }
                    for (name, path) in found.names.sorted(by: { $0.key < $1.key }) {
                        guard let other = names.updateValue(found.id, forKey: name) else {
                            continue
                        }
                        let place = interface.names[name] ?? path
                        let source = interface.names[name] == nil ? found.source : interface.source
                        throw source.failure(
                            place + [.member("name")],
                            "`\(name)` is in \(other.text) and in "
                                + "\(found.id.text), which it extends"
                        )
                    }
                    above.append(found)
                }
            }
            level = above
        }
    }

    /// Names for the types: the last segment, or the last two where that is taken.
    ///
    /// `holder` gives the type that a word names already, with the model it was imported under.
    func typeNames(
        _ known: (DTMI) throws -> String?,
        _ holder: (String) throws -> (name: String, model: String?)?
    ) throws -> [String: String] {
        var names: [String: String] = [:]
        var taken: Set<String> = []
        for interface in interfaces {
            let id = interface.id
            if let name = try known(id) {
                names[id.unversioned] = name
                taken.insert(name.lowercased())
                continue
            }
            for count in 1...id.segments.count {
                let name = id.segments.suffix(count).joined(separator: "-")
                let other = try holder(name)
                let isFree = other?.model == nil || other?.model == id.unversioned
                guard isFree, taken.insert(name.lowercased()).inserted else { continue }
                names[id.unversioned] = other?.name ?? name
                break
            }
            if names[id.unversioned] == nil {
                throw interface.source.failure(
                    interface.path + [.member("@id")],
                    "the type `\(id.segments.last ?? "")` stands for another Interface already")
            }
        }
        return names
    }
}
