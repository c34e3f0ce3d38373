import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxIngest

/// The records of storage-format/ingest.md and deliveries.md §2.
@Suite struct IngestGoldenTests {
    private static let folder = Places.repository.appendingPathComponent("storage-format/golden/v1")

    /// The bytes of a golden file; `POLLUX_WRITE_GOLDEN=1` writes one that does not exist yet.
    private func golden(_ name: String, _ made: [UInt8]) throws -> [UInt8] {
        let file = IngestGoldenTests.folder.appendingPathComponent(name)
        if !FileManager.default.fileExists(atPath: file.path),
            ProcessInfo.processInfo.environment["POLLUX_WRITE_GOLDEN"] != nil
        {
            var text = ""
            for (index, byte) in made.enumerated() {
                text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
                text += index % 16 == 15 || index == made.count - 1 ? "\n" : " "
            }
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.split { $0.isWhitespace }.compactMap { UInt8($0, radix: 16) }
    }

    /// Expects that a record with any one byte changed counts as absent.
    private func damageShows(in made: [UInt8], isAbsent: ([UInt8]) -> Bool) {
        for index in made.indices {
            var bytes = made
            bytes[index] ^= 0x08
            #expect(isAbsent(bytes), "byte \(index)")
        }
    }

    @Test("descriptions of devices are written as specified")
    func device() throws {
        let made = MTConnectRecord.value(
            Array("<Device uuid='u' name='n' id='d'/>".utf8), receivedAt: Plant.arrival)
        #expect(try golden("ingest-mtconnect-device.hex", made) == made)
    }

    @Test("data set writers of OPC UA are written as specified, damage makes them absent")
    func writer() throws {
        let writer = OPCUAWriter(
            name: ".Spindle_Writer", units: ["Vibration": "mm/s", "Load": "%"])
        let made = OPCUARecord.value(writer)
        #expect(try golden("ingest-opcua-writer.hex", made) == made)
        #expect(made.withUnsafeBytes { OPCUARecord.writer($0) } == writer)
        damageShows(in: made) { $0.withUnsafeBytes { OPCUARecord.writer($0) } == nil }
    }

    @Test("dead letters are written as specified, those of version 1 are read, damage shows")
    func letters() throws {
        let letter = DeadLetter(
            id: 7, time: Timestamp(seconds: 1_700_000_000), source: "mqtt", topic: "a/b",
            payload: Array("{}".utf8), reason: "no rule")
        let made = DeadLetterTable.encode(letter)
        #expect(try golden("ingest-dead-letter.hex", made) == made)
        func decoded(_ record: [UInt8]) -> DeadLetter? {
            KeyBytes().with(UInt64(7)).bytes.withUnsafeBytes { key in
                record.withUnsafeBytes { DeadLetterTable.decode(key, $0) }
            }
        }
        #expect(decoded(made) == letter)
        #expect(decoded(try golden("ingest-dead-letter-1.hex", [])) == letter)
        damageShows(in: made) { decoded($0) == nil }
    }

    @Test("progress of imports is written as specified, that of version 1 is read, damage shows")
    func imports() throws {
        var progress = ImportProgress(file: "f")
        (progress.byteCount, progress.line) = (4096, 92)
        (progress.pointCount, progress.refusedCount) = (90, 1)
        let made = progress.record
        #expect(try golden("ingest-import.hex", made) == made)
        func decoded(_ record: [UInt8]) -> ImportProgress? {
            record.withUnsafeBytes { ImportProgress(record: $0) }
        }
        #expect(decoded(made) == progress)
        #expect(decoded(try golden("ingest-import-1.hex", [])) == progress)
        damageShows(in: made) { decoded($0) == nil }
    }

    @Test("births and sessions are written as specified")
    func records() throws {
        let topic = SparkplugTopic(kind: .deviceBirth, group: "G", node: "N", device: "D")
        let birth = SparkplugRecord.birth(
            topic, payload: Sparkplug.payload(1, [Sparkplug.birth("Load", alias: 5, 1.5)]),
            receivedAt: Plant.arrival)
        #expect(birth.key == Array("G\0N\0".utf8) + [2] + Array("D\0".utf8))
        #expect(try golden("ingest-sparkplug-birth.hex", birth.value) == birth.value)

        var node = SparkplugNode(group: "G", name: "N")
        node.isOnline = true
        node.sessionNumber = 7
        node.newest = Timestamp(seconds: 1_700_000_000)
        let device = node.member("D") ?? -1
        node.setCondition(.ended(at: Plant.arrival), of: device)
        node.nextSequence = 3
        let waiting = SparkplugNode.Held(
            sequence: 4,
            topic: SparkplugTopic(kind: .nodeValues, group: "G", node: "N", device: ""),
            payload: [1, 2, 3], receivedAt: Plant.arrival)
        let isHeld = node.hold(waiting, for: 1)
        #expect(isHeld)
        let session = SparkplugRecord.session(node)
        #expect(session.key == Array("G\0N\0".utf8) + [1])
        #expect(try golden("ingest-sparkplug-session.hex", session.value) == session.value)
    }
}
