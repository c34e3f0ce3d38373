extension ToolLife {
    /// The state as bytes; resumed from them, the model goes on bit for bit.
    public func encode() -> [UInt8] {
        var writer = StateWriter(.toolLife, version: Self.stateVersion)
        encode(to: &writer)
        return writer.finish()
    }

    /// The model that `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(ModelStateError) {
        var reader = try StateReader(bytes, .toolLife, newest: Self.stateVersion)
        try self.init(from: &reader)
        try reader.finish()
    }
}

extension StateWriter {
    mutating func put(optional value: Double?) {
        put(value != nil)
        put(value ?? 0)
    }
}

extension StateReader {
    mutating func optional(_ field: String) throws(ModelStateError) -> Double? {
        let isPresent = try boolean(field)
        let value = try number(field)
        return isPresent ? value : nil
    }

    /// A tool material by name; nil for the empty one.
    mutating func prior() throws(ModelStateError) -> ToolPrior? {
        let name = String(decoding: try nested(), as: UTF8.self)
        guard !name.isEmpty else { return nil }
        guard let prior = ToolPrior.named(name) else { throw .impossible(field: "prior") }
        return prior
    }
}
