import Foundation
import PolluxLanguage
import PolluxQuery
import PolluxServer
import Synchronization

/// Completes words from the parser's own state and the names of the connected plant.
final class ShellCompletion: Sendable {
    private let connection: Connection
    /// Names change rarely; a list is asked for once in a while, not at each key.
    private let remembered = Mutex<[String: (names: [String], at: Date)]>([:])

    init(connection: Connection) {
        self.connection = connection
    }

    /// The words that may stand where `text` ends, beginning with its last partial word.
    func words(after text: String) -> [String] {
        guard !text.hasPrefix("\\") else { return [] }
        let completion = TwinQL.completions(in: text, at: text.utf8.count)
        var candidates = completion.keywords
        for kind in completion.names {
            switch kind {
            case .type: candidates += names("show types")
            case .asset:
                candidates += completion.assetType.map { names("show every \($0)") } ?? []
            case .measure: candidates += names("show measures")
            default: break
            }
        }
        let partial = completion.partial.lowercased()
        return Array(Set(candidates.filter { $0.lowercased().hasPrefix(partial) })).sorted()
    }

    /// The first column of a listing, remembered for ten seconds.
    private func names(_ sentence: String) -> [String] {
        if let known = remembered.withLock({ $0[sentence] }), known.at.timeIntervalSinceNow > -10 {
            return known.names
        }
        let question = Connection.Question(text: sentence, format: .csv)
        let box = AnswerBox()
        do {
            try connection.ask(question, cancellation: CancellationFlag()) { box.append($0) }
        } catch {
            // No names is an honest completion when the plant cannot be asked.
            return []
        }
        let lines = String(decoding: box.result.bytes, as: UTF8.self).split(separator: "\n")
        let names = lines.dropFirst().compactMap { $0.split(separator: ",").first.map(String.init) }
        remembered.withLock { $0[sentence] = (names, Date()) }
        return names
    }
}
