import PolluxKeyValue
import PolluxLanguage
import PolluxModel

/// The tables of this room.
struct LiveTables: Sendable {
    /// What was created, by kind and name.
    let definitions: Table
    /// How far an alert or a continuous query has come, by kind and name.
    let positions: Table
    /// The models of a continuous query, by name and asset.
    let models: Table
    /// The models of a continuous query as they were, by name, asset and time.
    let checkpoints: Table
    /// How far corrections have come, by kind and name; nothing where all is corrected.
    let corrections: Table
    /// What was changed in the past and not looked at yet, by series.
    let late: Table

    init(_ environment: Environment) throws {
        func table(_ name: String) throws -> Table {
            guard let table = try environment.table("live." + name) else {
                throw LiveError.notStorable("the table live.\(name) cannot be made")
            }
            return table
        }
        definitions = try table("definitions")
        positions = try table("positions")
        models = try table("models")
        checkpoints = try table("checkpoints")
        corrections = try table("corrections")
        late = try table("late")
    }

    /// Takes away the models of a continuous query and their checkpoints.
    func removeModels(of name: String, in transaction: WriteTransaction) throws {
        for table in [models, checkpoints] {
            var keys: [[UInt8]] = []
            try transaction.forEach(table, prefix: KeyBytes().with(name).bytes) { key, _ in
                keys.append(Array(key))
                return true
            }
            for key in keys { try transaction.remove(table, key) }
        }
    }

    static func key(_ kind: DroppedKind, _ name: String) -> [UInt8] {
        KeyBytes().with(kind.number).with(name).bytes
    }

    static func key(model name: String, _ asset: AssetID) -> [UInt8] {
        KeyBytes().with(name).with(asset.rawValue).bytes
    }
}

extension DroppedKind {
    /// What stands for it in keys.
    var number: UInt8 { self == .alert ? 1 : 2 }

    /// How sentences call it.
    var words: String { self == .alert ? "alert" : "continuous query" }
}
