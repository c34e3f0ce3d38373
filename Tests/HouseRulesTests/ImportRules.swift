import Foundation
import PolluxTestKit
import Testing

/// Imports go down the table of rooms only (docs/architecture.md, "The rooms").
@Suite struct ImportRules {
    /// What each room may import besides the Swift and C standard libraries.
    static let allowed: [String: Set<String>] = [
        "PolluxModel": [],
        "PolluxKernels": [],
        "PolluxCodec": ["PolluxModel", "PolluxKernels", "CZstd"],
        "PolluxKeyValue": ["PolluxModel", "CLMDB"],
        "PolluxLanguage": ["PolluxModel"],
        "PolluxAnalytics": ["PolluxModel"],
        "PolluxStore": ["PolluxKeyValue", "PolluxCodec", "PolluxModel"],
        "PolluxGraph": ["PolluxKeyValue", "PolluxModel"],
        "PolluxQuery": [
            "PolluxLanguage", "PolluxAnalytics", "PolluxStore", "PolluxGraph", "PolluxCodec",
            "PolluxKeyValue", "PolluxModel",
        ],
        "PolluxIngest": [
            "PolluxStore", "PolluxGraph", "PolluxKeyValue", "PolluxModel", "CMosquitto",
        ],
        "PolluxLive": [
            "PolluxQuery", "PolluxAnalytics", "PolluxLanguage", "PolluxStore", "PolluxGraph",
            "PolluxKeyValue", "PolluxModel",
        ],
        "PolluxServer": [
            "PolluxLive", "PolluxQuery", "PolluxLanguage", "PolluxIngest", "PolluxStore",
            "PolluxGraph", "PolluxModel", "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore",
            "NIOPosix", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOWebSocket", "NIOSSL",
            "Logging", "ServiceLifecycle", "CZlib", "CCrypto", "Foundation",
        ],
    ]
    static let standard: Set<String> = ["Glibc", "Synchronization", "Swift"]

    @Test("each room imports only what its row of the table allows")
    func importsFollowTheTable() {
        var findings: [String] = []
        for file in SourceTree.whole.sources {
            guard let allowed = ImportRules.allowed[file.room] else { continue }
            for (number, line) in file.lines.enumerated() {
                guard let module = ImportRules.module(in: line) else { continue }
                if !allowed.contains(module) && !ImportRules.standard.contains(module) {
                    findings.append(
                        "\(file.path):\(number + 1): \(file.room) may not import \(module): "
                            + "move the code to a room that may, or ask for it through a parameter")
                }
            }
        }
        #expect(findings.isEmpty, "\(listing(findings))")
    }

    @Test("a C library has exactly one importer")
    func oneImporterPerLibrary() {
        for library in ["CZstd", "CLMDB", "CMosquitto", "CZlib", "CCrypto"] {
            let importers = Set(
                SourceTree.whole.sources.filter { file in
                    file.lines.contains { ImportRules.module(in: $0) == library }
                }.map(\.room))
            #expect(importers.count <= 1, "\(library) is imported by \(importers.sorted())")
        }
    }

    static func module(in line: String) -> String? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
            words[..<index].allSatisfy({
                $0.hasPrefix("@") || ["public", "internal", "package"].contains($0)
            })
        else { return nil }
        return words[index + 1].split(separator: ".").first.map(String.init)
    }
}
