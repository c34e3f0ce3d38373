import PolluxGraph
import PolluxModel

/// An adapter of a machine: where it is, which machine it speaks of, and how its keys are read.
public struct SHDRAdapter: Sendable {
    /// What it is called in counters and dead letters.
    public var name: String
    /// Name or address of its host.
    public var host: String
    /// Its port.
    public var port: UInt16
    /// What its keys mean.
    let device: MTConnectDevice
    /// What the description says of the machine.
    let groups: [DecodedGroup]

    /// The port of adapters.
    public static let defaultPort: UInt16 = 7878

    /// The name under which its lines are counted.
    public var sourceName: String { "shdr://\(host):\(port)" }
    /// The topic that its lines have in the dead letters.
    var topic: String { "SHDR/\(name)" }

    /// An adapter from its settings.
    ///
    /// - Parameters:
    ///   - address: `HOST:PORT`, or the host alone.
    ///   - asset: the machine, such as `line:L2/machine:CNC-3`.
    ///   - description: the device's description in XML, as agents have it; without one each key is
    ///     a measure of the machine.
    ///   - deviceName: the name or uuid of the device in it, where it describes several.
    /// - Throws: `IngestError.unreadable` with what is wrong.
    public init(
        name: String, address: String, asset: String, description: [UInt8]? = nil,
        deviceName: String? = nil
    ) throws(IngestError) {
        self.name = name
        let pieces = address.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(pieces.count), !pieces[0].isEmpty else {
            throw .unreadable(reason: "`\(address)` is not HOST:PORT")
        }
        host = String(pieces[0])
        port = SHDRAdapter.defaultPort
        if pieces.count == 2 {
            guard let number = UInt16(pieces[1]), number > 0 else {
                throw .unreadable(reason: "`\(pieces[1])` is no port")
            }
            port = number
        }
        let place = try AssetPath.address(asset).get()
        guard place.parts.isEmpty else {
            throw .unreadable(reason: "the asset `\(asset)` is a part: name the machine")
        }
        guard let description else {
            device = MTConnectDevice(uuid: name, address: place)
            groups = [DecodedGroup(address: place)]
            return
        }
        let root: MTConnectElement
        do throws(XMLError) {
            root = try XMLReader.parse(description)
        } catch {
            throw .unreadable(reason: "the description: \(error)")
        }
        let devices = root.all(["Device"]).filter { device in
            deviceName.map {
                [device.attributes["name"], device.attributes["uuid"], device.attributes["id"]]
                    .contains($0)
            } ?? true
        }
        guard devices.count == 1, let probe = MTConnectProbe(devices[0], place: place) else {
            throw .unreadable(
                reason: devices.isEmpty
                    ? "the description holds no such device"
                    : "the description holds several devices: say which with device =")
        }
        device = probe.device
        groups = probe.groups
    }
}

/// What an adapter has said, as far as it still stands.
struct SHDRState: Sendable {
    let adapter: SHDRAdapter
    var device: MTConnectDevice
    /// Whether the machine and its measures were made.
    var isDescribed = false
    /// Measures that have a value.
    private(set) var standing: [AssetAddress: Set<String>] = [:]
    private var standingCount = 0
    /// Conditions that were told.
    private(set) var conditions: [AssetAddress: Set<String>] = [:]

    /// Measures of one adapter that are remembered.
    static let standingLimit = 50_000

    init(_ adapter: SHDRAdapter) {
        self.adapter = adapter
        device = adapter.device
    }

    /// Notes what a line said.
    mutating func note(_ message: DecodedMessage) {
        for group in message.groups {
            for point in group.points where point.quality != .end {
                guard standingCount < SHDRState.standingLimit else { break }
                if standing[group.address, default: []].insert(point.measure).inserted {
                    standingCount += 1
                }
            }
            for episode in group.episodes {
                guard case .text(let id)? = episode.scope?.value else { continue }
                conditions[group.address, default: []].insert(id)
            }
        }
    }

    /// Nothing stands any longer.
    mutating func clear() {
        standing = [:]
        standingCount = 0
        conditions = [:]
    }
}
