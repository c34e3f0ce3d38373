import Foundation
import PolluxTestKit
import Testing

/// Real sensor files through the real doors: counts, minima, maxima and means against the files.
@Suite(.serialized) struct RealInputTests {
    struct Column {
        var name: String
        var values: [Double]
    }

    /// A table of a pump's sensors: `;` separated, first column the time without a zone.
    static func readTable(_ url: URL) throws -> (times: [String], columns: [Column]) {
        let lines = try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline)
        let header = lines[0].split(separator: ";").map(String.init)
        var columns = header[1..<9].map {
            Column(name: $0.replacingOccurrences(of: " ", with: "_"), values: [])
        }
        var times: [String] = []
        for line in lines.dropFirst() {
            let cells = line.split(separator: ";", omittingEmptySubsequences: false)
            times.append(String(cells[0]))
            for index in columns.indices {
                columns[index].values.append(Double(cells[index + 1]) ?? .nan)
            }
        }
        return (times, columns)
    }

    @Test(
        "a pump's eight sensors as line protocol over HTTP",
        .enabled(if: Places.sensorData != nil, "the sensor data is not there"))
    func lineProtocol() throws {
        guard let folder = Places.sensorData else { return }
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        for file in ["valve1/6.csv", "other/1.csv"] {
            let table = try RealInputTests.readTable(
                folder.appendingPathComponent("skab/data/\(file)"))
            let name = "P-" + file.filter(\.isNumber)
            let lines = table.times.indices.map { row in
                let fields = table.columns.map { "\($0.name)=\($0.values[row])" }
                return "pump,line=L9,machine=\(name) \(fields.joined(separator: ",")) "
                    + "\(RealInputTests.nanoseconds(table.times[row]))"
            }
            let written = try HTTPExchange.run(
                port: plant.httpPort, "POST", "/api/v2/write",
                body: Data(lines.joined(separator: "\n").utf8))
            #expect(written.status == 204, "\(written.text)")
            for column in table.columns {
                try check(column, of: "pump of machine \(name)", plant: plant)
            }
        }
    }

    @Test(
        "a server room's sensor through MQTT",
        .enabled(
            if: Places.sensorData != nil && Plant.hasBroker,
            "the sensor data or the broker is not there"))
    func mqtt() throws {
        guard let folder = Places.sensorData, let program = Programs.find("mosquitto_pub") else {
            return
        }
        let url = folder.appendingPathComponent(
            "nab/data/realKnownCause/ambient_temperature_system_failure.csv")
        let lines = try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline)
        var column = Column(name: "temperature", values: [])
        var payloads: [String] = []
        // The file repeats the hour of a clock change; a point is one series and one instant.
        var seen: [Int64: Int] = [:]
        for line in lines.dropFirst() {
            let cells = line.split(separator: ",")
            let time = RealInputTests.nanoseconds(String(cells[0]))
            let value = Double(cells[1]) ?? .nan
            payloads.append("{\"value\":\(cells[1]),\"timestamp\":\(time / 1_000_000)}")
            if let index = seen[time] {
                column.values[index] = value
            } else {
                seen[time] = column.values.count
                column.values.append(value)
            }
        }
        let plant = try Plant()
        try plant.startBroker()
        try plant.startServer()
        let publisher = try RunningProcess(
            program,
            [
                "-h", "127.0.0.1", "-p", "\(plant.mqttPort)", "-q", "1", "-l", "-t",
                "office/L1/ROOM-1/air/temperature",
            ], hasInput: true)
        for payload in payloads { publisher.send(payload + "\n") }
        publisher.closeInput()
        #expect(publisher.wait(seconds: 120) == 0)
        let expected = column.values.count
        _ = try plant.rows(
            "count temperature of air of machine ROOM-1 between 2010-01-01 and 2020-01-01",
            until: { ($0.first?.compactMap { $0 as? NSNumber }.first)?.intValue == expected })
        try check(column, of: "air of machine ROOM-1", plant: plant)
    }

    private func check(_ column: Column, of path: String, plant: Plant) throws {
        let name = "[\(column.name)]"
        let answer = try plant.ask(
            "count \(name), min \(name), max \(name), mean \(name) of \(path) "
                + "between 2010-01-01 and 2030-01-01")
        let row = (answer["rows"] as? [[Any]])?.first ?? []
        let numbers = row.compactMap { $0 as? NSNumber }.map(\.doubleValue)
        #expect(numbers.count == 4, "\(column.name): \(answer)")
        guard numbers.count == 4 else { return }
        #expect(Int(numbers[0]) == column.values.count, "\(column.name)")
        #expect(numbers[1] == column.values.min(), "\(column.name)")
        #expect(numbers[2] == column.values.max(), "\(column.name)")
        let mean = column.values.reduce(0, +) / Double(column.values.count)
        #expect(abs(numbers[3] - mean) <= 1e-9 * max(1, abs(mean)), "\(column.name)")
    }

    /// `2020-03-09 12:14:36`, read as UTC.
    static func nanoseconds(_ text: String) -> Int64 {
        let parts = text.split { !$0.isNumber }.compactMap { Int($0) }
        var fields = DateComponents()
        (fields.year, fields.month, fields.day) = (parts[0], parts[1], parts[2])
        (fields.hour, fields.minute, fields.second) = (parts[3], parts[4], parts[5])
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        return Int64(calendar.date(from: fields)?.timeIntervalSince1970 ?? 0) * 1_000_000_000
    }
}
