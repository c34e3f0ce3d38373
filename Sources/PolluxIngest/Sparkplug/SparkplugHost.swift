import PolluxModel

/// Everything known of the edge nodes of a plant: takes their messages in order, keeps their
/// births, and asks for a birth where one is missing.
///
/// Passive unless a source is given the name of a host application; then it asks (NCMD) too. What
/// must outlive the process is handed out as records for the commit that holds the points.
struct SparkplugHost: Sendable {
    /// How long a message may come late before it is taken as lost, in nanoseconds.
    var reorderTimeout: Int64 = 2_000_000_000
    /// How long a device has for its birth after that of its node.
    var birthTimeout: Int64 = 10_000_000_000
    /// Edge nodes that are remembered.
    static let nodeLimit = 65_536
    /// Requests for a birth that leave in one second, over all nodes.
    static let requestLimit = 20

    private(set) var nodes: [SparkplugNode] = []
    private var indexes: [String: Int] = [:]
    /// Topics seen, with the number of their node.
    private var topics: [String: (topic: SparkplugTopic, node: Int)] = [:]
    /// The host application that a source is, and since when it is connected.
    struct Application: Hashable, Sendable {
        var name: String
        var since: Timestamp
    }
    /// Sources that are host applications; the others are passive.
    private(set) var hosts: [String: Application] = [:]
    /// Commands to publish, by source.
    private(set) var commands: [String: [TopicMessage]] = [:]
    private var requestBudget = SparkplugHost.requestLimit
    private var budgetSecond: Int64 = .min
    private(set) var counts: [String: SparkplugCounts] = [:]
    /// Whether the stored nodes that wait for something were looked for.
    private(set) var knowsWaiting = false

    /// What a batch needs from outside.
    struct Surroundings {
        let rules: TopicRules
        let generation: UInt64
        let source: String
        /// Whether messages are taken again from the dead letters: they have no order.
        var isReplay = false
        let futureTolerance: Int64
        /// Reads what is stored of a node.
        let load: (SparkplugTopic) throws -> SparkplugNode?
    }

    /// Forgets what is in memory; what is stored is read again when needed.
    mutating func forget() {
        nodes = []
        indexes = [:]
        topics = [:]
        knowsWaiting = false
    }

    /// Takes over stored nodes that wait for something, unless a message of theirs came before.
    mutating func adopt(_ waiting: [SparkplugNode]) {
        knowsWaiting = true
        for node in waiting where indexes[node.path] == nil {
            nodes.append(node)
            indexes[node.path] = nodes.count - 1
        }
    }

    /// Makes a source a host application's, or passive with nil.
    mutating func setHost(_ host: Application?, of source: String) {
        hosts[source] = host
    }

    /// Takes the state of a host application: where ours is said to be offline, as an old will
    /// does, it is said to be online again.
    mutating func takeState(of host: String, _ message: TopicMessage, source: String) {
        guard let own = hosts[source], own.name == host,
            let state = try? JSONReader.parse(message.payload), state["online"]?.boolean == false
        else { return }
        commands[source, default: []].append(
            TopicMessage(
                topic: message.topic,
                payload: SparkplugCommand.state(isOnline: true, at: own.since),
                receivedAt: message.receivedAt, isRetained: true))
    }

    /// Hands over the commands for a source.
    mutating func takeCommands(of source: String) -> [TopicMessage] {
        commands.removeValue(forKey: source) ?? []
    }

    /// The node of a topic, from memory or from what is stored; nil when there are too many.
    mutating func node(of topic: SparkplugTopic, _ around: Surroundings) throws -> Int? {
        if let known = indexes[topic.nodePath] { return known }
        guard nodes.count < SparkplugHost.nodeLimit else { return nil }
        var node =
            try around.load(topic)
            ?? SparkplugNode(group: topic.group, name: topic.node)
        node.source = around.source
        nodes.append(node)
        indexes[topic.nodePath] = nodes.count - 1
        return nodes.count - 1
    }

    /// The parsed topic and the number of its node, remembered.
    mutating func entry(
        _ text: String, _ topic: SparkplugTopic, _ around: Surroundings
    ) throws -> Int? {
        if let known = topics[text] { return known.node }
        guard let index = try node(of: topic, around) else { return nil }
        if topics.count >= 262_144 { topics = [:] }
        topics[text] = (topic, index)
        return index
    }

    /// What is remembered of a topic.
    func knownTopic(_ text: String) -> SparkplugTopic? { topics[text]?.topic }

    /// Changes one node in place.
    mutating func update<Result>(_ index: Int, _ body: (inout SparkplugNode) -> Result) -> Result {
        body(&nodes[index])
    }

    // MARK: Requests

    /// Asks a node for its births, seldom enough for a node that never answers.
    mutating func requestBirth(of index: Int, at now: Timestamp) {
        let source = nodes[index].source
        guard hosts[source] != nil, nodes[index].nextRequest <= now else { return }
        let second = now.nanoseconds / 1_000_000_000
        if second != budgetSecond {
            budgetSecond = second
            requestBudget = SparkplugHost.requestLimit
        }
        guard requestBudget > 0 else { return }
        requestBudget -= 1
        nodes[index].nextRequest = now.advanced(by: nodes[index].requestPause)
        nodes[index].requestPause = min(
            nodes[index].requestPause * 2, SparkplugNode.longestPause)
        counts[source, default: SparkplugCounts()].requestCount += 1
        commands[source, default: []].append(
            SparkplugCommand.rebirth(group: nodes[index].group, node: nodes[index].name, at: now))
    }

    /// Nodes where something is due.
    func dueNodes(at now: Timestamp) -> [Int] {
        nodes.indices.filter { nodes[$0].isDue(at: now, awaiting: birthTimeout) }
    }

    /// Notes a message that never came.
    mutating func countGap(of index: Int) {
        counts[nodes[index].source, default: SparkplugCounts()].gapCount += 1
    }
}

/// Counters of one source's edge nodes.
struct SparkplugCounts: Hashable, Sendable {
    /// Times that messages of a node never came.
    var gapCount: UInt64 = 0
    /// Births asked for.
    var requestCount: UInt64 = 0
}

/// Messages that a host application publishes.
enum SparkplugCommand {
    /// Asks a node to publish its births again.
    static func rebirth(group: String, node: String, at now: Timestamp) -> TopicMessage {
        let milliseconds = UInt64(max(0, now.nanoseconds / 1_000_000))
        var metric: [UInt8] = [0x0A, 20]
        metric += "Node Control/Rebirth".utf8
        metric += [0x18] + varint(milliseconds) + [0x20, 11, 0x70, 1]
        let payload = [0x08] + varint(milliseconds) + [0x12, UInt8(metric.count)] + metric
        return TopicMessage(
            topic: "spBv1.0/\(group)/NCMD/\(node)", payload: payload, receivedAt: now)
    }

    /// The state of a host application, published retained and as its will.
    static func state(isOnline: Bool, at instant: Timestamp) -> [UInt8] {
        Array(
            "{\"online\":\(isOnline),\"timestamp\":\(instant.nanoseconds / 1_000_000)}".utf8)
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
