import Testing

@testable import PolluxLanguage

/// What `\h TQ104` shows.
@Suite struct ExplanationTests {
    @Test(arguments: DiagnosticCode.allCases) func everyCodeIsExplained(_ code: DiagnosticCode) {
        #expect(code.detail != nil)
        #expect(code.explanation.hasPrefix(code.text))
    }

    /// What an explanation recommends can be read, unless it is shortened or a fragment.
    @Test(arguments: DiagnosticCode.allCases) func recommendationsParse(_ code: DiagnosticCode) {
        guard let right = code.detail?.right, right.contains(" of ") || right.contains("create ")
        else { return }
        #expect(throws: Never.self, "\(code.text): \(right)") {
            _ = try TwinQL.parse(right)
        }
    }

    /// What the parser itself refuses is refused with the code that the explanation is about.
    @Test(arguments: [
        DiagnosticCode.unclosed, .badNumber, .unreadableCharacter, .badPercentile,
        .functionNeedsParentheses, .badCount, .unknownFormat, .unknownStatement, .repeatedClause,
        .reservedName, .decimalComma, .inIsForUnits, .unitForTime, .wholeOrRolling, .secondRange,
        .nextWithoutForecast, .waitWithoutStream, .alertWithoutWhen, .badTimestamp,
    ]) func counterexamplesAreRefused(_ code: DiagnosticCode) {
        guard let wrong = code.detail?.wrong else { return }
        do {
            _ = try TwinQL.parse(wrong)
            Issue.record("\(code.text): `\(wrong)` is accepted")
        } catch {
            #expect(error.diagnostics.first?.code == code, "\(wrong)")
        }
    }
}
