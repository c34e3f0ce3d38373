import CCurl
import Foundation

/// HTTP requests over libcurl, which keeps the connection open from one to the next.
///
/// One request at a time; `ServerClient` hands it from one to the next.
// Why: the handles of libcurl may be used by any thread, though by one at a time, and who sends a
// request has taken this object from the idle ones.
final class HTTPTransfer: @unchecked Sendable {
    /// What to send.
    struct Request {
        var method: String
        var address: String
        var body: [UInt8]?
        var headers: [String] = []
        /// Whether the server must prove that it is the one of the address.
        var checksServer = true
    }

    /// Why there is no answer, or no whole one.
    enum Failure: Error {
        case cancelled
        /// libcurl's words.
        case broken(String)
        /// The server could not prove who it is; libcurl's words.
        case untrusted(String)
    }

    /// The answer on its way: where its bytes go, and what went wrong when they were taken.
    private final class Answer {
        let handle: UnsafeMutableRawPointer
        let take: (Int, UnsafeRawBufferPointer) throws -> Void
        var error: (any Error)?

        init(
            _ handle: UnsafeMutableRawPointer,
            _ take: @escaping (Int, UnsafeRawBufferPointer) throws -> Void
        ) {
            self.handle = handle
            self.take = take
        }
    }

    /// A file of authorities to trust in place of the system's, by the name that OpenSSL gives it.
    private static let authorities = ProcessInfo.processInfo.environment["SSL_CERT_FILE"]
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    /// How long to wait for the network before looking whether Ctrl-C was pressed.
    private static let pollMilliseconds: Int32 = 20

    private let multi: UnsafeMutableRawPointer
    private let easy: UnsafeMutableRawPointer

    init() throws(Failure) {
        guard HTTPTransfer.isReady, let multi = curl_multi_init(), let easy = curl_easy_init()
        else { throw .broken("libcurl could not be started") }
        self.multi = multi
        self.easy = easy
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
    }

    /// Sends a request; the bytes of the answer go to `take` as they come, with the status.
    ///
    /// - Parameter isCancelled: asked again and again; true gives the request up.
    /// - Returns: the status.
    /// - Throws: `Failure`, also when the answer broke off before its end; what `take` threw.
    func send(
        _ request: Request, isCancelled: () -> Bool,
        take: (Int, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        try withoutActuallyEscaping(take) { take in
            try run(request, Answer(easy, take), isCancelled)
        }
    }

    private func run(
        _ request: Request, _ answer: Answer, _ isCancelled: () -> Bool
    ) throws -> Int {
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        // Without the last one libcurl asks before it sends a large body, and waits a second.
        for header in request.headers + ["Expect:"] { headers = curl_slist_append(headers, header) }
        curl_easy_reset(easy)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, 10_000)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_ACCEPT_ENCODING, "")
        set(CURLOPT_SSL_VERIFYPEER, request.checksServer ? 1 : 0)
        set(CURLOPT_SSL_VERIFYHOST, request.checksServer ? 2 : 0)
        if let authorities = HTTPTransfer.authorities { set(CURLOPT_CAINFO, authorities) }
        set(CURLOPT_CUSTOMREQUEST, request.method)
        set(CURLOPT_URL, request.address)
        _ = pollux_curl_set_pointer(easy, CURLOPT_HTTPHEADER, headers)
        _ = pollux_curl_set_pointer(
            easy, CURLOPT_WRITEDATA, Unmanaged.passUnretained(answer).toOpaque())
        _ = pollux_curl_set_reader_of_answer(easy, HTTPTransfer.reader)
        let body = request.body ?? []
        return try body.withUnsafeBytes { bytes in
            if request.body != nil {
                _ = pollux_curl_set_size(
                    easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
                var empty: UInt8 = 0
                try withUnsafeMutablePointer(to: &empty) { empty in
                    // libcurl only reads what it is given here.
                    let start =
                        UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                        ?? UnsafeMutableRawPointer(empty)
                    _ = pollux_curl_set_pointer(easy, CURLOPT_POSTFIELDS, start)
                    try perform(answer, isCancelled)
                }
            } else {
                try perform(answer, isCancelled)
            }
            return pollux_curl_status(easy)
        }
    }

    private func set(_ option: CURLoption, _ value: Int) {
        _ = pollux_curl_set_number(easy, option, value)
    }

    private func set(_ option: CURLoption, _ value: String) {
        _ = pollux_curl_set_text(easy, option, value)
    }

    private func perform(_ answer: Answer, _ isCancelled: () -> Bool) throws {
        curl_multi_add_handle(multi, easy)
        defer { curl_multi_remove_handle(multi, easy) }
        var running: Int32 = 1
        while true {
            let code = curl_multi_perform(multi, &running)
            guard code == CURLM_OK else {
                throw Failure.broken(String(cString: curl_multi_strerror(code)))
            }
            if running == 0 { break }
            if isCancelled() { throw Failure.cancelled }
            curl_multi_poll(multi, nil, 0, HTTPTransfer.pollMilliseconds, nil)
        }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            let result = message.pointee.data.result
            if let error = answer.error { throw error }
            guard result == CURLE_OK else {
                let reason = String(cString: curl_easy_strerror(result))
                throw result == CURLE_PEER_FAILED_VERIFICATION
                    ? Failure.untrusted(reason) : Failure.broken(reason)
            }
        }
    }

    /// Takes a part of the answer; any other count than that of its bytes ends the request.
    private static let reader: curl_write_callback = { bytes, size, count, context in
        guard let context, let bytes else { return 0 }
        let answer = Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
        do {
            let status = pollux_curl_status(answer.handle)
            try answer.take(status, UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        } catch {
            answer.error = error
            return 0
        }
    }
}
