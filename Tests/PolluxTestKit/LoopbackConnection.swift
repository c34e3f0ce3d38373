public import Foundation

/// A blocking TCP connection to a port of this machine; for tests that look at bytes.
public final class LoopbackConnection {
    private var descriptor: Int32
    private var received = Data()

    /// Connects to 127.0.0.1 on a port; reads give up after `timeout` seconds.
    ///
    /// - Parameter receiveByteCount: what the system may hold of what was not read; nil leaves it
    ///   to the system.
    public init(port: Int, timeout: Double = 20, receiveByteCount: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveByteCount {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else {
            Foundation.close(descriptor)
            descriptor = -1
            throw POSIXError(.ECONNREFUSED)
        }
        var limit = timeval(tv_sec: Int(timeout), tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    /// Closes the connection.
    public func close() {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }

    /// Sends all bytes.
    public func send(_ bytes: Data) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw POSIXError(.EPIPE) }
            rest = Data(rest.dropFirst(count))
        }
    }

    /// Reads exactly `count` bytes; throws at the end of the stream or when time runs out.
    public func read(_ count: Int) throws -> Data {
        while received.count < count { try receive() }
        defer { received = Data(received.dropFirst(count)) }
        return Data(received.prefix(count))
    }

    /// Reads up to and including a marker.
    public func read(through marker: String) throws -> Data {
        while true {
            if let found = received.range(of: Data(marker.utf8)) {
                defer { received = Data(received.suffix(from: found.upperBound)) }
                return Data(received[..<found.upperBound])
            }
            try receive()
        }
    }

    /// Reads until the peer closes.
    public func readToEnd() -> Data {
        while (try? receive()) != nil {}
        defer { received = Data() }
        return received
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            // The end of a connection, by the peer's word or without, is told from silence.
            let wasReset = count == 0 || errno == ECONNRESET || errno == EPIPE
            throw POSIXError(wasReset ? .ECONNRESET : .ETIMEDOUT)
        }
        received.append(contentsOf: buffer[..<count])
    }
}

/// One HTTP exchange with a server on this machine, spoken by hand so that nothing is hidden.
public struct HTTPExchange: Sendable {
    /// The status code.
    public var status: Int
    /// The head of the response as text.
    public var head: String
    /// The body.
    public var body: Data
    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    public func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
    }

    /// Sends a request on a connection of its own and reads the whole response.
    public static func run(
        port: Int, _ method: String, _ path: String, body: Data = Data(),
        headers: [String: String] = [:], timeout: Double = 30
    ) throws -> HTTPExchange {
        let connection = try LoopbackConnection(port: port, timeout: timeout)
        defer { connection.close() }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if !body.isEmpty || method == "POST" { head += "Content-Length: \(body.count)\r\n" }
        try connection.send(Data((head + "\r\n").utf8) + body)
        let answer = String(decoding: try connection.read(through: "\r\n\r\n"), as: UTF8.self)
        let status = Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0
        var content = connection.readToEnd()
        if answer.lowercased().contains("transfer-encoding: chunked") {
            content = HTTPExchange.joinChunks(content)
        }
        return HTTPExchange(status: status, head: answer, body: content)
    }

    private static func joinChunks(_ content: Data) -> Data {
        var rest = content
        var joined = Data()
        while let end = rest.range(of: Data("\r\n".utf8)) {
            let size = String(decoding: rest[rest.startIndex..<end.lowerBound], as: UTF8.self)
            guard let count = Int(size, radix: 16), count > 0 else { break }
            let start = end.upperBound
            guard rest.distance(from: start, to: rest.endIndex) >= count + 2 else { break }
            joined.append(rest[start..<(start + count)])
            rest = Data(rest[(start + count + 2)...])
        }
        return joined
    }
}

/// A WebSocket client for tests: text frames out, text frames in, pings answered.
public final class WebSocketProbe {
    private let connection: LoopbackConnection

    /// Opens a WebSocket on a path; throws when the server does not upgrade.
    public init(
        port: Int, path: String, timeout: Double = 20, receiveByteCount: Int32? = nil
    ) throws {
        connection = try LoopbackConnection(
            port: port, timeout: timeout, receiveByteCount: receiveByteCount)
        let request =
            "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Version: 13\r\n\r\n"
        try connection.send(Data(request.utf8))
        let head = String(decoding: try connection.read(through: "\r\n\r\n"), as: UTF8.self)
        guard head.contains(" 101 ") else { throw POSIXError(.EPROTO) }
    }

    /// Sends one text frame.
    public func send(_ text: String) throws {
        try sendFrame(opcode: 1, Data(text.utf8))
    }

    /// The next text frame.
    public func receive() throws -> String {
        while true {
            let head = [UInt8](try connection.read(2))
            var count = Int(head[1] & 0x7F)
            if count == 126 {
                let bytes = [UInt8](try connection.read(2))
                count = Int(bytes[0]) << 8 | Int(bytes[1])
            } else if count == 127 {
                count = [UInt8](try connection.read(8)).reduce(0) { $0 << 8 | Int($1) }
            }
            let payload = try connection.read(count)
            switch head[0] & 0x0F {
            case 1: return String(decoding: payload, as: UTF8.self)
            case 9: try sendFrame(opcode: 10, payload)
            case 8: throw POSIXError(.ECONNRESET)
            default: continue
            }
        }
    }

    /// The next text frame as JSON.
    public func receiveJSON() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(receive().utf8)) as? [String: Any] ?? [:]
    }

    /// Closes the socket.
    public func close() {
        connection.close()
    }

    private func sendFrame(opcode: UInt8, _ payload: Data) throws {
        var frame = Data([0x80 | opcode])
        if payload.count < 126 {
            frame.append(0x80 | UInt8(payload.count))
        } else if payload.count < 65_536 {
            frame.append(contentsOf: [
                0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255),
            ])
        } else {
            frame.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                frame.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        let mask: [UInt8] = [17, 34, 51, 68]
        frame.append(contentsOf: mask)
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index % 4]) }
        try connection.send(frame)
    }
}
