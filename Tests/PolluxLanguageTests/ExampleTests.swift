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
