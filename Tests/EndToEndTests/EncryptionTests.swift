import Foundation
import PolluxTestKit
import Testing

/// The server with a certificate of its own, to curl, a WebSocket client and our own commands.
@Suite(
    .serialized,
    .enabled(
        if: TestCertificates.canBeMade && Programs.find("curl") != nil,
        "openssl or curl is not installed"))
struct EncryptionTests {
    /// A plant whose server speaks TLS.
    private func serve() throws -> (Plant, TestCertificates) {
        let plant = try Plant()
        let certificates = try TestCertificates(in: plant.folder)
        try certificates.make("server")
        try plant.startServer(
            mqtt: false,
            [
                "--certificate", certificates.path("server.crt"), "--key",
                certificates.path("server.key"),
            ])
        return (plant, certificates)
    }

    private func curl(_ arguments: [String]) throws -> (Int32, String) {
        let curl = try #require(Programs.find("curl"))
        let process = try RunningProcess(curl, ["-s", "-S", "-m", "20"] + arguments)
        return (process.wait(seconds: 30), process.output)
    }

    @Test("curl and our commands over TLS; who does not know the authority is told")
    func requests() throws {
        let (plant, certificates) = try serve()
        let url = "https://127.0.0.1:\(plant.httpPort)"
        let trusting = ["--cacert", certificates.path("ca.crt")]
        let written = try curl(
            trusting + [
                "-w", "%{http_code} %{http_version} %{ssl_verify_result}", "-d",
                "machine,machine=M1 power=4.5 1772445600000000000", url + "/api/v2/write",
            ])
        #expect(written.1 == "204 1.1 0")
        #expect(try curl([url + "/health"]).0 == 60)
        let old = try curl(trusting + ["--tls-max", "1.1", url + "/health"])
        #expect(old.0 == 35, "\(old)")

        let plain = try curl(["-i", "http://127.0.0.1:\(plant.httpPort)/health"])
        #expect(plain.1.hasPrefix("HTTP/1.1 400"), "\(plain)")
        #expect(plain.1.contains("this port speaks TLS"), "\(plain)")

        let signedIn = try curl(trusting + ["-i", "-X", "DELETE", url + "/api/v1/session"])
        #expect(signedIn.1.contains("SameSite=Strict; Secure"), "\(signedIn)")
        for (origin, status) in [("https", "200"), ("http", "403")] {
            let asked = try curl(
                trusting + [
                    "-o", "/dev/null", "-w", "%{http_code}", "-H",
                    "Origin: \(origin)://127.0.0.1:\(plant.httpPort)", url + "/metrics",
                ])
            #expect(asked.1 == status, "\(asked)")
        }
        let metrics = try curl(trusting + [url + "/metrics"])
        #expect(metrics.1.contains("pollux_certificate_end_timestamp_seconds 1"))

        let question = ["query", "power of machine M1 between 2026-03-02 and 2026-03-03"]
        let (fine, rows) = try Plant.pollux(question + ["--data", plant.dataFolder.path])
        #expect(fine == 0 && rows.contains("4.5"), "\(rows)")
        let (code, message) = try Plant.pollux(question + ["--server", url])
        #expect(code == 4 && message.contains("is not trusted"), "\(code) \(message)")
        let trusted = try RunningProcess(
            Programs.pollux, question + ["--server", url],
            environment: ["SSL_CERT_FILE": certificates.path("ca.crt")])
        #expect(trusted.wait(seconds: 30) == 0, "\(trusted.output)")
        #expect(plant.server?.stop() == 0)
    }

    @Test(
        "a WebSocket over TLS",
        .enabled(if: PythonClient.python != nil, "python3 is not installed"))
    func socket() throws {
        let (plant, certificates) = try serve()
        let point = try curl([
            "--cacert", certificates.path("ca.crt"), "-d", "machine,machine=M1 power=4.5",
            "https://127.0.0.1:\(plant.httpPort)/api/v2/write",
        ])
        #expect(point.0 == 0, "\(point)")
        let client = try PythonClient.run(
            Self.socketClient, ["\(plant.httpPort)", certificates.path("ca.crt")])
        #expect(client.output.contains("101 Switching Protocols"), "\(client)")
        #expect(client.output.contains(#""type":"subscribed""#), "\(client)")
        #expect(plant.server?.stop() == 0)
    }

    private static let socketClient = """
        import base64, os, socket, ssl, struct, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
        peer = context.wrap_socket(plain, server_hostname="127.0.0.1")
        peer.sendall((f"GET /api/v1/live HTTP/1.1\\r\\nHost: 127.0.0.1:{sys.argv[1]}\\r\\n"
            "Connection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n").encode())
        text = b'{"type":"subscribe","id":"a","query":"watch latest power of machine M1"}'
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        seen = b""
        while b"\\r\\n\\r\\n" not in seen:
            seen += peer.recv(4096)
        peer.sendall(bytes([0x81, 0x80 | len(text)]) + mask + masked)
        while b'"type"' not in seen:
            seen += peer.recv(4096)
        print(seen.decode(errors="replace"))
        """

    @Test("a renewed certificate is shown without a restart; half a renewal changes nothing")
    func renewal() throws {
        let (plant, certificates) = try serve()
        let other = plant.folder.appendingPathComponent("other")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        let renewed = try TestCertificates(in: other)
        try renewed.make("server")
        func trusts(_ authority: TestCertificates) throws -> Bool {
            let url = "https://127.0.0.1:\(plant.httpPort)/health"
            return try curl(["--cacert", authority.path("ca.crt"), url]).0 == 0
        }
        func replace(_ name: String) throws {
            let new = try Data(contentsOf: URL(fileURLWithPath: renewed.path(name)))
            try new.write(to: URL(fileURLWithPath: certificates.path(name)), options: .atomic)
        }
        #expect(try trusts(certificates))
        try replace("server.crt")
        #expect(try trusts(certificates))
        try replace("server.key")
        #expect(try trusts(renewed))
        #expect(try !trusts(certificates))
        #expect(plant.server?.stop() == 0)
        #expect(plant.server?.output.contains("the certificate in force stays") == true)
    }

    @Test("a certificate that cannot be used is refused with its file and the reason")
    func refusals() throws {
        let folder = try Places.makeTemporaryFolder("pollux-certificates")
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificates = try TestCertificates(in: folder)
        try certificates.make("server")
        try certificates.make("other")
        try certificates.run("ec -in server.key -aes256 -passout pass:x -out locked.key")
        let path = certificates.path
        for (options, message) in [
            (["--certificate", path("server.crt")], "key is missing"),
            (["--key", path("server.key")], "certificate is missing"),
            (
                ["--certificate", path("no.crt"), "--key", path("server.key")],
                "no.crt for TLS: No such file"
            ),
            (
                ["--certificate", path("server.key"), "--key", path("server.key")],
                "server.key for TLS: it holds no certificate"
            ),
            (
                ["--certificate", path("server.crt"), "--key", path("server.crt")],
                "server.crt for TLS: it holds no key"
            ),
            (
                ["--certificate", path("server.crt"), "--key", path("locked.key")],
                "without a passphrase"
            ),
            (
                ["--certificate", path("server.crt"), "--key", path("other.key")],
                "other.key for TLS: the key does not belong to the first certificate"
            ),
        ] {
            let data = folder.appendingPathComponent("data").path
            let (code, output) = try Plant.pollux(
                ["serve", "--data", data, "--listen", "127.0.0.1:\(try Ports.free())"] + options)
            #expect(code != 0 && output.contains(message), "\(options): \(output)")
        }
    }
}
