import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// What Hummingbird makes for each request.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}

/// One method of one path, and what answers it.
struct Route: Sendable {
    typealias Handler = @Sendable (Exchange) async throws -> Response

    /// The method; a `GET` route answers `HEAD` too.
    var method: HTTPRequest.Method
    /// The path, with `{name}` for a segment that varies and `{name*}` for all that follow.
    var path: String
    /// What answers.
    var handler: Handler
    /// Whether it runs on the connection's event loop, because it does nothing there that takes
    /// time.
    var isBrief: Bool
    /// What its caller must be allowed to do; nil for everyone, signed in or not.
    var role: AccessRole?

    /// A route; reading needs the role `read` and every other method `write` unless said otherwise.
    init(
        _ method: HTTPRequest.Method, _ path: String, isBrief: Bool = false,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.isBrief = isBrief
        self.handler = handler
        role = method == .get ? .read : .write
    }

    /// The same for callers of a role; nil for everyone.
    func allowing(_ role: AccessRole?) -> Route {
        var route = self
        route.role = role
        return route
    }
}

/// A request on its way to a route: the request, what its path and query string say.
struct Exchange: Sendable {
    /// The request as it came.
    var request: Request
    /// The varying segments of the path, decoded.
    var segments: [String: String]
    /// The query string, decoded.
    var query: FormFields
    /// Who sent it.
    var caller: Caller
    /// Where the route reports what an operator should know.
    var logger: Logger

    /// How many entries of a list are wanted: `limit`, from 1 to 1000, 100 without it.
    var listLimit: Int {
        get throws {
            let limit = query["limit"].map { Int($0) ?? -1 } ?? 100
            guard (1...1000).contains(limit) else {
                throw HTTPFailure.badRequest("limit must be a number from 1 to 1000")
            }
            return limit
        }
    }
}

/// Finds the route of a request; every failure becomes the error object of the contract.
struct RouteTable: HTTPResponder {
    let routes: [Route]
    /// Routes without varying segments, by path and method, for paths that fit no earlier route.
    private let direct: [String: [HTTPRequest.Method: Route]]
    let guardian: Guardian
    let access: AccessGate
    let requestCounts: RequestCounts

    /// All routes of a server.
    init(parts: ServerParts) {
        guardian = parts.guardian
        access = parts.access
        requestCounts = parts.requestCounts
        let routes =
            OperationRoutes(parts: parts).routes + QueryRoutes(parts: parts).routes
            + WriteRoutes(parts: parts).routes + LiveRoute(parts: parts).routes
            + TwinRoutes(parts: parts).routes + GraphRoutes(parts: parts).routes
            + TwinChangeRoutes(parts: parts).routes + LiveTwinRoutes(parts: parts).routes
            + SnapshotRoutes(parts: parts).routes + SourceRoutes(parts: parts).routes
            + SessionRoutes(parts: parts).routes
            + RemovalRoutes(parts: parts).routes + RuleRoutes(parts: parts).routes
            + ExportRoute(parts: parts).routes + InfluxQueryRoutes(parts: parts).routes
            + ViewerFiles(configuration: parts.configuration).routes
        self.routes = routes
        var direct: [String: [HTTPRequest.Method: Route]] = [:]
        for (index, route) in routes.enumerated() where !route.path.contains("{") {
            guard let segments = RouteTable.segments(of: route.path) else { continue }
            let isHidden = routes[..<index].contains {
                $0.method == route.method && RouteTable.match($0.path, segments) != nil
            }
            if !isHidden { direct[route.path, default: [:]][route.method] = route }
        }
        self.direct = direct
    }

    func respond(to request: Request, context: ServerContext) async throws -> Response {
        let isHead = request.method == .head
        var response: Response
        do {
            response = try await answer(request, logger: context.logger)
        } catch {
            response = RouteTable.failure(error, request: request, logger: context.logger).response
            if request.headers[.contentLength] != nil || request.headers[.transferEncoding] != nil {
                // What is left of the body need not be read to its end.
                response.headers[.connection] = "close"
            }
        }
        requestCounts.count(status: response.status.code)
        secure(&response.headers)
        return isHead ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, logger: Logger) async throws -> Response {
        let path = request.uri.path
        let method = request.method == .head ? HTTPRequest.Method.get : request.method
        if let route = direct[path]?[method] {
            return try await answer(request, by: route, segments: [:], logger: logger)
        }
        guard path.hasPrefix("/"), let segments = RouteTable.segments(of: path) else {
            throw HTTPFailure.badRequest("the path is not valid")
        }
        var allowed: [String] = []
        for route in routes {
            guard let values = RouteTable.match(route.path, segments) else { continue }
            guard route.method == method else {
                allowed.append(route.method.rawValue)
                if route.method == .get { allowed.append("HEAD") }
                continue
            }
            return try await answer(request, by: route, segments: values, logger: logger)
        }
        guard allowed.isEmpty else {
            var methods: [String] = []
            for name in allowed where !methods.contains(name) { methods.append(name) }
            let list = methods.joined(separator: ", ")
            throw HTTPFailure(
                status: .methodNotAllowed, code: "method_not_allowed",
                message: "this route does not take \(request.method.rawValue)",
                help: "use \(list)", allow: list)
        }
        throw HTTPFailure.notFound(
            "there is no such route", help: "/api/v1/openapi.json lists the routes")
    }

    private func answer(
        _ request: Request, by route: Route, segments: [String: String], logger: Logger
    ) async throws -> Response {
        try guardian.check(request)
        guard let query = FormFields(request.uri.query ?? "") else {
            throw HTTPFailure.badRequest("the query string is not valid percent-encoded text")
        }
        let caller = try route.role.map { role in
            try access.admit(Credentials(request, query), for: role)
        }
        let exchange = Exchange(
            request: request, segments: segments, query: query, caller: caller ?? .anyone,
            logger: logger)
        guard !route.isBrief else { return try await route.handler(exchange) }
        return try await offLoop { try await route.handler(exchange) }
    }

    /// The failure that stands for an error which a route threw.
    static func failure(_ error: any Error, request: Request, logger: Logger) -> HTTPFailure {
        switch error {
        case let failure as HTTPFailure: return failure
        case is HTTPParserError: return .badRequest("the body of the request is not valid HTTP")
        case is NIOTooManyBytesError: return .tooLarge(limit: 0)
        case is CancellationError:
            return .unavailable("the server is stopping, or the request was abandoned")
        default:
            logger.error("\(request.method.rawValue) \(request.uri.path): \(error)")
            return .failed("the request failed inside the server; its log says more")
        }
    }

    /// The decoded segments of a path, or nil when they are not valid.
    static func segments(of path: String) -> [String]? {
        var result: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let text = FormFields.decode(part, plusIsBlank: false) else { return nil }
            result.append(text)
        }
        return result
    }

    /// The values of the varying segments when `path` fits, else nil.
    static func match(_ template: String, _ path: [String]) -> [String: String]? {
        let parts = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var values: [String: String] = [:]
        for (index, part) in parts.enumerated() {
            if part.hasPrefix("{"), part.hasSuffix("*}") {
                guard index < path.count else { return nil }
                values[String(part.dropFirst().dropLast(2))] = path[index...].joined(separator: "/")
                return values
            }
            guard index < path.count else { return nil }
            if part.hasPrefix("{"), part.hasSuffix("}") {
                guard !path[index].isEmpty else { return nil }
                values[String(part.dropFirst().dropLast())] = path[index]
            } else if part != path[index] {
                return nil
            }
        }
        return parts.count == path.count ? values : nil
    }

    private func secure(_ headers: inout HTTPFields) {
        headers[.xContentTypeOptions] = "nosniff"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    }
}
