import Foundation
import PolluxQuery
import PolluxServer

/// Watching: a sentence asked again and again, redrawn in place.
extension Shell {
    /// Asks every so often until Ctrl-C; rows that were final and changed are marked.
    func watch(_ text: String, seconds: Double) {
        lastSentence = text
        var rows = WatchedCells()
        var drawn = 0
        _ = Interrupt.take()
        while true {
            let started = ContinuousClock.now
            let found: [QueryResult]
            do {
                found = try ask(text, showsProgress: false).results
            } catch {
                report(error as? CommandFailure ?? CommandFailure(error))
                return
            }
            let size = Terminal.size
            var output = drawn > 0 ? "\u{1B}[\(drawn)A\r\u{1B}[J" : ""
            let lines = screen(found, &rows, size)
            output += lines.map { $0 + "\n" }.joined()
            drawn = Terminal.canMoveCursor ? Terminal.rows(of: lines, in: size) : 0
            Terminal.show(output)
            repeat {
                if Interrupt.take() {
                    print("stopped")
                    return
                }
                usleep(20_000)
            } while started.duration(to: .now) < .seconds(seconds)
        }
    }

    private func screen(
        _ results: [QueryResult], _ rows: inout WatchedCells, _ size: Terminal.Size
    ) -> [String] {
        var view = view
        view.width = size.columns
        view.rowLimit = size.rows
        // The newest rows matter; the heading, a foot and the note on stopping need room too.
        let room = max(1, size.rows - 6)
        view.hasColours = Terminal.hasColours
        var lines: [String] = []
        for var result in results {
            rows.mark(&result)
            if result.rowCount > room { result = result.newest(room) }
            lines += view.text(result).split(separator: "\n").map(String.init)
        }
        while Terminal.rows(of: lines, in: size) > size.rows - 2 { lines.removeLast() }
        lines.append("watching · Ctrl-C stops")
        return lines
    }
}

/// What rows of a watched sentence said before, so that a corrected one can be marked.
struct WatchedCells {
    private var final: [String: String] = [:]

    /// Adds `corrected` to the note of each row that was final and says something else now.
    mutating func mark(_ result: inout QueryResult) {
        guard let place = result.columns.lastIndex(where: { $0.kind == .note }),
            result.columns.contains(where: { $0.kind == .timestamp })
        else { return }
        var notes: [String?] = []
        var next: [String: String] = [:]
        for row in 0..<result.rowCount {
            var note = ""
            if case .text(let text) = result.columns[place].cell(row) { note = text }
            var key = ""
            var values = ""
            for column in result.columns where column.kind != .note {
                let isKey = [.timestamp, .asset].contains(column.kind)
                if isKey { key += "\(column.cell(row))|" } else { values += "\(column.cell(row))|" }
            }
            if let before = final[key], before != values, !note.contains("corrected") {
                note = note.isEmpty ? "corrected" : note + ", corrected"
            }
            if !note.contains("provisional"), !note.contains("open") { next[key] = values }
            notes.append(note.isEmpty ? nil : note)
        }
        // A row stays marked: what it said when it was first final is what it is compared with.
        final.merge(next) { first, _ in first }
        result.columns[place].cells = ResultCells(texts: notes)
    }
}

extension QueryResult {
    /// The last rows alone.
    func newest(_ count: Int) -> QueryResult {
        var copy = self
        let start = max(0, rowCount - count)
        copy.columns = columns.map { column in
            var column = column
            column.cells = column.cells.from(start)
            return column
        }
        copy.keys = Array(keys.dropFirst(start))
        return copy
    }
}

extension ResultCells {
    /// The cells from a row on.
    fileprivate func from(_ start: Int) -> ResultCells {
        let rest = Array(missing.dropFirst(start))
        switch values {
        case .integers(let all): return ResultCells(.integers(Array(all[start...])), missing: rest)
        case .floats(let all): return ResultCells(.floats(Array(all[start...])), missing: rest)
        case .booleans(let all): return ResultCells(.booleans(Array(all[start...])), missing: rest)
        case .texts(var all):
            all.indices = Array(all.indices[start...])
            return ResultCells(.texts(all), missing: rest)
        }
    }
}
