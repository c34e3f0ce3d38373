import Foundation
import PolluxTestKit
import Testing

@testable import PolluxLanguage

/// The scripts can be read, their statements and queries parse, and syntactic errors are as said.
@Suite struct ConformanceTextTests {
    @Test func scriptsAreReadableAndTheirTextParses() throws {
        let folder = Places.repository.appendingPathComponent("query-lang/conformance")
        let pending = folder.appendingPathComponent("pending")
        let files = try [folder, pending].flatMap { folder in
            try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil)
        }.filter { ["test", "data"].contains($0.pathExtension) }
        #expect(!files.isEmpty)
        for file in files {
            let script = try ConformanceScript(String(contentsOf: file, encoding: .utf8))
            for placed in script.steps { check(placed, in: file.lastPathComponent) }
        }
    }

    private func check(_ placed: ConformanceScript.PlacedStep, in file: String) {
        let text: String
        var expected: ConformanceScript.Expectation = .rows([])
        switch placed.step {
        case .statements(let statements): text = statements
        case .query(let query, let expectation): (text, expected) = (query, expectation)
        default: return
        }
        do {
            _ = try TwinQL.parse(text)
        } catch {
            guard case .error(let code, let column) = expected,
                let first = error.diagnostics.first
            else {
                Issue.record("\(file):\(placed.line): \(error.diagnostics.map { $0.render() })")
                return
            }
            #expect(
                first.code.text == code && first.position.column == column, "\(file):\(placed.line)"
            )
        }
    }

    /// Every rule has its line in a chapter, and every script that a chapter names is there.
    @Test func chaptersNameAllRulesAndOnlyScriptsThatExist() throws {
        let folder = Places.repository.appendingPathComponent("query-lang")
        let chapters = try FileManager.default.contentsOfDirectory(
            at: folder.appendingPathComponent("spec"), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "md" }
        let text = try chapters.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for rule in 1...28 {
            #expect(text.components(separatedBy: "**S\(rule)** ").count == 2, "S\(rule)")
        }
        for name in text.matches(of: /`(conformance\/[a-z\/]+\.test)`/).map(\.1) {
            let file = folder.appendingPathComponent(String(name))
            #expect(FileManager.default.fileExists(atPath: file.path), "\(name)")
        }
    }

    @Test func mistakesNameTheirLine() {
        #expect(throws: ConformanceScript.Mistake(line: 2, message: "`end` is missing")) {
            try ConformanceScript("data\n")
        }
    }
}
