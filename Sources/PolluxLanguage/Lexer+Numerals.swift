import PolluxModel

extension Lexer {
    /// The token that begins with a digit: a time, a duration or a number.
    func numeral(at start: Int) -> Token {
        if let token = timestampToken(at: start) { return token }
        var position = start
        while isDigit(byte(position)) || (byte(position) == 0x5F && isDigit(byte(position + 1))) {
            position += 1
        }
        if let token = durationToken(at: start, digitsEnd: position) { return token }
        if byte(position) == 0x2E, isDigit(byte(position + 1)) {
            position += 1
            while isDigit(byte(position)) || (byte(position) == 0x5F && isDigit(byte(position + 1)))
            {
                position += 1
            }
        }
        if lowerCased(byte(position)) == 0x65 {
            let sign = byte(position + 1) == 0x2B || byte(position + 1) == 0x2D ? 1 : 0
            if isDigit(byte(position + 1 + sign)) {
                position += 2 + sign
                while isDigit(byte(position)) { position += 1 }
            }
        }
        if letterLength(at: position) > 0 {
            let end = max(unit(at: position)?.upper ?? 0, wordEnd(from: position))
            return Token(kind: .bad(.numberGluedToWord), range: SourceRange(start, end))
        }
        let range = SourceRange(start, position)
        guard number(in: range) != nil else {
            return Token(kind: .bad(.numberTooLarge), range: range)
        }
        return Token(kind: .number, range: range)
    }

    /// The number in a range that `numeral` found; nil when it is too large for a float.
    func number(in range: SourceRange) -> NumberLiteral? {
        let digits = bytes[range.lower..<range.upper].filter { $0 != 0x5F }
        let text = String(decoding: digits, as: UTF8.self)
        if let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { return nil }
        return .float(number)
    }

    /// A duration: digits and a time letter glued, repeated; nil where none begins.
    private func durationToken(at start: Int, digitsEnd: Int) -> Token? {
        var position = digitsEnd
        guard timeLetterLength(at: position) > 0 else { return nil }
        position += timeLetterLength(at: position)
        while isDigit(byte(position)) {
            var next = position
            while isDigit(byte(next)) { next += 1 }
            let length = timeLetterLength(at: next)
            guard length > 0 else { break }
            position = next + length
        }
        // `5mm/s`, `5m/s` and `5min` are values whose unit lost its blank.
        let follows = byte(position)
        if letterLength(at: position) > 0 || (follows == 0x2F && letterLength(at: position + 1) > 0)
        {
            let end = max(unit(at: digitsEnd)?.upper ?? position, wordEnd(from: position))
            return Token(kind: .bad(.numberGluedToWord), range: SourceRange(start, end))
        }
        let range = SourceRange(start, position)
        if isDigit(follows) { return Token(kind: .bad(.badPeriod), range: range) }
        guard period(in: range) != nil else {
            return Token(kind: .bad(.badPeriod), range: range)
        }
        return Token(kind: .duration, range: range)
    }

    /// The length of the time letters at a position when no further letter follows them, else 0.
    private func timeLetterLength(at position: Int) -> Int {
        let length: Int
        switch (byte(position), byte(position + 1)) {
        case (0x6E, 0x73), (0x75, 0x73), (0x6D, 0x73), (0x6D, 0x6F): length = 2
        case (0xC2, 0xB5) where byte(position + 2) == 0x73: length = 3
        case (0x73, _), (0x6D, _), (0x68, _), (0x64, _), (0x77, _), (0x79, _): length = 1
        default: return 0
        }
        return letterLength(at: position + length) > 0 ? 0 : length
    }

    /// The period in a range that `durationToken` found; nil when it is too long.
    func period(in range: SourceRange) -> Period? {
        var period = Period()
        var position = range.lower
        while position < range.upper {
            var count: Int64 = 0
            while isDigit(byte(position)) || byte(position) == 0x5F {
                if byte(position) != 0x5F {
                    let (product, isTooBig) = count.multipliedReportingOverflow(by: 10)
                    let (sum, isTooBigToo) = product.addingReportingOverflow(
                        Int64(byte(position) - 0x30))
                    if isTooBig || isTooBigToo { return nil }
                    count = sum
                }
                position += 1
            }
            let length = timeLetterLength(at: position)
            guard length > 0 else { return nil }
            let letters = String(decoding: bytes[position..<(position + length)], as: UTF8.self)
            guard period.add(count, letters) else { return nil }
            position += length
        }
        return period
    }

    // MARK: Dates and times

    /// A date, month, week, date-time or clock time; nil where none begins.
    private func timestampToken(at start: Int) -> Token? {
        guard let end = timestampEnd(at: start) else { return nil }
        let range = SourceRange(start, end)
        let isGlued = letterLength(at: end) > 0 || isDigit(byte(end))
        guard !isGlued, timestamp(in: range) != nil else {
            let tail = isGlued ? wordEnd(from: end) : end
            return Token(kind: .bad(.badTimestamp), range: SourceRange(start, tail))
        }
        return Token(kind: .timestamp, range: range)
    }

    private func hasDigits(_ count: Int, at position: Int) -> Bool {
        for index in 0..<count where !isDigit(byte(position + index)) { return false }
        return true
    }

    private func timestampEnd(at start: Int) -> Int? {
        if hasDigits(2, at: start), byte(start + 2) == 0x3A { return clockEnd(at: start) }
        guard hasDigits(4, at: start), byte(start + 4) == 0x2D else { return nil }
        if lowerCased(byte(start + 5)) == 0x77, hasDigits(2, at: start + 6) { return start + 8 }
        guard hasDigits(2, at: start + 5) else { return nil }
        guard byte(start + 7) == 0x2D, hasDigits(2, at: start + 8) else { return start + 7 }
        let dateEnd = start + 10
        var clock = dateEnd
        if lowerCased(byte(clock)) == 0x74 {
            clock += 1
        } else {
            while byte(clock) == 0x20 { clock += 1 }
            guard clock > dateEnd else { return dateEnd }
        }
        guard hasDigits(2, at: clock), byte(clock + 2) == 0x3A else { return dateEnd }
        let end = clockEnd(at: clock)
        if lowerCased(byte(end)) == 0x7A { return end + 1 }
        if byte(end) == 0x2B || byte(end) == 0x2D, hasDigits(2, at: end + 1), byte(end + 3) == 0x3A,
            hasDigits(2, at: end + 4)
        {
            return end + 6
        }
        return end
    }

    private func clockEnd(at start: Int) -> Int {
        var position = start + 3
        guard hasDigits(2, at: position) else { return position }
        position += 2
        guard byte(position) == 0x3A, hasDigits(2, at: position + 1) else { return position }
        position += 3
        guard byte(position) == 0x2E, isDigit(byte(position + 1)) else { return position }
        position += 1
        while isDigit(byte(position)) { position += 1 }
        return position
    }

    private func digits(_ count: Int, at position: Int) -> Int {
        var value = 0
        for index in 0..<count { value = value * 10 + Int(byte(position + index)) - 0x30 }
        return value
    }

    /// The fields of a time in a range that `timestampEnd` found; nil when they are not valid.
    func timestamp(in range: SourceRange) -> TimestampSyntax? {
        let start = range.lower
        if byte(start + 2) == 0x3A {
            var civil = CivilTime(year: 1970, month: 1, day: 1)
            guard readClock(at: start, end: range.upper, into: &civil) else { return nil }
            return TimestampSyntax(civil: civil, granularity: .clock, range: range)
        }
        let year = digits(4, at: start)
        if lowerCased(byte(start + 5)) == 0x77 {
            guard let monday = mondayOfWeek(digits(2, at: start + 6), year: year) else {
                return nil
            }
            return TimestampSyntax(civil: monday, granularity: .week, range: range)
        }
        var civil = CivilTime(year: year, month: digits(2, at: start + 5), day: 1)
        if range.upper == start + 7 {
            guard civil.isValid else { return nil }
            return TimestampSyntax(civil: civil, granularity: .month, range: range)
        }
        civil.day = digits(2, at: start + 8)
        guard civil.isValid else { return nil }
        if range.upper == start + 10 {
            return TimestampSyntax(civil: civil, granularity: .date, range: range)
        }
        var clock = start + 10
        while !isDigit(byte(clock)) { clock += 1 }
        let end = clockEnd(at: clock)
        guard readClock(at: clock, end: end, into: &civil) else { return nil }
        var offset: Int?
        if end < range.upper {
            offset = 0
            if lowerCased(byte(end)) != 0x7A {
                let (hours, minutes) = (digits(2, at: end + 1), digits(2, at: end + 4))
                guard hours <= 18, minutes <= 59 else { return nil }
                offset = (hours * 3600 + minutes * 60) * (byte(end) == 0x2D ? -1 : 1)
            }
        }
        return TimestampSyntax(
            civil: civil, granularity: .instant, offsetSeconds: offset, range: range)
    }

    private func readClock(at start: Int, end: Int, into civil: inout CivilTime) -> Bool {
        guard end >= start + 5 else { return false }
        civil.hour = digits(2, at: start)
        civil.minute = digits(2, at: start + 3)
        if end >= start + 8 { civil.second = digits(2, at: start + 6) }
        if end > start + 9 {
            guard end - start - 9 <= 9 else { return false }
            var value = digits(end - start - 9, at: start + 9)
            for _ in (end - start - 9)..<9 { value *= 10 }
            civil.nanosecond = value
        }
        return civil.isValid
    }

    /// The Monday of an ISO week; nil when the year has no such week.
    private func mondayOfWeek(_ week: Int, year: Int) -> CivilTime? {
        let fourth = CivilTime(year: year, month: 1, day: 4)
        let first = fourth.dayNumber - Int64(fourth.weekday - 1)
        let monday = first + Int64(week - 1) * 7
        let thursday = CivilTime.date(ofDay: monday + 3)
        guard week >= 1, thursday.year == year else { return nil }
        let date = CivilTime.date(ofDay: monday)
        return CivilTime(year: date.year, month: date.month, day: date.day)
    }
}
