import PolluxGraph
import PolluxModel

/// A cutting tool as an asset tells it: a twin with its life, its state, its dimensions and where
/// it is.
struct MTConnectTool {
    private let element: MTConnectElement
    private let life: MTConnectElement
    /// The tool's id, which is its name here.
    let id: String
    private let instant: Timestamp?

    /// Reads a `CuttingTool` element; nil without an id.
    init?(_ element: MTConnectElement, id: String? = nil, instant: Timestamp? = nil) {
        guard let id = element.attributes["assetId"] ?? id, !id.isEmpty else { return nil }
        self.id = id
        self.element = element
        life = element.child("CuttingToolLifeCycle") ?? element
        let time = element.attributes["timestamp"] ?? ""
        self.instant = Timestamp(message: time) ?? instant
    }

    /// The number that programs call the tool by.
    var programNumber: String? { life.value("ProgramToolNumber") }

    /// Adds everything that is said of the tool.
    func add(to message: inout DecodedMessage, of device: MTConnectDevice, at arrival: Timestamp) {
        let time = instant ?? arrival
        var group = DecodedGroup(
            address: AssetAddress(levels: [.init(type: "tool", name: id)]))
        group.time = time
        addIdentity(to: &group)
        addLife(to: &group, at: time)
        addMeasurements(to: &group)
        addPlace(to: &group, &message, device, at: time)
        message.groups.append(group)
    }

    private func addIdentity(to group: inout DecodedGroup) {
        for (name, text) in [
            ("serial-number", element.attributes["serialNumber"]),
            ("tool-id", element.attributes["toolId"]),
            ("manufacturers", element.attributes["manufacturers"]),
            ("program-tool-number", programNumber),
            ("program-tool-group", life.value("ProgramToolGroup")),
            ("grade", life.all(["CuttingItem"]).first?.attributes["grade"]),
        ] {
            guard let text, !text.isEmpty else { continue }
            group.attributes.append(Attribute(name, .text(text)))
        }
    }

    /// Used life as measures, its limits as attributes, the cutter's states as one text.
    private func addLife(to group: inout DecodedGroup, at time: Timestamp) {
        let lives = life.children.filter { $0.name == "ToolLife" }
            .flatMap { $0.child("ToolLife") == nil ? [$0] : $0.children }
        for one in lives {
            let (measure, unit): (String, String)
            switch one.attributes["type"]?.uppercased() {
            case "MINUTES": (measure, unit) = ("life-minutes", "MINUTE")
            case "PART_COUNT": (measure, unit) = ("life-parts", "")
            case "WEAR": (measure, unit) = ("wear", "MILLIMETER")
            default: continue
            }
            if let number = MTConnectTool.number(one.text) {
                group.points.append(
                    DecodedPoint(measure: measure, value: .number(number), time: time, unit: unit))
            }
            for name in ["initial", "warning", "limit"] {
                guard let number = MTConnectTool.number(one.attributes[name]) else { continue }
                group.attributes.append(Attribute("\(measure) \(name)", .float(number)))
            }
            if let direction = one.attributes["countDirection"] {
                group.attributes.append(
                    Attribute("\(measure) direction", .text(direction.lowercased())))
            }
        }
        let states = (life.child("CutterStatus")?.all(["Status"]) ?? []).map(\.text)
            .filter { !$0.isEmpty }
        guard !states.isEmpty else { return }
        group.points.append(
            DecodedPoint(
                measure: "status", value: .typed(.text(states.joined(separator: " "))), time: time))
    }

    private func addMeasurements(to group: inout DecodedGroup) {
        var known: Set<String> = []
        for one in life.child("Measurements")?.children ?? [] {
            guard
                let number = MTConnectTool.number(one.text)
                    ?? MTConnectTool.number(one.attributes["nominal"])
            else { continue }
            let name = MTConnectNames.kebab(one.name)
            let isDiameter =
                one.attributes["code"] == "DC"
                || ["cutting-diameter", "cutting-diameter-max"].contains(name)
            for attribute in isDiameter && number > 0 ? [name, "diameter"] : [name]
            where known.insert(attribute).inserted {
                group.attributes.append(Attribute(attribute, .float(number)))
            }
        }
    }

    /// In the spindle it is mounted; in a pot, a station or a crib it is stored.
    private func addPlace(
        to group: inout DecodedGroup, _ message: inout DecodedMessage, _ device: MTConnectDevice,
        at time: Timestamp
    ) {
        let location = life.child("Location")
        let kind = location?.attributes["type"]?.uppercased() ?? ""
        let isRemoved = element.attributes["removed"] == "true"
        guard isRemoved || !kind.isEmpty else { return }
        let isIn = kind == "SPINDLE" && !isRemoved
        var relation = DecodedRelation(name: "stored-in", object: [], time: time)
        if !isIn, !isRemoved {
            let number = location?.text ?? ""
            relation.object =
                device.address.levels
                + [.init(type: MTConnectNames.kebab(kind), name: number.isEmpty ? "0" : number)]
        }
        group.relations.append(relation)
        let placement = DecodedPlacement(
            item: id, type: "tool", holder: device.toolHolder, isIn: isIn, time: time)
        message.groups[message.group(of: device.address)].placements.append(placement)
    }

    private static func number(_ text: String?) -> Double? {
        guard let text, let number = PlainText.number(Array(text.utf8)), number.isFinite else {
            return nil
        }
        return number
    }
}
