/// A walk through the plant: steps from the wanted assets outward to the anchor.
///
/// `spindle of machine CNC-3` has the steps `spindle` (no link) and `machine CNC-3` (link `of`).
public struct PathSyntax: Hashable, Sendable {
    /// The steps in the order written; never empty after parsing.
    public var steps: [StepSyntax]
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// A path of steps; the first has no link.
    public init(_ steps: [StepSyntax], range: SourceRange = .none) {
        self.steps = steps
        self.range = range
    }
}

/// How a step hangs on the one before it.
public enum LinkSyntax: Hashable, Sendable {
    /// `of`: the assets before are parts of this one.
    case of
    /// `above`: the assets before contain this one.
    case above
    /// `that REL`: the assets before stand in a relation to this one.
    case that(NameSyntax)
}

/// One step of a path.
public struct StepSyntax: Hashable, Sendable {
    /// How the step before is linked to this one; nil for the first step.
    public var link: LinkSyntax?
    /// What it selects.
    public var selection: SelectionSyntax
    /// Where it stands, without its link.
    @Overlooked public var range: SourceRange

    /// A step.
    public init(link: LinkSyntax?, selection: SelectionSyntax, range: SourceRange = .none) {
        self.link = link
        self.selection = selection
        self.range = range
    }
}

/// What a step selects.
public enum SelectionSyntax: Hashable, Sendable {
    /// `every machine`, `every machine like "CNC-*"`.
    case every(type: NameSyntax, like: TextSyntax?)
    /// `spindle` (exactly one), `machines` (a plural: all), or the name of an asset alone.
    case bare(LabelSyntax)
    /// `machine like "CNC-*"`: exactly one whose name matches.
    case like(type: LabelSyntax, pattern: TextSyntax)
    /// `machine CNC-3` or `machine CNC-3, CNC-4`: a type and one or more names.
    case named(type: LabelSyntax, names: [LabelSyntax])
}

/// One asset by name, with or without its type before it: `machine CNC-3`, `CNC-3`.
public struct AssetSyntax: Hashable, Sendable {
    /// The type, if written.
    public var type: LabelSyntax?
    /// The name; where only one word stands it may also be a type (`spindle of machine CNC-3`).
    public var name: LabelSyntax
    /// Where it stands.
    @Overlooked public var range: SourceRange

    /// An asset.
    public init(type: LabelSyntax?, name: LabelSyntax, range: SourceRange = .none) {
        self.type = type
        self.name = name
        self.range = range
    }
}
