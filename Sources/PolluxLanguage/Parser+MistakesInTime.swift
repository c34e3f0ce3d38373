extension Parser {
    private static let numberWords = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ]

    /// The time letter that a word stands for: `m`, `min`, `minutes` → `m`.
    private static func timeLetter(_ word: String) -> String? {
        switch word.lowercased() {
        case "ns", "nanosecond", "nanoseconds": "ns"
        case "us", "microsecond", "microseconds": "us"
        case "ms", "millisecond", "milliseconds": "ms"
        case "s", "sec", "secs", "second", "seconds": "s"
        case "m", "min", "mins", "minute", "minutes": "m"
        case "h", "hr", "hrs", "hour", "hours": "h"
        case "d", "day", "days": "d"
        case "w", "week", "weeks": "w"
        case "mo", "month", "months": "mo"
        case "y", "year", "years": "y"
        default: nil
        }
    }

    private static func timeWord(_ letter: String) -> String {
        switch letter {
        case "ns": "nanoseconds"
        case "us": "microseconds"
        case "ms": "milliseconds"
        case "s": "seconds"
        case "m": "minutes"
        case "h": "hours"
        case "d": "days"
        case "w": "weeks"
        case "mo": "months"
        default: "years"
        }
    }

    /// A length of time belongs here, and the current token is none.
    func periodExpected() -> LanguageError {
        guard current.kind == .number else { return unexpected() }
        var look = self
        let word = look.ahead()
        guard case .word = word.kind, let letter = Parser.timeLetter(text(word.range)) else {
            let number = text(current.range)
            return failure(
                .badPeriod, "a length of time needs its letter", at: current.range,
                suggestions: [.init("write `\(number)m` for minutes, `\(number)h` for hours")])
        }
        return unitForTime(word, letter)
    }

    /// `5 m` where `5m` is meant.
    private func unitForTime(_ word: Token, _ letter: String) -> LanguageError {
        let number = text(current.range)
        let range = SourceRange(current.range.lower, word.range.upper)
        let count = Int(number).flatMap {
            Parser.numberWords.indices.contains($0) ? Parser.numberWords[$0] : nil
        }
        let written = text(word.range)
        let message =
            written == "m"
            ? "`\(text(range))` is \(count ?? number) metres; a time is written without a blank"
            : "`\(text(range))` is no time; a time is written as number and letter, without a blank"
        let meaning = "\(count ?? number) \(Parser.timeWord(letter))"
        return failure(
            .unitForTime, message, at: range,
            suggestions: [
                .init(
                    "write `\(number)\(letter)` for \(meaning)", replacement: number + letter)
            ])
    }

    /// `last` is followed by a number or a name: `last 5 m`, `last 2 days`, `last shift`.
    func lastOfWords(from start: Int) -> LanguageError {
        var look = self
        let hasNumber = look.current.kind == .number
        let number = hasNumber ? text(look.advance().range) : ""
        let word = look.current
        guard word.isName else { return periodExpected() }
        let name = text(word.range)
        let range = SourceRange(start, word.range.upper)
        let letter = Parser.timeLetter(name)
        if hasNumber, let letter, name.count < 3 || ["s", "m", "h"].contains(letter) {
            return unitForTime(word, letter)
        }
        let whole = "during " + text(range).lowercased()
        guard let letter else {
            return failure(
                .wholeOrRolling, "\"\(text(range))\" is not a range by itself", at: range,
                suggestions: [
                    .init("`\(whole)`: the whole ones before the current one", replacement: whole),
                    .init("`since last \(name)`: from the newest one until now"),
                ])
        }
        let count = hasNumber ? number : "1"
        let meaning: String
        switch letter {
        case "d":
            let hours = Int(count).flatMap { $0 < 10_000 ? $0 * 24 : nil } ?? 0
            meaning = "the \(hours) hours or so up to now"
        default: meaning = "up to now"
        }
        let many = Int(count).flatMap {
            Parser.numberWords.indices.contains($0) && $0 > 1 ? Parser.numberWords[$0] : nil
        }
        let unit = count == "1" ? name : "\(many ?? count) whole \(name)"
        let before = letter == "d" ? "before today" : "before the current one"
        let rolling = "last \(count)\(letter)"
        return failure(
            .wholeOrRolling, "\"\(text(range))\" can mean two things", at: range,
            suggestions: [
                .init("`\(rolling)`: \(meaning)", replacement: rolling),
                .init(
                    "`\(whole)`: the \(count == "1" ? "whole " : "")\(unit) \(before)",
                    replacement: whole),
            ])
    }

    /// A moment belongs here, and the current token begins none.
    func momentExpected() -> LanguageError {
        if current.kind == .number { return periodExpected() }
        if current.isName || current.kind == .text {
            return failure(
                .unexpectedWord, "`\(text(current.range))` is no date or time", at: current.range,
                notes: [
                    "written like 06:00, 2026-03-02 10:15, now, 2h ago, last tool-change, "
                        + "start of this shift"
                ])
        }
        return unexpected()
    }
}
