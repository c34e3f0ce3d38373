import Foundation
import PolluxTestKit

/// The repository's files as the rules see them.
struct SourceTree {
    struct File {
        /// The path from the root of the repository, with `/`.
        var path: String
        var lines: [String]
        /// The name of the folder under `Sources` that holds the file, or empty.
        var room: String {
            let parts = path.split(separator: "/")
            return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : ""
        }
    }

    let swift: [File]
    let markdown: [File]

    static let whole = SourceTree()

    private init() {
        let root = Places.repository
        var swift: [File] = []
        var markdown: [File] = []
        let folders = [
            "Sources", "Tests", "bench", "docs", "query-lang", "storage-format", "tools",
        ]
        var paths = ["README.md", "Package.swift"]
        for folder in folders {
            let walker = FileManager.default.enumerator(
                at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil,
                options: [.skipsHiddenFiles])
            for case let url as URL in walker ?? FileManager.DirectoryEnumerator() {
                paths.append(String(url.path.dropFirst(root.path.count + 1)))
            }
        }
        for path in paths.sorted() where path.hasSuffix(".swift") || path.hasSuffix(".md") {
            guard
                let text = try? String(
                    contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            else { continue }
            let file = File(path: path, lines: text.components(separatedBy: "\n"))
            if path.hasSuffix(".md") { markdown.append(file) } else { swift.append(file) }
        }
        self.swift = swift
        self.markdown = markdown
    }

    /// The Swift files under `Sources`.
    var sources: [File] { swift.filter { $0.path.hasPrefix("Sources/") } }
}

/// Joins broken rules into one readable message: where and what to do.
func listing(_ findings: [String]) -> String {
    (findings.count > 30 ? Array(findings.prefix(30)) + ["… \(findings.count) in all"] : findings)
        .joined(separator: "\n")
}
