import Foundation
import PolluxTestKit
import Testing

/// InfluxData's own client, and curl, writing to our server.
@Suite(.serialized) struct InfluxClientTests {
    private static let script = """
        import sys
        from datetime import datetime, timezone
        from influxdb_client import InfluxDBClient, Point, WritePrecision
        from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions
        from influxdb_client.rest import ApiException
        url, start = sys.argv[1], int(sys.argv[2])
        with InfluxDBClient(url=url, token="any", org="any", enable_gzip=True) as client:
            assert client.ping(), "ping"
            write = client.write_api(write_options=SYNCHRONOUS)
            write.write("b", record=[Point("pump").tag("line", "L1").tag("machine", "M-1")
                .field("pressure", float(n)).field("count", n).field("on", n % 2 == 0)
                .field("state", "run '%d' a,b=c" % n)
                .time(start + n, WritePrecision.MS) for n in range(500)])
            write.write("b", record="pump,line=L1,machine=M-1 level=2.5 %d" % start,
                write_precision=WritePrecision.MS)
            write.write("b", record={"measurement": "pump", "tags": {"line": "L1", "machine": "M-1"},
                "fields": {"flow": 1.5}, "time": datetime.fromtimestamp(start / 1000, timezone.utc)})
            try:
                write.write("b", record="pump,line=L1,machine=M-1 pressure= 1\\npump,line=L1,"
                    "machine=M-1 good=1 %d" % start, write_precision=WritePrecision.MS)
                raise SystemExit("a bad line was taken")
            except ApiException as refusal:
                assert refusal.status == 400, refusal
                assert "line 1" in refusal.body or '"line":1' in refusal.body, refusal.body
        # The batching writer, as applications use it: many requests, retried by the client.
        with InfluxDBClient(url=url, token="any", org="any") as client:
            with client.write_api(write_options=WriteOptions(batch_size=300)) as write:
                for n in range(3000):
                    write.write("b", record=Point("fan").tag("machine", "M-2")
                        .field("speed", n).time(start + n, WritePrecision.MS))
        """

    @Test(
        "influxdb-client: points, lines, dictionaries, a refusal, batches, gzip",
        .enabled(
            if: PythonClient.hasInflux,
            "python3 has no influxdb-client (pip install influxdb-client)"))
    func client() throws {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let start = Int(Date().timeIntervalSince1970) * 1000 - 10_000_000
        let answer = try PythonClient.run(
            InfluxClientTests.script, ["http://127.0.0.1:\(plant.httpPort)", "\(start)"])
        #expect(answer.code == 0, "\(answer.output)")
        func numbers(_ query: String) throws -> [Double] {
            let rows = try plant.rows("\(query) between 2020-01-01 and 2100-01-01")
            return (rows.first ?? []).compactMap { ($0 as? NSNumber)?.doubleValue }
        }
        #expect(
            try numbers("count pressure, mean pressure, max [count] of pump of machine M-1")
                == [500, 249.5, 499])
        #expect(
            try numbers("max level, max flow, max good of pump of machine M-1") == [2.5, 1.5, 1])
        #expect(try numbers("count speed, mean speed of fan of machine M-2") == [3000, 1499.5])
        let export = try HTTPExchange.run(
            port: plant.httpPort, "GET", "/api/v1/export?format=line")
        #expect(export.text.contains("state=\"run '499' a,b=c\""))
        #expect(plant.server?.stop() == 0)
    }

    @Test(
        "curl: a packed file, a pipe, and what it says of a refusal",
        .enabled(if: Programs.find("curl") != nil, "curl is not installed"))
    func curl() throws {
        guard let curl = Programs.find("curl"), let gzip = Programs.find("gzip") else { return }
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let file = plant.folder.appendingPathComponent("points.lp")
        let start = Int(Date().timeIntervalSince1970) - 100_000
        try (0..<20_000).map { "saw,machine=M-3 rpm=\($0)i \(start + $0)" }
            .joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        #expect(try RunningProcess(gzip, ["-k", file.path]).wait() == 0)
        func run(_ arguments: [String]) throws -> String {
            let process = try RunningProcess(
                curl,
                ["-s", "-S", "-i", "--max-time", "60"] + arguments)
            #expect(process.wait(seconds: 70) == 0)
            return process.output
        }
        let url = "http://127.0.0.1:\(plant.httpPort)/api/v2/write?bucket=b&org=o&precision=s"
        let packed = try run([
            "-H", "Content-Encoding: gzip", "--data-binary", "@\(file.path).gz", url,
        ])
        #expect(packed.contains(" 204 "), "\(packed)")
        // Larger than what curl sends without asking: it waits for 100 Continue.
        let plain = try run(["--data-binary", "@\(file.path)", "-H", "Expect: 100-continue", url])
        #expect(plain.contains(" 204 "), "\(plain)")
        let old = try run([
            "-u", "a:b", "--data-binary", "saw,machine=M-3 load=1 \(start)",
            "http://127.0.0.1:\(plant.httpPort)/write?db=x&precision=s",
        ])
        #expect(old.contains(" 204 "), "\(old)")
        let refused = try run(["--data-binary", "saw,machine=M-3 rpm=\"fast\" \(start)", url])
        #expect(refused.contains(" 400 ") && refused.contains("\"line\":1"), "\(refused)")
        let rows = try plant.rows(
            "count rpm, max rpm, max load of saw of machine M-3 between 2020-01-01 and 2100-01-01")
        let numbers = (rows.first ?? []).compactMap { ($0 as? NSNumber)?.intValue }
        #expect(numbers == [20_000, 19_999, 1])
        #expect(plant.server?.stop() == 0)
    }
}
