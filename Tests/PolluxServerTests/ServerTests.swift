import Foundation
import NIOCore
import PolluxTestKit
import Testing

@testable import PolluxServer

@Suite struct ServerTests {
    private func error(_ answer: RawClient.Answer) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return try #require(object?["error"] as? [String: Any])
    }

    @Test func operations() async throws {
        try await RunningServer.run { server in
            let health = try await server.ask("GET /health")
            #expect(health.status == 200)
            #expect(health.text.contains(#""status":"pass""#))
            #expect(try await server.ask("GET /ready").status == 200)
            let ping = try await server.ask("HEAD /ping")
            #expect(ping.status == 204)
            #expect(ping.headers["x-influxdb-version"] != nil)
            #expect(try await server.ask("GET /ping?verbose=true").text.contains("version"))
            let metrics = try await server.ask("GET /metrics")
            #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(metrics.text.contains("\npollux_http_responses_total{status=\"200\"} "))
            let head = try await server.ask("HEAD /health")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
        }
    }

    @Test("every failure is the error object with the right status")
    func errors() async throws {
        try await RunningServer.run { server in
            let missing = try await server.ask("GET /nowhere")
            #expect(missing.status == 404)
            #expect(try error(missing)["code"] as? String == "not_found")
            let method = try await server.ask("DELETE /health")
            #expect(method.status == 405)
            #expect(method.headers["allow"] == "GET, HEAD")
            #expect(try error(method)["code"] as? String == "method_not_allowed")
            let type = try await server.ask(
                "POST /api/v1/query", ["Content-Type": "application/xml"], body: "<q/>")
            #expect(type.status == 415)
            let json = try await server.ask(
                "POST /api/v1/query", ["Content-Type": "application/json"], body: "{\"query\":\n x}"
            )
            #expect(json.status == 400)
            #expect(try error(json)["line"] as? Int == 2)
            let member = try await server.ask(
                "POST /api/v1/query", ["Content-Type": "application/json"],
                body: #"{"query":"x of y","colour":1}"#)
            #expect(member.status == 400)
            let none = try await server.ask("GET /api/v1/query")
            #expect(none.status == 400)
            let format = try await server.ask("GET /api/v1/query?query=x&format=xls")
            #expect(format.status == 400)
            #expect(try error(format)["suggestions"] as? [String] != nil)
        }
    }

    @Test("bytes that are not HTTP get a 400 in JSON, and the server goes on")
    func malformed() async throws {
        try await RunningServer.run { server in
            let client = try await RawClient.open(port: server.port)
            try await client.send("\u{16}\u{3}\u{1} nonsense\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 400)
            #expect(try error(answer)["code"] as? String == "bad_http")
            let chunks = try await RawClient.open(port: server.port)
            try await chunks.send(
                "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            )
            #expect(try await chunks.answer().status == 400)
            #expect(try await server.ask("GET /health").status == 200)
        }
    }

    @Test("bodies are bounded, packed and unpacked")
    func bodyLimits() async throws {
        try await RunningServer.run({ $0.limits.bodyByteCount = 50 }) { server in
            let long = String(repeating: "x", count: 51)
            let plain = try await server.ask(
                "POST /api/v1/query", ["Content-Type": "text/plain"], body: long)
            #expect(plain.status == 413)
            let client = try await RawClient.open(port: server.port)
            let packed = try await client.request(
                "POST /write", ["Content-Encoding": "gzip"], body: WireTests.packed)
            #expect(packed.status == 413)
            for encoding in ["br", "deflate"] {
                let other = try await server.ask(
                    "POST /api/v2/write", ["Content-Encoding": encoding], body: "m f=1")
                #expect(other.status == 415)
            }
        }
    }

    @Test("pages of other sites are refused; programs are not")
    func guardian() async throws {
        try await RunningServer.run { server in
            let own = "localhost:\(server.port)"
            let write = "POST /api/v1/snapshots"
            let foreign = try await server.ask(
                write, ["Host": own, "Origin": "http://evil.example"])
            #expect(foreign.status == 403)
            #expect(try error(foreign)["code"] as? String == "cross_origin")
            let port = try await server.ask(write, ["Host": own, "Origin": "http://localhost:1"])
            #expect(port.status == 403)
            let null = try await server.ask(write, ["Host": own, "Origin": "null"])
            #expect(null.status == 403)
            let rebound = try await server.ask(
                "GET /api/v1/alerts", ["Host": "evil.example:\(server.port)"])
            #expect(rebound.status == 403)
            #expect(try error(rebound)["code"] as? String == "host_not_allowed")
            let site = try await server.ask("GET /api/v1/alerts", ["Sec-Fetch-Site": "cross-site"])
            #expect(site.status == 403)
            let same = try await server.ask(
                "GET /api/v1/alerts",
                ["Host": own, "Origin": "http://\(own)", "Sec-Fetch-Site": "same-origin"])
            #expect(same.status == 200)
            #expect(same.text.contains(#""name":"hot""#))
            let socket = try await RawClient.open(port: server.port)
                .upgrade("/api/v1/live", ["Origin": "http://evil.example"])
            #expect(socket.status == 403)
        }
    }

    @Test("a proxy's name is answered for where it is set, also for pages that came from there")
    func proxy() async throws {
        try await RunningServer.run({ $0.allowedHosts = ["Plant.example"] }) { server in
            for host in ["plant.example", "plant.example:443", "localhost:\(server.port)"] {
                let answer = try await server.ask(
                    "GET /api/v1/alerts", ["Host": host, "Origin": "https://plant.example"])
                #expect(answer.status == 200, "\(host): \(answer.text)")
            }
            let socket = try await RawClient.open(port: server.port)
                .upgrade("/api/v1/live", ["Origin": "https://plant.example"])
            #expect(socket.status == 101)
            let other = try await server.ask("GET /health", ["Host": "plant.example.evil.example"])
            #expect(other.status == 403)
            #expect(other.text.contains("setting `hosts`"))
        }
    }

    @Test("the viewer's files, and no others")
    func viewer() async throws {
        try await RunningServer.run { server in
            let page = try await server.ask("GET /")
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["content-security-policy"] != nil)
            for name in [
                "viewer.js", "scene.js", "chart.js", "live.js", "sign-in.js", "values.js",
                "events.js", "life.js", "text.js", "viewer.css",
                "icon.svg",
            ] {
                #expect(try await server.ask("GET /viewer/\(name)").status == 200, "\(name)")
            }
            let tag = try #require(page.headers["etag"])
            #expect(try await server.ask("GET /", ["If-None-Match": tag]).status == 304)
            for path in [
                "..%2f..%2fPackage.swift", "..", "%2e%2e%2fopenapi.json", "a/b", "three%00.js",
            ] {
                #expect(try await server.ask("GET /viewer/\(path)").status == 404, "\(path)")
            }
        }
        try await RunningServer.run({ $0.viewerPackages = "/nonexistent" }) { server in
            let three = try await server.ask("GET /viewer/three.js")
            #expect(three.status == 404)
            #expect(
                try error(three)["help"] as? String
                    == "run `make viewer` once, then reload the page")
        }
    }

    @Test("the OpenAPI document has every route and nothing else")
    func openAPI() async throws {
        try await RunningServer.run { server in
            let answer = try await server.ask("GET /api/v1/openapi.json")
            let document = try #require(
                JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            #expect(document["openapi"] as? String == "3.1.0")
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            var described: Set<String> = []
            for (path, methods) in paths {
                for method in methods.keys { described.insert("\(method.uppercased()) \(path)") }
            }
            let routes = try #require(server.routeNames)
            #expect(described == routes)
        }
    }

    @Test("a port in use is said clearly; so is an address beyond loopback")
    func listening() async throws {
        try await RunningServer.run { server in
            await #expect(throws: ServerError.portInUse(host: "127.0.0.1", port: server.port)) {
                try await RunningServer.run({ $0.port = server.port }) { _ in }
            }
        }
        await #expect(throws: ServerError.notLoopback(host: "0.0.0.0")) {
            try await RunningServer.run({ $0.host = "0.0.0.0" }) { _ in }
        }
        let text = ServerError.portInUse(host: "127.0.0.1", port: 8470).description
        #expect(text.contains("127.0.0.1:8470") && text.contains("--listen"))
    }

    @Test("a request announced with Expect is asked for")
    func expectContinue() async throws {
        try await RunningServer.run { server in
            let client = try await RawClient.open(port: server.port)
            try await client.send(
                "POST /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                    + "Expect: 100-continue\r\n\r\n")
            let head = try await client.read(12)
            #expect(String(decoding: head, as: UTF8.self) == "HTTP/1.1 100")
        }
    }
}
