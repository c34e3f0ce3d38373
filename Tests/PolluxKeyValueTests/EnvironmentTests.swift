import Foundation
import PolluxTestKit
import Testing

@testable import PolluxKeyValue

/// A temporary environment that is removed at the end.
func withEnvironment<Result>(
    _ options: Environment.Options = .init(),
    _ body: (Environment, Table, URL) throws -> Result
) throws -> Result {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let environment = try Environment(directory: folder.path, options: options)
    let table = try #require(try environment.table("test"))
    return try body(environment, table, folder)
}

@Suite struct EnvironmentTests {
    @Test("a commit is seen by later reads and not by earlier ones")
    func isolation() throws {
        try withEnvironment { environment, table, _ in
            let before = try environment.beginRead()
            defer { before.close() }
            try environment.write { transaction throws(KeyValueError) in
                try transaction.put(table, [1], [10, 11])
            }
            #expect(try before.value(table, [1]) == nil)
            try environment.read { transaction throws in
                #expect(try transaction.value(table, [1]).map { Array($0) } == [10, 11])
                #expect(transaction.id > before.id)
                #expect(try transaction.count(table) == 1)
            }
            #expect(environment.oldestReaderID == before.id)
        }
    }

    @Test("an error in a write rolls everything back")
    func rollback() throws {
        struct Refusal: Error {}
        try withEnvironment { environment, table, _ in
            #expect(throws: Refusal.self) {
                try environment.writeAny { transaction in
                    try transaction.put(table, [1], [1])
                    throw Refusal()
                }
            }
            try environment.read { transaction throws in
                #expect(try transaction.value(table, [1]) == nil)
            }
        }
    }

    @Test("what was committed is there after closing and opening again")
    func reopening() throws {
        let folder = try Places.makeTemporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let environment = try Environment(directory: folder.path)
            let table = try #require(try environment.table("test"))
            try environment.write { transaction throws(KeyValueError) in
                try transaction.put(table, [7], [8])
            }
        }
        let environment = try Environment(directory: folder.path)
        let table = try #require(try environment.table("test"))
        try environment.read { transaction throws in
            #expect(try transaction.value(table, [7]).map { Array($0) } == [8])
        }
    }

    @Test("cursors go to the neighbours of a key")
    func cursors() throws {
        try withEnvironment { environment, table, _ in
            try environment.write { transaction throws(KeyValueError) in
                for key: UInt8 in [10, 20, 30] { try transaction.put(table, [key], [key]) }
            }
            try environment.read { transaction throws in
                let cursor = try transaction.cursor(table)
                defer { cursor.close() }
                #expect(try cursor.seek(atOrAfter: [20])?.key.first == 20)
                #expect(try cursor.seek(atOrAfter: [21])?.key.first == 30)
                #expect(try cursor.seek(atOrAfter: [31]) == nil)
                #expect(try cursor.seek(before: [20])?.key.first == 10)
                #expect(try cursor.seek(before: [99])?.key.first == 30)
                #expect(try cursor.seek(before: [10]) == nil)
                #expect(try cursor.seek(atOrAfter: [])?.key.first == 10)
                #expect(try cursor.next()?.key.first == 20)
                #expect(try cursor.previous()?.key.first == 10)
                #expect(try cursor.last()?.key.first == 30)
            }
        }
    }

    @Test("a prefix scan begins where it is told and stops where it is told")
    func prefixScan() throws {
        try withEnvironment { environment, table, _ in
            try environment.write { transaction throws(KeyValueError) in
                for key: [UInt8] in [[1, 1], [1, 2], [1, 3], [2, 1]] {
                    try transaction.put(table, key, [])
                }
            }
            try environment.read { transaction throws in
                var seen: [UInt8] = []
                try transaction.forEach(table, prefix: [1], from: [1, 2]) { key, _ in
                    seen.append(key[1])
                    return true
                }
                #expect(seen == [2, 3])
                seen = []
                try transaction.forEach(table) { key, _ in
                    seen.append(key[0])
                    return seen.count < 2
                }
                #expect(seen == [1, 1])
            }
        }
    }

    @Test("removing a range removes just that range")
    func rangeRemoval() throws {
        try withEnvironment { environment, table, _ in
            let removed = try environment.write { transaction throws(KeyValueError) -> Int in
                for key: UInt8 in 0..<100 { try transaction.put(table, [key], [key]) }
                return try transaction.remove(table, from: [20], to: [60])
            }
            #expect(removed == 40)
            try environment.read { transaction throws in
                #expect(try transaction.count(table) == 60)
                #expect(try transaction.value(table, [19]) != nil)
                #expect(try transaction.value(table, [20]) == nil)
                #expect(try transaction.value(table, [60]) != nil)
            }
        }
    }

    @Test("a full map grows by itself, and reserved bytes are written in place")
    func growth() throws {
        var options = Environment.Options()
        options.mapByteCount = 256 << 10
        options.mapByteCountLimit = 64 << 20
        try withEnvironment(options) { environment, table, _ in
            for key: UInt8 in 0..<40 {
                try environment.write { transaction throws(KeyValueError) in
                    try transaction.put(table, [key], byteCount: 100_000) { bytes in
                        bytes.initializeMemory(as: UInt8.self, repeating: key)
                    }
                }
            }
            #expect(environment.statistics.mapByteCount >= 4_000_000)
            try environment.read { transaction throws in
                #expect(try transaction.value(table, [39])?.allSatisfy { $0 == 39 } == true)
            }
        }
    }

    @Test("a map at its limit refuses the write, keeps the rest, and reads go on")
    func limit() throws {
        var options = Environment.Options()
        options.mapByteCount = 256 << 10
        options.mapByteCountLimit = 512 << 10
        try withEnvironment(options) { environment, table, _ in
            try environment.write { transaction throws(KeyValueError) in
                try transaction.put(table, [1], [1])
            }
            let large = [UInt8](repeating: 1, count: 2 << 20)
            do {
                try environment.write { transaction throws(KeyValueError) in
                    try transaction.put(table, [2], large)
                }
                Issue.record("the write fitted")
            } catch KeyValueError.mapFull(_, let byteCount) {
                #expect(byteCount == 512 << 10)
            }
            try environment.read { transaction throws in
                #expect(try transaction.value(table, [1]) != nil)
            }
            try environment.write { transaction throws(KeyValueError) in
                try transaction.put(table, [3], [3])
            }
        }
    }

    @Test("a directory belongs to one environment at a time, which can announce where it serves")
    func exclusiveness() throws {
        try withEnvironment { environment, _, folder in
            environment.announce(address: "http://127.0.0.1:8470")
            #expect(
                throws: KeyValueError.inUse(path: folder.path, address: "http://127.0.0.1:8470")
            ) {
                _ = try Environment(directory: folder.path)
            }
        }
    }

    @Test("a file is not a data directory, and rubbish is not a database")
    func badPlaces() throws {
        let folder = try Places.makeTemporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("file")
        try Data([1]).write(to: file)
        #expect(throws: KeyValueError.notADirectory(path: file.path)) {
            _ = try Environment(directory: file.path)
        }
        let rubbish = folder.appendingPathComponent("rubbish")
        try FileManager.default.createDirectory(at: rubbish, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 9000).write(to: rubbish.appendingPathComponent("data.mdb"))
        do {
            _ = try Environment(directory: rubbish.path)
            Issue.record("rubbish was opened")
        } catch KeyValueError.corrupt(let path, _) {
            #expect(path == rubbish.path)
        }
        // The failed opening has let go of the directory.
        try FileManager.default.removeItem(at: rubbish.appendingPathComponent("data.mdb"))
        _ = try Environment(directory: rubbish.path)
    }

    @Test("a copy is a complete database; a read-only one makes no tables")
    func copying() throws {
        try withEnvironment { environment, table, folder in
            try environment.write { transaction throws(KeyValueError) in
                try transaction.put(table, [5], [6])
            }
            let target = folder.appendingPathComponent("copy").path
            try environment.copy(toDirectory: target)
            var options = Environment.Options()
            options.isReadOnly = true
            options.isExclusive = false
            let copy = try Environment(directory: target, options: options)
            let copied = try #require(try copy.table("test"))
            try copy.read { transaction throws in
                #expect(try transaction.value(copied, [5]).map { Array($0) } == [6])
            }
            #expect(try copy.table("nothing") == nil)
        }
    }

    @Test("readers go on while a writer commits, each on its own state")
    func concurrency() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let folder = try Places.makeTemporaryFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            let environment = try Environment(directory: folder.path)
            let table = try #require(try environment.table("test"))
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<200 {
                        try environment.read { transaction throws in
                            let a = try transaction.value(table, [1]).map { Array($0) }
                            let b = try transaction.value(table, [2]).map { Array($0) }
                            #expect(a == b)
                        }
                    }
                }
            }
            for round: UInt8 in 0..<100 {
                try environment.write { transaction throws(KeyValueError) in
                    try transaction.put(table, [1], [round])
                    try transaction.put(table, [2], [round])
                }
            }
            try await group.waitForAll()
        }
    }
}
