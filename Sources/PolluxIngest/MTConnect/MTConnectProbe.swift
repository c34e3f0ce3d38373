import PolluxGraph
import PolluxModel

/// Reads the description of a device: components become parts, data items become measures.
struct MTConnectProbe {
    private(set) var device: MTConnectDevice
    /// What the description says of each part.
    private(set) var groups: [DecodedGroup] = []
    private let root: MTConnectElement
    private var measures: [AssetAddress: Set<String>] = [:]
    private var typeCounts: [String: Int] = [:]
    private var spindles: [AssetAddress] = []

    /// Signals of one device.
    static let signalLimit = 50_000

    /// Reads a `Device` element.
    ///
    /// - Parameter place: where the machine is, when a setting says so.
    /// - Returns: nil without a uuid, or with too many signals.
    init?(_ root: MTConnectElement, place: AssetAddress? = nil) {
        guard let uuid = root.attributes["uuid"] ?? root.attributes["id"], !uuid.isEmpty else {
            return nil
        }
        self.root = root
        let name = root.attributes["name"] ?? uuid
        let kind = root.name == "Agent" ? "agent" : "machine"
        let address =
            place ?? AssetAddress(levels: [.init(type: kind, name: name.isEmpty ? uuid : name)])
        device = MTConnectDevice(uuid: uuid, address: address)
        device.isDescribed = true
        describeMachine()
        count(root)
        take(root, at: address)
        guard device.signals.count <= MTConnectProbe.signalLimit else { return nil }
        device.toolHolder = spindles.count == 1 ? spindles[0] : address
        device.tellsToolAssets = device.signals.contains { $0.type == "TOOL_ASSET_ID" }
    }

    private mutating func describeMachine() {
        var group = DecodedGroup(address: device.address)
        func note(_ name: String, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            group.attributes.append(Attribute(name, .text(text)))
        }
        note("uuid", device.uuid)
        let description = root.child("Description")
        note("manufacturer", description?.attributes["manufacturer"])
        note("model", description?.attributes["model"])
        note("serial-number", description?.attributes["serialNumber"])
        note("station", description?.attributes["station"])
        note("description", description?.text)
        groups.append(group)
    }

    /// How many components of each kind the device has, which decides whether one needs a name.
    private mutating func count(_ element: MTConnectElement) {
        for component in MTConnectProbe.components(of: element) {
            typeCounts[MTConnectProbe.type(of: component), default: 0] += 1
            count(component)
        }
    }

    private static func components(of element: MTConnectElement) -> [MTConnectElement] {
        element.children.filter { $0.name == "Components" }.flatMap(\.children)
    }

    private static func signals(of element: MTConnectElement) -> [MTConnectElement] {
        element.children.filter { $0.name == "DataItems" }.flatMap(\.children)
            .filter { $0.name == "DataItem" }
    }

    /// The type of a part: an axis that turns a tool or a workpiece at speed is a spindle.
    private static func type(of component: MTConnectElement) -> String {
        switch component.name {
        case "Linear": return "axis"
        case "Rotary":
            let turns = signals(of: component).contains {
                ["ROTARY_VELOCITY", "SPINDLE_SPEED"].contains($0.attributes["type"] ?? "")
            }
            return turns ? "spindle" : "axis"
        default: return MTConnectNames.kebab(component.name)
        }
    }

    private mutating func take(_ element: MTConnectElement, at address: AssetAddress) {
        for signal in MTConnectProbe.signals(of: element) { add(signal, at: address) }
        for component in MTConnectProbe.components(of: element) {
            guard address.parts.count < 16 else { return }
            let type = MTConnectProbe.type(of: component)
            // The only one of its kind is the machine's place of that kind, wherever it stands.
            if typeCounts[type] == 1 {
                var place = device.address
                place.parts.append(.init(type: type, name: ""))
                if type == "spindle" { spindles.append(place) }
                take(component, at: place)
                continue
            }
            var inner = address
            // A named part directly in a machine would count as mounted there for a while.
            if inner.parts.isEmpty { inner.parts.append(.init(type: "components", name: "")) }
            let name = component.attributes["name"] ?? component.attributes["id"] ?? ""
            inner.parts.append(.init(type: type, name: name))
            if type == "spindle" { spindles.append(inner) }
            take(component, at: inner)
        }
    }

    private mutating func add(_ element: MTConnectElement, at address: AssetAddress) {
        guard let id = element.attributes["id"], !id.isEmpty,
            let category = MTConnectSignal.Category(
                rawValue: element.attributes["category"]?.uppercased() ?? "")
        else { return }
        let type = element.attributes["type"] ?? ""
        let name = element.attributes["name"] ?? ""
        var signal = MTConnectSignal(
            id: id, category: category, type: type, address: address, measure: "")
        signal.subType = element.attributes["subType"] ?? ""
        signal.units = element.attributes["units"] ?? MTConnectNames.unit(ofType: type)
        signal.representation = element.attributes["representation"] ?? ""
        signal.measure = MTConnectNames.measure(
            type: type, subType: signal.subType, statistic: element.attributes["statistic"])
        if category != .condition {
            // The first of a kind has the plain name, others add their own.
            if !measures[address, default: []].insert(signal.measure).inserted {
                signal.measure += "/" + (name.isEmpty ? id : name)
                measures[address, default: []].insert(signal.measure)
            }
            declare(signal, element)
        }
        device.add(signal, names: [name, element.child("Source")?.text ?? ""])
    }

    private mutating func declare(_ signal: MTConnectSignal, _ element: MTConnectElement) {
        var declaration = DecodedDeclaration(
            measure: signal.measure, kind: signal.isNumeric ? .float : .text)
        declaration.unit = MTConnectNames.single(signal.units)
        // Values of several numbers become several measures, each when it comes.
        guard signal.units == declaration.unit,
            !["DATA_SET", "TABLE"].contains(
                signal.representation)
        else { return }
        let constraints = element.child("Constraints")
        declaration.low = constraints?.value("Minimum").flatMap { Double($0) }
        declaration.high = constraints?.value("Maximum").flatMap { Double($0) }
        if groups.last?.address != signal.address {
            groups.append(DecodedGroup(address: signal.address))
        }
        groups[groups.count - 1].declarations.append(declaration)
    }
}

extension MTConnectNames {
    /// The measure of a signal whose values are a statistic of others, such as `load-average`.
    static func measure(type: String, subType: String, statistic: String?) -> String {
        let plain = measure(type: type, subType: subType)
        guard let statistic, !statistic.isEmpty else { return plain }
        return plain + "-" + kebab(statistic)
    }
}
