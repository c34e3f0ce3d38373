extension ZoneRules {
    /// Why the bytes of a zone file cannot be used.
    public struct InvalidFile: Error, Hashable, Sendable, CustomStringConvertible {
        /// The zone's name.
        public var name: String
        /// What is wrong.
        public var reason: String
        /// The zone and the reason.
        public var description: String { "zone \(name): \(reason)" }
    }

    /// Reads a TZif file, version 2 or later (RFC 8536 §3); leap seconds are passed over.
    ///
    /// - Throws: `InvalidFile` for bytes that are no such file; nothing in them is trusted.
    public init(name: String, tzif bytes: [UInt8]) throws(InvalidFile) {
        var reader = TZifReader(bytes: bytes)
        do throws(TZifReader.Problem) {
            let first = try reader.readHeader()
            guard first.version >= 2 else { throw .init(text: "version 1 has no 64-bit times") }
            try reader.skip(first.byteCount(timeSize: 4))
            let header = try reader.readHeader()
            let table = try reader.readTable(header)
            let future = try reader.readFooter()
            self.init(
                name: name, changes: table.changes, offsets: table.offsets, future: future)
        } catch {
            throw InvalidFile(name: name, reason: error.text)
        }
    }
}

/// Reads the blocks of a TZif file.
private struct TZifReader {
    struct Problem: Error { var text: String }

    struct Header {
        var version: Int
        var utCount: Int
        var standardCount: Int
        var leapCount: Int
        var timeCount: Int
        var typeCount: Int
        var letterCount: Int

        func byteCount(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + letterCount + leapCount * (timeSize + 4)
                + standardCount + utCount
        }
    }

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ count: Int) throws(Problem) {
        guard count >= 0, bytes.count - position >= count else {
            throw Problem(text: "the file ends too early")
        }
        position += count
    }

    mutating func readInteger(_ size: Int) throws(Problem) -> Int64 {
        let start = position
        try skip(size)
        var value: UInt64 = 0
        for byte in bytes[start..<position] { value = value << 8 | UInt64(byte) }
        return size == 4
            ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }

    mutating func readHeader() throws(Problem) -> Header {
        let start = position
        try skip(20)
        guard Array(bytes[start..<start + 4]) == Array("TZif".utf8) else {
            throw Problem(text: "not a TZif file")
        }
        let version = bytes[start + 4] == 0 ? 1 : Int(bytes[start + 4]) - 48
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = try readInteger(4)
            guard (0...100_000).contains(count) else { throw Problem(text: "a count is absurd") }
            counts.append(Int(count))
        }
        return Header(
            version: version, utCount: counts[0], standardCount: counts[1], leapCount: counts[2],
            timeCount: counts[3], typeCount: counts[4], letterCount: counts[5])
    }

    mutating func readTable(
        _ header: Header
    ) throws(Problem) -> (changes: [Int64], offsets: [Int32]) {
        guard header.typeCount > 0 else { throw Problem(text: "no local time type") }
        var times: [Int64] = []
        for _ in 0..<header.timeCount {
            let time = try readInteger(8)
            if let last = times.last, last >= time { throw Problem(text: "times do not increase") }
            times.append(time)
        }
        let indices = position
        try skip(header.timeCount)
        let indexBytes = bytes[indices..<position]
        var types: [Int32] = []
        for _ in 0..<header.typeCount {
            let offset = try readInteger(4)
            guard abs(offset) < 172_800 else { throw Problem(text: "an offset is absurd") }
            types.append(Int32(offset))
            try skip(2)
        }
        try skip(header.letterCount + header.leapCount * 12 + header.standardCount + header.utCount)
        var changes: [Int64] = []
        var offsets = [types[0]]
        for (time, index) in zip(times, indexBytes) {
            guard Int(index) < types.count else { throw Problem(text: "a type does not exist") }
            // Changes of name or of summer time alone are no changes of offset.
            guard types[Int(index)] != offsets[offsets.count - 1] else { continue }
            changes.append(time)
            offsets.append(types[Int(index)])
        }
        return (changes, offsets)
    }

    mutating func readFooter() throws(Problem) -> YearlyZoneRule? {
        guard position < bytes.count, bytes[position] == 10,
            let end = bytes[(position + 1)...].firstIndex(of: 10)
        else { throw Problem(text: "the footer is missing") }
        let text = bytes[(position + 1)..<end]
        if text.isEmpty { return nil }
        guard let rule = YearlyZoneRule(text) else { throw Problem(text: "the footer's rule") }
        return rule
    }
}
