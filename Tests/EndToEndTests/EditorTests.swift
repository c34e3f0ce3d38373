import Foundation
import PolluxModel
import PolluxQuery
import Testing

@testable import pollux

/// The line editor without a terminal: keys in, screens out.
@Suite struct EditorTests {
    /// Offers what a small plant would, and ends sentences that do not end with `of`.
    struct Advice: EditAdvice {
        var offered: [Choice] = []

        func choices(in text: String, at offset: Int) -> Choices {
            let before = String(decoding: Array(text.utf8)[..<offset], as: UTF8.self)
            let word = before.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
            let start = offset - word.utf8.count
            return Choices(
                lower: start, upper: offset, all: offered.filter { $0.text.hasPrefix(word) })
        }

        func isComplete(_ text: String) -> Bool { !text.hasSuffix("of") }

        func styles(of text: String) -> [(range: Range<Int>, style: TextStyle)] {
            text.hasPrefix("max") ? [(0..<3, .keyword)] : []
        }
    }

    private func session(
        history: [String] = [], offered: [Choice] = [], offer: String? = nil
    ) -> EditSession {
        EditSession(history: history, advice: Advice(offered: offered), offer: offer)
    }

    @discardableResult
    private func type(_ bytes: String, _ session: inout EditSession) -> EditSession.Outcome {
        var reader = KeyReader()
        var outcome = EditSession.Outcome.more
        for key in reader.take(Array(bytes.utf8)) + reader.rest() { outcome = session.take(key) }
        return outcome
    }

    private func screen(_ session: EditSession, columns: Int = 40, rows: Int = 20) -> String {
        let frame = EditFrame(session, columns: columns, rows: rows, hasColours: true)
        return frame.text + "\n@\(frame.cursorRow),\(frame.cursorColumn)"
    }

    @Test func letterAndMarkAreOneCharacterAndWideOnesTakeTwoColumns() {
        var session = session()
        type("Ku\u{308}hlung 温度", &session)
        #expect(session.buffer.characters.count == 10)
        #expect(screen(session) == "pollux> Kühlung 温度\n@0,20")
        type("\u{7F}\u{1B}[D", &session)
        #expect(screen(session) == "pollux> Kühlung 温\n@0,16")
    }

    @Test func bytesMayComeOneByOneAndCutAnywhere() {
        let bytes = Array("a\u{1B}[1;5Dü\u{1B}[200~x\r\ny\u{1B}[201~温\u{1B}".utf8)
        var whole = KeyReader()
        let expected = whole.take(bytes) + whole.rest()
        var single = KeyReader()
        var keys: [Key] = []
        for byte in bytes { keys += single.take([byte]) }
        keys += single.rest()
        #expect(keys == expected)
        #expect(
            keys == [
                .text("a"), .wordLeft, .text("ü"), .paste("x\ny"), .text("温"), .escape,
            ])
    }

    @Test func arbitraryBytesNeverTrapAndAlwaysDraw() {
        var seed: UInt64 = 7
        func next() -> UInt8 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: seed >> 33)
        }
        for round in 0..<200 {
            var session = session(
                history: ["power of machine", "温度 of x"],
                offered: [Choice(text: "power"), Choice(text: "parts")])
            var reader = KeyReader()
            let bytes = (0..<120).map { _ in
                let byte = next()
                return byte < 60 ? [0x1B, 9, 13, 18, 0x5B, 0x41, 0x7F, 1][Int(byte) % 8] : byte
            }
            for key in reader.take(bytes) + reader.rest() { _ = session.take(key) }
            let columns = 1 + round % 90
            let frame = EditFrame(session, columns: columns, rows: 1 + round % 30, hasColours: true)
            #expect(frame.cursorRow < frame.lines.count)
            #expect(frame.cursorColumn <= max(4, columns - 1))
        }
    }

    @Test func completionInsertsTheOnlyChoiceAndListsSeveral() {
        let offered = [
            Choice(text: "machine", detail: "type"),
            Choice(text: "machines", detail: "every machine"),
            Choice(text: "spindle", detail: "type"),
        ]
        var session = session(offered: offered)
        type("power of s\t", &session)
        #expect(session.buffer.text == "power of spindle ")
        type("\u{15}power of m\t", &session)
        #expect(
            screen(session) == """
                pollux> power of machine
                  machine   type
                  machines  every machine
                @0,24
                """)
        type("\t\t", &session)
        #expect(session.menu?.selected == 1)
        type("\r", &session)
        #expect(session.buffer.text == "power of machines ")
        #expect(session.menu == nil)
        // A menu that typing has brought down to one choice is as good as none.
        type("\u{15}power of m\ts\t", &session)
        #expect(session.buffer.text == "power of machines ")
        #expect(session.menu == nil)
    }

    @Test func enterRunsACompleteSentenceAndGoesOnWithAnUnfinishedOne() {
        var session = session()
        #expect(type("power of\r", &session) == .more)
        #expect(screen(session) == "pollux> power of\n   ...> \n@1,8")
        #expect(type("machine\r", &session) == .accept("power of\nmachine"))
        var other = self.session()
        #expect(type("power\u{1B}\rof x\r", &other) == .accept("power\nof x"))
        var trapped = self.session()
        #expect(type("power of\r\r", &trapped) == .accept("power of\n"))
    }

    @Test func ghostTextComesFromHistoryAndRightTakesIt() {
        var session = session(history: ["power of machine CNC-3", "parts of machine CNC-4"])
        type("po", &session)
        #expect(session.ghost == "wer of machine CNC-3")
        #expect(screen(session) == "pollux> power of machine CNC-3\n@0,10")
        type("\u{1B}f", &session)
        #expect(session.buffer.text == "power")
        type("\u{1B}[C", &session)
        #expect(session.buffer.text == "power of machine CNC-3")
        let plain = EditFrame(
            self.session(offer: "x"), columns: 40, rows: 10, hasColours: false)
        #expect(plain.text == "pollux> ")
    }

    @Test func upAndDownWalkTheHistoryAndKeepTheDraft() {
        var session = session(history: ["one", "two"])
        type("dra\u{1B}[A\u{1B}[A\u{1B}[A", &session)
        #expect(session.buffer.text == "one")
        type("\u{1B}[B\u{1B}[B", &session)
        #expect(session.buffer.text == "dra")
    }

    @Test func searchFindsBackwardsAndEscapeGivesTheDraftBack() {
        var session = session(history: ["power of a", "rpm of b", "power of c"])
        type("x\u{12}pow", &session)
        #expect(session.buffer.text == "power of c")
        type("\u{12}", &session)
        #expect(session.buffer.text == "power of a")
        #expect(screen(session).hasPrefix("search `pow`: power of a"))
        type("\u{1B}", &session)
        #expect(session.buffer.text == "x")
    }

    @Test func tabOnAnEmptyLineTakesTheCorrection() {
        var session = session(offer: "vibration of spindle SP-7")
        type("\t", &session)
        #expect(session.buffer.text == "vibration of spindle SP-7")
    }

    @Test func interruptAndEndOfInputAreTellable() {
        var session = session()
        #expect(type("abc\u{3}", &session) == .interrupt)
        #expect(type("\u{4}", &session) == .more)
        var empty = self.session()
        #expect(type("\u{4}", &empty) == .end)
    }

    @Test func aNarrowTerminalWrapsAndKeepsTheCursorInSight() {
        var session = session()
        type("max vibration of spindle of machine CNC-3", &session)
        let frame = EditFrame(session, columns: 16, rows: 3, hasColours: false)
        #expect(frame.text == " of spindle of \nmachine CNC-3")
        #expect(frame.cursorRow == 1 && frame.cursorColumn == 13)
    }

    @Test func pastedLinesDoNotRun() {
        var session = session()
        #expect(type("\u{1B}[200~power of a;\r\nrpm of b\u{1B}[201~", &session) == .more)
        #expect(session.buffer.text == "power of a;\nrpm of b")
    }

    @Test func wordsAreDeletedBackAndUndone() {
        var session = session()
        type("power of CNC-3\u{17}", &session)
        #expect(session.buffer.text == "power of ")
        type("\u{1F}", &session)
        #expect(session.buffer.text == "power of CNC-3")
    }

    @Test func historyKeepsNoSecretsAndIsForItsOwner() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("pollux-history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("history").path
        var history = History(path: path)
        history.add("power of a\nlast \\ 1h")
        history.add(" secret")
        history.add("rpm of b")
        history.add("rpm of b")
        #expect(History(path: path).lines == ["power of a\nlast \\ 1h", "rpm of b"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func fuzzyOrderPutsBeginningsFirst() {
        let names = ["vibration", "rpm", "temp-vib", "avb"].map { Choice(text: $0) }
        #expect(ShellAdvice.ranked(names, by: "vib").map(\.text) == ["vibration", "temp-vib"])
        #expect(ShellAdvice.ranked(names, by: "vbn").map(\.text) == ["vibration"])
    }

    @Test func sentencesOfAScriptKeepTheirLines() {
        let found = ScriptText.sentences(of: "a of b; c of d\n-- x;\n;e of \";\"")
        #expect(found == ["a of b;", "        c of d\n-- x;\n;", "\n\n e of \";\""])
        // Each statement carries the lines before it, not their blanks: long scripts stay small.
        let long = String(repeating: "show types;\n", count: 3000)
        let all = ScriptText.sentences(of: long)
        #expect(all.count == 3000)
        #expect(all[2999].count(where: \.isNewline) == 2999)
        #expect(all[2999].utf8.count < 3100)
    }

    @Test func everyExampleOfTheHelpParses() throws {
        for help in ClauseHelp.all {
            #expect(help.examples.count == 3)
            for example in help.examples {
                #expect(throws: Never.self, "\(example)") { try parse(example) }
            }
        }
    }

    @Test("the run of values of a row leaves holes blank and other columns' rows out")
    func trend() {
        let minute: Int64 = 60_000_000_000
        func trends(_ curve: ResultCurve?) -> [String] {
            var result = QueryResult(
                content: .rows,
                columns: [
                    ResultColumn(
                        name: "time", kind: .timestamp,
                        cells: ResultCells(.integers([0, 10, 20, 60].map { $0 * minute }))),
                    ResultColumn(
                        name: "power", kind: .float,
                        cells: ResultCells(
                            .floats([0, 1, 0, 1]), missing: [false, false, true, false]),
                        curve: curve),
                ])
            AnswerView.addTrend(to: &result)
            return (0..<4).map { row in
                if case .text(let text) = result.columns[2].cell(row) { text } else { "" }
            }
        }
        #expect(trends(nil) == ["▁", "▁█", "▁█ ", "▁█ █"])
        #expect(
            trends(ResultCurve(shape: .linear, gap: ResultCurve.Gap.none))
                == ["▁", "▁█", "▁█", "▁██"])
        #expect(
            trends(ResultCurve(shape: .linear, gap: .length(15 * minute)))
                == ["▁", "▁█", "▁█", "▁█ █"])
    }
}
