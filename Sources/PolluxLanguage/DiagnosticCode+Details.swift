/// Further explanations, by what they are about.
extension DiagnosticCode {
    static let detailsReading: [DiagnosticCode: Detail] = [
        .unknownType: Detail(
            "Types are declared with `create type`, or by the first data that names them. "
                + "`show types` lists them.",
            not: "power of every machin last 1h",
            but: "power of every machine last 1h"),
        .unreadableCharacter: Detail(
            "The sentence holds a character that belongs to no word, number, unit or sign "
                + "of the language.",
            not: "power of machine CNC-3 last 1h !",
            but: "power of machine CNC-3 last 1h"),
        .unclosed: Detail(
            "A text ends with the quote it began with, on the same line; a bracketed name "
                + "with `]`.",
            not: "power of machine \"CNC 3 last 1h",
            but: "power of machine \"CNC 3\" last 1h"),
        .badNumber: Detail(
            "A number is digits, `_` between digits, one decimal point and an exponent, and "
                + "it is not larger than 1.7e308.",
            not: "power of machine CNC-3 where power > 1e400",
            but: "power of machine CNC-3 where power > 1e4"),
        .unknownRelation: Detail(
            "Relations are declared with `create relation`; `show relations` lists them "
                + "with their inverses.",
            not: "pressure of every pump that feds machine CNC-3",
            but: "pressure of every pump that feeds machine CNC-3"),
        .unknownEvent: Detail(
            "Events are declared with `create event`, or by the first one that is "
                + "recorded. `show events` lists them.",
            not: "power of machine CNC-3 since last tool-chnage",
            but: "power of machine CNC-3 since last tool-change"),
        .unknownUnit: Detail(
            "Symbols of units are case-sensitive: mW is a thousandth of a watt, MW a "
                + "million watts.",
            not: "power in kw of machine CNC-3",
            but: "power in kW of machine CNC-3"),
        .unknownZone: Detail(
            "Zones have the names of the IANA list, because abbreviations such as CET "
                + "mean several things.",
            not: "power of machine CNC-3 today timezone \"Berlin\"",
            but: "power of machine CNC-3 today timezone \"Europe/Berlin\""),
        .missingParameter: Detail(
            "`$name` takes its value from the program that asks; it never becomes part of "
                + "the text. Give it a value, or write one.",
            not: "power of $asset last 1h",
            but: "power of machine CNC-3 last 1h"),
        .tooDeep: Detail(
            "Parentheses may be nested fifty deep, and a sentence may have 500 operators: "
                + "more is nearly always made by a program that went wrong.",
            not: "((((… power …)))) of machine CNC-3",
            but: "power of machine CNC-3"),
        .unknownAttribute: Detail(
            "Attributes belong to an asset and hold from a moment on. `show attributes` "
                + "lists their names.",
            not: "power of every machine where modell = \"VMC-850\"",
            but: "power of every machine where model = \"VMC-850\""),
        .unknownMethod: Detail(
            "`using` names a method of `anomalies` or `forecast`; the message lists those "
                + "there are.",
            not: "anomalies in vibration of spindle SP-7 using magic",
            but: "anomalies in vibration of spindle SP-7 using novelty"),
        .unknownFormat: Detail(
            "`as` takes table, csv, json, ndjson, md or chart.",
            not: "power of machine CNC-3 as excel",
            but: "power of machine CNC-3 as csv"),
        .ambiguousName: Detail(
            "The name fits several things. Its type in front, or the asset that contains "
                + "it, says which.",
            not: "latest power of M1",
            but: "latest power of machine M1"),
        .unknownStatement: Detail(
            "A sentence begins with a measure, or with one of: watch explain show "
                + "describe create drop move relate unrelate retire set record forecast "
                + "anomalies remaining.",
            not: "select power from machine",
            but: "power of every machine"),
        .badPercentile: Detail(
            "A percentile is `p` and a number from 0 to 100: p50 is the median.",
            not: "p101 vibration of spindle SP-7",
            but: "p99 vibration of spindle SP-7"),
        .functionNeedsParentheses: Detail(
            "An aggregate works on one name or on what stands in parentheses.",
            not: "avg abs (power) of machine CNC-3",
            but: "avg (abs (power)) of machine CNC-3"),
    ]

    static let detailsAsking: [DiagnosticCode: Detail] = [
        .futureRange: Detail(
            "Nothing has been measured there yet. What may come is asked with `forecast … "
                + "next`.",
            not: "power of machine CNC-3 since 2100-01-01",
            but: "forecast power of machine CNC-3 next 1h"),
        .emptyRange: Detail(
            "The first moment comes before the second. Clock times alone may cross "
                + "midnight.",
            not: "power of machine CNC-3 between 2026-03-02 and 2026-03-01",
            but: "power of machine CNC-3 between 2026-03-01 and 2026-03-02"),
        .pathDoesNotFit: Detail(
            "`of` walks from a part to what contains it, `above` the other way. "
                + "`describe` shows where an asset sits.",
            not: "power of machine of spindle SP-7",
            but: "power of machine above spindle SP-7"),
        .strideTooLong: Detail(
            "Slices above a day follow the calendar and are counted in days, weeks, "
                + "months or years.",
            not: "avg power of machine CNC-3 last 30d every 48h",
            but: "avg power of machine CNC-3 last 30d every 2d"),
        .badCount: Detail(
            "`limit`, `points`, `top` and `bottom` take a whole number that is not zero.",
            not: "avg power of every machine top 0",
            but: "avg power of every machine top 10"),
        .unknownLevel: Detail(
            "`per` takes a type that contains the assets of the path, or an attribute "
                + "they have.",
            not: "avg power of every machine per halls",
            but: "avg power of every machine per hall"),
        .conditionExpected: Detail(
            "`where`, `when`, `time`, `share` and `times` need something that is true or "
                + "not.",
            not: "power of machine CNC-3 where power",
            but: "power of machine CNC-3 where power > 0"),
        .valueExpected: Detail(
            "A condition is true or not and has no size; how long it held is a value.",
            not: "avg (power > 5) of machine CNC-3",
            but: "share (power > 5) of machine CNC-3"),
        .differentKinds: Detail(
            "A text compares with a text, a number with a number.",
            not: "power of machine CNC-3 where state = 1",
            but: "power of machine CNC-3 where state = \"running\""),
        .counterExpected: Detail(
            "`delta` and `rate` count the increases of one counter and handle its resets. "
                + "For other measures, `latest` and `earliest` give the ends.",
            not: "delta (power + 1) of machine CNC-3",
            but: "delta parts of machine CNC-3"),
        .mixedCondition: Detail(
            "A condition with an aggregate chooses rows, one without chooses instants. "
                + "They may stand beside each other with `and`, not with `or`.",
            not: "avg power of every machine where avg power > 5 or power > 1",
            but: "avg power of every machine where avg power > 5 and power > 1"),
        .textTooLong: Detail(
            "A text may have at most one mebibyte. Many statements go into several texts."),
        .tooLittleHistory: Detail(
            "A forecast or a finding from too few samples would be a guess. A longer "
                + "range gives more history.",
            not: "forecast power of machine CNC-3 last 1h next 30d",
            but: "forecast power of machine CNC-3 last 90d next 30d"),
        .clauseDoesNotFit: Detail(
            "The clause belongs to another kind of sentence; the message says which.",
            not: "show every machine every 1h",
            but: "avg power of every machine every 1h"),
        .nestedAggregate: Detail(
            "Two aggregates in a row work first over time, then across assets, so the "
                + "second needs `per` or `overall`. More than that is a question of its own.",
            not: "max (avg power) of every machine last 1d every 1h",
            but: "max avg power of every machine last 1d every 1h per line"),
        .notAvailable: Detail(
            "The sentence is right, but what runs here does not carry it out: this "
                + "version does not have it yet, or nothing here runs what it would start."),
        .methodDoesNotFit: Detail(
            "Each method needs a certain kind of measure: a gauge with numbers, or "
                + "several sensors of one asset.",
            not: "anomalies in state of machine CNC-3",
            but: "anomalies in vibration of spindle SP-7"),
        .comparedUnits: Detail(
            "Only values of one dimension compare; units of one dimension convert by "
                + "themselves, and a bare number takes the unit of the other side.",
            not: "power of machine CNC-3 where power > 5 °C",
            but: "power of machine CNC-3 where power > 5 kW"),
        .convertedUnits: Detail(
            "A unit can be shown in another one of the same dimension.",
            not: "power in °C of machine CNC-3",
            but: "power in W of machine CNC-3"),
        .pointArithmetic: Detail(
            "°C and °F are points on a scale: their difference is a number of kelvins, "
                + "their sum means nothing.",
            not: "temperature + temperature of spindle SP-7",
            but: "temperature - temperature offset 1h of spindle SP-7"),
    ]

    static let detailsChanging: [DiagnosticCode: Detail] = [
        .alreadyThere: Detail(
            "Names are unique within what contains them, and what exists is not declared "
                + "twice. `describe` shows it; `set` changes an attribute.",
            not: "create asset machine CNC-3 of line L2",
            but: "create asset machine CNC-6 of line L2"),
        .beforeStart: Detail(
            "An asset takes part from the moment given with `from`. If that is wrong, it "
                + "was created too late in the log.",
            not: "move spindle SP-9 to machine CNC-3 at 2020-01-01",
            but: "move spindle SP-9 to machine CNC-3 at 2026-03-02 11:00"),
        .valueDoesNotFit: Detail(
            "A measure keeps one kind of value: numbers, truth values or texts. It is "
                + "fixed by its declaration or its first sample.",
            not: "record power of machine CNC-3 = \"high\"",
            but: "record power of machine CNC-3 = 12"),
        .insideItself: Detail(
            "Containment is a tree at every instant: following it outwards never comes "
                + "back.",
            not: "move line L2 to machine CNC-3",
            but: "move machine CNC-3 to line L2"),
        .nothingThere: Detail(
            "There is nothing of that name that holds at that moment.",
            not: "drop alert hot-spindel",
            but: "drop alert hot-spindle"),
        .typeDoesNotFit: Detail(
            "A relation joins the types it was declared for, and a place takes items of "
                + "its own type.",
            not: "relate hall H1 that feeds machine CNC-3",
            but: "relate pump P-7 that feeds machine CNC-3"),
        .badSetting: Detail(
            "Settings are words with a value behind `with`; the message lists those that "
                + "fit here.",
            not: "create measure power of machine with kind = speed",
            but: "create measure power of machine with kind = gauge"),
        .stillInUse: Detail(
            "Something refers to it: parts inside it, a continuous query, or an alert. "
                + "End those first, then this."),
        .notPermitted: Detail(
            "A token may read, write, or do everything. Writing is points, assets, moves, "
                + "relations, attributes and events; types, measures, units, alerts and "
                + "continuous queries need a token for everything. A question asked with GET "
                + "changes nothing."),
        .cancelled: Detail(
            "Someone ended the query, or the connection was closed. Nothing was changed."),
        .timeLimit: Detail(
            "The limit protects the other users. A shorter range, longer slices or fewer "
                + "assets cost less.",
            not: "p95 vibration of every spindle last 10y",
            but: "p95 vibration of every spindle last 1d"),
        .rowLimit: Detail(
            "Rows in such numbers are for export, not for reading. `every` makes fewer "
                + "rows, `limit` takes the first.",
            not: "vibration of every spindle last 1y",
            but: "avg vibration of every spindle last 1y every 1d"),
        .memoryLimit: Detail(
            "Percentiles and samples over long ranges are held in memory. A shorter range "
                + "or longer slices need less.",
            not: "median vibration of every spindle last 10y overall",
            but: "median vibration of every spindle last 1d overall"),
        .storageFailure: Detail(
            "The files could not be read, or a checksum did not fit. `pollux check` says "
                + "where the damage is; a snapshot brings the data back."),
        .emptyAnswer: Detail(
            "The notes beside the answer say why: the newest sample before the range, or "
                + "that the asset did not exist then."),
    ]
}
