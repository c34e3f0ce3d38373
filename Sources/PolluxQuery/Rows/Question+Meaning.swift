import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore

/// How a question was understood, in words, so that a default never hides.
extension Question {
    /// The most assets and pieces that are named.
    private static let namedCount = 3

    /// Assets with what was mounted when, the absolute range with its offset, and the slices.
    func meaning(in range: TimeRange?) throws -> String {
        var parts = [try assetWords(in: range)]
        if let range { parts.append(rangeWords(range)) }
        if let every = query.clauses.every?.form {
            switch every.stride {
            case .period(let period):
                parts.append("every \(TwinQL.print(try context.period(period)))")
            case .event(let name): parts.append("every \(name.text)")
            }
        }
        return parts.joined(separator: " · ")
    }

    private func assetWords(in range: TimeRange?) throws -> String {
        guard subjects.count == 1, let subject = subjects.first else {
            let names = subjects.prefix(Question.namedCount).map(\.name).joined(separator: ", ")
            let rest = subjects.count - Question.namedCount
            return rest > 0 ? "\(names) and \(rest) more" : names
        }
        let pieces = subject.pieces.filter { piece in range.map(piece.range.overlaps) ?? true }
        guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else {
            // A piece of a subject is the subject for a time, and called alike.
            return subject.name
        }
        if pieces.count > Question.namedCount {
            return "\(try name(of: first)) … \(try name(of: last)) (\(pieces.count) in turn)"
        }
        return try pieces.map { piece in
            let name = try name(of: piece)
            return piece == last ? name : "\(name) until \(context.clock(piece.range.end))"
        }.joined(separator: ", ")
    }

    private func name(of piece: PathPiece) throws -> String {
        try context.graph.displayName(of: piece.subject, in: snapshot.transaction)
    }

    private func rangeWords(_ range: TimeRange) -> String {
        guard range.start != .distantPast else {
            return "newest before \(context.shown(range.end))"
        }
        if range.end.nanoseconds(since: range.start) <= 1 {
            return "at \(context.shown(range.start))"
        }
        return "\(brief(range.start)) – \(brief(range.end))"
    }

    /// An instant to the millisecond: where a range hangs on the clock nobody reads more.
    private func brief(_ instant: Timestamp) -> String {
        let million: Int64 = 1_000_000
        guard instant.nanoseconds.magnitude < Int64.max.magnitude - million.magnitude else {
            return context.shown(instant)
        }
        return context.shown(
            Timestamp(nanoseconds: floorDivide(instant.nanoseconds, million).quotient * million))
    }
}
