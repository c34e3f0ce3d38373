import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore
import Synchronization

/// What a path meant, by asset: kept from question to question for as long as nothing is committed.
struct ResolvedPath: Sendable {
    var resolution: PathResolution
    /// The assets in order of name, with their pieces.
    var subjects: [Subject]
}

/// The series of the assets of a path and of everything in them.
struct Inventory: Sendable {
    /// One series, and how people call what it belongs to.
    struct Entry: Sendable {
        var subject: Int
        var measureName: String
        var source: PlantReader.Source
    }

    var subjects: [Subject]
    /// By subject, then by name of the measure.
    var entries: [Entry] = []
    /// What every answer about them depends on.
    var series: Set<SeriesID> = []
    var measures: Set<MeasureID> = []
}

/// Paths that were resolved in the newest commit that a question saw.
///
/// A commit may change the plant, so an entry is good for exactly one of them: the number of the
/// commit is the whole rule of when to forget.
final class PathShelf: Sendable {
    struct Key: Hashable, Sendable {
        var path: GraphPath
        var asOf: Timestamp?
    }

    private struct Shelf {
        var commit: UInt64 = 0
        var paths: [Key: ResolvedPath] = [:]
        var inventories: [Key: Inventory] = [:]
        /// Pieces and series kept, which bound the memory.
        var size = 0
    }

    private static let sizeLimit = 200_000
    private let shelf = Mutex(Shelf())

    /// A path as the commit has it, resolved by `resolve` when it is not here.
    func path(
        _ key: Key, commit: UInt64, _ resolve: () throws -> ResolvedPath
    ) throws -> ResolvedPath {
        if let known = shelf.withLock({ $0.commit == commit ? $0.paths[key] : nil }) {
            return known
        }
        let found = try resolve()
        keep(commit: commit, size: found.resolution.pieces.count) { $0.paths[key] = found }
        return found
    }

    /// The series under a path as the commit has them, found by `find` when they are not here.
    func inventory(
        _ key: Key, commit: UInt64, _ find: () throws -> Inventory
    ) throws -> Inventory {
        if let known = shelf.withLock({ $0.commit == commit ? $0.inventories[key] : nil }) {
            return known
        }
        let found = try find()
        keep(commit: commit, size: found.subjects.count + found.entries.count) {
            $0.inventories[key] = found
        }
        return found
    }

    private func keep(commit: UInt64, size: Int, _ put: (inout Shelf) -> Void) {
        guard size < PathShelf.sizeLimit / 4 else { return }
        shelf.withLock { shelf in
            // A question on an older snapshot must not push out what newer ones share.
            guard commit >= shelf.commit else { return }
            if commit > shelf.commit || shelf.size + size > PathShelf.sizeLimit {
                shelf = Shelf(commit: commit)
            }
            put(&shelf)
            shelf.size += size
        }
    }
}

extension Question {
    /// What a path meant at any time, with the names of what it meant.
    func resolve(_ path: GraphPath) throws -> ResolvedPath {
        try engine.paths.path(.init(path: path, asOf: asOf), commit: snapshot.id) {
            let graph = context.graph
            let resolution: PathResolution
            do {
                resolution = try graph.resolve(
                    path, during: .always, asOf: asOf,
                    assetLimit: allowance == nil ? .max : Allowance.assetLimit,
                    in: snapshot.transaction)
            } catch GraphError.tooFar where allowance != nil {
                throw Allowance.Spent()
            }
            var indices: [AssetID: Int] = [:]
            var subjects: [Subject] = []
            for piece in resolution.pieces {
                if let index = indices[piece.subject] {
                    subjects[index].pieces.append(piece)
                    continue
                }
                indices[piece.subject] = subjects.count
                subjects.append(
                    Subject(
                        asset: piece.subject,
                        name: try graph.displayName(
                            of: piece.subject, in: snapshot.transaction), pieces: [piece]))
            }
            return ResolvedPath(resolution: resolution, subjects: subjects)
        }
    }

    /// The series of the assets that the question's path means and of everything in them.
    func inventory() throws -> Inventory {
        let path = try PathTranslation(context: context).graphPath(
            query.path, in: snapshot.transaction)
        return try engine.paths.inventory(
            .init(path: path, asOf: asOf), commit: snapshot.id
        ) {
            var parts = path
            parts.steps.insert(PathStep(type: nil, names: .any, isEvery: true), at: 0)
            parts.links.insert(.of, at: 0)
            var all = subjects
            let known = Set(subjects.map(\.asset))
            all += try resolve(parts).subjects.filter { !known.contains($0.asset) }
            all.sort { ($0.name, $0.asset) < ($1.name, $1.asset) }
            var inventory = Inventory(subjects: all)
            for index in all.indices { try add(index, to: &inventory) }
            return inventory
        }
    }

    /// Remembers that the answer depends on all series under a path; the first such set is taken as
    /// it is, without going through its members.
    func depend(on inventory: Inventory) {
        if dependencies.series.isEmpty {
            dependencies.series = inventory.series
        } else {
            dependencies.series.formUnion(inventory.series)
        }
        dependencies.measures.formUnion(inventory.measures)
    }

    /// Adds the series of a subject itself, of its place and of its item.
    private func add(_ index: Int, to inventory: inout Inventory) throws {
        let reader = PlantReader(question: self)
        var names: [MeasureID: String] = [:]
        for piece in inventory.subjects[index].pieces {
            for asset in [piece.subject, piece.place, piece.item].compactMap({ $0 }) {
                for series in try snapshot.seriesList(of: asset) where names[series.measure] == nil
                {
                    names[series.measure] = try context.graph.measureName(
                        series.measure, in: snapshot.transaction)
                }
            }
        }
        for (measure, name) in names.sorted(by: { $0.value < $1.value }) {
            let sources = try reader.sources(
                of: measure, for: inventory.subjects[index], in: .always)
            inventory.measures.insert(measure)
            for source in sources {
                inventory.series.insert(source.series.id)
                inventory.entries.append(
                    Inventory.Entry(subject: index, measureName: name, source: source))
            }
        }
    }
}
