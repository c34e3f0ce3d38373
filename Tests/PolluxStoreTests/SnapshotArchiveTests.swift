import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

@Suite struct SnapshotArchiveTests {
    @Test("a snapshot of a running store restores to the same points")
    func roundTrip() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        try fixture.write(floats((0..<500).map { (series, $0, Double($0)) }))
        fixture.store.flushForTest()
        try fixture.write(floats([(series, 1000, 1)]))
        let archive = fixture.folder.appendingPathComponent("snapshots").path
        let manifest = try fixture.store.createSnapshot(to: archive + "/first")
        #expect(manifest.seriesCount == 1)
        #expect(manifest.chunkCount == 1)
        try fixture.write(floats([(series, 2000, 2)]))
        _ = try fixture.store.createSnapshot(to: archive + "/second")
        #expect(try SnapshotArchive.list(in: archive).map(\.name) == ["first", "second"])
        #expect(try SnapshotArchive.verify(archive + "/first").isSound)
        let target = fixture.folder.appendingPathComponent("restored").path
        try SnapshotArchive.restore(archive + "/first", to: target)
        let store = try Store(environment: Environment(directory: target))
        let points = try StoreFixture.points(store.snapshot(), series, batchRowCount: 1000)
        #expect(points.count == 501)
        #expect(points.last?.instant.nanoseconds == 1000)
        try store.writeBlocking { try $0.append(floats([(series, 3000, 3)])) }
        store.close()
        #expect(throws: StoreError.notEmpty(path: target)) {
            try SnapshotArchive.restore(archive + "/first", to: target)
        }
        #expect(throws: StoreError.notEmpty(path: archive + "/first")) {
            _ = try fixture.store.createSnapshot(to: archive + "/first")
        }
    }

    @Test("a damaged snapshot is refused")
    func damage() throws {
        let fixture = try StoreFixture()
        let series = try fixture.series(1, 1)
        try fixture.write(floats((0..<500).map { (series, $0, Double($0)) }))
        let path = fixture.folder.appendingPathComponent("snapshot").path
        _ = try fixture.store.createSnapshot(to: path)
        let file = URL(fileURLWithPath: path + "/data.mdb")
        let bytes = try Data(contentsOf: file)
        var broken = bytes
        broken[broken.count / 2] ^= 1
        try broken.write(to: file)
        #expect(throws: StoreError.self) { _ = try SnapshotArchive.verify(path) }
        try bytes.dropLast(4096).write(to: file)
        let target = fixture.folder.appendingPathComponent("target").path
        #expect(throws: StoreError.self) { try SnapshotArchive.restore(path, to: target) }
        try bytes.write(to: file)
        #expect(try SnapshotArchive.verify(path).isSound)
        let manifest = URL(fileURLWithPath: path + "/manifest")
        var text = try String(contentsOf: manifest, encoding: .utf8)
        text = text.replacingOccurrences(of: "series 1", with: "series 2")
        try text.write(to: manifest, atomically: true, encoding: .utf8)
        #expect(throws: StoreError.self) { _ = try SnapshotArchive.verify(path) }
        #expect(throws: StoreError.self) { _ = try SnapshotArchive.verify(path + "/nothing") }
    }
}
