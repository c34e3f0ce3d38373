import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The files of the viewer: ours from the resources of this module, three.js from the packages
/// that the set-up fetched.
///
/// Only names in these tables are served; no part of a request ever becomes part of a file path.
struct ViewerFiles: Sendable {
    private struct Page: Sendable {
        var type: String
        var bytes: ByteBuffer
        var tag: String
    }

    private let pages: [String: Page]
    private let packageFolders: [String]

    /// Reads our own files once.
    init(configuration: ServerConfiguration) {
        let names = [
            "index.html": ContentType.html, "viewer.js": ContentType.script,
            "scene.js": ContentType.script, "chart.js": ContentType.script,
            "live.js": ContentType.script, "sign-in.js": ContentType.script,
            "values.js": ContentType.script, "events.js": ContentType.script,
            "life.js": ContentType.script, "text.js": ContentType.script,
            "viewer.css": ContentType.css,
            "icon.svg": "image/svg+xml",
        ]
        var pages: [String: Page] = [:]
        for (name, type) in names {
            guard let bytes = ViewerFiles.resource(name) else { continue }
            pages[name] = Page(
                type: type, bytes: ByteBuffer(bytes: bytes), tag: ViewerFiles.tag(of: bytes))
        }
        self.pages = pages
        packageFolders = ViewerFiles.packageFolders(given: configuration.viewerPackages)
    }

    /// The routes under `/` and `/viewer/`.
    var routes: [Route] {
        let routes = [
            Route(.get, "/") { try page("index.html", exchange: $0) },
            Route(.get, "/viewer/three.js") { try three(exchange: $0) },
            Route(.get, "/viewer/{name}") { exchange in
                try page(exchange.segments["name"] ?? "", exchange: exchange)
            },
            Route(.get, "/favicon.ico") { try page("icon.svg", exchange: $0) },
        ]
        return routes.map { $0.allowing(nil) }
    }

    private func page(_ name: String, exchange: Exchange) throws -> Response {
        guard let page = pages[name] else {
            throw HTTPFailure.notFound("the viewer has no such file")
        }
        return ViewerFiles.response(
            page.bytes, type: page.type, tag: page.tag, request: exchange.request)
    }

    private func three(exchange: Exchange) throws -> Response {
        for folder in packageFolders {
            let path = folder + "/three/three.js"
            guard let bytes = FileManager.default.contents(atPath: path) else { continue }
            return ViewerFiles.response(
                ByteBuffer(bytes: bytes), type: ContentType.script,
                tag: "\"three-\(bytes.count)\"", request: exchange.request)
        }
        throw HTTPFailure.notFound(
            "three.js is not installed", help: "run `make viewer` once, then reload the page")
    }

    private static func response(
        _ bytes: ByteBuffer, type: String, tag: String, request: Request
    ) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.cacheControl] = "no-cache"
        headers[.eTag] = tag
        if type == ContentType.html {
            headers[.contentSecurityPolicy] = policy
            if let name = HTTPField.Name("X-Frame-Options") { headers[name] = "SAMEORIGIN" }
        }
        if request.headers[values: .ifNoneMatch].contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: bytes))
    }

    /// Scripts and connections from this server alone; styles may be set on elements.
    private static let policy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'none'"

    /// A resource of this module, from its bundle or from the folder beside the executable.
    static func resource(_ name: String) -> [UInt8]? {
        for folder in resourceFolders {
            if let bytes = FileManager.default.contents(atPath: folder + "/Viewer/" + name) {
                return Array(bytes)
            }
        }
        return nil
    }

    /// Where the resources may be: `Bundle.module` ends the process when it finds nothing, which
    /// an installed binary without its resource folder would meet, so the places are searched here.
    private static let resourceFolders: [String] = {
        let executable = URL(fileURLWithPath: CommandLine.arguments.first ?? "")
            .resolvingSymlinksInPath().deletingLastPathComponent()
        var folders: [String] = []
        for start in [executable, Bundle.main.bundleURL] {
            folders.append(start.appendingPathComponent("pollux_PolluxServer.resources").path)
            folders.append(start.appendingPathComponent("../share/pollux").path)
        }
        #if DEBUG
            // Tests run from a bundle of their own; the sources are beside this file.
            folders.append(
                URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .deletingLastPathComponent().path)
        #endif
        return folders
    }()

    private static func packageFolders(given: String?) -> [String] {
        if let given { return [given] }
        var folders = [FileManager.default.currentDirectoryPath + "/viewer-packages"]
        var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "")
            .resolvingSymlinksInPath().deletingLastPathComponent()
        for _ in 0..<5 {
            folders.append(folder.appendingPathComponent("viewer-packages").path)
            folder = folder.deletingLastPathComponent()
        }
        return folders
    }

    /// A short tag of the content (FNV-1a), so that a browser asks for nothing twice.
    private static func tag(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "\"\(String(hash, radix: 16))\""
    }
}
