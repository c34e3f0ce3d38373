import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery

/// An alert or a continuous query as it was created.
struct Definition: Hashable, Sendable {
    var kind: DroppedKind
    var name: String
    /// The canonical text of its statement.
    var text: String
    var parameters: [String: QueryOptions.Parameter]
    var timezone: String?
    var created: Timestamp

    private static let format: UInt8 = 1

    func encode() -> [UInt8] {
        var writer = LiveRecordWriter(format: Definition.format)
        writer.put(kind.number)
        writer.put(name)
        writer.put(text)
        writer.put(timezone ?? "")
        writer.put(created)
        writer.put(Int64(parameters.count))
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            writer.put(name)
            switch value {
            case .text(let text):
                writer.put(UInt8(1))
                writer.put(text)
            case .number(let number):
                writer.put(UInt8(2))
                writer.put(Int64(bitPattern: number.bitPattern))
            case .integer(let number):
                writer.put(UInt8(3))
                writer.put(number)
            case .boolean(let flag):
                writer.put(UInt8(4))
                writer.put(UInt8(flag ? 1 : 0))
            }
        }
        return writer.finish()
    }

    init(decoding bytes: UnsafeRawBufferPointer, name known: String) throws(LiveError) {
        var reader = try LiveRecordReader(bytes, format: Definition.format, name: known)
        kind = try reader.byte() == DroppedKind.alert.number ? .alert : .continuousQuery
        name = try reader.text()
        text = try reader.text()
        let zone = try reader.text()
        timezone = zone.isEmpty ? nil : zone
        created = try reader.instant()
        parameters = [:]
        for _ in 0..<(try reader.count()) {
            let key = try reader.text()
            switch try reader.byte() {
            case 1: parameters[key] = .text(try reader.text())
            case 2:
                let bits = UInt64(bitPattern: try reader.int64())
                parameters[key] = .number(Double(bitPattern: bits))
            case 3: parameters[key] = .integer(try reader.int64())
            case 4: parameters[key] = .boolean(try reader.byte() == 1)
            default: throw .damagedDefinition(known)
            }
        }
    }

    init(
        kind: DroppedKind, name: String, statement: StatementSyntax, options: QueryOptions,
        created: Timestamp
    ) {
        self.kind = kind
        self.name = name
        text = TwinQL.print(statement)
        parameters = options.parameters
        timezone = options.timezone
        self.created = created
    }
}

extension LiveTables {
    /// All definitions; those that cannot be read as their name and why.
    func load(
        in transaction: ReadTransaction
    ) throws -> (definitions: [Definition], damaged: [(DroppedKind, String)]) {
        var found: [Definition] = []
        var damaged: [(DroppedKind, String)] = []
        try transaction.forEach(definitions, prefix: []) { key, value in
            var reader = KeyReader(key)
            let kind: DroppedKind =
                reader.byte() == DroppedKind.alert.number ? .alert : .continuousQuery
            let name = reader.text() ?? "?"
            do {
                found.append(try Definition(decoding: value, name: name))
            } catch {
                damaged.append((kind, name))
            }
            return true
        }
        return (found, damaged)
    }
}
