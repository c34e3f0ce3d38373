extension DiagnosticCode {
    /// The long explanation, with an example where one helps, as `\h TQ104` shows it; lines end
    /// with `\n`.
    public var explanation: String {
        guard let detail else { return "\(text): \(title).\n" }
        var result = "\(text): \(title).\n\(detail.why)\n"
        if let wrong = detail.wrong { result += "  not:  \(wrong)\n" }
        if let right = detail.right { result += "  but:  \(right)\n" }
        return result
    }

    /// Why, and an example before and after.
    struct Detail {
        var why: String
        var wrong: String?
        var right: String?

        init(_ why: String, not wrong: String? = nil, but right: String? = nil) {
            self.why = why
            self.wrong = wrong
            self.right = right
        }
    }

    var detail: Detail? {
        if let known = DiagnosticCode.details[self] {
            return Detail(known.why, not: known.wrong, but: known.right)
        }
        return DiagnosticCode.detailsReading[self] ?? DiagnosticCode.detailsAsking[self]
            ?? DiagnosticCode.detailsChanging[self]
    }

    private static let details: [DiagnosticCode: (why: String, wrong: String, right: String)] = [
        .unexpectedWord: (
            "The sentence is right up to here, and this word cannot go on from "
                + "there. The message lists what may stand here.",
            "power of machine CNC-3 lats 1h",
            "power of machine CNC-3 last 1h"
        ),
        .unexpectedEnd: (
            "The sentence has begun and something it needs is missing.",
            "power of",
            "power of machine CNC-3"
        ),
        .unknownMeasure: (
            "The name before `of` is looked up on the asset the path ends on, then "
                + "on what contains it. \\m and a type list what there is.",
            "vibratoin of spindle of machine CNC-3",
            "vibration of spindle of machine CNC-3"
        ),
        .unknownAsset: (
            "Names match exactly first, else without case if only one fits. \\a and "
                + "a type list what there is.",
            "latest power of machine CNC-33",
            "latest power of machine CNC-3"
        ),
        .decimalComma: (
            "There is one way to write numbers for all plants: the comma separates "
                + "things, the point decimals.",
            "vibration of spindle SP-7 when vibration > 7,5 mm/s",
            "vibration of spindle SP-7 when vibration > 7.5 mm/s"
        ),
        .reservedName: (
            "A few words begin clauses and cannot be names by themselves. In "
                + "brackets any name can.",
            "limit of machine CNC-3",
            "[limit] of machine CNC-3"
        ),
        .repeatedClause: (
            "Each clause stands at most once; their order is free.",
            "power of machine CNC-3 limit 5 limit 6",
            "power of machine CNC-3 limit 5"
        ),
        .missingOf: (
            "A question is what, then `of`, then whose.",
            "power machine CNC-3",
            "power of machine CNC-3"
        ),
        .textForName: (
            "Quotes make a text, brackets a name: only a type or an asset may stand "
                + "in quotes too.",
            "where \"oil temp\" > 80",
            "where [oil temp] > 80"
        ),
        .inIsForUnits: (
            "One word, one job: `of` walks the plant, `in` gives a unit.",
            "power of every machine in line L2",
            "power of every machine of line L2"
        ),
        .hyphenatedName: (
            "A hyphen belongs to names, so a minus needs blanks around it.",
            "high-low of machine CNC-3",
            "high - low of machine CNC-3"
        ),
        .unitForTime: (
            "Digits and letter glued are a time; with a blank they are a value with "
                + "a unit.",
            "power of machine CNC-3 last 5 m",
            "power of machine CNC-3 last 5m"
        ),
        .badTimestamp: (
            "The date or time is not in the calendar.",
            "power of machine CNC-3 since 2026-02-31",
            "power of machine CNC-3 since 2026-02-28"
        ),
        .wholeOrRolling: (
            "`last 2d` runs up to now; `during last 2 days` is the two whole days "
                + "before today.",
            "power of machine CNC-3 last 2 days",
            "power of machine CNC-3 last 2d"
        ),
        .badPeriod: (
            "Letters of time: ns us ms s m h d w mo y, glued to their digits.",
            "power of machine CNC-3 last 90",
            "power of machine CNC-3 last 90m"
        ),
        .secondRange: (
            "`last since between today yesterday at` all give the range, so only "
                + "one of them stands.",
            "power of machine CNC-3 today last 1h",
            "power of machine CNC-3 last 1h"
        ),
        .nextWithoutForecast: (
            "`next` says how far a forecast goes.",
            "power of machine CNC-3 next 1h",
            "forecast power of machine CNC-3 next 1h"
        ),
        .notSingular: (
            "A type alone means the one there is; with two it is a mistake.",
            "vibration of spindle of line L2",
            "vibration of every spindle of line L2"
        ),
        .waitWithoutStream: (
            "`wait` says how long a slice waits for late data before it is final; a "
                + "query that runs once does not wait.",
            "power of machine CNC-3 wait 5s",
            "watch power of machine CNC-3 wait 5s"
        ),
        .alertWithoutWhen: (
            "The episodes of `when` are the alarms.",
            "create alert hot as temperature of every spindle",
            "create alert hot as temperature of every spindle when temperature > 80 "
                + "°C"
        ),
        .aggregateAndSample: (
            "An aggregate is one value per slice, a bare measure every sample; they "
                + "do not meet in one formula.",
            "avg power / rpm of spindle SP-9",
            "avg (power / rpm) of spindle SP-9"
        ),
        .stateArithmetic: (
            "A state or a text has no average: ask how long it held.",
            "avg state of machine CNC-3",
            "share (state = \"running\") of machine CNC-3"
        ),
        .sumOfGauge: (
            "The sum of samples depends on how often a sensor sends. Energy is "
                + "`total`; a sum over machines is two aggregates.",
            "sum power of every machine per line",
            "sum avg power of every machine per line"
        ),
        .addedUnits: (
            "Only values of one dimension can be added; units of one dimension "
                + "convert by themselves.",
            "vibration + temperature of spindle SP-7",
            "vibration, temperature of spindle SP-7"
        ),
        .afterEnd: (
            "A retired asset takes no part in what comes later; a replacement is a "
                + "new asset.",
            "move spindle SP-8 to machine CNC-3",
            "create asset spindle SP-10 of machine CNC-3"
        ),
    ]
}
