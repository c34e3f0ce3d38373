import PolluxModel

/// One signal (MTConnect: data item) of a device.
struct MTConnectSignal: Hashable, Sendable {
    /// What its observations are.
    enum Category: String, Sendable {
        case sample = "SAMPLE"
        case event = "EVENT"
        case condition = "CONDITION"
    }

    var id: String
    var category: Category
    var type: String
    var subType = ""
    /// The unit of its values, as MTConnect writes it.
    var units = ""
    var representation = ""
    var address: AssetAddress
    var measure: String

    /// Whether its values are numbers.
    var isNumeric: Bool {
        switch category {
        case .sample: true
        case .event: !units.isEmpty || MTConnectNames.isNumber(type)
        case .condition: false
        }
    }
}

/// What is known of a device: its signals by id, and where its tools are.
struct MTConnectDevice: Sendable {
    var uuid: String
    /// The machine.
    var address: AssetAddress
    /// What the tool's place is in: the only spindle, else the machine.
    var toolHolder: AssetAddress
    /// Whether the device told which tool is in its spindle by an asset's id.
    var tellsToolAssets = false
    private(set) var signals: [MTConnectSignal] = []
    private var indexes: [String: Int] = [:]
    /// Whether a probe described it.
    var isDescribed = false
    /// The agent's instance, and the newest observation of each signal.
    var instance = ""
    private(set) var seen: [String: Seen] = [:]
    /// Tools by the number that programs call them by.
    var tools: [String: String] = [:]

    /// An observation as the agent counted it.
    struct Seen: Hashable, Sendable {
        var sequence: String
        var time: String
    }

    /// Signals and conditions of a device that are remembered.
    static let seenLimit = 20_000

    /// A device of which only the id is known.
    init(uuid: String) {
        self.init(
            uuid: uuid,
            address: AssetAddress(levels: [.init(type: "machine", name: uuid)]))
    }

    init(uuid: String, address: AssetAddress) {
        self.uuid = uuid
        self.address = address
        toolHolder = address
    }

    /// Adds a signal under its id and the names that adapters call it by; the first one keeps a
    /// name.
    mutating func add(_ signal: MTConnectSignal, names: [String]) {
        indexes[signal.id] = signals.count
        for name in names where !name.isEmpty && indexes[name] == nil {
            indexes[name] = signals.count
        }
        signals.append(signal)
    }

    /// The signal of an id or name.
    func signal(_ key: String) -> MTConnectSignal? { indexes[key].map { signals[$0] } }

    /// Whether an observation was taken before; notes it.
    ///
    /// Agents repeat the state of a device every few seconds. A sequence belongs to one instance of
    /// the agent, and the time tells instances apart where none is named.
    mutating func isRepeated(_ key: String, sequence: String, time: String) -> Bool {
        guard !sequence.isEmpty else { return false }
        let new = Seen(sequence: sequence, time: time)
        if seen[key] == new { return true }
        if seen[key] != nil || seen.count < MTConnectDevice.seenLimit { seen[key] = new }
        return false
    }

    /// Takes over the agent's instance; a new one counts its observations anew.
    mutating func begin(instance: String) {
        guard !instance.isEmpty, instance != self.instance else { return }
        self.instance = instance
        seen = [:]
    }

    /// Takes over what was seen by a description that this one replaces.
    mutating func inherit(_ old: MTConnectDevice) {
        instance = old.instance
        seen = old.seen
        tools = old.tools
    }
}
