import Foundation
import PolluxTestKit
import Testing

/// The shell in a real terminal: tmux types and reads the screen.
@Suite(.serialized) struct TerminalTests {
    static var hasTmux: Bool { Programs.find("tmux") != nil }

    /// A terminal of its own, with a server of its own, away from anybody's tmux and history.
    private final class Screen {
        let folder: URL
        private let program: URL
        private let socket: String
        // Why not one that tmux starts by itself: it would keep the pipes of the client that
        // started it, whose end could then not be seen.
        private let server: RunningProcess

        init(_ command: [String], columns: Int = 100, rows: Int = 30, extra: String = "") throws {
            guard let found = Programs.find("tmux") else { throw POSIXError(.ENOENT) }
            program = found
            folder = try Places.makeTemporaryFolder("pollux-terminal")
            socket = folder.appendingPathComponent("tmux").path
            server = try RunningProcess(
                program, ["-D", "-u", "-f", "/dev/null", "-S", socket],
                environment: ["TERM": "xterm-256color"])
            let end = Date().addingTimeInterval(20)
            while !FileManager.default.fileExists(atPath: socket), Date() < end { usleep(10_000) }
            let words = command.map { "'\($0)'" }.joined(separator: " ")
            let line = "HOME='\(folder.path)' PAGER=cat LC_ALL=C.UTF-8 \(extra) \(words)"
            _ = try tmux([
                "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", line,
            ])
        }

        deinit {
            _ = try? tmux(["kill-server"])
            server.stop()
            try? FileManager.default.removeItem(at: folder)
        }

        private func tmux(_ arguments: [String]) throws -> String {
            let process = try RunningProcess(
                program, ["-u", "-S", socket] + arguments, environment: ["TERM": "xterm-256color"])
            _ = process.wait(seconds: 20)
            return process.output
        }

        /// Types keys by their tmux names, or texts as they are.
        func type(_ keys: String...) throws {
            for key in keys {
                let isName = ["Enter", "Tab", "C-c", "C-d", "C-r", "Escape"].contains(key)
                _ = try tmux(["send-keys"] + (isName ? [key] : ["-l", key]))
            }
        }

        func text() throws -> String { try tmux(["capture-pane", "-p", "-J"]) }

        /// Waits until the screen holds a text; returns the screen at the end.
        func wait(for wanted: String, seconds: Double = 30) throws -> String {
            let end = Date().addingTimeInterval(seconds)
            var screen = ""
            while Date() < end {
                screen = try text()
                if screen.contains(wanted) { return screen }
                usleep(50_000)
            }
            Issue.record("no `\(wanted)` on the screen:\n\(screen)")
            return screen
        }
    }

    /// A server with a small plant, and samples before `now`.
    private func makePlant(count: Int = 5000, step: Int64 = 1_000_000_000) throws -> Plant {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let start: Int64 = 1_772_445_600_000_000_000
        let lines = (0..<count).map {
            "spindle,line=L2,machine=CNC-3 vibration=\(Double($0 % 500) / 100),rpm=8000i "
                + "\(start + Int64($0) * step)"
        }
        let written = try HTTPExchange.run(
            port: plant.httpPort, "POST", "/api/v2/write",
            body: Data(lines.joined(separator: "\n").utf8))
        guard written.status == 204 else { throw PlantError.serverDidNotStart(written.text) }
        return plant
    }

    private func repl(_ plant: Plant) -> [String] {
        [
            Programs.pollux.path, "repl", "--server", "http://127.0.0.1:\(plant.httpPort)",
            "--now", "2026-03-02T12:00:00Z",
        ]
    }

    @Test(
        "a pager and an editor read keys, a table keeps its headings, names complete at once",
        .enabled(if: TerminalTests.hasTmux, "tmux is not installed"),
        .enabled(if: Programs.find("less") != nil, "less is not installed"))
    func otherPrograms() throws {
        let plant = try makePlant()
        let screen = try Screen(
            repl(plant), columns: 80, rows: 24, extra: "PAGER=less EDITOR='less -P editing'")
        _ = try screen.wait(for: "pollux> ")
        try screen.type("vibr", "Tab")
        _ = try screen.wait(for: "pollux> vibration")
        try screen.type("of spindle of machine CNC-3 last 3h", "Enter")
        let table = try screen.wait(for: "samples read")
        #expect(table.contains("vibration"))
        #expect(table.contains("────"))
        #expect(table.contains("4984 more rows"))
        try screen.type("\\last", "Enter")
        let page = try screen.wait(for: "\n:")
        #expect(!page.contains("5000 rows"))
        try screen.type("q")
        try screen.type("C-c")
        try screen.type("\\fmt", "Enter")
        _ = try screen.wait(for: "pollux> \\fmt")
        try screen.type("\\e", "Enter")
        _ = try screen.wait(for: "editing")
        try screen.type("q")
        _ = try screen.wait(for: "pollux> vibration of spindle of machine CNC-3 last 3h")
    }

    @Test(
        "completion, corrections, a long answer, a chart, watch and Ctrl-C in a terminal",
        .enabled(if: TerminalTests.hasTmux, "tmux is not installed"))
    func conversation() throws {
        let plant = try makePlant()
        let screen = try Screen(repl(plant))
        _ = try screen.wait(for: "pollux> ")

        try screen.type("vibration of spindle of ma", "Tab")
        _ = try screen.wait(for: "of machine")
        try screen.type("C-c")
        try screen.type("vibratoin of spindle of machine CNC-3 last 3h", "Enter")
        _ = try screen.wait(for: "did you mean `vibration`?")
        try screen.type("Tab", "Enter")
        let long = try screen.wait(for: "4978 more rows")
        #expect(long.contains("\\last shows all"))
        _ = try screen.wait(for: "samples read")

        try screen.type(
            "avg vibration of spindle of machine CNC-3 last 2h every 5m as chart", "Enter")
        let chart = try screen.wait(for: "└──")
        #expect(chart.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })

        try screen.type("watch max vibration of spindle of machine CNC-3 last 2h every 1h", "Enter")
        _ = try screen.wait(for: "watching · Ctrl-C stops")
        try screen.type("C-c")
        _ = try screen.wait(for: "stopped")

        try screen.type("half a sentence", "C-c")
        _ = try screen.wait(for: "half a sentence^C")
        try screen.type("show types", "Enter")
        _ = try screen.wait(for: "spindle")
        try screen.type("C-d")
        let history = screen.folder.appendingPathComponent(".pollux_history").path
        let mode = try FileManager.default.attributesOfItem(atPath: history)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test(
        "an answer that takes longer than the pause of watching: one Ctrl-C stops",
        .enabled(if: TerminalTests.hasTmux, "tmux is not installed"))
    func longWatch() throws {
        let plant = try makePlant(count: 20_000, step: 250_000_000)
        let screen = try Screen(repl(plant))
        _ = try screen.wait(for: "pollux> ")
        try screen.type("vibration, rpm of spindle of machine CNC-3 last 3h", "Enter")
        _ = try screen.wait(for: "19978 more rows")
        try screen.type("\\watch 0.1", "Enter")
        _ = try screen.wait(for: "watching · Ctrl-C stops")
        try screen.type("C-c")
        try screen.type("count vibration of spindle of machine CNC-3 last 3h", "Enter")
        _ = try screen.wait(for: "20000")
    }

    @Test(
        "of a type with more assets than are listed, names are found as well",
        .enabled(if: TerminalTests.hasTmux, "tmux is not installed"))
    func manyAssets() throws {
        let plant = try Plant()
        try plant.startServer(mqtt: false)
        let lines = (1000..<1700).map { "machine,machine=Press-\($0) force=\($0)" }
        let written = try HTTPExchange.run(
            port: plant.httpPort, "POST", "/api/v2/write",
            body: Data(lines.joined(separator: "\n").utf8))
        try #require(written.status == 204, "\(written.text)")
        let screen = try Screen(repl(plant))
        _ = try screen.wait(for: "pollux> ")
        try screen.type("\\a 1699", "Enter")
        _ = try screen.wait(for: "machine Press-1699")
        try screen.type("describe machine Press-169")
        try screen.type("Tab")
        _ = try screen.wait(for: "Press-1694")
        try screen.type("8", "Tab", "Enter")
        _ = try screen.wait(for: "1 points")
    }

    @Test(
        "a narrow terminal without colours",
        .enabled(if: TerminalTests.hasTmux, "tmux is not installed"))
    func narrow() throws {
        let plant = try makePlant()
        let screen = try Screen(repl(plant), columns: 30, rows: 20, extra: "NO_COLOR=1")
        _ = try screen.wait(for: "pollux> ")
        try screen.type("max vibration of spindle of machine CNC-3 last 3h", "Enter")
        _ = try screen.wait(for: "4.99")
        try screen.type("\\x", "Enter", "latest rpm of every spindle", "Enter")
        _ = try screen.wait(for: "row 1")
    }

    @Test(
        "at 40 columns no instant is cut, marks stay in view, a watched table is redrawn in place",
        .enabled(if: TerminalTests.hasTmux, "tmux is not installed"))
    func fortyColumns() throws {
        let plant = try makePlant()
        let screen = try Screen(repl(plant), columns: 40, rows: 24, extra: "NO_COLOR=1")
        _ = try screen.wait(for: "pollux> ")
        try screen.type("vibration of spindle of machine CNC-3 last 3h limit 2", "Enter")
        let table = try screen.wait(for: "samples read")
        #expect(table.contains("time\n2026-03-02\n"))
        #expect(table.contains("10:00:01"))

        try screen.type("rpm of spindle of machine CNC-3 last 3h where vibratoin > 3", "Enter")
        let message = try screen.wait(for: "  = spindle has:")
        let lines = message.split(separator: "\n").map(String.init)
        let marks = try #require(lines.firstIndex { $0.contains("^^^^^^^^^") })
        let column = try #require(lines[marks].firstIndex(of: "^")).utf16Offset(in: lines[marks])
        #expect(lines[marks - 1].dropFirst(column).hasPrefix("vibratoin"))
        try screen.type("C-c")

        try screen.type("watch latest vibration, latest rpm of every spindle", "Enter")
        _ = try screen.wait(for: "watching · Ctrl-C stops")
        // Three times drawn, once on the screen.
        usleep(2_500_000)
        let drawn = try screen.text()
        #expect(drawn.components(separatedBy: "watching · Ctrl-C stops").count == 2)
        #expect(drawn.components(separatedBy: "asset").count == 2)
        try screen.type("C-c")
        _ = try screen.wait(for: "stopped")
    }
}
