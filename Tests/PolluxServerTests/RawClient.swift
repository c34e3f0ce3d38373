import Foundation
import NIOCore
import NIOPosix

/// A client on a plain socket, so that tests see the very bytes; blocking calls run on threads of
/// their own.
// Why: used by one test at a time, one call after the other.
final class RawClient: @unchecked Sendable {
    private let descriptor: Int32
    private var pending: [UInt8] = []

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// A response as it came.
    struct Answer: Sendable {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(description: "connect: \(errno)") }
    }

    deinit { Foundation.close(descriptor) }

    /// A connection to a port of this machine.
    static func open(port: Int) async throws -> RawClient {
        try await NIOThreadPool.singleton.runIfActive { try RawClient(port: port) }
    }

    /// Sends bytes.
    func send(_ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Foundation.send(
                        self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Failure(description: "send: \(errno)") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Sends text.
    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends a request with `Host` and the length of its body.
    func request(
        _ line: String, _ headers: [String: String] = [:], body: [UInt8] = []
    ) async throws -> Answer {
        var text = "\(line) HTTP/1.1\r\n"
        if headers["Host"] == nil { text += "Host: localhost\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.count)\r\n" }
        try await send(Array("\(text)\r\n".utf8) + body)
        return try await answer(isHead: line.hasPrefix("HEAD"))
    }

    /// Reads one response; informational ones are passed over.
    func answer(isHead: Bool = false) async throws -> Answer {
        try await NIOThreadPool.singleton.runIfActive { try self.readAnswer(isHead: isHead) }
    }

    /// Reads `count` bytes.
    func read(_ count: Int) async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive {
            while self.pending.count < count { try self.fill() }
            return self.take(count)
        }
    }

    /// Reads until the other side closes.
    func readToEnd() async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive {
            do {
                while true { try self.fill() }
            } catch let failure as Failure where failure.description == "closed" {
                return self.take(self.pending.count)
            }
        }
    }

    private func readAnswer(isHead: Bool) throws -> Answer {
        var answer = Answer()
        repeat {
            let head = try readHead()
            answer = Answer()
            let lines = head.components(separatedBy: "\r\n")
            answer.status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                answer.headers[line[..<colon].lowercased()] =
                    line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
        } while (100..<200).contains(answer.status) && answer.status != 101
        if isHead || answer.status == 101 || answer.status == 204 || answer.status == 304 {
            return answer
        }
        if answer.headers["transfer-encoding"] == "chunked" {
            answer.body = try readChunks()
        } else if let length = Int(answer.headers["content-length"] ?? "") {
            while pending.count < length { try fill() }
            answer.body = take(length)
        }
        return answer
    }

    private func readHead() throws -> String {
        while true {
            if let range = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: pending[..<range.lowerBound], as: UTF8.self)
                pending.removeFirst(range.upperBound)
                return head
            }
            try fill()
        }
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            var line: [UInt8]?
            while line == nil {
                if let range = pending.firstRange(of: [13, 10]) {
                    line = Array(pending[..<range.lowerBound])
                    pending.removeFirst(range.upperBound)
                } else {
                    try fill()
                }
            }
            let size = Int(String(decoding: line ?? [], as: UTF8.self), radix: 16) ?? 0
            while pending.count < size + 2 { try fill() }
            body.append(contentsOf: take(size))
            _ = take(2)
            if size == 0 { return body }
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { pending.removeFirst(count) }
        return Array(pending[..<count])
    }

    private func fill() throws {
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &block, block.count, 0)
        guard count != 0 else { throw Failure(description: "closed") }
        guard count > 0 else { throw Failure(description: "no bytes within 60 s (\(errno))") }
        pending.append(contentsOf: block[..<count])
    }
}

extension RawClient {
    /// One frame of a WebSocket.
    struct Frame: Sendable {
        var opcode: UInt8
        var payload: [UInt8]
        var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame.
        var code: Int? {
            payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
        }
    }

    /// Opens a WebSocket; the answer's status is 101 when that worked.
    func upgrade(
        _ path: String = "/api/v1/live", _ headers: [String: String] = [:]
    ) async throws -> Answer {
        var all = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ]
        for (name, value) in headers { all[name] = value }
        return try await request("GET \(path)", all)
    }

    /// Sends a masked frame of fewer than 64 KiB.
    func sendFrame(_ payload: [UInt8], opcode: UInt8 = 1) async throws {
        try await send(Self.masked(payload, opcode: opcode))
    }

    /// The bytes of a masked frame of fewer than 64 KiB.
    static func masked(_ payload: [UInt8], opcode: UInt8) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        var bytes: [UInt8] = [0x80 | opcode]
        if payload.count < 126 {
            bytes.append(0x80 | UInt8(payload.count))
        } else {
            bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        }
        bytes += mask
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ mask[index % 4]) }
        return bytes
    }

    /// Reads the next frame that is no ping: on a busy machine one may come between any two.
    func frame() async throws -> Frame {
        var frame = try await anyFrame()
        while frame.opcode == 9 { frame = try await anyFrame() }
        return frame
    }

    /// Reads the next frame of any kind.
    func anyFrame() async throws -> Frame {
        let head = try await read(2)
        var count = Int(head[1] & 127)
        if count == 126 {
            let more = try await read(2)
            count = Int(more[0]) << 8 | Int(more[1])
        } else if count == 127 {
            count = try await read(8).reduce(0) { $0 << 8 | Int($1) }
        }
        return Frame(opcode: head[0] & 15, payload: try await read(count))
    }
}
