import Foundation
import Glibc
import PolluxServer

/// Standard input, output and error as bytes, and what the terminal behind them can do.
enum Terminal {
    /// Columns and rows.
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    /// What one read gave.
    enum Input {
        case bytes([UInt8])
        case nothing
        case end
    }

    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether it understands sequences that move the cursor.
    static var canMoveCursor: Bool {
        isTerminal && !["", "dumb"].contains(variable("TERM") ?? "")
    }

    /// Whether answers may have colours: a terminal, and nobody asked for none (NO_COLOR).
    static var hasColours: Bool { canMoveCursor && (variable("NO_COLOR") ?? "").isEmpty }

    /// Whether messages may have colours.
    static var hasErrorColours: Bool {
        isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(variable("TERM") ?? "")
            && (variable("NO_COLOR") ?? "").isEmpty
    }

    static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name]
    }

    /// The size of the terminal; 80 by 24 where there is none.
    static var size: Size {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return Size(columns: 80, rows: 24) }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// The width of the terminal that messages go to, nil where they go elsewhere.
    static var errorWidth: Int? {
        isatty(STDERR_FILENO) == 1 && isTerminal ? size.columns : nil
    }

    /// The width of the terminal in columns, nil where there is none.
    static var width: Int? { isTerminal ? size.columns : nil }

    /// How many rows of a terminal lines take, since long ones go on in the next row.
    static func rows(of lines: [String], in size: Size) -> Int {
        lines.reduce(0) { sum, line in
            let width = TextWidth.of(withoutColours(line))
            return sum + max(1, (width + size.columns - 1) / size.columns)
        }
    }

    /// A text whose lines are broken between words where the terminal is narrower.
    static func wrapped(_ text: String) -> String {
        width.map { TextWidth.wrapped(text, to: $0) } ?? text
    }

    /// Waits for input so long and returns what is there.
    static func readBytes(milliseconds: Int32) -> Input {
        var wanted = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        let count = poll(&wanted, 1, milliseconds)
        guard count > 0 else { return .nothing }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = read(STDIN_FILENO, &buffer, buffer.count)
        if length < 0 { return errno == EINTR || errno == EAGAIN ? .nothing : .end }
        return length == 0 ? .end : .bytes(Array(buffer[..<length]))
    }

    /// Writes bytes to standard output; ends the program when nobody reads them any more.
    static func write(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        fflush(nil)
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                Glibc.exit(errno == EPIPE ? 0 : ExitCode.failed)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes a text to standard output as it is.
    static func show(_ text: String) { write(Array(text.utf8)) }

    /// Writes a dim line to a terminal that has colours, a plain one to one that has not.
    static func showDim(_ text: String) {
        show([StyledText(wrapped(text), .dim)].painted(hasColours) + "\n")
    }

    /// Writes a line to standard error.
    static func fail(_ text: String, prefix: String = "pollux: ") {
        FileHandle.standardError.write(
            Data((prefix + text + (text.hasSuffix("\n") ? "" : "\n")).utf8))
    }

    /// The text without colour sequences.
    static func withoutColours(_ text: String) -> String {
        var result = ""
        var isInSequence = false
        for character in text {
            if character == "\u{1B}" {
                isInSequence = true
            } else if !isInSequence {
                result.append(character)
            } else if character.isLetter {
                isInSequence = false
            }
        }
        return result
    }
}
