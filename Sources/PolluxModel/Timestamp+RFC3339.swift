extension Timestamp: CustomStringConvertible {
    /// RFC 3339 text in UTC; the fraction has as many digits as needed in groups of three.
    public var description: String {
        formatted(offsetSeconds: 0)
    }

    /// RFC 3339 text at a fixed offset from UTC (`Z` for zero), nanoseconds kept.
    public func formatted(offsetSeconds: Int) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(36)
        appendRFC3339(offsetSeconds: offsetSeconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends RFC 3339 text as UTF-8; no allocation beyond growing `bytes`.
    public func appendRFC3339(offsetSeconds: Int, to bytes: inout [UInt8]) {
        let civil = CivilTime(advanced(by: Int64(offsetSeconds) * 1_000_000_000))
        func digits(_ value: Int, _ width: Int) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(48 + value / divisor % 10))
                divisor /= 10
            }
        }
        digits(civil.year, 4)
        bytes.append(UInt8(ascii: "-"))
        digits(civil.month, 2)
        bytes.append(UInt8(ascii: "-"))
        digits(civil.day, 2)
        bytes.append(UInt8(ascii: "T"))
        digits(civil.hour, 2)
        bytes.append(UInt8(ascii: ":"))
        digits(civil.minute, 2)
        bytes.append(UInt8(ascii: ":"))
        digits(civil.second, 2)
        if civil.nanosecond != 0 {
            bytes.append(UInt8(ascii: "."))
            if civil.nanosecond % 1_000_000 == 0 {
                digits(civil.nanosecond / 1_000_000, 3)
            } else if civil.nanosecond % 1000 == 0 {
                digits(civil.nanosecond / 1000, 6)
            } else {
                digits(civil.nanosecond, 9)
            }
        }
        if offsetSeconds == 0 {
            bytes.append(UInt8(ascii: "Z"))
        } else {
            let minutes = abs(offsetSeconds) / 60
            bytes.append(UInt8(ascii: offsetSeconds < 0 ? "-" : "+"))
            digits(minutes / 60, 2)
            bytes.append(UInt8(ascii: ":"))
            digits(minutes % 60, 2)
        }
    }

    /// Reads a date or a date-time: RFC 3339, with a blank instead of `T`, seconds and fraction
    /// optional, fraction digits beyond nine cut off; nil when it is not one.
    ///
    /// A leap second, 23:59:60 UTC, is the first second of the next day, as POSIX counts.
    ///
    /// A missing zone means UTC and is reported by `hasZone`, so that the caller can apply another
    /// zone or warn.
    public static func parseRFC3339(
        _ text: some Collection<UInt8>
    ) -> (instant: Timestamp, hasZone: Bool)? {
        var reader = CivilReader(bytes: ArraySlice(Array(text)))
        guard var civil = reader.readCivil() else { return nil }
        let isLeap = civil.second == 60
        if isLeap { civil.second = 59 }
        guard let offset = reader.readZone() else { return nil }
        guard reader.bytes.isEmpty, civil.isValid, let local = civil.instant else { return nil }
        let (nanoseconds, isOutside) = local.nanoseconds.subtractingReportingOverflow(
            Int64(offset.seconds) * 1_000_000_000)
        guard !isOutside else { return nil }
        let instant = Timestamp(nanoseconds: nanoseconds)
        guard isLeap else { return (instant, offset.isGiven) }
        let next = CivilTime(instant.advanced(by: 1_000_000_000))
        guard (next.hour, next.minute, next.second) == (0, 0, 0) else { return nil }
        return (instant.advanced(by: 1_000_000_000), offset.isGiven)
    }
}

/// Reads the parts of a date-time off the front of a byte slice.
struct CivilReader {
    var bytes: ArraySlice<UInt8>

    mutating func readCivil() -> CivilTime? {
        guard let year = readDigits(4), skip("-"), let month = readDigits(2), skip("-"),
            let day = readDigits(2)
        else { return nil }
        var civil = CivilTime(year: year, month: month, day: day)
        guard skip("T") || skip("t") || skip(" ") else { return civil }
        guard let hour = readDigits(2), skip(":"), let minute = readDigits(2) else { return nil }
        civil.hour = hour
        civil.minute = minute
        if skip(":") {
            guard let second = readDigits(2) else { return nil }
            civil.second = second
            if skip(".") || skip(",") {
                guard let fraction = readFraction() else { return nil }
                civil.nanosecond = fraction
            }
        }
        return civil
    }

    mutating func readZone() -> (seconds: Int, isGiven: Bool)? {
        if bytes.isEmpty { return (0, false) }
        if skip("Z") || skip("z") { return (0, true) }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = readDigits(2), hours < 24 else { return nil }
        guard skip(":") || !bytes.isEmpty else { return (sign * hours * 3600, true) }
        guard let minutes = readDigits(2), minutes < 60 else { return nil }
        return (sign * (hours * 3600 + minutes * 60), true)
    }

    private mutating func readDigits(_ count: Int) -> Int? {
        guard bytes.count >= count else { return nil }
        var value = 0
        for byte in bytes.prefix(count) {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        bytes = bytes.dropFirst(count)
        return value
    }

    private mutating func readFraction() -> Int? {
        var value = 0
        var count = 0
        while let byte = bytes.first, byte >= 48, byte <= 57 {
            if count < 9 { value = value * 10 + Int(byte - 48) }
            count += 1
            bytes = bytes.dropFirst()
        }
        guard count > 0 else { return nil }
        while count < 9 {
            value *= 10
            count += 1
        }
        return value
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard bytes.first == UInt8(ascii: character) else { return false }
        bytes = bytes.dropFirst()
        return true
    }
}
