import PolluxModel

/// A measure's definition as stored, with what only storage needs to know.
struct MeasureRecord: Hashable {
    var definition: MeasureDefinition
    /// Whether the kind of values was left open by the declaration and no point has settled it.
    var isValueKindOpen: Bool

    init(definition: MeasureDefinition, isValueKindOpen: Bool) {
        self.definition = definition
        self.isValueKindOpen = isValueKindOpen
    }

    /// The defaults for what a declaration leaves open.
    init(_ declaration: MeasureDeclaration) {
        let valueKind = declaration.valueKind ?? (declaration.kind == .state ? .text : .float)
        definition = MeasureDefinition(name: declaration.name, valueKind: valueKind)
        if declaration.kind == .state { definition.gap = nil }
        isValueKindOpen = declaration.valueKind == nil
    }

    func encode() -> [UInt8] {
        var writer = RecordWriter()
        writer.put(definition.kind.rawValue)
        writer.put(definition.shape.rawValue)
        writer.put(definition.valueKind.rawValue)
        var flags: UInt8 = 0
        if definition.isDeclared { flags |= 1 }
        if definition.gap != nil { flags |= 2 }
        if definition.rollover != nil { flags |= 4 }
        if definition.starts != nil { flags |= 8 }
        if definition.limit != nil { flags |= 16 }
        if isValueKindOpen { flags |= 32 }
        if definition.life.retention != nil { flags |= 64 }
        if definition.life.rollups != nil { flags |= 128 }
        writer.put(flags)
        if let gap = definition.gap { writer.put(fixed: UInt64(bitPattern: gap)) }
        for number in [definition.rollover, definition.starts, definition.limit] {
            if let number { writer.put(fixed: number.bitPattern) }
        }
        writer.put(definition.unit)
        switch definition.life.retention {
        case nil: break
        case .forever: writer.put(fixed: UInt64(Int64.max))
        case .nanoseconds(let count): writer.put(fixed: UInt64(bitPattern: count))
        }
        if let rollups = definition.life.rollups {
            writer.put(UInt8(clamping: rollups.count))
            for length in rollups { writer.put(fixed: UInt64(bitPattern: length)) }
        }
        return writer.finish()
    }

    init(_ record: RecordReader, name: String) throws(GraphError) {
        var reader = record
        let kind = MeasureKind(rawValue: try reader.byte())
        let shape = MeasureShape(rawValue: try reader.byte())
        let valueKind = ValueKind(rawValue: try reader.byte())
        let flags = try reader.byte()
        guard let kind, let shape, let valueKind else {
            throw reader.corrupt("an unknown kind, shape or flag")
        }
        var definition = MeasureDefinition(name: name, valueKind: valueKind)
        definition.kind = kind
        definition.shape = shape
        definition.isDeclared = flags & 1 != 0
        definition.gap = flags & 2 != 0 ? Int64(bitPattern: try reader.fixed()) : nil
        definition.rollover = flags & 4 != 0 ? Double(bitPattern: try reader.fixed()) : nil
        definition.starts = flags & 8 != 0 ? Double(bitPattern: try reader.fixed()) : nil
        definition.limit = flags & 16 != 0 ? Double(bitPattern: try reader.fixed()) : nil
        definition.unit = try reader.text()
        if flags & 64 != 0 {
            let length = Int64(bitPattern: try reader.fixed())
            definition.life.retention = length == .max ? .forever : .nanoseconds(length)
        }
        if flags & 128 != 0 {
            var rollups: [Int64] = []
            for _ in 0..<(try reader.byte()) {
                rollups.append(Int64(bitPattern: try reader.fixed()))
            }
            guard LifeDeclaration.refusal(ofRollups: rollups) == nil else {
                throw reader.corrupt("impossible rollups")
            }
            definition.life.rollups = rollups
        }
        try reader.finish()
        self.definition = definition
        isValueKindOpen = flags & 32 != 0
    }
}

/// What may be said about a measure that exists.
enum MeasureRules {
    /// Refuses a declaration that contradicts an earlier one.
    static func check(
        _ declaration: MeasureDeclaration, against record: MeasureRecord, allowsChange: Bool
    ) throws(GraphError) {
        let known = record.definition
        func conflict(_ reason: String) -> GraphError {
            .conflict(what: "measure", name: known.name, reason: reason)
        }
        if let kind = declaration.valueKind, kind != known.valueKind, !record.isValueKindOpen {
            throw conflict("its values are of kind \(known.valueKind), which cannot change")
        }
        if declaration.kind == .state, !record.isValueKindOpen, known.valueKind == .float {
            throw conflict("its values are floats; a state is text, boolean or integer")
        }
        guard known.isDeclared, !allowsChange else { return }
        if let unit = declaration.unit, !known.unit.isEmpty, unit != known.unit {
            throw conflict("its unit is \(known.unit)")
        }
        if let kind = declaration.kind, kind != known.kind {
            throw conflict("it is a \(known.kind)")
        }
        if let shape = declaration.shape, shape != known.shape {
            throw conflict("its shape is \(known.shape)")
        }
        if let gap = declaration.gap, gap.nanoseconds != known.gap {
            throw conflict("its gap is \(known.gap.map { "\($0) ns" } ?? "none")")
        }
    }

    static func apply(_ declaration: MeasureDeclaration, to record: inout MeasureRecord) {
        if let valueKind = declaration.valueKind {
            record.definition.valueKind = valueKind
            record.isValueKindOpen = false
        }
        if let unit = declaration.unit { record.definition.unit = unit }
        if let kind = declaration.kind {
            record.definition.kind = kind
            if kind == .state { record.definition.shape = .step }
        }
        if let shape = declaration.shape { record.definition.shape = shape }
        // Text and booleans have no slope.
        if [.text, .boolean].contains(record.definition.valueKind) {
            record.definition.shape = .step
        }
        if let gap = declaration.gap { record.definition.gap = gap.nanoseconds }
        if let rollover = declaration.rollover { record.definition.rollover = rollover }
        if let starts = declaration.starts { record.definition.starts = starts }
        if let limit = declaration.limit { record.definition.limit = limit }
        record.definition.life = declaration.life.completed(by: record.definition.life)
    }

    /// Settles what a declaration left open when the first point arrives.
    static func meetFirstPoint(
        _ record: inout MeasureRecord, valueKind: ValueKind, unit: String
    ) {
        if record.isValueKindOpen {
            // A gauge whose first number happens to be whole stays a float.
            let isWholeGauge = valueKind == .integer && record.definition.kind == .gauge
            if !isWholeGauge { record.definition.valueKind = valueKind }
            if [.text, .boolean].contains(record.definition.valueKind) {
                record.definition.shape = .step
            }
            record.isValueKindOpen = false
        }
        if record.definition.unit.isEmpty { record.definition.unit = unit }
    }

    /// The definition as a statement.
    static func statement(_ definition: MeasureDefinition, type: String) -> String {
        var text = "create measure \(QuotedName.word(definition.name)) of \(QuotedName.word(type))"
        if !definition.unit.isEmpty { text += " in \(definition.unit)" }
        return text + " with " + settings(definition)
    }

    static func text(_ definition: MeasureDefinition) -> String {
        (definition.unit.isEmpty ? "" : "in \(definition.unit), ") + settings(definition)
    }

    private static func settings(_ definition: MeasureDefinition) -> String {
        var parts = ["kind = \(definition.kind)", "shape = \(definition.shape)"]
        parts.append("gap = \(definition.gap.map(DurationText.text) ?? "none")")
        parts.append("values = \(definition.valueKind)")
        if let rollover = definition.rollover { parts.append("rollover = \(rollover)") }
        if let starts = definition.starts { parts.append("starts = \(starts)") }
        if let limit = definition.limit { parts.append("[limit] = \(limit)") }
        parts += LifeText.settings(definition.life)
        return parts.joined(separator: ", ")
    }
}

extension MeasureDeclaration.Gap {
    var nanoseconds: Int64? {
        switch self {
        case .none: nil
        case .nanoseconds(let count): count
        }
    }
}
