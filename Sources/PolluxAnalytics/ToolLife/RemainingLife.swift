/// How long a tool will go on, with the bounds that every forecast needs.
public struct RemainingLife: Hashable, Sendable {
    /// Minutes of cut that remain with a probability of 90 %.
    public var low: Double
    /// Minutes of cut that remain with a probability of 50 %.
    public var median: Double
    /// Minutes of cut that remain with a probability of 10 %.
    public var high: Double
    /// The same three in parts; nil when parts are not counted.
    public var parts: (low: Double, median: Double, high: Double)? {
        guard let minutesPerPart, minutesPerPart > 0 else { return nil }
        return (low / minutesPerPart, median / minutesPerPart, high / minutesPerPart)
    }
    /// Minutes of cut per part of late; nil when parts are not counted.
    public var minutesPerPart: Double?
    /// Minutes that this tool has cut.
    public var minutesUsed: Double
    /// The share of the law's life that is used up (Miner's sum).
    public var damage: Double
    /// Closed tools in the history.
    public var toolCount: Int
    /// Wear readings of this tool.
    public var readingCount: Int
    /// The method in words: `taylor`, `history` or `textbook`; `reported` or `limit` where a
    /// machine counts the life of its tools itself.
    public var method: String
    /// What the reader of the number should know; nil when nothing.
    public var note: String?
}

extension RemainingLife {
    /// What a machine says of a tool: one number, since a count has no band.
    public init(
        told minutes: Double, used: Double, minutesPerPart: Double?, toolCount: Int, method: String
    ) {
        self.init(
            low: minutes, median: minutes, high: minutes, minutesPerPart: minutesPerPart,
            minutesUsed: used, damage: 0, toolCount: toolCount, readingCount: 0, method: method,
            note: nil)
    }
}

/// Why there is no remaining life.
public enum RemainingLifeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No tool was ever closed and no prior is known for the tool.
    case noHistory
    /// The law cannot say anything about the condition.
    case unknownCondition

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .noHistory:
            "no tool has been changed yet and the tool's material is not known: record a "
                + "tool-change when a tool is worn, or set material of the tool "
                + "(hss, carbide, coated-carbide, ceramic) and cutting-speed"
        case .unknownCondition:
            "the tool's cutting speed is not known, and no tool has been changed yet"
        }
    }
}
