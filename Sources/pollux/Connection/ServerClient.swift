import Foundation
import PolluxLanguage
import PolluxQuery
import PolluxServer
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Talks to a running server over HTTP; one request at a time.
final class ServerClient: Sendable {
    /// The server's address as given.
    let address: String
    private let base: URL
    private let token: String?

    /// A client of a server.
    ///
    /// - Parameter token: goes with each request; nil takes POLLUX_TOKEN from the environment.
    init(address: String, token: String? = nil) throws {
        self.address = address
        self.token = token ?? ProcessInfo.processInfo.environment["POLLUX_TOKEN"]
        guard let url = URL(string: address), url.scheme == "http", url.host != nil else {
            throw CommandFailure(
                ExitCode.badUse, "--server takes an address such as http://127.0.0.1:8470")
        }
        base = url
    }

    /// Asks a question; the answer's bytes go to `write`.
    func ask(
        _ question: Connection.Question, cancellation: CancellationFlag,
        write: ([UInt8]) -> Void
    ) throws {
        var body: [String: Any] = ["query": question.text, "format": question.format.rawValue]
        if !question.parameters.isEmpty { body["parameters"] = question.parameters }
        if let timezone = question.timezone { body["timezone"] = timezone }
        if let now = question.now { body["now"] = now }
        if let width = question.width { body["width"] = width }
        if let limit = question.rowLimit { body["rowLimit"] = limit }
        if let time = question.time { body["time"] = time.rawValue }
        let (status, bytes) = try send(
            "POST", "/api/v1/query", try JSONSerialization.data(withJSONObject: body),
            cancellation: cancellation)
        guard status == 200 else {
            throw ServerClient.failure(status: status, body: bytes)
        }
        write(Array(bytes))
    }

    /// Sends one request and waits for the whole answer; Ctrl-C gives it up.
    func send(
        _ method: String, _ path: String, _ body: Data? = nil,
        contentType: String = "application/json", cancellation: CancellationFlag? = nil
    ) throws -> (status: Int, body: Data) {
        guard let url = URL(string: path, relativeTo: base) else {
            throw CommandFailure(ExitCode.badUse, "no such path: \(path)")
        }
        var request = URLRequest(url: url, timeoutInterval: 3600)
        request.httpMethod = method
        request.httpBody = body
        if body != nil { request.setValue(contentType, forHTTPHeaderField: "Content-Type") }
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        let outcome = Mutex<(status: Int, body: Data, error: String?)?>(nil)
        let task = URLSession.shared.dataTask(with: request) { data, response, error in
            let status = (response as? HTTPURLResponse)?.statusCode ?? 0
            outcome.withLock { $0 = (status, data ?? Data(), error?.localizedDescription) }
        }
        task.resume()
        while true {
            if let done = outcome.withLock({ $0 }) {
                if let error = done.error, done.status == 0 {
                    throw CommandFailure(
                        ExitCode.noConnection, "no answer from the server at \(address): \(error)")
                }
                return (done.status, done.body)
            }
            if cancellation?.isCancelled == true || Interrupt.isRaised {
                task.cancel()
                throw CommandFailure(ExitCode.interrupted, "cancelled")
            }
            usleep(500)
        }
    }

    /// An error answer as the command line shows it, with the line and carets when it has a place.
    static func failure(status: Int, body: Data) -> CommandFailure {
        let answer = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any]
        guard let error = answer?["error"] as? [String: Any] else {
            return CommandFailure(ExitCode.failed, "the server answered with status \(status)")
        }
        let code = error["code"] as? String ?? "error"
        let message = error["message"] as? String ?? "status \(status)"
        var rendered = error["rendered"] as? String ?? ""
        if rendered.isEmpty {
            rendered = "error[\(code)]: \(message)"
            if let help = error["help"] as? String, !help.isEmpty {
                rendered += "\n  = " + help.replacingOccurrences(of: "\n", with: "\n  = ")
            }
        }
        let isQueryError = code.hasPrefix("TQ") && status == 400
        var failure = CommandFailure(isQueryError ? ExitCode.badQuery : ExitCode.failed, rendered)
        failure.correction = error["corrected"] as? String
        return failure
    }
}
