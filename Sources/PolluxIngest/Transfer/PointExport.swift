public import PolluxGraph
public import PolluxModel
public import PolluxStore

/// Writes the points of a database as of one commit, part by part: every series, every quality.
///
/// Assets by number, the measures of each by number, the points of each by time; two databases with
/// the same plant and points give the same bytes. Used by one thread at a time; holds a snapshot
/// until `close`.
public final class PointExport {
    /// Points written so far.
    public private(set) var pointCount: UInt64 = 0
    /// Series with at least one point, so far.
    public private(set) var seriesCount = 0
    /// Addresses written so far that stand for several assets, whose points they do not tell apart.
    public private(set) var sharedPaths: Set<String> = []

    private let format: PointFormat
    private let range: TimeRange
    private let graph: Graph
    private let snapshot: Snapshot
    private let containment: [String]
    private var assets: [AssetID] = []
    private var nextAsset = 0
    private var addresses: ExportedAddresses
    private var path = ""
    private var address = AssetAddress()
    private var type = TypeID(rawValue: 0)
    private var waiting: [SeriesDescription] = []
    private var open: (reader: SeriesReader, text: PointText)?
    private var batch = ColumnBatch(kind: .float)
    private var hasBegun = false

    /// About the size of a part, in bytes.
    private static let partByteCount = 256 << 10

    /// An export that begins with the next `next`.
    ///
    /// - Throws: an error of the store.
    public init(
        _ format: PointFormat, range: TimeRange = .always, store: Store, graph: Graph,
        containment: [String] = IngestOptions().containment
    ) throws {
        self.format = format
        self.range = range
        self.graph = graph
        self.containment = containment
        snapshot = try store.snapshot()
        addresses = ExportedAddresses(graph: graph, transaction: snapshot.transaction)
        try graph.forEachAsset(in: snapshot.transaction) { asset in
            assets.append(asset.id)
            return true
        }
    }

    /// Ends the export; further calls do nothing.
    public func close() { snapshot.close() }

    /// The next part; nil at the end.
    public func next() throws -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(PointExport.partByteCount + 4096)
        if !hasBegun {
            hasBegun = true
            if format == .csv {
                bytes += Array("time,asset,measure,kind,value,quality,unit\n".utf8)
            }
        }
        while bytes.count < PointExport.partByteCount {
            guard let current = open else {
                guard try openSeries() else { break }
                continue
            }
            guard try current.reader.next(into: &batch) else {
                open = nil
                continue
            }
            if current.text.isUnused { seriesCount += 1 }
            open?.text.isUnused = false
            pointCount += UInt64(batch.count)
            for row in 0..<batch.count {
                current.text.append(
                    batch.times[row], batch.values[row], batch.quality(at: row), to: &bytes)
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Opens the next series; false at the end.
    private func openSeries() throws -> Bool {
        while waiting.isEmpty {
            guard nextAsset < assets.count else { return false }
            let asset = assets[nextAsset]
            nextAsset += 1
            waiting = try snapshot.seriesList(of: asset).reversed()
            guard !waiting.isEmpty else { continue }
            let found = try addresses.address(of: asset)
            address = found.address
            path = AssetPath.text(address)
            if !found.isExact { sharedPaths.insert(path) }
            type = try graph.asset(asset, in: snapshot.transaction)?.type ?? type
        }
        let series = waiting.removeLast()
        let name = try graph.measureName(series.measure, in: snapshot.transaction) ?? ""
        let unit = try graph.measure(series.measure, of: type, in: snapshot.transaction)?
            .definition.unit
        let text = PointText(
            format: format, path: path, address: address, measure: name, unit: unit ?? "",
            kind: series.kind, containment: containment)
        let reader = try snapshot.reader(series.id, range)
        batch = ColumnBatch(kind: series.kind)
        open = (reader, text)
        return true
    }
}
