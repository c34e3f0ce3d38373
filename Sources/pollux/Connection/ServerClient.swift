import Foundation
import PolluxLanguage
import PolluxQuery
import PolluxServer
import Synchronization

/// Talks to a running server over HTTP.
final class ServerClient: Sendable {
    /// The server's address as given.
    let address: String
    private let token: String?
    private let isLocal: Bool
    /// Connections that no request has.
    private let idle = Mutex<[HTTPTransfer]>([])

    /// A client of a server.
    ///
    /// - Parameters:
    ///   - token: goes with each request; nil takes POLLUX_TOKEN from the environment.
    ///   - isLocal: whether the address stands in a data directory of this machine: nothing leaves
    ///     it then, and the certificate, which names the host as others see it, is not looked at.
    init(address: String, token: String? = nil, isLocal: Bool = false) throws {
        self.address = address
        self.isLocal = isLocal
        self.token = token ?? ProcessInfo.processInfo.environment["POLLUX_TOKEN"]
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme),
            url.host != nil
        else {
            throw CommandFailure(
                ExitCode.badUse, "--server takes an address such as http://127.0.0.1:8470")
        }
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
        try stream(
            "POST", "/api/v1/query", try JSONSerialization.data(withJSONObject: body),
            cancellation: cancellation, write: write)
    }

    /// Sends one request and hands a good answer to `write` as it comes; Ctrl-C gives it up.
    ///
    /// - Throws: `CommandFailure` for an error answer, and for one that broke off.
    func stream(
        _ method: String, _ path: String, _ body: Data? = nil,
        cancellation: CancellationFlag? = nil, write: ([UInt8]) throws -> Void
    ) throws {
        var refusal = Data()
        let status = try exchange(
            method, path, body, contentType: "application/json", cancellation
        ) { status, bytes in
            if status == 200 { try write(Array(bytes)) } else { refusal.append(contentsOf: bytes) }
        }
        guard status == 200 else { throw ServerClient.failure(status: status, body: refusal) }
    }

    /// Sends one request and waits for the whole answer; Ctrl-C gives it up.
    func send(
        _ method: String, _ path: String, _ body: Data? = nil,
        contentType: String = "application/json", cancellation: CancellationFlag? = nil
    ) throws -> (status: Int, body: Data) {
        var answer = Data()
        let status = try exchange(method, path, body, contentType: contentType, cancellation) {
            answer.append(contentsOf: $1)
        }
        return (status, answer)
    }

    private func exchange(
        _ method: String, _ path: String, _ body: Data?, contentType: String,
        _ cancellation: CancellationFlag?, take: (Int, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        var base = address
        while base.hasSuffix("/") { base.removeLast() }
        var request = HTTPTransfer.Request(method: method, address: base + path)
        request.body = body.map(Array.init)
        request.checksServer = !isLocal
        if body != nil { request.headers.append("Content-Type: \(contentType)") }
        if let token { request.headers.append("Authorization: Bearer \(token)") }
        var hasBegun = false
        do {
            let transfer = try idle.withLock { $0.popLast() } ?? HTTPTransfer()
            defer { idle.withLock { $0.append(transfer) } }
            return try transfer.send(
                request,
                isCancelled: { cancellation?.isCancelled == true || Interrupt.isRaised },
                take: { status, bytes in
                    hasBegun = true
                    try take(status, bytes)
                })
        } catch HTTPTransfer.Failure.cancelled {
            throw CommandFailure(ExitCode.interrupted, "cancelled")
        } catch HTTPTransfer.Failure.untrusted(let reason) {
            throw CommandFailure(
                ExitCode.noConnection,
                "the server at \(address) is not trusted: \(reason)\n"
                    + "  = its certificate is for another name, has ended, or is signed by an "
                    + "authority this machine does not know: SSL_CERT_FILE names a file of others")
        } catch HTTPTransfer.Failure.broken(let reason) {
            throw CommandFailure(
                ExitCode.noConnection,
                hasBegun
                    ? "the answer of the server at \(address) broke off: \(reason)"
                    : "no answer from the server at \(address): \(reason)")
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
