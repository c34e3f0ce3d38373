import Foundation
import PolluxTestKit
import Testing

@testable import PolluxKeyValue

/// An environment on a disk without room.
@Suite(.enabled(if: SmallDisk.isPossible, "no tmpfs can be mounted here: it needs root"))
struct FullDiskTests {
    @Test("a commit that does not fit fails as a whole; many readers go on; room brings it back")
    func fullDisk() throws {
        let folder = try Places.makeTemporaryFolder("pollux-full")
        defer { try? FileManager.default.removeItem(at: folder) }
        let disk = try SmallDisk(at: folder.appendingPathComponent("disk"), megabytes: 4)
        defer { disk.remove() }
        let environment = try Environment(directory: disk.folder.path)
        let table = try #require(try environment.table("test"))
        func put(_ byte: UInt8, count: Int) throws(KeyValueError) {
            try environment.write { transaction throws(KeyValueError) in
                try transaction.put(table, [1], [byte])
                try transaction.put(table, [2], [UInt8](repeating: byte, count: count))
            }
        }
        try put(1, count: 100_000)
        disk.fillRest()
        #expect(throws: KeyValueError.diskFull(path: disk.folder.path)) {
            try put(2, count: 1_000_000)
        }
        // More readers than one page of LMDB's table has places for.
        let readers = try (0..<300).map { _ in try environment.beginRead() }
        for reader in readers {
            #expect(try reader.value(table, [1]).map { Array($0) } == [1])
            #expect(try reader.value(table, [2])?.count == 100_000)
            reader.close()
        }
        disk.makeRoom()
        try put(3, count: 1_000_000)
        try environment.read { transaction throws in
            #expect(try transaction.value(table, [1]).map { Array($0) } == [3])
        }
    }
}
