import Foundation
import PolluxTestKit
import Testing

@testable import PolluxLanguage

/// The examples of the language, read from `query-lang/examples`.
let exampleText: String = {
    let file = Places.repository.appendingPathComponent("query-lang/examples/examples.tq")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
}()

@Suite struct ExampleTests {
    @Test func allExamplesParse() throws {
        do {
            let script = try TwinQL.parse(exampleText)
            #expect(script.statements.count == 84)
        } catch {
            Issue.record("\(error.diagnostics.map { $0.render() }.joined(separator: "\n"))")
        }
    }

    @Test func canonicalTextIsAFixedPoint() throws {
        for statement in try TwinQL.parse(exampleText).statements {
            let text = TwinQL.print(statement)
            let again = try TwinQL.parseStatement(text)
            #expect(again == statement, "\(text)")
            #expect(TwinQL.print(again) == text)
        }
    }

    @Test func canonicalTextKeepsMostExamplesAsWritten() throws {
        let text =
            "max vibration of spindle of machine CNC-3 last 2h when vibration > 5 mm/s for 10m"
        #expect(TwinQL.print(try TwinQL.parseStatement(text)) == text)
        let loose =
            "MAX (vibration) of [spindle] of machine CNC-3 limit 3 where (a+b)*2>1 LAST 120m"
        #expect(
            TwinQL.print(try TwinQL.parseStatement(loose))
                == "max vibration of spindle of machine CNC-3 last 2h where (a + b) * 2 > 1 limit 3"
        )
    }
}

@Suite struct RangeTests {
    @Test func clausesStandWhereTheyAreWritten() throws {
        let text = "avg power in kW of machine CNC-3 last 1h limit 5 where power > 5 kW"
        guard case .query(let query) = try TwinQL.parseStatement(text).form else {
            Issue.record("not a query")
            return
        }
        #expect(query.range.text(in: text) == text)
        #expect(query.outputs.first?.range.text(in: text) == "avg power in kW")
        #expect(query.path.range.text(in: text) == "machine CNC-3")
        #expect(query.clauses.time?.range.text(in: text) == "last 1h")
        #expect(query.clauses.limit?.range.text(in: text) == "limit 5")
        #expect(query.clauses.filter?.range.text(in: text) == "where power > 5 kW")
        #expect(query.clauses.filter?.form.range.text(in: text) == "power > 5 kW")
    }

    @Test func grammarKeywordsAreKnown() throws {
        let file = Places.repository.appendingPathComponent("query-lang/grammar.ebnf")
        let grammar = try String(contentsOf: file, encoding: .utf8)
        let quoted = grammar.split(separator: "\"", omittingEmptySubsequences: false)
        for (index, word) in quoted.enumerated()
        where index % 2 == 1 && word.first?.isLetter == true {
            #expect(Keyword(word: word) != nil, "\(word)")
        }
    }
}
