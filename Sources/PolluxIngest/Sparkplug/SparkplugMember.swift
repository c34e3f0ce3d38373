import PolluxModel

/// One metric that a birth announced, and where its points go.
struct SparkplugSignal: Sendable {
    /// The metric's name; members of a template come after the instance's name and a slash.
    var name: String
    var alias: UInt64?
    var unit = ""
    /// Which address of its member it belongs to.
    var address: Int
    var measure: String
}

/// What the loop over values needs of a signal: small and free of references.
struct SparkplugSlot: Sendable {
    var type: SparkplugType
    /// The series, valid while the generation is that of the caches.
    var series = KnownSeries(id: SeriesID(rawValue: 0), kind: .float)
    var generation: UInt64 = .max
}

/// The node itself or one of its devices: what it announced and whether it is there.
struct SparkplugMember: Sendable {
    enum Condition: Hashable, Sendable {
        /// Its birth is the newest thing known of it.
        case alive
        /// Its node was born again; its own birth must follow.
        case awaited(since: Timestamp)
        /// Its values ended at this instant.
        case ended(at: Timestamp)
        /// It never announced itself.
        case unborn
    }

    /// The device; empty for the node itself.
    let device: String
    var condition = Condition.unborn
    private(set) var signals: [SparkplugSignal] = []
    var slots: [SparkplugSlot] = []
    private(set) var addresses: [AssetAddress] = []
    /// The keys of the addresses in the cache of series.
    private(set) var keys: [[UInt8]] = []
    private var names: [String: Int] = [:]
    private var addressIndexes: [AssetAddress: Int] = [:]

    init(device: String) {
        self.device = device
    }

    /// Metrics that one member may announce.
    static let signalLimit = 1_000_000

    /// The signal of a metric's full name.
    func signal(named name: String) -> Int? { names[name] }

    /// Adds a signal and returns its number; one of that name is replaced.
    mutating func add(
        _ name: String, alias: UInt64?, type: SparkplugType, unit: String, place: SparkplugPlace
    ) -> Int {
        let address: Int
        if let known = addressIndexes[place.address] {
            address = known
        } else {
            address = addresses.count
            addresses.append(place.address)
            keys.append(place.address.key)
            addressIndexes[place.address] = address
        }
        let signal = SparkplugSignal(
            name: name, alias: alias, unit: unit, address: address, measure: place.measure)
        if let index = names[name] {
            signals[index] = signal
            slots[index] = SparkplugSlot(type: type)
            return index
        }
        names[name] = signals.count
        signals.append(signal)
        slots.append(SparkplugSlot(type: type))
        return signals.count - 1
    }
}

/// Where the points of a metric go.
struct SparkplugPlace: Hashable, Sendable {
    var address: AssetAddress
    var measure: String
}

/// Finds the place of a metric from the node's topic and the metric's name.
struct SparkplugMapping: Sendable {
    let topic: SparkplugTopic
    let rules: TopicRules

    /// What holds while no rule begins with `spBv1.0/`: the group is the site (or
    /// enterprise:site:area), the node the line, the device the machine; folders of the metric's
    /// name are parts.
    static let builtIn = "spBv1.0/{site}/+/{line}/{machine}/{:type}/{measure}"

    private var root: [String] {
        ["spBv1.0", topic.group, topic.device.isEmpty ? "NDATA" : "DDATA", topic.node]
            + (topic.device.isEmpty ? [] : [topic.device])
    }

    /// The place of a metric; nil when no rule matches.
    ///
    /// - Parameter instances: the template instances it is a member of, outermost first.
    func place(_ name: String, in instances: [AssetAddress.Level] = []) -> SparkplugPlace? {
        let folders = name.split(separator: "/").map(String.init)
        guard let leaf = folders.last else { return nil }
        if rules.hasSparkplugRules {
            return rules.match(segments: root + folders, namesMeasures: false).map { match in
                var address = match.address
                address.levels += instances
                return SparkplugPlace(address: address, measure: match.measure)
            }
        }
        var address = AssetAddress()
        let sites = topic.group.split(separator: ":", omittingEmptySubsequences: false)
        let types = sites.count == 1 ? ["site"] : ["enterprise", "site", "area"]
        if sites.count <= 3, !sites.contains("") {
            for (type, name) in zip(types, sites) {
                address.levels.append(.init(type: type, name: String(name)))
            }
        } else {
            address.levels.append(.init(type: "site", name: topic.group))
        }
        address.levels.append(.init(type: "line", name: topic.node))
        if !topic.device.isEmpty {
            address.levels.append(.init(type: "machine", name: topic.device))
        }
        address.levels += instances
        address.parts = folders.dropLast().map { .init(type: $0, name: "") }
        return SparkplugPlace(address: address, measure: leaf)
    }

    /// The rule that holds, for messages.
    var rule: String { rules.hasSparkplugRules ? "rules for spBv1.0/" : SparkplugMapping.builtIn }
}
