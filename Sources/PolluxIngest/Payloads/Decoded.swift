import PolluxGraph
import PolluxModel

/// A part of the plant as a message names it; nothing is looked up yet.
struct AssetAddress: Hashable, Sendable {
    /// One name and the type it is of.
    struct Level: Hashable, Sendable {
        var type: String
        /// The name; empty for the unnamed place of that type.
        var name: String
    }

    /// Named containers, outermost first; the last one is the machine or what else is addressed.
    var levels: [Level] = []
    /// Parts below, outermost first; a name on the last one is that of the item mounted there.
    var parts: [Level] = []

    /// Bytes that stand for the address in the cache; names cannot hold a zero byte.
    var key: [UInt8] {
        var bytes: [UInt8] = []
        for level in levels {
            bytes.append(contentsOf: level.type.utf8)
            bytes.append(0)
            bytes.append(contentsOf: level.name.utf8)
            bytes.append(0)
        }
        for part in parts {
            bytes.append(1)
            bytes.append(contentsOf: part.type.utf8)
            bytes.append(0)
            bytes.append(contentsOf: part.name.utf8)
            bytes.append(0)
        }
        return bytes
    }

    /// The address as people read it, such as `spindle of machine CNC-3 of line L2`.
    var text: String {
        (levels + parts).reversed()
            .map { $0.name.isEmpty ? $0.type : "\($0.type) \($0.name)" }
            .joined(separator: " of ")
    }
}

/// A value as a message wrote it.
enum DecodedValue: Hashable, Sendable {
    /// A value whose kind the message states.
    case typed(Value)
    /// A number of JSON or text, which has one kind of number only.
    case number(Double)
    /// An unsigned number beyond the largest integer.
    case unsigned(UInt64)
    /// A text that may be a number: OPC UA writes 64-bit integers so.
    case written(String)
    /// Not a value: the source says that it is gone.
    case gone

    /// The kind a new series gets; nil when the value says nothing.
    var naturalKind: ValueKind? {
        switch self {
        case .typed(let value): value.kind
        case .number: .float
        case .unsigned: .integer
        case .written: .text
        case .gone: nil
        }
    }

    /// The value as a series of `kind` holds it; nil when that would lose something.
    ///
    /// Integers widen into floats; numbers without a stated kind enter integer series when whole.
    func converted(to kind: ValueKind) -> Value? {
        switch (self, kind) {
        case (.typed(.integer(let number)), .float): .float(Double(number))
        case (.typed(let value), _): value.kind == kind ? value : nil
        case (.number(let number), .float): .float(number)
        case (.number(let number), .integer): Int64(exactly: number).map { .integer($0) }
        case (.number, _): nil
        case (.unsigned(let number), .float): .float(Double(number))
        case (.unsigned, _): nil
        case (.written(let text), .text): .text(text)
        case (.written(let text), .integer): Int64(text).map { .integer($0) }
        case (.written(let text), .float):
            PlainText.number(Array(text.utf8)).map { .float($0) }
        case (.written, .boolean): nil
        case (.gone, .float): .float(0)
        case (.gone, .integer): .integer(0)
        case (.gone, .boolean): .boolean(false)
        case (.gone, .text): .text("")
        }
    }

    /// What line protocol calls the kind.
    var kindName: String {
        switch self {
        case .typed(let value): value.kind.lineName
        case .number: "float"
        case .unsigned: "unsigned"
        case .written: "string"
        case .gone: "null"
        }
    }
}

extension ValueKind {
    /// What line protocol calls the kind.
    var lineName: String {
        switch self {
        case .float: "float"
        case .integer: "integer"
        case .boolean: "boolean"
        case .text: "string"
        }
    }
}

/// One point as a message wrote it.
struct DecodedPoint: Hashable, Sendable {
    /// The measure's name.
    var measure: String
    /// The value.
    var value: DecodedValue
    /// When; nil when the message does not say.
    var time: Timestamp?
    /// What the message says of how far it can be trusted.
    private var toldQuality: Quality
    /// The unit; empty when the message does not say.
    var unit: String

    init(
        measure: String, value: DecodedValue, time: Timestamp? = nil, quality: Quality = .good,
        unit: String = ""
    ) {
        self.measure = measure
        self.value = value
        self.time = time
        self.unit = unit
        toldQuality = quality
    }

    /// How far it can be trusted: whatever the message says, a value that is gone ends, and a
    /// number that is none is bad.
    var quality: Quality {
        get {
            switch value {
            case .gone: .end
            case .number(let number) where !number.isFinite: .bad
            default: toldQuality
            }
        }
        set { toldQuality = newValue }
    }

    /// The measure and the unit under which the cache knows the series: the same measure in another
    /// unit is converted otherwise.
    var seriesName: String { DecodedPoint.seriesName(measure, unit) }

    /// See `seriesName`; names cannot hold a zero byte.
    static func seriesName(_ measure: String, _ unit: String) -> String {
        unit.isEmpty ? measure : measure + "\u{0}" + unit
    }
}

/// An event as a message wrote it.
struct DecodedEvent: Hashable, Sendable {
    /// What the message says about the event's time.
    enum Phase: Hashable, Sendable {
        /// It happened at its time.
        case instant
        /// It covers a span up to this instant.
        case until(Timestamp)
        /// It begins.
        case begins
        /// One that began before ends.
        case ends
    }

    var name: String
    var phase: Phase = .instant
    var time: Timestamp?
    /// Its name among its kind, such as `J42`.
    var label = ""
    var attributes: [Attribute] = []
    /// What a mount or unmount is about.
    var item = ""
    /// The type of the place, when the topic addresses the machine.
    var place = ""
}

/// What a message says of a measure without giving a value: its kind, unit and range.
struct DecodedDeclaration: Hashable, Sendable {
    var measure: String
    var kind: ValueKind
    var unit = ""
    /// The lowest and highest value that the source expects; kept as attributes of the asset.
    var low: Double?
    var high: Double?
}

/// A relation of an asset that holds from a time on.
struct DecodedRelation: Hashable, Sendable {
    /// The kind of relation, such as `stored-in`.
    var name: String
    /// What it is related to, outermost container first; nothing when it is no longer so related.
    var object: [AssetAddress.Level]
    var time: Timestamp?
}

/// A state with a beginning and an end, told by its changes: an alarm, the program that runs.
struct DecodedEpisode: Hashable, Sendable {
    /// The name of its events.
    var name: String
    /// What begins; empty when something only ends.
    var label: String
    var time: Timestamp
    /// The attribute that tells apart what changes independently, such as the condition; it is
    /// recorded with the event.
    var scope: Attribute?
    /// The label of what ends; empty for everything within the scope.
    var endingLabel = ""
    var attributes: [Attribute] = []
}

/// Where an item is, as far as a holder's place for it goes.
struct DecodedPlacement: Hashable, Sendable {
    /// The item; empty for whatever is in the place.
    var item: String
    /// The type of the item and of its place.
    var type: String
    /// What the place is in.
    var holder: AssetAddress
    /// Whether it is in the place; else it is not there any longer.
    var isIn: Bool
    var time: Timestamp
}

/// What a message says of one asset.
struct DecodedGroup: Sendable {
    var address: AssetAddress
    var points: [DecodedPoint] = []
    var events: [DecodedEvent] = []
    var episodes: [DecodedEpisode] = []
    var placements: [DecodedPlacement] = []
    /// Attributes to set when new or changed.
    var attributes: [Attribute] = []
    /// Measures that it describes.
    var declarations: [DecodedDeclaration] = []
    var relations: [DecodedRelation] = []
    /// When attributes came to hold; nil when the message does not say.
    var time: Timestamp?
    /// From when on none of the asset's own values holds any longer.
    var endsAt: Timestamp?
    /// Which of the values end: this measure and those below it; empty for all of them.
    var endsBelow = ""
    /// Whether the values of everything in the asset end too.
    var endsParts = false
    /// Attributes that no longer hold.
    var removedAttributes: [String] = []

    /// Whether something is said that is no point, event, relation or end.
    var hasFactsAlone: Bool {
        !declarations.isEmpty || !removedAttributes.isEmpty
            || (!attributes.isEmpty && points.isEmpty && events.isEmpty)
    }
}

/// A message read, names not yet looked up.
struct DecodedMessage: Sendable {
    /// The kind of payload found.
    var format = ""
    /// The rule that mapped the topic.
    var rule: String?
    var groups: [DecodedGroup] = []
    /// What could not be read; the rest is stored.
    var problems: [String] = []
    /// Observations left out because they were taken before.
    var repeatedCount = 0
    /// What it says of publishers of OPC UA, for the messages after it.
    var opcua: [OPCUANote] = []

    /// The group of an address: the last one, or a new one after it.
    mutating func group(of address: AssetAddress) -> Int {
        if groups.last?.address != address { groups.append(DecodedGroup(address: address)) }
        return groups.count - 1
    }

    /// Takes out values of one measure that came several times without a time of their own: all
    /// would hold at the arrival, and only the last would stand.
    mutating func refuseRepeated() {
        var counts: [RetainedKey: Int] = [:]
        for group in groups {
            for point in group.points where point.time == nil {
                let key = RetainedKey(address: group.address, measure: point.measure)
                counts[key, default: 0] += 1
            }
        }
        counts = counts.filter { $0.value > 1 }
        guard !counts.isEmpty else { return }
        for index in groups.indices {
            let address = groups[index].address
            groups[index].points.removeAll { point in
                point.time == nil
                    && counts[RetainedKey(address: address, measure: point.measure)] != nil
            }
        }
        problems += counts.map { key, count in
            "\(count) values of \(key.measure) of \(key.address.text) have no time of their own"
        }.sorted()
    }

    /// Adds what is said of a measure.
    mutating func declare(_ declaration: DecodedDeclaration, of address: AssetAddress) {
        groups[group(of: address)].declarations.append(declaration)
    }

    /// Adds an event of an address.
    mutating func add(_ event: DecodedEvent, of address: AssetAddress) {
        groups[group(of: address)].events.append(event)
    }
}
