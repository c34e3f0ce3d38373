import HTTPTypes
import Hummingbird
import PolluxGraph
import PolluxStore

/// `GET` and `POST /query`: the few statements that clients of line protocol send beside writes.
///
/// Telegraf creates its database first and tools list what there is; everything else is refused by
/// name, because questions are asked in TwinQL.
struct InfluxQueryRoutes: Sendable {
    let parts: ServerParts

    var routes: [Route] {
        [
            Route(.get, "/query") { try answer($0.query["q"]) },
            Route(.post, "/query") { try await post($0) }.allowing(.read),
        ]
    }

    private func post(_ exchange: Exchange) async throws -> Response {
        if let text = exchange.query["q"] { return try answer(text) }
        let bytes = try await parts.bodies.read(exchange.request)
        guard let form = FormFields(String(decoding: bytes, as: UTF8.self)) else {
            return InfluxQueryRoutes.refuse("the form is not valid percent-encoded text")
        }
        return try answer(form["q"])
    }

    private func answer(_ text: String?) throws -> Response {
        guard let text, !text.isEmpty else {
            return InfluxQueryRoutes.refuse("missing required parameter \"q\"")
        }
        var json = JSONBytes()
        json.beginObject()
        json.name("results")
        json.beginArray()
        let statements = InfluxQueryRoutes.statements(text)
        for (index, words) in statements.enumerated() {
            guard let table = try table(words) else {
                return InfluxQueryRoutes.refuse(
                    "error parsing query: `\(words.joined(separator: " "))` is not answered here: "
                        + "this server knows CREATE DATABASE and SHOW DATABASES, RETENTION "
                        + "POLICIES, MEASUREMENTS; ask questions in TwinQL at /api/v1/query")
            }
            json.beginObject()
            json.member("statement_id", index)
            InfluxQueryRoutes.write(table, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(json.bytes)
    }

    /// A table of an answer; without columns there is nothing to show.
    private struct Table {
        var name = ""
        var columns: [String] = []
        var rows: [[String]] = []
    }

    private func table(_ words: [String]) throws -> Table? {
        let plain = words.map { $0.uppercased() }
        switch (plain.first, plain.dropFirst().first) {
        case ("CREATE", "DATABASE") where words.count >= 3: return Table()
        case ("SHOW", "DATABASES") where words.count == 2:
            return Table(name: "databases", columns: ["name"], rows: [["pollux"]])
        case ("SHOW", "RETENTION") where plain.dropFirst(2).first == "POLICIES":
            return Table(columns: ["name", "default"], rows: [["autogen", "true"]])
        case ("SHOW", "MEASUREMENTS"):
            let snapshot = try parts.store.snapshot()
            defer { snapshot.close() }
            let names = try parts.graph.types(in: snapshot.transaction).map(\.name).sorted()
            return names.isEmpty
                ? Table()
                : Table(name: "measurements", columns: ["name"], rows: names.map { [$0] })
        default: return nil
        }
    }

    private static func write(_ table: Table, to json: inout JSONBytes) {
        guard !table.columns.isEmpty else { return }
        json.name("series")
        json.beginArray()
        json.beginObject()
        if !table.name.isEmpty { json.member("name", table.name) }
        json.name("columns")
        json.beginArray()
        for column in table.columns { json.string(column) }
        json.endArray()
        json.name("values")
        json.beginArray()
        for row in table.rows {
            json.beginArray()
            for cell in row {
                if cell == "true" { json.boolean(true) } else { json.string(cell) }
            }
            json.endArray()
        }
        json.endArray()
        json.endObject()
        json.endArray()
    }

    /// The statements of a text as words; `;` separates them outside quotes.
    static func statements(_ text: String) -> [[String]] {
        var statements: [[String]] = [[]]
        var word = ""
        var quote: Character?
        func close() {
            if !word.isEmpty { statements[statements.count - 1].append(word) }
            word = ""
        }
        for character in text {
            if let open = quote {
                word.append(character)
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
                word.append(character)
            } else if character == ";" {
                close()
                statements.append([])
            } else if character.isWhitespace {
                close()
            } else {
                word.append(character)
            }
        }
        close()
        return statements.filter { !$0.isEmpty }
    }

    private static func refuse(_ message: String) -> Response {
        var json = JSONBytes()
        json.beginObject()
        json.member("error", message)
        json.endObject()
        return .json(json.bytes, status: .badRequest)
    }
}
