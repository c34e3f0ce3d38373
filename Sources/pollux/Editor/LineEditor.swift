@preconcurrency import Glibc

/// Reads sentences from a terminal with `EditSession`, or lines from a pipe.
///
/// Used by one thread. Ctrl-C clears the line; it never leaves.
final class LineEditor {
    /// What one read gave.
    enum Line: Equatable {
        case text(String)
        case interrupted
        case end
    }

    /// Whether a person sits at a terminal.
    let isInteractive: Bool
    private(set) var history: History
    private let advice: any EditAdvice
    private var drawnRow = 0
    /// Keys typed ahead of the answer; they go to the next sentence.
    private var waiting: [Key] = []

    init(historyPath: String?, advice: any EditAdvice) {
        isInteractive = isatty(STDIN_FILENO) == 1
        self.advice = advice
        history = History(path: isInteractive ? historyPath : nil)
        if isInteractive { Interrupt.install() }
    }

    /// Makes standard output go out line by line even into a pipe.
    static func flushEachLine() { setvbuf(stdout, nil, _IOLBF, 0) }

    /// Keeps a line for later sessions.
    func remember(_ text: String) {
        if isInteractive { history.add(text) }
    }

    /// Reads one sentence; `offer` is what Tab puts into an empty line.
    func read(offer: String? = nil, start: String = "") -> Line {
        guard isInteractive else { return plainLine() }
        guard Terminal.canMoveCursor, var mode = RawMode() else {
            print("pollux> ", terminator: "")
            fflush(nil)
            return plainLine()
        }
        defer { mode.leave() }
        _ = Interrupt.take()
        drawnRow = 0
        var session = EditSession(
            history: history.lines, advice: advice, offer: offer, start: start)
        var keys = KeyReader()
        var size = Terminal.size
        draw(session, size)
        while true {
            var found = waiting
            waiting = []
            if found.isEmpty {
                switch Terminal.readBytes(milliseconds: keys.isWaiting ? 40 : 200) {
                case .bytes(let bytes): found = keys.take(bytes)
                case .nothing: found = keys.rest()
                case .end: return .end
                }
            }
            var isChanged = !found.isEmpty
            while !found.isEmpty {
                let outcome = session.take(found.removeFirst())
                if outcome == .clearScreen {
                    Terminal.write(Array("\u{1B}[H\u{1B}[2J".utf8))
                    drawnRow = 0
                } else if let line = finished(outcome, session, size) {
                    waiting = found
                    return line
                }
            }
            let now = Terminal.size
            if now != size {
                size = now
                isChanged = true
            }
            if isChanged { draw(session, size) }
        }
    }

    private func finished(
        _ outcome: EditSession.Outcome, _ session: EditSession, _ size: Terminal.Size
    ) -> Line? {
        switch outcome {
        case .more, .clearScreen: return nil
        case .accept(let text):
            draw(session, size, isFinal: true)
            return .text(text)
        case .interrupt:
            draw(session, size, isFinal: true, ending: "^C")
            return .interrupted
        case .end:
            draw(session, size, isFinal: true)
            return .end
        }
    }

    /// Draws over what was drawn before; finally, goes to the line behind it.
    private func draw(
        _ session: EditSession, _ size: Terminal.Size, isFinal: Bool = false, ending: String = ""
    ) {
        let hasColours = Terminal.hasColours
        let frame = EditFrame(
            session, columns: size.columns, rows: size.rows, hasColours: hasColours,
            isFinal: isFinal)
        var output = drawnRow > 0 ? "\u{1B}[\(drawnRow)A\r\u{1B}[J" : "\r\u{1B}[J"
        output += frame.lines.map { $0.painted(hasColours) }.joined(separator: "\r\n")
        if isFinal {
            output += ending + "\r\n"
            drawnRow = 0
        } else {
            let below = frame.lines.count - 1 - frame.cursorRow
            if below > 0 { output += "\u{1B}[\(below)A" }
            output += "\r"
            if frame.cursorColumn > 0 { output += "\u{1B}[\(frame.cursorColumn)C" }
            drawnRow = frame.cursorRow
        }
        Terminal.write(Array(output.utf8))
    }

    private func plainLine() -> Line {
        guard let line = readLine(strippingNewline: true) else { return .end }
        return .text(line)
    }
}

/// A terminal that hands over every key; the mode before comes back with `leave`.
private struct RawMode {
    private var before = termios()

    init?() {
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var raw = before
        raw.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else { return nil }
        // Pastes come in brackets, so that a line end in them does not run anything.
        Terminal.write(Array("\u{1B}[?2004h".utf8))
    }

    mutating func leave() {
        Terminal.write(Array("\u{1B}[?2004l".utf8))
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
    }
}
