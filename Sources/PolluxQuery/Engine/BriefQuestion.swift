import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// A text that was read, to be run once or several times.
public struct ParsedText: Sendable {
    /// What was written.
    public let text: String
    let script: ScriptSyntax
    /// How long reading it took.
    let nanoseconds: Int64
}

extension QueryEngine {
    /// Answers a text that is one small question, for a thread that has other things to do.
    ///
    /// It never waits for a commit or another thread, and ends before it reads more than `points`
    /// points.
    ///
    /// - Returns: the answer; nil when the text is something else, or takes more: then nothing has
    ///   happened, and `run` does it.
    public func runBriefly(
        _ parsed: ParsedText, options: QueryOptions, points: Int
    ) throws -> QueryResult? {
        guard parsed.script.statements.count == 1,
            case .query(let query) = parsed.script.statements[0].form, query.isPlain
        else { return nil }
        do {
            return try translating {
                guard let snapshot = try store.snapshotNow() else { return nil }
                defer { snapshot.close() }
                let started = SystemTime.monotonic()
                let question = try Question(
                    query: query, text: parsed.text, options: options, engine: self,
                    snapshot: snapshot, allowance: Allowance(points: points))
                var result = try question.answer()
                result.stats.parseNanoseconds = parsed.nanoseconds
                result.stats.runNanoseconds = SystemTime.monotonic() - started
                return result
            }
        } catch is Allowance.Spent {
            return nil
        }
    }
}

/// How much a question may do before it gives up; the plan of a question spends of it before points
/// are read.
struct Allowance {
    /// Thrown when there is not enough left.
    struct Spent: Error {}

    private var points: Int

    /// What opening one column of a chunk costs, in points.
    static let columnCost = 200
    /// What a slice of an answer costs, in points.
    static let sliceCost = 4
    /// The most chunks of one group.
    static let chunkLimit = 16
    /// The most assets that are met on the way along the path.
    static let assetLimit = 64
    /// The most pieces of assets that the path may mean.
    static let pieceLimit = 16

    init(points: Int) { self.points = points }

    mutating func spend(_ count: Int) throws {
        guard count <= points else { throw Spent() }
        points -= count
    }
}

extension Question {
    /// Spends of what a brief question may do; nothing happens to others.
    func spend(_ count: Int) throws { try allowance?.spend(count) }

    /// Gives up a brief question; nothing happens to others.
    func refuseBrief() throws {
        if allowance != nil { throw Allowance.Spent() }
    }

    /// The chunks of a group with points in a range.
    func chunks(of group: AssetID, in range: TimeRange) throws -> [SealedChunk] {
        guard allowance != nil else { return try snapshot.sealedChunks(of: group, in: range) }
        let chunks = try snapshot.sealedChunks(
            of: group, in: range, limit: Allowance.chunkLimit + 1)
        if chunks.count > Allowance.chunkLimit { try refuseBrief() }
        return chunks
    }
}

extension QuerySyntax {
    /// Whether it names its assets one by one and asks for samples or aggregates of a written
    /// range: all that is read for it can be told before it is read.
    fileprivate var isPlain: Bool {
        guard head == .read, path.steps.count <= 8, outputs.count <= 8,
            path.steps.allSatisfy(\.isOne)
        else { return false }
        guard clauses.during == nil, clauses.next == nil, clauses.grouping == nil,
            clauses.filter == nil, clauses.episode == nil, clauses.fill == nil, clauses.on == nil,
            clauses.compare == nil, clauses.ranking == nil, clauses.points == nil,
            clauses.asOf == nil, clauses.using == nil, clauses.wait == nil
        else { return false }
        if case .event? = clauses.every?.form.stride { return false }
        switch clauses.time?.form {
        case .between(let start, let end): return start.isWritten && end.isWritten
        case .since(let start): return start.isWritten
        default: return true
        }
    }
}

extension StepSyntax {
    /// Whether it stands for exactly one asset.
    fileprivate var isOne: Bool {
        if case .that? = link { return false }
        switch selection {
        case .bare: return true
        case .named(_, let names): return names.count == 1
        case .every, .like: return false
        }
    }
}

extension MomentSyntax {
    /// Whether no event says when it is.
    fileprivate var isWritten: Bool {
        switch form {
        case .timestamp, .now, .ago: true
        default: false
        }
    }
}
