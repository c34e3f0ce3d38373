import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

@Suite struct ModelStateTests {
    static func makeWatch() -> SeriesWatch {
        var watch = SeriesWatch()
        for (index, value) in NoveltyTests.makeSeries(3, count: 910).enumerated() {
            _ = watch.append(at: Timestamp(seconds: Int64(index)), value)
        }
        return watch
    }

    static func makeTool() -> ToolLife {
        var tool = ToolLife(prior: .carbide)
        for round in 0..<3 {
            let speed = CutCondition(speed: 120 + Double(round) * 20, feed: 0.2, depth: 1)
            for step in 0..<5 {
                tool.cut(minutes: 4, speed)
                tool.read(wear: 0.05 * Double(step + 1))
                tool.finish(parts: 2)
            }
            tool.change()
        }
        tool.cut(minutes: 3, CutCondition(speed: 130, feed: 0.2, depth: 1))
        return tool
    }

    /// The bytes with a valid checksum after they were changed, so that the fields are judged too.
    static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 4 else { return bytes }
        var copy = Array(bytes.dropLast(4))
        let sum = StateWriter.checksum(copy[...])
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            copy.append(UInt8(truncatingIfNeeded: sum >> shift))
        }
        return copy
    }

    @Test func everyStateResumes() throws {
        let watch = ModelStateTests.makeWatch()
        #expect(try SeriesWatch(decoding: watch.encode()) == watch)
        let tool = ModelStateTests.makeTool()
        #expect(try ToolLife(decoding: tool.encode()) == tool)
        #expect(try ToolLife(decoding: ToolLife().encode()) == ToolLife())
        #expect(try SeriesWatch(decoding: SeriesWatch().encode()) == SeriesWatch())
    }

    @Test func damageIsNamed() {
        var bytes = ModelStateTests.makeWatch().encode()
        bytes[40] ^= 1
        #expect(throws: ModelStateError.damaged) { try SeriesWatch(decoding: bytes) }
        #expect(throws: ModelStateError.wrongLength) { try SeriesWatch(decoding: [3, 1]) }
        let other = ModelStateTests.makeTool().encode()
        #expect(throws: ModelStateError.otherModel(expected: 3, found: 4)) {
            try SeriesWatch(decoding: other)
        }
        var newer = ModelStateTests.makeWatch().encode()
        newer[1] = 9
        #expect(throws: ModelStateError.unknownVersion(9)) {
            try SeriesWatch(decoding: ModelStateTests.sealed(newer))
        }
    }

    @Test func arbitraryStatesNeverCrash() {
        let number: UInt64 = 20_261
        var seed = Seed(number)
        let sources = [ModelStateTests.makeWatch().encode(), ModelStateTests.makeTool().encode()]
        var accepted = 0
        for round in 0..<1500 {
            var bytes = sources[round % 2]
            for _ in 0..<(1 + Int(seed.next() % 4)) {
                let index = Int(seed.next() % UInt64(bytes.count))
                bytes[index] = UInt8(truncatingIfNeeded: seed.next())
            }
            if seed.next() % 5 == 0 { bytes.removeLast(Int(seed.next() % UInt64(bytes.count))) }
            bytes = ModelStateTests.sealed(bytes)
            if var watch = try? SeriesWatch(decoding: bytes) {
                accepted += 1
                for step in 0..<4 {
                    _ = watch.append(at: Timestamp(seconds: Int64(step)), Double(step))
                }
            }
            if var tool = try? ToolLife(decoding: bytes) {
                accepted += 1
                tool.cut(minutes: 2, CutCondition(speed: 100))
                tool.read(wear: 0.1)
                _ = try? tool.remaining()
                tool.change()
            }
        }
        #expect(accepted > 0, "seed \(number)")
    }
}
