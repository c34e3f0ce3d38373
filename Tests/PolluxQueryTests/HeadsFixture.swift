import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// A plant with one machine, in a store of its own folder.
final class HeadsFixture {
    static let start = Timestamp(seconds: 1_772_438_400)

    let folder: URL
    let store: Store
    let graph: Graph
    let by = Provenance(recordedAt: HeadsFixture.start, source: "test")
    let machine: AssetID
    /// Tools that were mounted, by name.
    var known: [String: AssetID] = [:]

    init() throws {
        let memory = URL(fileURLWithPath: "/dev/shm")
        if FileManager.default.isWritableFile(atPath: memory.path) {
            folder = memory.appendingPathComponent("pollux-heads-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } else {
            folder = try Places.makeTemporaryFolder("pollux-heads")
        }
        store = try Store(
            environment: Environment(directory: folder.appendingPathComponent("data").path))
        let graph = try Graph(environment: store.environment)
        self.graph = graph
        let by = self.by
        machine = try store.writeBlocking { transaction in
            try graph.createAsset(
                AssetDeclaration(type: "machine", name: "CNC-3"), by: by,
                in: transaction.transaction)
        }
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    static func at(_ minutes: Double) -> Timestamp {
        start.advanced(by: Int64((minutes * 60e9).rounded()))
    }

    /// Creates a part of the machine; an empty name makes the place itself.
    func part(
        _ type: String, _ name: String, from: Timestamp = .distantPast,
        attributes: [Attribute] = []
    ) throws -> AssetID {
        let (graph, by, machine) = (graph, by, machine)
        return try store.writeBlocking { transaction in
            try graph.createAsset(
                AssetDeclaration(
                    type: type, name: name, container: machine, from: from, attributes: attributes),
                by: by, in: transaction.transaction)
        }
    }

    /// Writes a series of values at minutes after the start.
    func write(
        _ asset: AssetID, _ measure: String, _ points: [(minute: Double, value: Value)],
        unit: String = "", quality: Quality = .good
    ) throws {
        guard let kind = points.first?.value.kind else { return }
        let (graph, by, machine) = (graph, by, machine)
        try store.writeBlocking { transaction in
            guard let record = try graph.asset(asset, in: transaction.transaction) else { return }
            var declaration = MeasureDeclaration(name: measure)
            declaration.unit = unit.isEmpty ? nil : unit
            declaration.valueKind = kind
            declaration.gap = MeasureDeclaration.Gap.none
            let known = try graph.declareMeasure(
                declaration, of: record.type, by: by, in: transaction.transaction)
            let series = try transaction.ensureSeries(
                asset: asset, measure: known.id, kind: kind, group: machine)
            var batch = PointBatch()
            for point in points {
                batch.append(
                    series, at: HeadsFixture.at(point.minute), point.value, quality: quality)
            }
            try transaction.append(batch)
        }
    }

    func record(_ event: String, at minute: Double, attributes: [Attribute] = []) throws {
        let (graph, by, machine) = (graph, by, machine)
        try store.writeBlocking { transaction in
            _ = try graph.record(
                event: event, of: machine, at: .instant(HeadsFixture.at(minute)),
                attributes: attributes, by: by, in: transaction.transaction)
        }
    }

    /// The pieces of `<type> of machine CNC-3` over a range.
    func pieces(_ type: String, _ range: TimeRange, _ snapshot: Snapshot) throws -> [PathPiece] {
        let match = try #require(try graph.type(named: type, in: snapshot.transaction))
        let path = GraphPath(
            steps: [
                PathStep(type: match.type.id), PathStep(type: nil, names: .assets([machine])),
            ], links: [.of])
        return try graph.resolve(path, during: range, in: snapshot.transaction).pieces
    }

    /// The remaining life of the tool of the machine at a minute.
    func remainingLife(at minute: Double, unit: String? = nil) throws -> QueryResult {
        let snapshot = try store.snapshot()
        defer { snapshot.close() }
        let now = HeadsFixture.at(minute)
        let range = TimeRange(start: now, end: now.advanced(by: 1))
        return try RemainingLifeHead().rows(
            pieces: try pieces("tool", range, snapshot), now: now, zone: .utc, unit: unit,
            snapshot: snapshot, graph: graph, cancellation: nil)
    }
}

extension QueryResult {
    /// The cells of a column by its name.
    func cells(_ name: String) -> [ResultCell] {
        guard let column = columns.first(where: { $0.name == name }) else { return [] }
        return (0..<column.count).map { column.cell($0) }
    }

    /// A column of numbers by its name.
    func numbers(_ name: String) -> [Double] {
        cells(name).compactMap { cell in
            if case .float(let number) = cell { return number }
            return nil
        }
    }
}
