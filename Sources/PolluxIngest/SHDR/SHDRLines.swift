import PolluxModel

/// Puts the bytes of a connection together into lines; assets of several lines become one.
struct SHDRLines {
    private var buffer: [UInt8] = []
    private var lines: [[UInt8]] = []
    private var heartbeats: [Int64] = []
    /// The mark that ends an asset of several lines, and what came of it so far.
    private var open: (mark: String, text: String)?
    /// What relative times count from: nanoseconds since 1970 at zero.
    private var origin: Timestamp?

    /// Bytes of one line, or of one asset.
    static let byteCountLimit = 4 << 20

    /// Takes bytes; returns why the connection must end, if it must.
    mutating func append(_ bytes: [UInt8], receivedAt: Timestamp) -> String? {
        buffer += bytes
        var start = 0
        while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
            take(Array(buffer[start..<end]), receivedAt)
            start = end + 1
        }
        buffer.removeFirst(start)
        if buffer.count > SHDRLines.byteCountLimit
            || (open?.text.utf8.count ?? 0) > SHDRLines.byteCountLimit
        {
            return "a line is longer than \(SHDRLines.byteCountLimit) bytes"
        }
        return nil
    }

    /// The whole lines so far.
    mutating func take() -> [[UInt8]] {
        defer { lines = [] }
        return lines
    }

    /// The answers to `* PING` so far, in milliseconds.
    mutating func takeHeartbeats() -> [Int64] {
        defer { heartbeats = [] }
        return heartbeats
    }

    private mutating func take(_ raw: [UInt8], _ receivedAt: Timestamp) {
        guard let whole = String(validating: raw, as: UTF8.self) else {
            lines.append(raw)
            return
        }
        let text = XMLReader.trimmed(whole)
        if let open {
            if text == open.mark {
                lines.append(Array(open.text.utf8))
                self.open = nil
            } else {
                self.open?.text += "\n" + whole
            }
            return
        }
        guard !text.isEmpty else { return }
        if text.hasPrefix("* PONG") {
            let number = XMLReader.trimmed(String(text.dropFirst(6)))
            if let period = Int64(number), period > 0 { heartbeats.append(period) }
            return
        }
        let absolute = withAbsoluteTime(text, receivedAt)
        if let mark = absolute.split(separator: "|").last.map({ XMLReader.trimmed(String($0)) }),
            mark.hasPrefix("--multiline--")
        {
            let bar = absolute.lastIndex(of: "|") ?? absolute.startIndex
            open = (mark, String(absolute[...bar]))
            return
        }
        lines.append(Array(absolute.utf8))
    }

    /// A line whose time is a count of milliseconds gets the time that this means: the first one of
    /// a connection is now.
    private mutating func withAbsoluteTime(_ text: String, _ receivedAt: Timestamp) -> String {
        guard let bar = text.firstIndex(of: "|") else { return text }
        let time = text[..<bar].prefix { $0 != "@" }
        // A count that nanoseconds cannot hold is no time, which the reader of the line says.
        guard let offset = Double(XMLReader.trimmed(String(time))),
            let nanoseconds = Int64(exactly: (offset * 1e6).rounded(.towardZero)),
            nanoseconds > .min
        else { return text }
        let zero = origin ?? receivedAt.advanced(by: -nanoseconds)
        origin = zero
        return "\(zero.advanced(by: nanoseconds))" + text[time.endIndex...]
    }
}
