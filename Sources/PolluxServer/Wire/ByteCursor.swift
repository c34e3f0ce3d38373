import PolluxModel

/// A place in memory that text is written to; the caller has made sure that there is room for the
/// text and `slack` bytes more, which may be written over.
struct ByteCursor {
    /// Bytes behind the text that must be writable, and behind a `slack` source readable.
    static let slack = 16

    private var place: UnsafeMutablePointer<UInt8>

    init(_ place: UnsafeMutablePointer<UInt8>) { self.place = place }

    /// Bytes written since `start`.
    @inline(__always)
    func count(from start: UnsafeMutablePointer<UInt8>) -> Int { place - start }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        place.pointee = byte
        place += 1
    }

    @inline(__always)
    mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        place.update(from: source, count: bytes.count)
        place += bytes.count
    }

    /// Sixteen bytes.
    @inline(__always)
    mutating func put(_ bytes: SIMD16<UInt8>) {
        UnsafeMutableRawPointer(place).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
        place += 16
    }

    /// The sixteen bytes that were written from here on.
    var written: SIMD16<UInt8> {
        UnsafeRawPointer(place).loadUnaligned(as: SIMD16<UInt8>.self)
    }

    @inline(__always)
    mutating func put(_ text: StaticString) {
        place.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        place += text.utf8CodeUnitCount
    }

    /// Copies bytes behind which `slack` more can be read.
    @inline(__always)
    mutating func put(slack source: UnsafePointer<UInt8>, count: Int) {
        let from = UnsafeRawPointer(source)
        let to = UnsafeMutableRawPointer(place)
        var offset = 0
        while offset < count {
            let part = from.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
            to.storeBytes(of: part, toByteOffset: offset, as: SIMD16<UInt8>.self)
            offset &+= 16
        }
        place += count
    }

    /// The numbers from 00 to 99.
    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """

    /// Writes two digits of a number below 100 at an offset.
    @inline(__always)
    private func write(pair value: Int, at offset: Int) {
        let pair = UnsafeRawPointer(ByteCursor.pairs.utf8Start)
            .loadUnaligned(fromByteOffset: value &* 2, as: UInt16.self)
        UnsafeMutableRawPointer(place).storeBytes(of: pair, toByteOffset: offset, as: UInt16.self)
    }

    /// Two digits of a number below 100.
    @inline(__always)
    mutating func put(twoDigits value: Int) {
        write(pair: value, at: 0)
        place += 2
    }

    /// A number in decimal.
    @inline(__always)
    mutating func put(digits value: UInt64) {
        put(digits: value, count: ByteCursor.digitCount(value))
    }

    /// How many digits a number has.
    @inline(__always)
    private static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count &+= 4
        }
        if rest >= 1000 { return count &+ 3 }
        if rest >= 100 { return count &+ 2 }
        return rest >= 10 ? count &+ 1 : count
    }

    /// The last `count` digits of a number, with zeros before it.
    @inline(__always)
    mutating func put(digits value: UInt64, count: Int) {
        var rest = value
        var index = count
        while index >= 2 {
            index &-= 2
            let tens = rest / 100
            write(pair: Int(truncatingIfNeeded: rest &- tens &* 100), at: index)
            rest = tens
        }
        if index == 1 { place[0] = UInt8(truncatingIfNeeded: 48 &+ rest % 10) }
        place += count
    }

    /// A duration as the language writes one, such as `1h5m` or `250ms`.
    mutating func put(duration nanoseconds: Int64) {
        if nanoseconds < 0 { put(UInt8(ascii: "-")) }
        var rest = nanoseconds.magnitude
        guard rest > 0 else { return put("0s") }
        put(3_600_000_000_000, "h", of: &rest)
        put(60_000_000_000, "m", of: &rest)
        put(1_000_000_000, "s", of: &rest)
        put(1_000_000, "ms", of: &rest)
        put(1000, "us", of: &rest)
        put(1, "ns", of: &rest)
    }

    /// The units of one size in a length of time; inlined, so that dividing is multiplying.
    @inline(__always)
    private mutating func put(_ size: UInt64, _ letters: StaticString, of rest: inout UInt64) {
        guard rest >= size else { return }
        let count = rest / size
        put(digits: count)
        put(letters)
        rest -= count * size
    }

    /// A finite double as the shortest text that reads back to the same bits; what is not finite
    /// writes nothing and returns false.
    ///
    /// - Parameter decimals: how many decimals the number before had; most columns keep theirs.
    mutating func put(_ value: Double, _ decimals: inout Int) -> Bool {
        guard value.isFinite else { return false }
        if value.magnitude < 1e9 {
            var places = decimals
            var scaled = (value.magnitude * ByteCursor.powers[places]).rounded()
            if scaled / ByteCursor.powers[places] != value.magnitude {
                // Six decimals of a number below 1e9 fit into a double exactly.
                places = 6
                scaled = (value.magnitude * 1e6).rounded()
            }
            if scaled / ByteCursor.powers[places] == value.magnitude {
                put(UInt64(scaled), places, isNegative: value.sign == .minus, &decimals)
                return true
            }
        }
        var text = value.description
        if text.hasSuffix(".0") { text.removeLast(2) }
        for byte in text.utf8 { put(byte) }
        return true
    }

    private mutating func put(
        _ digits: UInt64, _ places: Int, isNegative: Bool, _ decimals: inout Int
    ) {
        var (digits, places) = (digits, places)
        while places > 0, digits % 10 == 0 {
            digits /= 10
            places -= 1
        }
        decimals = max(decimals, places)
        if isNegative { put(UInt8(ascii: "-")) }
        guard places > 0 else { return put(digits: digits) }
        put(digits: digits, count: max(ByteCursor.digitCount(digits), places &+ 1))
        // Move the decimals, six at most, to make room for the point.
        let point = UnsafeMutableRawPointer(place - places)
        let decimalText = point.loadUnaligned(as: UInt64.self)
        point.storeBytes(of: decimalText, toByteOffset: 1, as: UInt64.self)
        point.storeBytes(of: UInt8(ascii: "."), as: UInt8.self)
        place += 1
    }

    private static let powers: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6]
}

/// Writes instants as RFC 3339 text; neighbouring rows share their date, which is kept.
struct InstantText {
    private let zone: ZoneRules
    private let isUTC: Bool
    /// The local day whose text is in `date`.
    private var day = Int64.min
    private var date: (UInt64, UInt32) = (0, 0)
    /// The first nanosecond of the minute in UTC whose text is in `minuteText`, or nil.
    private var minute: Int64?
    private var minuteText = SIMD16<UInt8>()

    init(zone: ZoneRules) {
        self.zone = zone
        isUTC = zone == .utc
    }

    /// Writes an instant, with the offset of the zone at that instant.
    @inline(__always)
    mutating func put(_ nanoseconds: Int64, _ out: inout ByteCursor) {
        if let minute, nanoseconds >= minute {
            let inMinute = UInt64(bitPattern: nanoseconds &- minute)
            if inMinute < 60_000_000_000 {
                let second = inMinute / 1_000_000_000
                out.put(minuteText)
                out.put(UInt8(ascii: ":"))
                out.put(twoDigits: Int(second))
                put(fraction: inMinute &- second &* 1_000_000_000, &out)
                out.put(UInt8(ascii: "Z"))
                return
            }
        }
        putAnew(nanoseconds, &out)
    }

    private mutating func putAnew(_ nanoseconds: Int64, _ out: inout ByteCursor) {
        let begin = out
        let offset =
            isUTC ? 0 : zone.offsetSeconds(at: Timestamp(nanoseconds: nanoseconds))
        var (second, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if fraction < 0 {
            second -= 1
            fraction += 1_000_000_000
        }
        second += Int64(offset)
        var (day, inDay) = second.quotientAndRemainder(dividingBy: 86_400)
        if inDay < 0 {
            day -= 1
            inDay += 86_400
        }
        if day != self.day { open(day) }
        withUnsafeBytes(of: date.0) { text in
            for byte in text { out.put(byte) }
        }
        withUnsafeBytes(of: date.1) { text in
            for index in 0..<3 { out.put(text[index]) }
        }
        out.put(twoDigits: Int(inDay / 3600))
        out.put(UInt8(ascii: ":"))
        out.put(twoDigits: Int(inDay / 60 % 60))
        out.put(UInt8(ascii: ":"))
        if isUTC {
            minuteText = begin.written
            minute = nanoseconds &- fraction &- inDay % 60 &* 1_000_000_000
            // The first minute of all begins before the first nanosecond.
            if minute.map({ $0 > nanoseconds }) ?? false { minute = nil }
        }
        out.put(twoDigits: Int(inDay % 60))
        put(fraction: UInt64(fraction), &out)
        put(offset: offset, &out)
    }

    /// Makes the text of a day: `2026-03-02T`, in eight and three bytes.
    private mutating func open(_ day: Int64) {
        var text: [UInt8] = []
        // The first and the last day that instants reach are not whole.
        let second = min(max(day * 86_400, -9_223_372_036), 9_223_372_036)
        Timestamp(seconds: second).appendRFC3339(offsetSeconds: 0, to: &text)
        self.day = day
        date = text.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(as: UInt64.self),
                UInt32(bytes[8]) | UInt32(bytes[9]) << 8 | UInt32(bytes[10]) << 16
            )
        }
    }

    private func put(fraction: UInt64, _ out: inout ByteCursor) {
        guard fraction != 0 else { return }
        out.put(UInt8(ascii: "."))
        if fraction % 1_000_000 == 0 {
            out.put(digits: fraction / 1_000_000, count: 3)
        } else if fraction % 1000 == 0 {
            out.put(digits: fraction / 1000, count: 6)
        } else {
            out.put(digits: fraction, count: 9)
        }
    }

    private func put(offset: Int, _ out: inout ByteCursor) {
        guard offset != 0 else { return out.put(UInt8(ascii: "Z")) }
        out.put(UInt8(ascii: offset < 0 ? "-" : "+"))
        let minutes = abs(offset) / 60
        out.put(twoDigits: minutes / 60)
        out.put(UInt8(ascii: ":"))
        out.put(twoDigits: minutes % 60)
    }
}
