import Foundation
import PolluxModel
import PolluxQuery
import PolluxServer
import Synchronization

/// The names of the connected plant, asked for once in a while and not at each key.
final class PlantNames: Sendable {
    /// A listing that was asked for.
    struct Listing: Sendable {
        /// The cells as text, row by row; nil when there was no answer in time.
        var rows: [[String]]?
        var at: Date
    }

    private let connection: Connection
    private let remembered = Mutex<[String: Listing]>([:])
    private let known = Mutex<Set<String>?>(nil)
    /// The types with more assets than are listed at once.
    private let manifold = Mutex<Set<String>>([])

    /// The most assets of a type that are listed, and the types whose assets are.
    private static let listedCount = 500
    private static let typeCount = 40
    /// How long somebody who pressed Tab is left waiting, in nanoseconds.
    private static let patience: Int64 = 1_500_000_000

    init(connection: Connection) {
        self.connection = connection
    }

    /// The rows of a listing, at most ten seconds old; empty when the plant cannot be asked.
    ///
    /// No names is an honest completion then.
    func rows(_ sentence: String) -> [[String]] { answer(sentence) ?? [] }

    /// The same, or nil when the plant did not answer, or not in time.
    private func answer(_ sentence: String) -> [[String]]? {
        if let found = remembered.withLock({ $0[sentence] }), found.at.timeIntervalSinceNow > -10 {
            return found.rows
        }
        let question = Connection.Question(text: sentence, format: .json)
        let patience = CancellationFlag(after: PlantNames.patience)
        let results = (try? connection.answers(question, cancellation: patience))?.results
        let rows = results.map { $0.first.map(PlantNames.texts) ?? [] }
        remembered.withLock { shelf in
            if shelf.count > 500 { shelf.removeAll() }
            shelf[sentence] = Listing(rows: rows, at: Date())
        }
        return rows
    }

    private static func texts(_ result: QueryResult) -> [[String]] {
        (0..<result.rowCount).map { row in
            result.columns.map { column in
                switch column.cell(row) {
                case .text(let text): text
                case .float(let value): "\(value)"
                case .integer(let value): "\(value)"
                case .boolean(let flag): "\(flag)"
                default: ""
                }
            }
        }
    }

    /// Forgets what may have changed.
    func forget() {
        remembered.withLock { $0.removeAll() }
        known.withLock { $0 = nil }
        manifold.withLock { $0.removeAll() }
    }

    var types: [String] { rows("show types").compactMap(\.first) }

    /// The assets of a type with what contains them, as far as they are listed.
    private func assets(of type: String) -> [[String]] {
        let sentence = "show every \(SentenceWord.name(type)) limit \(PlantNames.listedCount)"
        let found = answer(sentence)
        if found.map({ $0.count >= PlantNames.listedCount }) ?? true {
            _ = manifold.withLock { $0.insert(type) }
        }
        return found ?? []
    }

    /// The assets of a type with what contains them: all of them where they are few.
    ///
    /// Else those whose name begins with a word or holds it anywhere, as typed or in capital or
    /// small letters.
    func assets(of type: String, with word: String, anywhere: Bool = false) -> [[String]] {
        if word.isEmpty { return assets(of: type) }
        if !manifold.withLock({ $0.contains(type) }) {
            let all = assets(of: type)
            if !manifold.withLock({ $0.contains(type) }) { return all }
        }
        var found: [[String]] = []
        for spelling in Set([word, word.uppercased(), word.lowercased()]).sorted() {
            let pattern = SentenceWord.quoted((anywhere ? "*" : "") + spelling + "*")
            let sentence = "show every \(SentenceWord.name(type)) like \(pattern)"
            for row in rows("\(sentence) limit \(PlantNames.listedCount)")
            where !found.contains(row) { found.append(row) }
        }
        return found
    }

    /// Every name of the plant in small letters, or nil while it is not known or has too many.
    var all: Set<String>? { known.withLock { $0 } }

    /// Asks for every name, on a thread of its own, so that unknown ones can be shown as such.
    func learn() {
        let thread = Thread { [self] in
            var names: Set<String> = []
            let typeRows = rows("show types")
            guard typeRows.count <= PlantNames.typeCount else { return }
            for row in typeRows { names.formUnion(row.prefix(2)) }
            for listing in ["measures", "events", "attributes", "relations", "alerts", "queries"] {
                for row in rows("show \(listing)") { names.formUnion(row.prefix(2)) }
            }
            for row in typeRows {
                guard let type = row.first else { continue }
                let assets = assets(of: type)
                // With more assets than are listed, an unlisted name may well exist.
                guard assets.count < PlantNames.listedCount else { return }
                names.formUnion(assets.compactMap(\.first))
            }
            let small = Set(names.map { $0.lowercased() })
            known.withLock { $0 = small }
        }
        thread.start()
    }
}
