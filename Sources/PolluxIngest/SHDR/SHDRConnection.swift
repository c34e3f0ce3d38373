import Glibc

/// A TCP connection that is read with time limits.
struct SHDRConnection {
    /// Why there is none.
    struct Problem: Error {
        var reason: String
    }

    private let socket: Int32

    /// Milliseconds that an adapter has to accept a connection.
    private static let connectLimit: Int32 = 5000

    /// Connects; blocks for some seconds at most.
    static func open(host: String, port: UInt16) -> Result<SHDRConnection, Problem> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &list)
        guard code == 0 else {
            return .failure(Problem(reason: "\(host): \(String(cString: gai_strerror(code)))"))
        }
        defer { freeaddrinfo(list) }
        var reason = "\(host) has no address"
        var entry = list
        while let address = entry?.pointee {
            switch connect(address) {
            case .success(let connection): return .success(connection)
            case .failure(let problem): reason = problem.reason
            }
            entry = address.ai_next
        }
        return .failure(Problem(reason: "\(host):\(port): \(reason)"))
    }

    private static func connect(_ address: addrinfo) -> Result<SHDRConnection, Problem> {
        let socket = Glibc.socket(
            address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue),
            address.ai_protocol)
        guard socket >= 0 else { return .failure(Problem(reason: lastError())) }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
        var problem: String?
        if Glibc.connect(socket, address.ai_addr, address.ai_addrlen) != 0 {
            if errno != EINPROGRESS {
                problem = lastError()
            } else {
                var wait = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
                var failure: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                if poll(&wait, 1, connectLimit) <= 0 {
                    problem = "no answer"
                } else if getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size) != 0
                    || failure != 0
                {
                    problem = String(cString: strerror(failure == 0 ? errno : failure))
                }
            }
        }
        if let problem {
            _ = Glibc.close(socket)
            return .failure(Problem(reason: problem))
        }
        var flag: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // A machine that is switched off must show also where the adapter knows no heartbeat.
        setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &flag, size)
        var seconds: Int32 = 30
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_KEEPIDLE, &seconds, size)
        var interval: Int32 = 10
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_KEEPINTVL, &interval, size)
        return .success(SHDRConnection(socket: socket))
    }

    private static func lastError() -> String { String(cString: strerror(errno)) }

    /// Sends a short text; returns why the connection is gone, if it is.
    func send(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                var wait = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
                guard poll(&wait, 1, 1000) > 0 else { return "the adapter takes no heartbeat" }
            } else if errno != EINTR {
                return SHDRConnection.lastError()
            }
        }
        return nil
    }

    /// Appends what comes within a time, up to 256 KB; returns why the connection is gone, if it
    /// is.
    func receive(waiting milliseconds: Int32, into bytes: inout [UInt8]) -> String? {
        var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, milliseconds) > 0 else { return nil }
        var block = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 262_144 {
            let count = block.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress, $0.count, 0)
            }
            if count == 0 {
                // What came before the end is read first.
                return bytes.isEmpty ? "the adapter closed the connection" : nil
            }
            guard count > 0 else {
                if errno == EAGAIN || errno == EINTR { return nil }
                return bytes.isEmpty ? SHDRConnection.lastError() : nil
            }
            bytes += block[..<count]
        }
        return nil
    }

    /// Ends the connection.
    func close() { _ = Glibc.close(socket) }

    /// A clock that only goes forward.
    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
