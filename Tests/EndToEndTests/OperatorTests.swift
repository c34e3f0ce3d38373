import Foundation
import PolluxTestKit
import Testing

/// What an operator does at the command line: a configuration file, files in and out.
@Suite(.serialized) struct OperatorTests {
    @Test(
        "commands that work on files do not take a server's address and pass it over",
        arguments: [
            ["compact"], ["check"], ["serve"], ["inspect", "columns"], ["inspect", "chunk"],
            ["snapshot", "list"], ["snapshot", "verify", "x"], ["snapshot", "restore", "x"],
        ])
    func addressForFiles(command: [String]) throws {
        let (code, output) = try Plant.pollux(
            command + ["--server", "http://127.0.0.1:1"], seconds: 20)
        #expect(code == 1)
        #expect(output.contains("--server"))
    }

    @Test(
        "a mistake in the configuration file is refused with file, line and key",
        arguments: [
            ("listen = here", "pollux.conf:1: listen: `here` is not HOST:PORT"),
            ("\n# x\nport = 1", "pollux.conf:3: port: unknown key"),
            ("[ingest\n", "pollux.conf:1: the heading lacks its ]"),
            ("[broker x]\n", "pollux.conf:1: the heading [broker] is not known"),
            ("[mqtt a]\ntopic = x\n", "pollux.conf:1: [mqtt a] needs url"),
            ("[mqtt a]\nurl = http://h\n", "pollux.conf:2: url: "),
            ("[mqtt a]\nurl = mqtt://h\nsession = long\n", "pollux.conf:3: session: "),
            ("[mqtt a]\nurl = mqtt://h\nca = x\n", "pollux.conf:1: ca, cert and key need mqtts"),
            ("[mqtt a]\nurl = mqtt://h\n[mqtt b]\nurl = mqtt://h\n", "two sources use the client"),
            ("[ingest]\ncreate = maybe\n", "pollux.conf:2: create: "),
            ("[ingest]\nfuture-seconds = 5m\n", "pollux.conf:2: future-seconds: "),
            ("[limits]\nquery-bytes = 0\n", "pollux.conf:2: query-bytes: a limit of nothing"),
            ("[limits]\nrows = 5\n", "pollux.conf:2: rows: unknown key"),
            (
                "hosts = https://plant.example\n",
                "pollux.conf:1: hosts: `https://plant.example` is no"
            ),
            ("hosts = plant.example:443\n", "pollux.conf:1: hosts: `plant.example:443` is no name"),
            ("hosts = ,\n", "pollux.conf:1: hosts: write names of hosts"),
            ("data = a\ndata = b\n", "pollux.conf:2: data: it stands here twice"),
        ])
    func badConfiguration(text: String, message: String) throws {
        let folder = try Places.makeTemporaryFolder("pollux-config")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("pollux.conf")
        try text.write(to: file, atomically: true, encoding: .utf8)
        let (code, output) = try Plant.pollux(["serve", "--config", file.path], seconds: 20)
        #expect(code == 1, "\(output)")
        #expect(output.contains(message), "\(output)")
    }

    @Test("the limits of the configuration file are in force, and refusals name them")
    func limits() throws {
        let plant = try Plant()
        let configuration = plant.folder.appendingPathComponent("pollux.conf")
        try """
        data = \(plant.dataFolder.path)
        listen = 127.0.0.1:\(plant.httpPort)
        [limits]
        query-bytes = 50000
        body-bytes = 20000
        """.write(to: configuration, atomically: true, encoding: .utf8)
        let server = try RunningProcess(Programs.pollux, ["serve", "--config", configuration.path])
        #expect(Ports.waitUntilOpen(plant.httpPort))
        func write(_ count: Int) throws -> (Int, String) {
            let lines = (0..<count).map {
                "machine,machine=M1 power=\($0) \(1_772_445_600_000_000_000 + $0 * 1_000_000_000)"
            }
            let answer = try HTTPExchange.run(
                port: plant.httpPort, "POST", "/api/v2/write",
                body: Data(lines.joined(separator: "\n").utf8))
            return (answer.status, answer.text)
        }
        #expect(try write(300).0 == 204)
        let (status, text) = try write(1000)
        #expect(status == 413 && text.contains("body-bytes"), "\(text)")
        let question = "power * 2 of machine M1 between 2026-03-02 and 2026-03-03"
        let url = "http://127.0.0.1:\(plant.httpPort)"
        let (fine, some) = try Plant.pollux(["query", "\(question) limit 3", "--server", url])
        #expect(fine == 0 && some.split(separator: "\n").count == 4, "\(some)")
        let (code, message) = try Plant.pollux(["query", question, "--server", url])
        #expect(code == 3 && message.contains("TQ504"), "\(message)")
        #expect(server.stop() == 0)
    }

    @Test("a server from a file; points in and out through it and through its directory")
    func filesOfPoints() throws {
        let plant = try Plant()
        let configuration = plant.folder.appendingPathComponent("pollux.conf")
        try """
        data = \(plant.dataFolder.path)
        listen = 127.0.0.1:\(plant.httpPort)
        [ingest]
        containment = hall, machine
        """.write(to: configuration, atomically: true, encoding: .utf8)
        let server = try RunningProcess(Programs.pollux, ["serve", "--config", configuration.path])
        #expect(Ports.waitUntilOpen(plant.httpPort))
        let url = "http://127.0.0.1:\(plant.httpPort)"
        let csv = plant.folder.appendingPathComponent("log.csv")
        try """
        time,machine,vibration [mm/s],state
        2026-03-02 12:00:00,M1,1.5,"a, ""b""
        next line"
        2026-03-02 12:00:01,M1,x1,run
        2026-03-02 12:00:02.000000001,M1,,idle
        oops,M1,1,idle
        """.write(to: csv, atomically: true, encoding: .utf8)
        let map = ["--map", "vibration [mm/s]=measure vibration unit mm/s kind float"]
        let (code, output) = try Plant.pollux(
            ["import", csv.path, "--format", "csv", "--server", url] + map)
        #expect(code == 3, "\(output)")
        #expect(output.contains("log.csv:4: `x1` is no float"), "\(output)")
        #expect(output.contains("log.csv:6: `oops` is no time"), "\(output)")
        #expect(output.contains("imported 3 points from 1 file"), "\(output)")
        let first = plant.folder.appendingPathComponent("first.ndjson").path
        #expect(
            try Plant.pollux(["export", "--format", "ndjson", "-o", first, "--server", url]).0 == 0)
        let letters = try Plant.pollux(["ingest", "dead-letters", "list", "--server", url])
        #expect(letters.0 == 0, "\(letters.1)")
        #expect(server.stop() == 0)
        let other = plant.folder.appendingPathComponent("other").path
        let (again, told) = try Plant.pollux(
            ["import", first, "--format", "ndjson", "--data", other])
        #expect(again == 0, "\(told)")
        let second = plant.folder.appendingPathComponent("second.ndjson").path
        _ = try Plant.pollux(["export", "--format", "ndjson", "-o", second, "--data", other])
        let text = try String(contentsOfFile: first, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.contains(#""asset":"machine:M1","measure":"vibration""#), "\(text)")
        #expect(try String(contentsOfFile: second, encoding: .utf8) == text)
    }

    @Test("a range is deleted on a directory and through its server, with a record of both")
    func deletes() throws {
        let plant = try Plant()
        let lines = plant.folder.appendingPathComponent("points.line")
        try (0..<10).map { "machine,machine=M1 power=\($0).5 \(1_772_445_600 + $0)000000000\n" }
            .joined().write(to: lines, atomically: true, encoding: .utf8)
        let data = ["--data", plant.dataFolder.path]
        let (code, output) = try Plant.pollux(["import", lines.path, "--format", "line"] + data)
        #expect(code == 0, "\(output)")
        let question = "power of machine M1 between 2026-03-02T10:00:02Z and 2026-03-02T10:00:05Z"
        let missing = try Plant.pollux(["delete", question] + data)
        #expect(missing.0 == 1 && missing.1.contains("--reason"), "\(missing.1)")
        let wrong = try Plant.pollux(
            ["delete", "powr of machine M1 today", "--reason", "x"] + data)
        #expect(wrong.0 == 2 && wrong.1.contains("did you mean `power`?"), "\(wrong.1)")
        let first = try Plant.pollux(
            ["delete", question, "--reason", "loose sensor", "--by", "anna"] + data)
        #expect(first.0 == 0 && first.1.contains("delete 1: 3 points"), "\(first.1)")
        let server = try RunningProcess(
            Programs.pollux,
            ["serve", "--listen", "127.0.0.1:\(plant.httpPort)"] + data)
        #expect(Ports.waitUntilOpen(plant.httpPort))
        // The directory leads to the server that has it.
        let second = try Plant.pollux(
            [
                "delete", "power of machine M1", "--from", "2026-03-02T10:00:08Z", "--reason",
                "noise",
            ]
                + data)
        #expect(second.0 == 0 && second.1.contains("delete 2: 2 points"), "\(second.1)")
        let list = try Plant.pollux(["delete", "list"] + data)
        #expect(list.1.contains("by anna") && list.1.contains("reason  noise"), "\(list.1)")
        #expect(server.stop() == 0)
        let rows = try Plant.pollux(
            [
                "query", "power of machine M1 between 2026-03-02 10:00 and 2026-03-02 11:00",
                "--format", "csv",
            ] + data)
        #expect(rows.1.split(separator: "\n").count == 1 + 5, "\(rows.1)")
        #expect(try Plant.pollux(["check"] + data).0 == 0)
    }

    @Test("inspect columns counts what each measure takes; chunk and check read the same directory")
    func inspection() throws {
        let plant = try Plant()
        let data = ["--data", plant.dataFolder.path]
        let file = plant.folder.appendingPathComponent("points.line")
        let lines = (0..<5000).map { row in
            let time = 1_700_000_000 + row
            return "spindle,line=L2,machine=CNC-3 vibration=\(Double(row % 97) / 100),"
                + "state=\"\(row / 700 % 2 == 0 ? "idle" : "run")\" \(time)000000000\n"
        }
        try lines.joined().write(to: file, atomically: true, encoding: .utf8)
        #expect(try Plant.pollux(["import", file.path] + data).0 == 0)
        let (code, text) = try Plant.pollux(["inspect", "columns", "--format", "json"] + data)
        #expect(code == 0)
        let answer = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(answer?.keys.map { $0 } == ["columns"])
        let columns = try #require(answer?["columns"] as? [[String: Any]])
        #expect(columns.map { $0["measure"] as? String } == ["vibration", "state"])
        var total = 0
        for column in columns {
            #expect(
                column.keys.sorted() == ["asset", "bytes", "measure", "modes", "values"])
            #expect(column["asset"] as? String == "CNC-3/spindle")
            #expect(column["values"] as? Int == 5000)
            let modes = try #require(column["modes"] as? [String: Int])
            #expect(modes.values.reduce(0, +) == 5000)
            total += try #require(column["bytes"] as? Int)
        }
        let names = try Plant.pollux(["inspect", "chunk"] + data).1.split(separator: "\n")
        var stored = 0
        for name in names {
            let (code, fields) = try Plant.pollux(["inspect", "chunk", String(name)] + data)
            #expect(code == 0 && fields.contains("encoding: float scaled"), "\(fields)")
            let bytes = fields.split(separator: "\n").first { $0.hasPrefix("bytes: ") }
            stored += try #require(bytes.flatMap { Int($0.dropFirst("bytes: ".count)) })
        }
        // Every byte of every chunk is some column's, and whole pages are counted.
        #expect(total >= stored && total <= stored + names.count * 8192, "\(total) \(stored)")
        let check = try Plant.pollux(["check"] + data)
        #expect(check.0 == 0 && check.1.contains("points: 10000"), "\(check.1)")
        #expect(check.1.contains("graph.assets: 3 records"), "\(check.1)")
        // A server that has the directory is no hindrance, and nothing is changed under it.
        let server = try RunningProcess(
            Programs.pollux, ["serve", "--listen", "127.0.0.1:\(plant.httpPort)"] + data)
        #expect(Ports.waitUntilOpen(plant.httpPort))
        let beside = try Plant.pollux(["check"] + data)
        #expect(beside.0 == 0 && beside.1.contains("points: 10000"), "\(beside.1)")
        #expect(try Plant.pollux(["inspect", "columns"] + data).0 == 0)
        #expect(server.stop() == 0)
        let absent = try Plant.pollux(["check", "--data", plant.folder.path + "/nothing"])
        #expect(absent.0 == 3 && absent.1.contains("there is no database in"), "\(absent.1)")
    }
}
