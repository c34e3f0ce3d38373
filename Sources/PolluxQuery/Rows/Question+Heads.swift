import PolluxGraph
import PolluxLanguage
import PolluxModel

extension Question {
    /// `anomalies in …` and `remaining life of …`.
    func headRows() throws -> QueryResult {
        throw context.wrong(
            .notAvailable, "this question is not available in this version", at: query.range)
    }
}
