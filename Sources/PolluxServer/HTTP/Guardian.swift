import HTTPTypes
import Hummingbird
import NIOHTTP1

/// Keeps web pages of other sites away from this server.
///
/// Without tokens, whoever can send a request may read and write; a browser on this machine can,
/// for any page it shows. So a page's requests are taken only from pages of this server:
/// - `Origin`, where a browser sends it, must name the host that `Host` names (cross-site posts),
///   and be `https` where the server speaks TLS: a page that came in the clear may be another's;
/// - on loopback `Host` itself must be a loopback name (a foreign name that resolves to 127.0.0.1);
/// - a browser's own word that a request is cross-site is believed, also for reads.
/// Other programs send neither `Origin` nor `Sec-Fetch-Site` and are not affected.
struct Guardian: Sendable {
    private let isLoopback: Bool
    private let isSecure: Bool
    private let allowedHosts: Set<String>

    init(configuration: ServerConfiguration) {
        isLoopback = configuration.isLoopback
        isSecure = configuration.certificate != nil
        allowedHosts = Set(configuration.allowedHosts.map { $0.lowercased() })
    }

    /// Throws 403 when a request comes from another site's page.
    func check(_ request: Request) throws(HTTPFailure) {
        let isNavigation = request.headers[Guardian.fetchMode] == "navigate"
        let refusal = refusal(
            host: request.head.authority ?? "", origin: request.headers[.origin],
            site: isNavigation && request.uri.path == "/"
                ? nil : request.headers[Guardian.fetchSite])
        if let refusal { throw refusal }
    }

    /// The reason for which a WebSocket request is refused, or nil.
    func refusal(of head: HTTPRequestHead) -> HTTPFailure? {
        refusal(
            host: head.headers.first(name: "host") ?? "",
            origin: head.headers.first(name: "origin"),
            site: head.headers.first(name: "sec-fetch-site"))
    }

    private func refusal(host: String, origin: String?, site: String?) -> HTTPFailure? {
        let hostName = Guardian.name(of: host)
        if isLoopback, !Guardian.isLoopbackName(hostName), !allowedHosts.contains(hostName) {
            return forbidden(
                "host_not_allowed", "this server does not answer for the host name of this request",
                help: "use http://localhost, or name the host in the server's setting `hosts`")
        }
        if let origin, !isOwn(origin: origin.lowercased(), host: host.lowercased()) {
            return forbidden(
                "cross_origin", "requests from pages of other sites are refused",
                help:
                    "open the page from this server, or name its host in the setting `hosts`"
            )
        }
        if let site, site != "same-origin", site != "none", site != "same-site" {
            return forbidden(
                "cross_origin", "requests from pages of other sites are refused",
                help: "open the page from this server")
        }
        return nil
    }

    private func isOwn(origin: String, host: String) -> Bool {
        guard let start = origin.firstRange(of: "://"),
            !isSecure || origin[..<start.lowerBound] == "https"
        else { return false }
        let authority = String(origin[start.upperBound...])
        return authority == host || allowedHosts.contains(Guardian.name(of: authority))
    }

    private func forbidden(_ code: String, _ message: String, help: String) -> HTTPFailure {
        HTTPFailure(status: .forbidden, code: code, message: message, help: help)
    }

    /// The host without its port, in lower case.
    static func name(of authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
        guard let colon = text.lastIndex(of: ":") else { return text }
        return String(text[..<colon])
    }

    private static func isLoopbackName(_ name: String) -> Bool {
        name == "localhost" || name == "[::1]" || name.hasSuffix(".localhost")
            || (name.hasPrefix("127.") && name.allSatisfy { $0.isNumber || $0 == "." })
    }

    private static let fetchSite = HTTPField.Name("sec-fetch-site") ?? .origin
    private static let fetchMode = HTTPField.Name("sec-fetch-mode") ?? .origin
}
