import Foundation
import Synchronization

/// Passes bytes between a port of its own and another on this machine, and cuts connections.
public final class LoopbackProxy: Sendable {
    /// Where clients connect.
    public let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex<(open: Set<Int32>, isClosed: Bool)>(([], false))

    /// Listens on a free port and passes on to `target`.
    public init(to target: Int) throws {
        self.target = target
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = LoopbackProxy.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [self] in accept() }.start()
    }

    /// Breaks every connection that is open; new ones are taken.
    public func cut() {
        state.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Breaks every connection and takes no more.
    public func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0, !state.withLock({ $0.isClosed }) else {
                Glibc.close(listener)
                return
            }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = LoopbackProxy.loopback(target)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else {
                Glibc.close(client)
                Glibc.close(server)
                continue
            }
            state.withLock { $0.open.formUnion([client, server]) }
            let ends = Mutex(2)
            let pair = Pair(ends: ends, proxy: self, client: client, server: server)
            Thread { pair.pass(from: client, to: server) }.start()
            Thread { pair.pass(from: server, to: client) }.start()
        }
    }

    fileprivate func forget(_ client: Int32, _ server: Int32) {
        state.withLock { state in
            state.open.subtract([client, server])
            Glibc.close(client)
            Glibc.close(server)
        }
    }
}

/// The two directions of one connection; the last to end closes both sockets.
private final class Pair: Sendable {
    private let ends: Mutex<Int>
    private let proxy: LoopbackProxy
    private let client: Int32
    private let server: Int32

    init(ends: consuming Mutex<Int>, proxy: LoopbackProxy, client: Int32, server: Int32) {
        self.ends = ends
        self.proxy = proxy
        self.client = client
        self.server = server
    }

    func pass(from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let part = buffer[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard part > 0 else { break }
                sent += part
            }
            guard sent == count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
        let isLast = ends.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { proxy.forget(client, server) }
    }
}
