import Foundation
import PolluxTestKit
import Testing

/// Documents: landing pages, links, golden files.
@Suite struct DocumentRules {
    @Test("every room has a landing page of at most 60 lines")
    func landingPages() throws {
        let sources = Places.repository.appendingPathComponent("Sources")
        var findings: [String] = []
        for room in try FileManager.default.contentsOfDirectory(atPath: sources.path)
        where room.hasPrefix("Pollux") || room == "pollux" {
            let page = sources.appendingPathComponent("\(room)/README.md")
            guard let text = try? String(contentsOf: page, encoding: .utf8) else {
                findings.append(
                    "Sources/\(room): no README.md: say what enters, what leaves, what never happens"
                )
                continue
            }
            if text.components(separatedBy: "\n").count > 60 {
                findings.append("Sources/\(room)/README.md: over 60 lines: move detail to docs/")
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    @Test("links between documents resolve")
    func links() {
        var findings: [String] = []
        let root = Places.repository
        for file in SourceTree.whole.markdown {
            let folder = root.appendingPathComponent(file.path).deletingLastPathComponent()
            for (number, line) in file.lines.enumerated() {
                for target in DocumentRules.linkTargets(in: line) {
                    let path = target.split(separator: "#", omittingEmptySubsequences: false)[0]
                    guard !path.isEmpty, !path.contains("://"), !path.hasPrefix("mailto:") else {
                        continue
                    }
                    let url = folder.appendingPathComponent(String(path)).standardizedFileURL
                    if !FileManager.default.fileExists(atPath: url.path) {
                        findings.append("\(file.path):\(number + 1): no such file: \(path)")
                    }
                }
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    /// The targets of `[text](target)` in a line, code spans left out.
    static func linkTargets(in line: String) -> [String] {
        var isCode = false
        var text = ""
        for character in line {
            if character == "`" { isCode.toggle() } else if !isCode { text.append(character) }
        }
        var targets: [String] = []
        for part in text.components(separatedBy: "](").dropFirst() {
            if let end = part.firstIndex(of: ")") { targets.append(String(part[..<end])) }
        }
        return targets
    }

    @Test("each page of storage-format names its golden files, and each golden file is named")
    func goldenFiles() throws {
        let folder = Places.repository.appendingPathComponent("storage-format")
        let golden = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("golden/v1").path)
        let pages = SourceTree.whole.markdown.filter { $0.path.hasPrefix("storage-format/") }
        let text = pages.flatMap(\.lines).joined(separator: "\n")
        for name in golden where !name.hasPrefix(".") {
            let stem = name.split(separator: ".").first.map(String.init) ?? name
            #expect(
                text.contains(stem), "storage-format/golden/v1/\(name) is named by no page")
        }
    }
}
