import Foundation
import PolluxKeyValue
import PolluxLanguage
import PolluxQuery
import PolluxServer

/// Where questions of the command line go: to a server, or to a data directory opened here.
enum Connection {
    case server(ServerClient)
    case local(Database)

    /// What to ask, and how the answer shall look.
    struct Question {
        var text: String
        var format: ResultFormat
        var parameters: [String: String] = [:]
        var timezone: String?
        var now: String?
        var width: Int?
        var rowLimit: Int?
        /// How instants are written in the answer.
        var time: ResultFormatOptions.TimeForm?
    }

    /// Opens what the arguments name; a directory that a server has leads to that server.
    static func open(data: String, server: String?, creating: Bool = false) throws -> Connection {
        if let server { return .server(try ServerClient(address: server)) }
        do {
            return .local(try Database(directory: data, createsFolder: creating))
        } catch KeyValueError.inUse(let path, let address) {
            guard address.hasPrefix("http") else {
                throw CommandFailure(
                    ExitCode.noConnection,
                    KeyValueError.inUse(path: path, address: address).description)
            }
            return .server(
                try ServerClient(
                    address: address, token: LocalSecret(directory: data).read(), isLocal: true))
        } catch let error as KeyValueError {
            throw CommandFailure(ExitCode.failed, error.description)
        }
    }

    /// Where it leads, for people.
    var description: String {
        switch self {
        case .server(let client): "server \(client.address)"
        case .local(let database): "directory \(database.environment.directory)"
        }
    }

    /// Asks and hands the answer to `write` in parts.
    ///
    /// - Throws: `CommandFailure` with the exit code and a rendered message.
    func ask(
        _ question: Question, cancellation: CancellationFlag, write: @escaping ([UInt8]) -> Void
    ) throws {
        switch self {
        case .server(let client):
            try client.ask(question, cancellation: cancellation, write: write)
        case .local(let database):
            try Connection.run(question, on: database, cancellation: cancellation, write: write)
        }
    }

    /// Ends what was opened here.
    func close() {
        if case .local(let database) = self { database.close() }
    }

    /// Asks and returns the answers themselves, for whoever lays them out here.
    func answers(
        _ question: Question, cancellation: CancellationFlag
    ) throws -> (results: [QueryResult], byteCount: Int) {
        switch self {
        case .server(let client):
            var question = question
            question.format = .json
            question.time = .ns
            var bytes: [UInt8] = []
            try client.ask(question, cancellation: cancellation) { bytes += $0 }
            let results = try AnswerReader.results(bytes) { cancellation.isCancelled }
            return (results, bytes.count)
        case .local(let database):
            return (
                try Connection.results(question, on: database, cancellation: cancellation), 0
            )
        }
    }

    private static func run(
        _ question: Question, on database: Database, cancellation: CancellationFlag,
        write: ([UInt8]) -> Void
    ) throws {
        var form = ResultFormatOptions()
        form.width = question.width
        form.rowLimit = question.rowLimit
        for result in try results(question, on: database, cancellation: cancellation) {
            var writer = ResultWriter(
                result, format: ResultFormat(rawValue: result.format ?? "") ?? question.format,
                options: form)
            while let part = writer.next() { write(part) }
        }
    }

    private static func results(
        _ question: Question, on database: Database, cancellation: CancellationFlag
    ) throws -> [QueryResult] {
        var options = QueryOptions()
        options.parameters = question.parameters.mapValues { .text($0) }
        options.timezone = question.timezone
        options.cancellation = cancellation
        // Whoever asks a directory of their own has Ctrl-C.
        options.timeLimit = 0
        options.now = question.now.flatMap(Connection.instant)
        do {
            return try database.query.run(question.text, options: options)
        } catch let error as QueryError {
            throw Connection.failure(error)
        }
    }

    /// A query error as the command line shows it.
    static func failure(_ error: QueryError) -> CommandFailure {
        switch error {
        case .diagnostics(let list):
            var failure = CommandFailure(
                ExitCode.badQuery,
                list.map { $0.render(colour: Terminal.hasErrorColours) }.joined(separator: "\n"))
            failure.correction = list.first?.corrected
            return failure
        case .runtime(.cancelled, let message):
            return CommandFailure(ExitCode.interrupted, message)
        case .runtime(let code, let message):
            return CommandFailure(ExitCode.failed, "error[\(code.text)]: \(message)")
        }
    }
}
