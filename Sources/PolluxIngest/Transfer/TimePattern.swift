import PolluxModel

/// How a column writes dates and times of day, such as `DD/MM/YYYY hh.mm.ss`.
///
/// `YYYY` or `YY` (2000 to 2099), `M`, `D`, `h`, `m`, `s` (one or two digits; doubled letters mean
/// the same), `f` (any digits of a fraction) and `AP` (AM or PM) stand for their parts; every other
/// character stands for itself.
struct TimePattern: Hashable, Sendable {
    /// A part of a date or time.
    enum Part: Hashable, Sendable {
        case year
        case yearOfCentury
        case month
        case day
        case hour
        case minute
        case second
        case fraction
        case half
        case literal(Character)
    }

    private(set) var parts: [Part] = []

    /// A pattern, or the reason why the text is none.
    init(_ text: String) throws(IngestError) {
        var rest = Substring(text)
        while let first = rest.first {
            if rest.hasPrefix("AP") {
                parts.append(.half)
                rest = rest.dropFirst(2)
                continue
            }
            let run = rest.prefix { $0 == first }
            rest = rest.dropFirst(run.count)
            switch (first, run.count) {
            case ("Y", 4): parts.append(.year)
            case ("Y", 2): parts.append(.yearOfCentury)
            case ("M", 1...2): parts.append(.month)
            case ("D", 1...2): parts.append(.day)
            case ("h", 1...2): parts.append(.hour)
            case ("m", 1...2): parts.append(.minute)
            case ("s", 1...2): parts.append(.second)
            case ("f", _): parts.append(.fraction)
            case ("Y", _), ("M", _), ("D", _), ("h", _), ("m", _), ("s", _):
                throw .unreadable(
                    reason: "`\(run)` in the pattern `\(text)` means nothing: write YYYY, MM, DD, "
                        + "hh, mm, ss, f, AP")
            default: parts += run.map { .literal($0) }
            }
        }
        guard parts.contains(where: { !$0.isLiteral }) else {
            throw .unreadable(
                reason: "`\(text)` is no pattern of times: write one such as DD/MM/YYYY hh:mm:ss")
        }
    }

    /// What a pattern or several have read.
    struct Reading {
        private var numbers: [Part: Int] = [:]

        /// The date and time; nil when a part is missing or there is no such date.
        var civil: CivilTime? {
            guard let year = numbers[.year], let month = numbers[.month], let day = numbers[.day]
            else { return nil }
            var hour = numbers[.hour] ?? 0
            if let half = numbers[.half] {
                guard (1...12).contains(hour) else { return nil }
                hour = hour % 12 + half
            }
            let civil = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: numbers[.minute] ?? 0,
                second: numbers[.second] ?? 0, nanosecond: numbers[.fraction] ?? 0)
            return civil.isValid ? civil : nil
        }

        /// Takes a cell; false when it is not written so.
        mutating func take(_ cell: String, _ pattern: TimePattern) -> Bool {
            var rest = Substring(cell)
            for part in pattern.parts {
                guard take(part, &rest) else { return false }
            }
            return rest.isEmpty
        }

        private mutating func take(_ part: Part, _ rest: inout Substring) -> Bool {
            func digits(_ counts: ClosedRange<Int>) -> Substring? {
                let found = rest.prefix(counts.upperBound).prefix { ("0"..."9").contains($0) }
                guard found.count >= counts.lowerBound else { return nil }
                rest = rest.dropFirst(found.count)
                return found
            }
            switch part {
            case .literal(let character):
                guard rest.first == character else { return false }
                rest = rest.dropFirst()
            case .half:
                let word = rest.prefix(2).lowercased()
                guard word == "am" || word == "pm" else { return false }
                numbers[.half] = word == "pm" ? 12 : 0
                rest = rest.dropFirst(2)
            case .fraction:
                guard let found = digits(1...30) else { return false }
                numbers[.fraction] = Int((found + "000000000").prefix(9))
            case .year: numbers[.year] = digits(4...4).flatMap { Int($0) }
            case .yearOfCentury:
                numbers[.year] = digits(2...2).flatMap { Int($0) }.map { 2000 + $0 }
            case .month, .day, .hour, .minute, .second:
                numbers[part] = digits(1...2).flatMap { Int($0) }
            }
            return part == .yearOfCentury || numbers[part] != nil || part.isLiteral
        }
    }
}

extension TimePattern.Part {
    fileprivate var isLiteral: Bool {
        if case .literal = self { true } else { false }
    }
}
