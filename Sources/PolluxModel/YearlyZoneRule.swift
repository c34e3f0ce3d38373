/// The rule of a zone for all years to come: the POSIX text in the footer of a TZif file.
struct YearlyZoneRule: Hashable, Sendable {
    /// A day of the year on which clocks change.
    enum Day: Hashable, Sendable {
        /// The `week`th `weekday` (0 = Sunday) of a month; week 5 is the last.
        case weekday(month: Int, week: Int, weekday: Int)
        /// Day 1 to 365, 29 February never counted.
        case julian(Int)
        /// Day 0 to 365, 29 February counted.
        case zeroBased(Int)
    }

    /// When clocks change: a day, and seconds of local time after its midnight.
    struct Change: Hashable, Sendable {
        var day: Day
        var seconds: Int
    }

    var standardOffset: Int
    var summer: Summer?

    /// The part of the year with another offset.
    struct Summer: Hashable, Sendable {
        var offset: Int
        var start: Change
        var end: Change
    }

    /// Reads the POSIX `TZ` text, with the extended hours of TZif version 3; nil when it is none.
    init?(_ bytes: some Collection<UInt8>) {
        var reader = PosixReader(bytes: ArraySlice(Array(bytes)))
        guard reader.readName(), let west = reader.readTime() else { return nil }
        standardOffset = -west
        if reader.bytes.isEmpty { return }
        guard reader.readName() else { return nil }
        var offset = standardOffset + 3600
        if let next = reader.bytes.first, next != UInt8(ascii: ",") {
            guard let west = reader.readTime() else { return nil }
            offset = -west
        }
        guard let start = reader.readChange(), let end = reader.readChange(), reader.bytes.isEmpty
        else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    /// The span of constant offset that holds a second, not reaching before `since`.
    func regime(atSecond second: Int64, since: Int64, offsetBefore: Int) -> ZoneRules.Regime {
        guard let summer else {
            return ZoneRules.Regime(start: since, end: .max, offsetSeconds: standardOffset)
        }
        let civilDay = floorDivide(second, 86_400).quotient
        let year = CivilTime.date(ofDay: max(-3_000_000, min(3_000_000, civilDay))).year
        var start = since
        var end = Int64.max
        var offset = offsetBefore
        // The changes of the year and its neighbours, in order; the last one passed gives the
        // offset.
        var list: [(at: Int64, offset: Int)] = []
        for year in (year - 1)...(year + 1) {
            let toSummer = YearlyZoneRule.second(of: summer.start, year, offset: standardOffset)
            let toStandard = YearlyZoneRule.second(of: summer.end, year, offset: summer.offset)
            list.append((toSummer, summer.offset))
            list.append((toStandard, standardOffset))
        }
        list.sort { $0.at < $1.at }
        for (index, change) in list.enumerated() {
            // Summer the whole year: the end of one coincides with the start of the next.
            if index + 1 < list.count, list[index + 1].at <= change.at { continue }
            if change.at <= since { continue }
            if change.at <= second {
                start = change.at
                offset = change.offset
            } else if end == .max, change.offset != offset {
                end = change.at
            }
        }
        return ZoneRules.Regime(start: start, end: end, offsetSeconds: offset)
    }

    private static func second(of change: Change, _ year: Int, offset: Int) -> Int64 {
        let first = CivilTime(year: year, month: 1, day: 1).dayNumber
        let isLeap = CivilTime.dayCount(year: year, month: 2) == 29
        let day: Int64
        switch change.day {
        case .zeroBased(let number): day = first + Int64(number)
        case .julian(let number):
            day = first + Int64(number - 1) + (isLeap && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let start = CivilTime(year: year, month: month, day: 1)
            // Monday is 1 here and Sunday 7; the rule counts from Sunday = 0.
            let ahead = (weekday - start.weekday % 7 + 7) % 7
            var date = 1 + ahead + (week - 1) * 7
            if date > CivilTime.dayCount(year: year, month: month) { date -= 7 }
            day = CivilTime(year: year, month: month, day: date).dayNumber
        }
        return day * 86_400 + Int64(change.seconds) - Int64(offset)
    }
}

/// Reads the parts of a POSIX `TZ` text off the front of a byte slice.
private struct PosixReader {
    var bytes: ArraySlice<UInt8>

    mutating func readName() -> Bool {
        if bytes.first == UInt8(ascii: "<") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: ">")) else { return false }
            bytes = bytes[(close + 1)...]
            return true
        }
        let letters = bytes.prefix { ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) }
        bytes = bytes.dropFirst(letters.count)
        return letters.count >= 3
    }

    mutating func readNumber(upTo limit: Int) -> Int? {
        var value = 0
        var count = 0
        while let byte = bytes.first, byte >= 48, byte <= 57, count < 4 {
            value = value * 10 + Int(byte - 48)
            bytes = bytes.dropFirst()
            count += 1
        }
        return count > 0 && value <= limit ? value : nil
    }

    mutating func readTime() -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = readNumber(upTo: 167) else { return nil }
        var seconds = hours * 3600
        if skip(":") {
            guard let minutes = readNumber(upTo: 59) else { return nil }
            seconds += minutes * 60
            if skip(":") {
                guard let rest = readNumber(upTo: 59) else { return nil }
                seconds += rest
            }
        }
        return isNegative ? -seconds : seconds
    }

    mutating func readChange() -> YearlyZoneRule.Change? {
        guard skip(",") else { return nil }
        let day: YearlyZoneRule.Day
        if skip("M") {
            guard let month = readNumber(upTo: 12), month > 0, skip("."),
                let week = readNumber(upTo: 5), week > 0, skip("."),
                let weekday = readNumber(upTo: 6)
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if skip("J") {
            guard let number = readNumber(upTo: 365), number > 0 else { return nil }
            day = .julian(number)
        } else {
            guard let number = readNumber(upTo: 365) else { return nil }
            day = .zeroBased(number)
        }
        guard skip("/") else { return YearlyZoneRule.Change(day: day, seconds: 7200) }
        guard let seconds = readTime() else { return nil }
        return YearlyZoneRule.Change(day: day, seconds: seconds)
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard bytes.first == UInt8(ascii: character) else { return false }
        bytes = bytes.dropFirst()
        return true
    }
}
