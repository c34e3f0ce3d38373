import PolluxLanguage

/// Help on one word of the language: what it does, and three examples that parse.
struct ClauseHelp {
    let word: String
    let purpose: String
    let examples: [String]

    /// The words there is help on.
    static var words: [String] { all.map(\.word) }

    /// Help on a word or a code of a message.
    static func text(of argument: String) -> String {
        let asked = argument.lowercased()
        if asked.isEmpty {
            return "\\h WORD, for example \\h every; or a code of a message, such as \\h TQ104\n"
                + "words: \(words.joined(separator: " "))"
        }
        if let help = all.first(where: { $0.word == asked }) {
            return "\(help.word): \(help.purpose)\n"
                + help.examples.map { "  \($0)" }.joined(separator: "\n")
        }
        let digits = asked.hasPrefix("tq") ? String(asked.dropFirst(2)) : asked
        if let number = Int(digits), let code = DiagnosticCode(rawValue: number) {
            return String(code.explanation.dropLast())
        }
        let near = Suggestion.nearest(to: asked, among: words)
        return "there is no help on `\(argument)`\(near.map { ": did you mean `\($0)`?" } ?? "")\n"
            + "words: \(words.joined(separator: " "))"
    }

    private init(_ word: String, _ purpose: String, _ examples: String...) {
        self.word = word
        self.purpose = purpose
        self.examples = examples
    }

    static let all = ranges + slices + choosing + showing + statements

    private static let ranges = [
        ClauseHelp(
            "of", "walks the plant: from what is wanted outwards; the path follows what was there",
            "vibration of spindle of machine CNC-3 last 1h", "power of every machine of line L2",
            "latest power of machine CNC-3, CNC-4"),
        ClauseHelp(
            "above", "walks upwards, to what contains an asset",
            "latest power of line above machine CNC-3", "power of line above spindle SP-7 last 1d",
            "avg humidity of hall above machine CNC-3 last 1d"),
        ClauseHelp(
            "that", "walks along a relation",
            "pressure of every pump that feeds machine CNC-3 last 1h",
            "show every machine that [fed by] pump P-7",
            "latest pressure of every pump that feeds machine CNC-3"),
        ClauseHelp(
            "last", "the time up to now; `last 1d` starts at the same clock time yesterday",
            "power of machine CNC-3 last 8h", "max power of machine CNC-3 last 7d every 1d",
            "power of machine CNC-3 since last tool-change"),
        ClauseHelp(
            "since", "from a moment up to now",
            "power of machine CNC-3 since 06:00", "power of machine CNC-3 since last tool-change",
            "delta parts of machine CNC-3 since start of this shift"),
        ClauseHelp(
            "between", "from a moment up to, not including, another",
            "power of machine CNC-3 between 2026-03-02 06:00 and 2026-03-02 14:00",
            "power of machine CNC-3 between 22:00 and 06:00",
            "rpm of spindle SP-7 between 5m before last tool-change and 9m after last tool-change"),
        ClauseHelp(
            "at", "the value of the curve at one instant",
            "temperature of spindle SP-7 at 2026-03-02 10:15", "power of machine CNC-3 at 06:00",
            "state of machine CNC-3 at 1h ago"),
        ClauseHelp(
            "during", "only time inside these spans; alone, it is also the range",
            "max power of machine CNC-3 during job J42",
            "state of machine CNC-3 during last 3 shifts",
            "avg power of machine CNC-3 during every warm-up last 7d"),
        ClauseHelp(
            "today", "from midnight in the zone up to now; `yesterday` is the day before",
            "max power of machine CNC-3 today", "delta parts of machine CNC-3 yesterday",
            "avg power of machine CNC-3 today every 1h compare with yesterday"),
        ClauseHelp(
            "next", "how far a forecast reaches",
            "forecast vibration of spindle SP-7 last 7d next 1h",
            "forecast power of machine CNC-3 last 1d next 2h every 10m",
            "forecast wear of tool of machine CNC-3 last 30d next 30d when wear > 0.3 mm"),
    ]

    private static let slices = [
        ClauseHelp(
            "every",
            "cuts the range into slices: a length, a calendar unit, an event; before a type: all",
            "avg power of machine CNC-3 last 8h every 1h",
            "delta parts of machine CNC-3 last 7d every shift",
            "max power of every machine since last tool-change"),
        ClauseHelp(
            "over", "makes slices overlap: a moving average",
            "avg vibration of spindle SP-7 last 1h every 1m over 10m",
            "max power of machine CNC-3 last 1d every 1h over 4h",
            "avg power of every machine last 1h every 5m over 15m"),
        ClauseHelp(
            "per", "merges assets by a level of the plant or an attribute; `overall` merges all",
            "total power in kWh of every machine last 1d per line",
            "avg power of every machine last 1d per line, model",
            "max temperature of every spindle overall today"),
        ClauseHelp(
            "fill", "what empty cells show; never changes an aggregate",
            "avg vibration of spindle SP-9 last 1h every 10m fill hold",
            "count tool-change of every machine last 7d every 1d fill 0",
            "vibration of spindle SP-9 last 1h every 10m fill linear within 15m"),
        ClauseHelp(
            "on", "rows only at the times of one measure",
            "vibration, rpm of spindle SP-9 last 1h on vibration",
            "vibration, rpm of spindle SP-9 last 1h on vibration fill hold",
            "power, parts of machine CNC-3 last 1h on parts"),
        ClauseHelp(
            "compare", "the same question over another span beside it",
            "delta parts of machine CNC-3 during job J42 compare with job J41",
            "avg power of machine CNC-3 today every 1h compare with yesterday",
            "avg power of every machine last 1h compare with 7d ago"),
        ClauseHelp(
            "offset", "the value some time before",
            "avg power - avg power offset 7d of machine CNC-3 last 1h",
            "avg power / avg power offset 1d of machine CNC-3 last 1h every 10m",
            "power - power offset 1h of machine CNC-3 last 1h every 10m"),
    ]

    private static let choosing = [
        ClauseHelp(
            "where", "filters instants and assets; with an aggregate, rows of the answer",
            "mean vibration of spindle SP-9 where rpm > 7000 last 1h",
            "avg power of every machine where model = \"VMC-850\" last 1d",
            "avg temperature of every spindle where avg temperature > 60 °C last 1h"),
        ClauseHelp(
            "when", "finds episodes: how long a condition held; `for` and `until` bound them",
            "max vibration of spindle SP-7 when vibration > 5 mm/s for 10m last 2h",
            "max power of every machine when power > 15 kW last 1d",
            "max power of machine CNC-3 when power > 9 kW until power < 5 kW for 1m last 7d"
        ),
        ClauseHelp(
            "top",
            "keeps the assets with the largest values, all their rows; `bottom` the smallest",
            "avg power of every machine last 1d top 3",
            "avg vibration of every spindle last 1d bottom 3 by p95 vibration",
            "total power in kWh of every machine last 7d per line top 1"),
        ClauseHelp(
            "limit", "the first rows alone", "vibration of spindle SP-7 last 1d limit 100",
            "power of every machine last 1h limit 50", "job of machine CNC-3 last 7d limit 5"),
        ClauseHelp(
            "points", "thins a curve for a chart, keeping its peaks",
            "vibration of spindle SP-7 last 30d points 500 as chart",
            "power of machine CNC-3 last 7d points 200",
            "temperature of spindle SP-7 last 1d points 300 as chart"),
        ClauseHelp(
            "including", "also uses samples that are uncertain, or even bad",
            "avg vibration of spindle SP-7 last 1d including uncertain",
            "coverage vibration of every spindle last 1d including uncertain",
            "vibration of spindle SP-7 last 1h including bad"),
    ]

    private static let showing = [
        ClauseHelp(
            "in", "gives a unit", "temperature of spindle SP-7 last 1h in °F",
            "total power in kWh of machine CNC-3 today",
            "rate parts in 1/h of machine CNC-3 today every 1h"),
        ClauseHelp(
            "as", "the form of the answer, a name for a column, or the plant as it was",
            "power of machine CNC-3 last 1h as chart",
            "vibration, temperature as temp of spindle SP-7 last 10m",
            "vibration of spindle of machine CNC-3 last 2h as of now"),
        ClauseHelp(
            "timezone", "the zone of days, slices and output",
            "power of machine CNC-3 yesterday timezone \"Europe/Berlin\"",
            "total power in kWh of every machine today timezone local",
            "delta parts of machine CNC-3 last 7d every 1d timezone \"Europe/Berlin\""),
        ClauseHelp(
            "using", "the method of a forecast or of anomalies",
            "anomalies in vibration of spindle SP-7 last 1d using seasonal",
            "anomalies in vibration of spindle SP-7 last 1d using cycle by state",
            "forecast power of machine CNC-3 last 7d next 1d using season"),
    ]

    private static let statements = [
        ClauseHelp(
            "create", "declares types, measures, events, relations, assets, alerts and queries",
            "create measure vibration of spindle in mm/s with kind = gauge, gap = 15m",
            "create asset machine CNC-3 of line L2 from 2025-01-01",
            "create event tool-change of machine"),
        ClauseHelp(
            "move", "puts an asset elsewhere from a moment on; its history stays where it was",
            "move spindle SP-7 to machine CNC-4 at 2026-03-02 11:00",
            "move spindle SP-9 to machine CNC-3", "retire spindle SP-8 at 2026-03-02 11:00"),
        ClauseHelp(
            "show", "lists assets, or types, measures, events, relations, alerts, queries",
            "show every machine of line L2", "show measures of spindle", "show alerts"),
        ClauseHelp(
            "watch", "asks again as the answer changes; Ctrl-C stops",
            "watch avg vibration of every spindle last 10m every 10s",
            "watch latest power of every machine",
            "watch delta parts of machine CNC-3 today every 1h"),
        ClauseHelp(
            "explain", "the plan of a question, and what it read",
            "explain avg vibration of spindle SP-7 last 1d every 1h",
            "explain latest power of every machine",
            "explain max power of machine CNC-3 since last tool-change"),
    ]
}
