import Foundation
import PolluxTestKit
import Testing

/// A disk that runs full under a running server: writes are refused and say why, reads go on, nothing
/// acknowledged is lost, and writing goes on by itself once there is room.
@Suite(.serialized) struct FullDiskTests {
    @Test(
        "a full disk refuses writes, keeps messages at the broker, answers questions, and recovers",
        .enabled(if: SmallDisk.isPossible, "no tmpfs can be mounted here: it needs root"),
        .enabled(if: Plant.hasBroker, "mosquitto or mosquitto_pub is not installed"))
    func fullDisk() throws {
        let plant = try Plant()
        let disk = try SmallDisk(at: plant.dataFolder, megabytes: 40)
        defer {
            plant.server?.killNow()
            disk.remove()
        }
        try plant.startBroker()
        try plant.startServer()
        var writer = NumberedWriter(port: plant.httpPort)
        for _ in 0..<20 { #expect(try writer.write().status == 204) }

        let refusal = try fill(disk, &writer)
        let error = try #require(try refusal.json()["error"] as? [String: Any], "\(refusal.text)")
        #expect(refusal.status == 503)
        #expect(error["code"] as? String == "disk_full", "\(refusal.text)")
        #expect((error["message"] as? String)?.contains("is full") == true, "\(refusal.text)")
        #expect(try writer.storedCount(plant) == writer.acknowledged)
        let health = try HTTPExchange.run(port: plant.httpPort, "GET", "/health")
        #expect(health.status == 503 && health.text.contains("writes fail: "), "\(health.text)")
        #expect(try metric("pollux_writes_failing", plant) == 1)

        for number in 0..<30 {
            try plant.publish(
                "factory/L2/CNC-4/spindle",
                #"{"vibration":\#(number).5,"timestamp":\#(writer.start + Int64(number))}"#)
        }
        // It may be killed and opened again while there is no room at all.
        disk.fillRest()
        plant.server?.killNow()
        try plant.startServer()
        #expect(try writer.storedCount(plant) == writer.acknowledged)
        // A server that was stopped took its small files along.
        #expect(plant.server?.stop() == 0)
        disk.fillRest()
        try plant.startServer()
        #expect(try writer.storedCount(plant) == writer.acknowledged)
        let second = try fill(disk, &writer)
        #expect(second.status == 503 && second.text.contains("disk_full"), "\(second.text)")

        disk.makeRoom()
        // No restart: the next writes go through, and the broker delivers what it kept.
        for _ in 0..<20 { #expect(try writer.write().status == 204) }
        #expect(try HTTPExchange.run(port: plant.httpPort, "GET", "/health").status == 200)
        #expect(try metric("pollux_writes_failing", plant) == 0)
        #expect(try writer.storedCount(plant) == writer.acknowledged)
        let kept = try plant.rows(
            "count vibration of spindle of machine CNC-4 last 2h",
            until: { ($0.first?[2] as? NSNumber)?.intValue == 30 }, seconds: 60)
        #expect((kept.first?[2] as? NSNumber)?.intValue == 30, "\(kept)")
        #expect(plant.server?.stop() == 0)
        let log = plant.server?.output ?? ""
        #expect(log.contains("writes fail: ") && log.contains("writes succeed again"), "\(log)")
        let (code, output) = try Plant.pollux(["check", "--data", plant.dataFolder.path])
        #expect(code == 0, "\(output)")
    }

    private func metric(_ name: String, _ plant: Plant) throws -> Double? {
        let page = try HTTPExchange.run(port: plant.httpPort, "GET", "/metrics").text
        let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// Takes all room and writes until a write is refused, which is returned.
    private func fill(
        _ disk: SmallDisk, _ writer: inout NumberedWriter
    ) throws -> HTTPExchange {
        for _ in 0..<2_000 {
            // The server gives free pages back to the disk meanwhile.
            disk.fillRest()
            let answer = try writer.write()
            if answer.status != 204 { return answer }
        }
        throw POSIXError(.ETIMEDOUT)
    }
}

/// Writes numbered points in batches and counts those that were acknowledged.
private struct NumberedWriter {
    let port: Int
    let start = Int64(Date().timeIntervalSince1970) * 1_000 - 3_600_000
    private(set) var acknowledged = 0
    private var random = Seed(7)

    init(port: Int) { self.port = port }

    /// The next batch; one that was refused is sent again by the next call, with other values.
    mutating func write() throws -> HTTPExchange {
        let body = (acknowledged..<(acknowledged + 400)).map { number in
            "spindle,line=L2,machine=CNC-3 vibration=\(Double(random.next() >> 11)) "
                + "\(start + Int64(number))\n"
        }.joined()
        let answer = try HTTPExchange.run(
            port: port, "POST", "/api/v2/write?precision=ms", body: Data(body.utf8), timeout: 20)
        if answer.status == 204 { acknowledged += 400 }
        return answer
    }

    func storedCount(_ plant: Plant) throws -> Int {
        let rows = try plant.rows("count vibration of spindle of machine CNC-3 last 2h")
        return (rows.first?[2] as? NSNumber)?.intValue ?? -1
    }
}
