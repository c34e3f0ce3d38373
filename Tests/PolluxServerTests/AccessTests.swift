import Foundation
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxServer

/// Tokens: who gets in, and what each role may do.
@Suite struct AccessTests {
    /// A server with a token of each role.
    private static func run(
        _ body:
            @escaping @Sendable (RunningServer, [AccessRole: String], TokenFile) async throws ->
            Void
    ) async throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(directory: folder.path)
        var secrets: [AccessRole: String] = [:]
        for role in AccessRole.allCases {
            secrets[role] = try file.create(
                name: role.rawValue + "er", role: role, at: Timestamp(nanoseconds: 0))
        }
        let tokens = secrets
        try await RunningServer.run({ $0.tokens = file }) { try await body($0, tokens, file) }
    }

    private static func bearer(_ secret: String?) -> [String: String] {
        secret.map { ["Authorization": "Bearer \($0)"] } ?? [:]
    }

    @Test("without tokens on loopback everybody may do everything")
    func openUntilThereIsAToken() async throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(directory: folder.path)
        try await RunningServer.run({ $0.tokens = file }) { server in
            #expect(try await server.ask("GET /api/v1/assets").status == 200)
            let session = try await server.ask("GET /api/v1/session")
            #expect(session.text == #"{"name":null,"role":"admin"}"#)
            _ = try file.create(name: "one", role: .read, at: Timestamp(nanoseconds: 0))
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try await server.ask("GET /api/v1/assets").status == 401)
            try file.revoke(name: "one")
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try await server.ask("GET /api/v1/assets").status == 401)
        }
    }

    @Test("every route but the signs of life and the viewer's files asks for a token")
    func everyRouteAsks() async throws {
        try await AccessTests.run { server, _, _ in
            let open: Set<String> = [
                "GET /health", "GET /ready", "GET /ping", "GET /api/v1/openapi.json",
                "POST /api/v1/session", "DELETE /api/v1/session",
            ]
            for route in try #require(server.routeNames) {
                let line = route.replacing("{", with: "").replacing("}", with: "")
                let answer = try await server.ask(line)
                #expect(
                    (answer.status != 401) == open.contains(route), "\(route): \(answer.status)")
                if answer.status == 401 {
                    #expect(answer.headers["www-authenticate"] == "Bearer realm=\"pollux\"")
                    #expect(answer.text.contains(#""code":"unauthorized""#))
                }
            }
            #expect(try await server.ask("GET /").status == 200)
        }
    }

    @Test(
        "a role may do what its name says and no more",
        arguments: [
            ("GET /api/v1/assets", "", AccessRole.read, 200),
            ("GET /metrics", "", .read, 200),
            ("POST /api/v1/query", "show machines", .read, 200),
            ("POST /api/v2/write", "machine,machine=M1 power=1 1", .write, 204),
            ("POST /write", "machine,machine=M1 power=1 1", .write, 204),
            ("POST /api/v1/query", "set shift of machine M1 = 3", .write, 200),
            ("POST /api/v1/query", "create unit pallet = 48", .admin, 200),
            ("POST /api/v1/query", "create asset robot R1", .admin, 200),
            ("POST /api/v1/assets", #"{"type":"robot","name":"R1"}"#, .admin, 201),
            (
                "POST /api/v1/query", "create measure power of machine with retention = 1d", .admin,
                200
            ),
            ("POST /api/v1/snapshots", "{}", .admin, 201),
            ("PUT /api/v1/ingest/rules", #"{"rules":""}"#, .admin, 200),
            ("DELETE /api/v1/dead-letters", "", .admin, 200),
        ])
    func roles(line: String, body: String, needed: AccessRole, status: Int) async throws {
        try await AccessTests.run { server, secrets, _ in
            _ = try await server.ask(
                "POST /api/v2/write", AccessTests.bearer(secrets[.admin]),
                body: "machine,machine=M1 power=1 1")
            for role in AccessRole.allCases {
                let answer = try await server.ask(
                    line, AccessTests.bearer(secrets[role]), body: body)
                #expect(
                    answer.status == (role < needed ? 403 : status), "\(role): \(answer.text)")
            }
        }
    }

    @Test("who may change the plant makes assets of types that there are")
    func assetsOfKnownTypes() async throws {
        try await AccessTests.run { server, secrets, _ in
            let headers = AccessTests.bearer(secrets[.write])
            _ = try await server.ask(
                "POST /api/v2/write", headers, body: "machine,machine=M1 power=1 1")
            let made = try await server.ask(
                "POST /api/v1/assets", headers, body: #"{"type":"machine","name":"M2"}"#)
            #expect(made.status == 201, "\(made.text)")
            let told = try await server.ask(
                "POST /api/v1/query", headers, body: "create asset machine M3")
            #expect(told.status == 200, "\(told.text)")
            let typo = try await server.ask(
                "POST /api/v1/assets", headers, body: #"{"type":"machin","name":"M4"}"#)
            #expect(typo.status == 403 && typo.text.contains(#""code":"TQ410""#), "\(typo.text)")
        }
    }

    @Test("the secret is found wherever clients put it")
    func placesOfTheSecret() async throws {
        try await AccessTests.run { server, secrets, _ in
            let secret = try #require(secrets[.write])
            let basic = Data("anyone:\(secret)".utf8).base64EncodedString()
            for headers in [
                ["Authorization": "Bearer \(secret)"], ["authorization": "token \(secret)"],
                ["Authorization": "Basic \(basic)"], ["Cookie": "a=b; pollux-token=\(secret)"],
            ] {
                let answer = try await server.ask("GET /api/v1/session", headers)
                #expect(answer.text == #"{"name":"writeer","role":"write"}"#, "\(headers)")
            }
            let influx = try await server.ask(
                "POST /write?u=a&p=\(secret)", body: "machine,machine=M1 power=1 1")
            #expect(influx.status == 204)
            #expect(try await server.ask("GET /api/v1/assets?p=\(secret)").status == 401)
            for headers in [
                ["Authorization": "Bearer"], ["Authorization": "Bearer x"],
                ["Authorization": "Basic !!!"], ["Authorization": "Digest \(secret)"],
                ["Cookie": "pollux-token=\(secret)x"],
            ] {
                let answer = try await server.ask("GET /api/v1/assets", headers)
                #expect(answer.status == 401, "\(headers)")
            }
        }
    }

    @Test("a browser signs in with a cookie that scripts cannot read")
    func session() async throws {
        try await AccessTests.run { server, secrets, _ in
            let wrong = try await server.ask("POST /api/v1/session", body: #"{"token":"pollux_x"}"#)
            #expect(wrong.status == 401)
            let secret = try #require(secrets[.read])
            let right = try await server.ask(
                "POST /api/v1/session", body: #"{"token":"\#(secret)"}"#)
            #expect(right.status == 204)
            #expect(
                right.headers["set-cookie"]
                    == "pollux-token=\(secret); Path=/; HttpOnly; SameSite=Strict")
            let over = try await server.ask("DELETE /api/v1/session")
            #expect(over.headers["set-cookie"]?.hasSuffix("Max-Age=0") == true)
        }
    }

    @Test("a WebSocket needs a token, and ends when it is taken back")
    func socket() async throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(directory: folder.path)
        let secret = try file.create(name: "page", role: .read, at: Timestamp(nanoseconds: 0))
        try await RunningServer.run({
            $0.tokens = file
            // Longer than a second, after which the file of tokens is looked at anew, and than a
            // busy machine needs until the token is gone: the client answers no pings.
            $0.limits.pingInterval = .milliseconds(4_000)
        }) { server in
            let upgrade = [
                "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            ]
            let refused = try await server.ask("GET /api/v1/live", upgrade)
            #expect(refused.status == 401)
            let client = try await RawClient.open(port: server.port)
            let opened = try await client.request(
                "GET /api/v1/live",
                upgrade.merging(AccessTests.bearer(secret)) { first, _ in first })
            #expect(opened.status == 101)
            try file.revoke(name: "page")
            let bytes = try await client.readToEnd()
            // The last frame: close, two bytes, 1008 (RFC 6455, section 7.4.1).
            #expect(bytes.suffix(4) == [0x88, 0x02, 0x03, 0xF0])
        }
    }

    @Test("who changed something stands in the log with the token's name")
    func provenance() async throws {
        try await AccessTests.run { server, secrets, _ in
            let admin = AccessTests.bearer(secrets[.admin])
            _ = try await server.ask("POST /api/v1/query", admin, body: "create asset machine M1")
            let log = try await server.ask(
                "POST /api/v1/query", admin, body: "show changes of machine M1")
            #expect(log.text.contains("token adminer"), "\(log.text)")
        }
    }

    @Test("the local secret does everything")
    func localSecret() async throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(directory: folder.path)
        _ = try file.create(name: "page", role: .read, at: Timestamp(nanoseconds: 0))
        let local = LocalSecret(directory: folder.path)
        let secret = try local.make()
        #expect(local.read() == secret)
        try await RunningServer.run({
            $0.tokens = file
            $0.localSecret = secret
        }) { server in
            let answer = try await server.ask("GET /api/v1/session", AccessTests.bearer(secret))
            #expect(answer.text == #"{"name":"local","role":"admin"}"#)
        }
        local.forget()
        #expect(local.read() == nil)
    }
}

/// The file of tokens.
@Suite struct TokenFileTests {
    @Test("the digest is SHA-256: the vectors of FIPS 180-4")
    func digests() {
        func hexadecimal(_ text: String) -> String {
            AccessToken.digest(of: text).map { String(format: "%02x", $0) }.joined()
        }
        #expect(
            hexadecimal("abc")
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hexadecimal("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("it keeps digests, not secrets, and only its owner may read it")
    func content() throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(directory: folder.path)
        #expect(try file.tokens().isEmpty)
        let secret = try file.create(name: "a.b-c_1", role: .write, at: Timestamp(nanoseconds: 0))
        #expect(secret.hasPrefix("pollux_") && secret.utf8.count == 50)
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        #expect(!text.contains(secret.dropFirst(7)))
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let token = try #require(try file.tokens().first)
        #expect(token.name == "a.b-c_1" && token.role == .write)
        #expect(token.digest == AccessToken.digest(of: secret))
        #expect(throws: TokenFile.Failure.exists("a.b-c_1")) {
            try file.create(name: "a.b-c_1", role: .read, at: Timestamp(nanoseconds: 0))
        }
        for name in ["", "a b", "ä", String(repeating: "x", count: 101)] {
            #expect(throws: TokenFile.Failure.badName(name)) {
                try file.create(name: name, role: .read, at: Timestamp(nanoseconds: 0))
            }
        }
        #expect(throws: TokenFile.Failure.unknown("z", known: ["a.b-c_1"])) {
            try file.revoke(name: "z")
        }
        try file.revoke(name: "a.b-c_1")
        #expect(try file.tokens().isEmpty)
    }

    @Test("a file that cannot be read lets nobody in and names the line")
    func damage() async throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(directory: folder.path)
        let secret = try file.create(name: "a", role: .admin, at: Timestamp(nanoseconds: 0))
        try await RunningServer.run({ $0.tokens = file }) { server in
            try Data("# fine\n\na admin 00\n".utf8).write(to: URL(filePath: file.path))
            #expect(throws: TokenFile.Failure.damaged(path: file.path, line: 3)) {
                try file.tokens()
            }
            try await Task.sleep(for: .milliseconds(1100))
            let answer = try await server.ask(
                "GET /api/v1/assets", ["Authorization": "Bearer \(secret)"])
            #expect(answer.status == 401)
        }
    }

    @Test("two processes that make tokens at once lose none")
    func concurrent() async throws {
        let folder = try Places.makeTemporaryFolder("pollux-tokens")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    _ = try TokenFile(directory: path).create(
                        name: "t\(number)", role: .read, at: Timestamp(nanoseconds: 0))
                }
            }
            try await group.waitForAll()
        }
        #expect(try TokenFile(directory: path).tokens().count == 20)
    }
}
