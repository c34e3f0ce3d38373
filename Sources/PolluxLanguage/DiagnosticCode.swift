/// The number of a diagnostic, `TQ104`: 1xx reading the text, 2xx what the sentence asks, 3xx
/// units,
/// 4xx changing the plant, 5xx running, 6xx empty answers.
///
/// Numbers never change their meaning and are never used again.
public enum DiagnosticCode: Int, Hashable, Sendable, CaseIterable {
    // Reading the text.

    /// TQ101: a word does not fit here.
    case unexpectedWord = 101
    /// TQ102: the sentence is not finished.
    case unexpectedEnd = 102
    /// TQ103: there is no type of that name.
    case unknownType = 103
    /// TQ104: the asset has no such measure.
    case unknownMeasure = 104
    /// TQ105: a character has no meaning here.
    case unreadableCharacter = 105
    /// TQ106: a quote or bracket is never closed.
    case unclosed = 106
    /// TQ107: a number cannot be read.
    case badNumber = 107
    /// TQ108: a comma stands where a decimal point belongs.
    case decimalComma = 108
    /// TQ109: a reserved word is used as a name.
    case reservedName = 109
    /// TQ110: the same clause stands twice.
    case repeatedClause = 110
    /// TQ111: the word `of` is missing.
    case missingOf = 111
    /// TQ112: there is no asset of that name.
    case unknownAsset = 112
    /// TQ113: there is no relation of that name.
    case unknownRelation = 113
    /// TQ114: there is no event of that name.
    case unknownEvent = 114
    /// TQ115: there is no unit of that symbol.
    case unknownUnit = 115
    /// TQ116: there is no time zone of that name.
    case unknownZone = 116
    /// TQ117: quotes stand where brackets are meant.
    case textForName = 117
    /// TQ118: `in` gives a unit.
    case inIsForUnits = 118
    /// TQ119: a minus without blanks is read as part of a name.
    case hyphenatedName = 119
    /// TQ120: a parameter has no value.
    case missingParameter = 120
    /// TQ121: a length of time is written without a blank.
    case unitForTime = 121
    /// TQ122: there is no such date or time.
    case badTimestamp = 122
    /// TQ123: `last 2 days` can mean two things.
    case wholeOrRolling = 123
    /// TQ124: a length of time cannot be read.
    case badPeriod = 124
    /// TQ125: the sentence is nested too deeply.
    case tooDeep = 125
    /// TQ126: the asset has no such attribute.
    case unknownAttribute = 126
    /// TQ127: there is no method of that name.
    case unknownMethod = 127
    /// TQ128: there is no output format of that name.
    case unknownFormat = 128
    /// TQ129: a name fits several things.
    case ambiguousName = 129
    /// TQ130: a sentence cannot begin so.
    case unknownStatement = 130
    /// TQ131: a percentile lies outside 0 to 100.
    case badPercentile = 131
    /// TQ132: a function stands in parentheses behind an aggregate.
    case functionNeedsParentheses = 132

    // What the sentence asks.

    /// TQ201: a query has one range.
    case secondRange = 201
    /// TQ202: `next` belongs to `forecast`.
    case nextWithoutForecast = 202
    /// TQ203: the singular means exactly one.
    case notSingular = 203
    /// TQ204: `wait` belongs to queries that keep running.
    case waitWithoutStream = 204
    /// TQ205: an alert needs `when`.
    case alertWithoutWhen = 205
    /// TQ206: the range, or what is recorded, lies in the future.
    case futureRange = 206
    /// TQ207: the range ends before it begins.
    case emptyRange = 207
    /// TQ208: the plant is not built that way.
    case pathDoesNotFit = 208
    /// TQ209: slices above a day are counted in days.
    case strideTooLong = 209
    /// TQ210: a count is too small or too large.
    case badCount = 210
    /// TQ211: `per` needs a level or an attribute.
    case unknownLevel = 211
    /// TQ212: a condition is needed here.
    case conditionExpected = 212
    /// TQ213: a value is needed here, not a condition.
    case valueExpected = 213
    /// TQ214: values of different kinds do not compare.
    case differentKinds = 214
    /// TQ215: one value per slice is mixed with every sample.
    case aggregateAndSample = 215
    /// TQ216: a state has no average.
    case stateArithmetic = 216
    /// TQ217: this aggregate is for counters.
    case counterExpected = 217
    /// TQ218: rows and instants are mixed in one condition.
    case mixedCondition = 218
    /// TQ219: the text is too long.
    case textTooLong = 219
    /// TQ220: there is too little history.
    case tooLittleHistory = 220
    /// TQ221: the sum of samples of a gauge has no meaning.
    case sumOfGauge = 221
    /// TQ222: a clause does not fit this statement.
    case clauseDoesNotFit = 222
    /// TQ223: aggregates do not fit into one another so.
    case nestedAggregate = 223
    /// TQ224: this is not available here.
    case notAvailable = 224
    /// TQ225: the method does not fit the measure.
    case methodDoesNotFit = 225

    // Units.

    /// TQ301: different dimensions cannot be added.
    case addedUnits = 301
    /// TQ302: different dimensions cannot be compared.
    case comparedUnits = 302
    /// TQ303: a unit does not fit the dimension.
    case convertedUnits = 303
    /// TQ304: temperatures are points on a scale.
    case pointArithmetic = 304

    // Changing the plant.

    /// TQ401: there is already one of that name.
    case alreadyThere = 401
    /// TQ402: the asset was retired before.
    case afterEnd = 402
    /// TQ403: the asset did not exist yet.
    case beforeStart = 403
    /// TQ404: the value does not fit the measure.
    case valueDoesNotFit = 404
    /// TQ405: an asset cannot be inside itself.
    case insideItself = 405
    /// TQ406: there is nothing to end or drop.
    case nothingThere = 406
    /// TQ407: the type does not fit.
    case typeDoesNotFit = 407
    /// TQ408: a setting is unknown or has no such value.
    case badSetting = 408
    /// TQ409: something else still needs it.
    case stillInUse = 409
    /// TQ410: whoever asks may not change this.
    case notPermitted = 410

    // Running.

    /// TQ501: the query was cancelled.
    case cancelled = 501
    /// TQ502: the query took too long.
    case timeLimit = 502
    /// TQ503: the answer has too many rows.
    case rowLimit = 503
    /// TQ504: the query needs too much memory.
    case memoryLimit = 504
    /// TQ505: stored data could not be read.
    case storageFailure = 505
    /// TQ601: the answer is empty.
    case emptyAnswer = 601

    /// `TQ104`.
    public var text: String { "TQ\(rawValue)" }

    /// The code written `TQ104` or `104`, in any case; nil where there is none.
    public init?(text: some StringProtocol) {
        let digits = text.uppercased().drop { $0 == "T" || $0 == "Q" }
        guard let number = Int(digits), let code = DiagnosticCode(rawValue: number) else {
            return nil
        }
        self = code
    }
}
