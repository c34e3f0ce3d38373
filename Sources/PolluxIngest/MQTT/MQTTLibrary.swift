import CMosquitto
import Glibc
import PolluxModel

/// What the C library needs once, and its words.
enum MQTTLibrary {
    /// Initialised once per process, on first use.
    static let isReady: Bool = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    /// The library's text for a return code; the system's own for a failed call.
    static func text(_ code: Int32) -> String {
        if code == MOSQ_ERR_ERRNO.rawValue { return String(cString: strerror(errno)) }
        return String(cString: mosquitto_strerror(code))
    }

    /// Whether a return code means success.
    static func isFine(_ code: Int32) -> Bool { code == MOSQ_ERR_SUCCESS.rawValue }

    /// The wall clock.
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Sets user, password and TLS of an address; returns what is wrong, if anything.
    static func apply(_ address: MQTTAddress, to client: OpaquePointer) -> String? {
        if let user = address.user {
            let code = mosquitto_username_pw_set(client, user, address.password)
            guard isFine(code) else { return text(code) }
        }
        guard address.usesTLS else { return nil }
        // Without a file of its own the system's authorities are trusted.
        let folder = address.authorityFile == nil ? "/etc/ssl/certs" : nil
        let code = mosquitto_tls_set(
            client, address.authorityFile, folder, address.certificateFile, address.keyFile, nil)
        guard isFine(code) else { return "TLS: \(text(code))" }
        return nil
    }
}
