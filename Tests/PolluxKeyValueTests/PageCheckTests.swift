import Foundation
import PolluxTestKit
import Testing

@testable import PolluxKeyValue

/// Pages of `data.mdb`: sound ones pass, damaged ones are named, none of them crashes.
@Suite struct PageCheckTests {
    private let folder: URL
    private var path: String { folder.path }
    private var file: URL { folder.appendingPathComponent("data.mdb") }

    init() throws {
        folder = try Places.makeTemporaryFolder()
    }

    /// Two tables, one of them of two levels, with large values and a free list.
    private func makeDatabase() throws {
        let environment = try Environment(directory: path)
        let small = try #require(try environment.table("small"))
        let mixed = try #require(try environment.table("mixed"))
        try environment.write { transaction throws(KeyValueError) in
            try transaction.put(small, [1], [2])
            for key: UInt8 in 0..<60 {
                let count = key % 20 == 0 ? 9000 : Int(key) * 4
                try transaction.put(mixed, [key, 7], [UInt8](repeating: key, count: count))
            }
        }
        try environment.write { transaction throws(KeyValueError) in
            for key: UInt8 in 0..<15 { _ = try transaction.remove(mixed, [key, 7]) }
        }
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    /// What the check says; an error is an answer too.
    private func answer() -> String {
        do {
            let findings = try PageCheck.findings(inDirectory: path)
            return findings.map(\.description).joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    /// Reads everything as LMDB gives it, unless opening refuses.
    private func readAll() {
        var options = Environment.Options()
        options.isReadOnly = true
        options.isExclusive = false
        guard let environment = try? Environment(directory: path, options: options) else { return }
        var sum = 0
        for name in ["small", "mixed"] {
            guard let table = try? environment.table(name) else { continue }
            try? environment.read { transaction in
                try transaction.forEach(table) { key, value in
                    for byte in [key, value].joined() { sum &+= Int(byte) }
                    return true
                }
            }
        }
    }

    @Test("random databases pass, whatever was put, replaced and deleted in them")
    func soundDatabases() throws {
        defer { remove() }
        for seed in Seed.asked ?? Array(1...6) {
            var random = Seed(seed)
            let place = folder.appendingPathComponent("\(seed)").path
            let environment = try Environment(directory: place)
            let tables = try ["a", "b", "c"].map { try #require(try environment.table($0)) }
            for _ in 0..<25 {
                try environment.write { transaction throws(KeyValueError) in
                    for _ in 0..<(random.next() % 40) {
                        let table = tables[Int(random.next() % 3)]
                        var key = [UInt8(random.next() % 200)]
                        key += [UInt8](repeating: key[0], count: Int(random.next() % 8) * 20)
                        switch random.next() % 8 {
                        case 0..<3: _ = try transaction.remove(table, key)
                        case 3: _ = try transaction.remove(table, from: [key[0]], to: [key[0] &+ 9])
                        case 4:
                            let count = Int(random.next() % 40_000)
                            try transaction.put(table, key, byteCount: count) { bytes in
                                bytes.initializeMemory(as: UInt8.self, repeating: 1)
                            }
                        default:
                            let count = Int(random.next() % 900)
                            try transaction.put(table, key, [UInt8](repeating: 2, count: count))
                        }
                    }
                }
                if random.next() % 8 == 0 { try environment.releaseFreePages() }
                if random.next() % 4 == 0 {
                    #expect(try PageCheck.findings(inDirectory: place) == [], "seed \(seed)")
                }
            }
            #expect(try PageCheck.findings(inDirectory: place) == [], "seed \(seed)")
            let copy = place + "-copy"
            try environment.copy(toDirectory: copy)
            #expect(try PageCheck.findings(inDirectory: copy) == [], "copy, seed \(seed)")
        }
    }

    @Test("a database is sound while a writer changes it")
    func besideWriter() async throws {
        defer { remove() }
        let environment = try Environment(directory: path)
        let table = try #require(try environment.table("test"))
        async let writing: Void = {
            var random = Seed(3)
            for _ in 0..<150 {
                try environment.write { transaction throws(KeyValueError) in
                    for _ in 0..<5 {
                        let key = [UInt8(random.next() % 100)]
                        let count = Int(random.next() % 6000)
                        try transaction.put(table, key, [UInt8](repeating: 1, count: count))
                    }
                }
            }
        }()
        for _ in 0..<30 {
            // Not in this process: LMDB opens a directory once in each.
            let findings = try environment.withPages { file, meta, other in
                var walk = PageWalk(file: file, meta: meta)
                walk.walkAll(beside: other)
                return walk.findings
            }
            #expect(findings == [])
        }
        try await writing
    }

    @Test("the last pages of a file may never have been written, when they are free")
    func unwrittenPages() throws {
        defer { remove() }
        do {
            let environment = try Environment(directory: path)
            let table = try #require(try environment.table("test"))
            for round: UInt8 in 0..<4 {
                try environment.write { transaction throws(KeyValueError) in
                    try transaction.put(table, [round], [UInt8](repeating: 1, count: 1000))
                    try transaction.put(table, [9], [UInt8](repeating: 1, count: 300_000))
                    _ = try transaction.remove(table, [9])
                }
            }
        }
        let environment = try Environment(directory: path)
        let length = try #require(try PageFile(directory: path)).byteCount()
        #expect(environment.statistics.usedByteCount > length)
        let table = try #require(try environment.table("test"))
        #expect(try environment.read { try $0.count(table) } == 4)
    }

    @Test("a file that was cut anywhere is refused")
    func cuts() throws {
        defer { remove() }
        try makeDatabase()
        let whole = try Data(contentsOf: file)
        #expect(answer() == "")
        for length in stride(from: 0, to: whole.count, by: 1531) {
            try whole.prefix(length).write(to: file)
            #expect(answer().contains("is damaged (data.mdb: "), "\(length): \(answer())")
            #expect(throws: KeyValueError.self) { _ = try Environment(directory: path) }
        }
        try Data().write(to: file)
        #expect(answer().contains("data.mdb: it is empty"))
        try whole.write(to: file)
        #expect(answer() == "")
    }

    @Test("a changed byte in the front of any page never crashes, and those of headers are named")
    func flips() throws {
        defer { remove() }
        try makeDatabase()
        let whole = try [UInt8](Data(contentsOf: file))
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        func set(_ byte: UInt8, at place: Int) throws {
            try handle.seek(toOffset: UInt64(place))
            try handle.write(contentsOf: [byte])
        }
        let newest = whole.withUnsafeBytes { bytes in
            let first = bytes.loadUnaligned(fromByteOffset: 144, as: UInt64.self)
            return bytes.loadUnaligned(fromByteOffset: 4096 + 144, as: UInt64.self) > first ? 1 : 0
        }
        /// Whether a byte means anything: padding and what meta pages say of the map does not.
        func isRead(_ page: Int, _ offset: Int) -> Bool {
            switch (page < 2, offset) {
            case (_, 0..<8), (_, 10..<12), (false, 12..<16), (true, 16..<24), (true, 144..<152):
                true
            case (true, 40..<88), (true, 92..<144): page == newest
            default: false
            }
        }
        var usedCount = 0
        for page in 0..<(whole.count / 4096) {
            for offset in 0..<(page < 2 ? 152 : 64) {
                let place = page * 4096 + offset
                try set(whole[place] ^ 0xFF, at: place)
                let answer = answer()
                let isNamed = answer.contains("page \(page)")
                if answer.isEmpty { readAll() }
                try set(whole[place], at: place)
                // A page that is free may hold anything.
                if offset == 0, !isNamed { break }
                if offset == 0 { usedCount += 1 }
                if isRead(page, offset) {
                    #expect(!answer.isEmpty, "byte \(offset) of page \(page)")
                }
            }
        }
        // Two meta pages, the free list, the list of tables, a leaf, a branch with leaves, values.
        #expect(usedCount > 9)
        #expect(answer() == "")
    }
}
