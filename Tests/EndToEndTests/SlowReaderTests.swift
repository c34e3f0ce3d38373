import Foundation
import PolluxTestKit
import Testing

@Suite("Slow readers", .serialized)
struct SlowReaderTests {
    private static let question = "vibration of spindle of machine CNC-3 last 1h"

    /// Writes points of the last minutes, one a millisecond, from a number on.
    private func write(_ plant: Plant, _ numbers: Range<Int>, from start: Int64) throws {
        let lines = numbers.map {
            "spindle,machine=CNC-3 vibration=\($0).5 \(start + Int64($0) * 1_000_000)"
        }
        let answer = try HTTPExchange.run(
            port: plant.httpPort, "POST", "/api/v2/write",
            body: Data(lines.joined(separator: "\n").utf8))
        try #require(answer.status == 204, "\(answer.text)")
    }

    private func subscribed(
        _ plant: Plant, receiveByteCount: Int32? = nil
    ) throws -> WebSocketProbe {
        let socket = try WebSocketProbe(
            port: plant.httpPort, path: "/api/v1/live", timeout: 60,
            receiveByteCount: receiveByteCount)
        try socket.send(
            #"{"type":"subscribe","id":"a","query":"\#(SlowReaderTests.question)"}"#)
        let first = try socket.receiveJSON()
        #expect(first["type"] as? String == "subscribed")
        return socket
    }

    /// Reads frames until a value has come; counts rows, and those said to be skipped.
    private func read(
        _ socket: WebSocketProbe, until last: Double
    ) throws -> (received: Int, skipped: Int) {
        var (received, skipped, newest) = (0, 0, 0.0)
        while newest < last {
            let frame = try socket.receiveJSON()
            switch frame["type"] as? String {
            case "rows":
                let rows = frame["rows"] as? [[Any]] ?? []
                received += rows.count
                newest = rows.compactMap { ($0[2] as? NSNumber)?.doubleValue }.max() ?? newest
            case "lagging":
                skipped += frame["skipped"] as? Int ?? 0
                #expect(frame["from"] is String && frame["to"] is String)
            default: Issue.record("unexpected frame \(frame)")
            }
        }
        return (received, skipped)
    }

    @Test("who does not read costs a bounded queue, is told what it missed, and can ask for it")
    func neverReads() throws {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let start = (Int64(Date().timeIntervalSince1970) - 600) * 1_000_000_000
        try write(plant, 0..<1, from: start)
        let slow = try subscribed(plant, receiveByteCount: 8192)
        let quick = try subscribed(plant)
        let (batch, batches) = (4000, 30)
        var all = (received: 0, skipped: 0)
        for index in 0..<batches {
            let end = 1 + (index + 1) * batch
            try write(plant, (end - batch)..<end, from: start)
            // In step with one who reads, so that there are many frames and not a few large ones.
            let part = try read(quick, until: Double(end - 1) + 0.5)
            all = (all.received + part.received, all.skipped + part.skipped)
        }
        let total = 1 + batch * batches
        let last = Double(total - 1) + 0.5
        #expect(all.received >= total && all.skipped == 0, "\(all)")
        // Now the other one wakes up. Not a row is lost in silence: what it did not get it is told,
        // unless it said nothing for so long that the server, which asked, has let it go.
        do {
            let found = try read(slow, until: last)
            #expect(found.skipped > 0 && found.received < total, "\(found)")
            #expect(found.received + found.skipped >= total, "\(found)")
        } catch let error as POSIXError {
            #expect(error.code == .ECONNRESET)
        }
        // What it missed is there to be asked for.
        let rows = try plant.rows("count " + SlowReaderTests.question)
        #expect((rows.first?.compactMap { $0 as? NSNumber }.first)?.intValue == total)
        #expect(plant.server?.stop() == 0)
    }
}
