import Testing

@testable import PolluxLanguage

@Suite struct CompletionTests {
    private func complete(_ text: String) -> Completion {
        TwinQL.completions(in: text, at: text.utf8.count)
    }

    @Test func behindOfStandTypesAndAssets() {
        let completion = complete("vibration of ")
        #expect(completion.names.contains(.typeOrAsset))
        #expect(completion.keywords == ["every"])
    }

    @Test func behindATypeStandItsAssets() {
        let completion = complete("vibration of spindle of machine CN")
        #expect(completion.names.contains(.asset))
        #expect(completion.assetType == "machine")
        #expect(completion.partial == "CN")
        #expect(completion.range == SourceRange(32, 34))
    }

    @Test func aSentenceBeginsWithMeasuresAndStatements() {
        for text in ["", "vib", "show types; vib"] {
            #expect(complete(text).names.contains(.measure), "\(text)")
        }
        #expect(complete("wa").keywords == ["watch"])
        #expect(complete("").keywords.contains("create"))
    }

    @Test func behindAPathStandClauses() {
        let completion = complete("vibration of spindle SP-7 l")
        #expect(completion.keywords == ["last", "limit"])
    }

    @Test func behindLastStandsADuration() {
        #expect(complete("vibration of spindle SP-7 last ").names == [.duration])
    }

    @Test func behindWhereStandMeasuresAndBehindANumberUnits() {
        #expect(complete("power of machine where ").names.contains(.measure))
        #expect(complete("power of machine where power > 5 ").names.contains(.unit))
    }

    @Test func sentencesAreCompleteOrGoOn() {
        #expect(TwinQL.isComplete("power of machine CNC-3"))
        #expect(TwinQL.isComplete("power off machine"))
        #expect(!TwinQL.isComplete("power of"))
        #expect(!TwinQL.isComplete("avg (power / rpm"))
        #expect(TwinQL.isComplete(""))
    }

    @Test func wordsAreShownByTheirClass() {
        let classes = TwinQL.highlight("max power of \"x\" where a > 5 kW last 2h -- note").map(
            \.class)
        #expect(
            classes == [
                .keyword, .name, .keyword, .text, .keyword, .name, .symbol, .number, .unit,
                .keyword, .time, .comment,
            ])
    }

    @Test func theContextSaysWhatWasSaidBefore() {
        let context = complete("avg vibration, rpm of spindle of machine CNC-3 where rpm > 80 ")
            .context
        #expect(context.steps.count == 2)
        #expect(context.steps.first?.selection == .bare(.name(NameSyntax("spindle"))))
        #expect(context.measures == ["vibration", "rpm"])
        #expect(context.measure == "rpm")
        #expect(context.clause == "where")
        #expect(context.aggregate == nil)
        #expect(complete("total power in ").context.aggregate == .total)
        #expect(complete("power of machine last 1h; show every ").context.statement == "show")
    }

    @Test func behindAnEventStandItsNames() {
        let completion = complete("delta parts of machine CNC-3 during job ")
        #expect(completion.names.contains(.eventName))
        #expect(completion.context.event == "job")
        #expect(complete("max (power ").symbols.contains(")"))
    }
}
