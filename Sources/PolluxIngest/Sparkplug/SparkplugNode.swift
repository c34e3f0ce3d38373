import PolluxModel

/// What is known of one edge node: its session, what it and its devices announced, and messages
/// that wait for an earlier one.
struct SparkplugNode: Sendable {
    /// A message that came before one that must come first.
    struct Held: Sendable {
        var sequence: UInt8
        var topic: SparkplugTopic
        var payload: [UInt8]
        var receivedAt: Timestamp
    }

    /// Where an alias points to.
    struct Target: Sendable {
        var member: Int32
        var signal: Int32
    }

    let group: String
    let name: String
    /// Whether it was born and has not died since.
    var isOnline = false
    /// The number of the session, from the node's birth.
    var sessionNumber: UInt64?
    /// The number that the next message must have; nil takes whatever comes, as after a restart.
    var nextSequence: UInt8?
    /// The node itself first, then its devices.
    private(set) var members: [SparkplugMember]
    private var memberIndexes: [String: Int] = ["": 0]
    private var aliases: [UInt64: Target] = [:]
    /// Aliases below this are found without hashing.
    private static let denseLimit: UInt64 = 65_536
    private var dense: [Target] = []
    private(set) var held: [Held] = []
    /// Until when the missing message may still come.
    private(set) var heldUntil: Timestamp?
    /// The newest time of any value.
    var newest = Timestamp.distantPast
    /// Whether the stored record of the session must be written.
    var isDirty = false
    /// When a birth may be asked for again, and after how long the time after.
    var nextRequest = Timestamp.distantPast
    var requestPause: Int64 = SparkplugNode.firstPause
    /// The source that its messages come from.
    var source = ""

    static let firstPause: Int64 = 10_000_000_000
    static let longestPause: Int64 = 600_000_000_000
    /// Messages and bytes that wait at most; then the gap is taken as a loss.
    ///
    /// Half as many as there are numbers: of more it could not be told which of two came first.
    static let heldLimit = 127
    static let heldByteCountLimit = 4 << 20
    /// Devices of one node.
    static let memberLimit = 10_000

    init(group: String, name: String) {
        self.group = group
        self.name = name
        members = [SparkplugMember(device: "")]
    }

    var path: String { group + "/" + name }

    /// The number of a device, or of the node itself, made when it is not known.
    mutating func member(_ device: String) -> Int? {
        if let known = memberIndexes[device] { return known }
        guard members.count <= SparkplugNode.memberLimit else { return nil }
        memberIndexes[device] = members.count
        members.append(SparkplugMember(device: device))
        return members.count - 1
    }

    /// Puts a member in place of the one of the same device and takes over its aliases.
    mutating func replace(_ member: SparkplugMember) {
        guard let index = self.member(member.device) else { return }
        dropAliases(of: index)
        members[index] = member
        guard member.condition == .alive else { return }
        for (number, signal) in member.signals.enumerated() {
            guard let alias = signal.alias else { continue }
            set(alias, Target(member: Int32(index), signal: Int32(number)))
        }
    }

    mutating func setCondition(_ condition: SparkplugMember.Condition, of member: Int) {
        members[member].condition = condition
        isDirty = true
        if condition != .alive { dropAliases(of: member) }
    }

    /// Announces a metric that came with its name and type but was in no birth.
    mutating func add(
        _ name: String, _ type: SparkplugType, _ place: SparkplugPlace, to member: Int
    ) -> Int? {
        guard members[member].signals.count < SparkplugMember.signalLimit else { return nil }
        return members[member].add(name, alias: nil, type: type, unit: "", place: place)
    }

    // MARK: Aliases

    private mutating func set(_ alias: UInt64, _ target: Target) {
        guard alias < SparkplugNode.denseLimit else {
            aliases[alias] = target
            return
        }
        while dense.count <= Int(alias) { dense.append(Target(member: -1, signal: 0)) }
        dense[Int(alias)] = target
    }

    private mutating func dropAliases(of member: Int) {
        for index in dense.indices where dense[index].member == Int32(member) {
            dense[index].member = -1
        }
        aliases = aliases.filter { $0.value.member != Int32(member) }
    }

    /// The signal of an alias of a member.
    @inline(__always)
    func signal(alias: UInt64, of member: Int) -> Int? {
        let target: Target
        if alias < UInt64(dense.count) {
            target = dense[Int(alias)]
        } else if let found = aliases[alias] {
            target = found
        } else {
            return nil
        }
        return target.member == Int32(member) ? Int(target.signal) : nil
    }

    /// A slot for the loop over values.
    @inline(__always)
    func slot(_ member: Int, _ signal: Int) -> SparkplugSlot { members[member].slots[signal] }

    mutating func learn(
        _ series: KnownSeries, generation: UInt64, _ member: Int, _ signal: Int
    ) {
        members[member].slots[signal].series = series
        members[member].slots[signal].generation = generation
    }

    // MARK: Waiting

    /// Keeps a message until the one before it has come; false when there is no room.
    mutating func hold(_ message: Held, for timeout: Int64) -> Bool {
        let bytes = held.reduce(message.payload.count) { $0 + $1.payload.count }
        guard held.count < SparkplugNode.heldLimit, bytes <= SparkplugNode.heldByteCountLimit else {
            return false
        }
        if heldUntil == nil { heldUntil = message.receivedAt.advanced(by: timeout) }
        held.append(message)
        isDirty = true
        return true
    }

    /// Takes the waiting message of the number that is next.
    mutating func takeNextHeld() -> Held? {
        guard let next = nextSequence,
            let index = held.firstIndex(where: { $0.sequence == next })
        else { return nil }
        isDirty = true
        let message = held.remove(at: index)
        if held.isEmpty { heldUntil = nil }
        return message
    }

    /// Gives up waiting: what is held, in the order of its numbers.
    mutating func takeAllHeld() -> [Held] {
        let start = nextSequence ?? 0
        defer {
            held = []
            heldUntil = nil
        }
        if !held.isEmpty { isDirty = true }
        return held.sorted { ($0.sequence &- start) < ($1.sequence &- start) }
    }

    /// Whether messages wait, or births of devices are awaited.
    var isWaiting: Bool { isDue(at: .distantFuture, awaiting: 0) }

    /// Whether something is due at an instant.
    func isDue(at now: Timestamp, awaiting: Int64) -> Bool {
        if let heldUntil, heldUntil <= now { return true }
        return members.contains { member in
            if case .awaited(let since) = member.condition {
                since.advanced(by: awaiting) <= now
            } else {
                false
            }
        }
    }
}
