public import PolluxKeyValue
import PolluxModel
import Synchronization

/// The twin graph: types, measures, assets, relations and attributes with validity, and events.
///
/// All state lives in LMDB tables named `graph.…`. Reads take a `ReadTransaction` and see one
/// commit;
/// changes take a `WriteTransaction` and become visible when it commits. Errors of changes are
/// `GraphError`, or `KeyValueError`, which must leave the body of the write as it is (the map grows
/// and the body runs again).
public final class Graph: Sendable {
    let tables: GraphTables
    /// Schemas in memory, newest last, and the highest stamp handed out by this process.
    let schemas = Mutex(SchemaCache())

    /// Opens the graph of an environment and creates its tables and built-in types when absent.
    ///
    /// - Throws: `GraphError` when the tables cannot be opened or are of a newer format.
    public init(environment: Environment) throws {
        tables = try GraphTables(environment)
        let format = try environment.read { transaction throws(GraphError) in
            try self.format(in: transaction)
        }
        switch format {
        case 1: break
        case nil:
            try environment.writeAny { transaction in try self.install(in: transaction) }
        case .some(let other):
            throw GraphError.refused(
                reason: "the twin graph in \(environment.directory) has format \(other), "
                    + "this program reads 1: use a newer one")
        }
    }

    private func format(in transaction: ReadTransaction) throws(GraphError) -> UInt64? {
        try counter(.format, in: transaction)
    }

    private func install(in transaction: WriteTransaction) throws {
        guard try format(in: transaction) == nil else { return }
        try setCounter(.format, to: 1, in: transaction)
        for (index, name) in BuiltInType.allCases.enumerated() {
            let type = AssetType(
                id: TypeID(rawValue: UInt32(index + 1)), name: name.rawValue,
                plural: name.plural, parents: [], isDeclared: true, settings: [])
            try putType(type, in: transaction)
        }
        try setCounter(.types, to: UInt64(BuiltInType.allCases.count), in: transaction)
        let containment = RelationDefinition(
            id: .containment, name: "part of", inverse: "contains", subjectType: nil,
            objectType: nil, isDeclared: true, settings: [])
        let mounting = RelationDefinition(
            id: .mounting, name: "mounted in", inverse: "holds", subjectType: nil,
            objectType: nil, isDeclared: true, settings: [])
        try putRelation(containment, in: transaction)
        try putRelation(mounting, in: transaction)
        try setCounter(.relations, to: 2, in: transaction)
        try markSchemaChanged(in: transaction)
    }
}

/// The containment levels every plant has, from the outermost inwards.
enum BuiltInType: String, CaseIterable {
    case enterprise, site, area, line, cell, machine

    var plural: String { rawValue + "s" }
    var id: TypeID {
        TypeID(rawValue: UInt32((BuiltInType.allCases.firstIndex(of: self) ?? 0) + 1))
    }
}
