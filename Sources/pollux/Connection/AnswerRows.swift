import Foundation
import PolluxModel
import PolluxQuery

/// Reads the rows of an answer straight into columns: as a tree of objects, cells would take ten
/// times as long, and reading could not be given up.
struct AnswerRows {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private let kinds: [ResultColumn.Kind]

    /// The cells of one column so far.
    private struct Column {
        let kind: ResultColumn.Kind
        var integers: [Int64] = []
        var floats: [Double] = []
        var booleans: [Bool] = []
        var texts: [String?] = []
        var missing: [Bool] = []
        /// Where the last text stood: the next one is often the same.
        var last = 0..<0

        var cells: ResultCells {
            switch kind {
            case .float: ResultCells(.floats(floats), missing: missing)
            case .integer, .timestamp, .duration: ResultCells(.integers(integers), missing: missing)
            case .boolean: ResultCells(.booleans(booleans), missing: missing)
            case .asset, .text, .note: ResultCells(texts: texts)
            }
        }
    }

    /// - Parameter bytes: what stands between the brackets of the rows.
    init(_ bytes: UnsafeBufferPointer<UInt8>, _ kinds: [ResultColumn.Kind]) {
        self.bytes = bytes
        self.kinds = kinds
    }

    /// An answer with its rows taken out, and where they stand: one range for each answer in it.
    static func split(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws -> (head: Data, rows: [Range<Int>]) {
        var scan = AnswerRows(bytes, [])
        var head = Data()
        var rows: [Range<Int>] = []
        var kept = 0
        while scan.place < bytes.count {
            guard bytes[scan.place] == UInt8(ascii: "\"") else {
                scan.place += 1
                continue
            }
            let name = try scan.string()
            guard bytes[name].elementsEqual("rows".utf8), scan.skip(":"), scan.skip("[") else {
                continue
            }
            let start = scan.place
            var depth = 1
            while depth > 0 {
                switch scan.byte {
                case UInt8(ascii: "\""): _ = try scan.string()
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1; scan.place += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1; scan.place += 1
                case 0: throw AnswerReader.unreadable
                default: scan.place += 1
                }
            }
            head.append(contentsOf: bytes[kept..<start])
            kept = scan.place - 1
            rows.append(start..<kept)
        }
        head.append(contentsOf: bytes[kept...])
        return (head, rows)
    }

    /// The columns; `isCancelled` is looked at now and then.
    mutating func read(_ isCancelled: () -> Bool) throws -> [ResultCells] {
        var columns = kinds.map { Column(kind: $0) }
        var count = 0
        while place < bytes.count {
            if count > 0 { try expect(",") }
            try expect("[")
            for index in columns.indices {
                if index > 0 { try expect(",") }
                try cell(&columns[index])
            }
            try expect("]")
            count += 1
            if count % 4096 == 0, isCancelled() {
                throw CommandFailure(ExitCode.interrupted, "cancelled")
            }
        }
        if isCancelled() { throw CommandFailure(ExitCode.interrupted, "cancelled") }
        return columns.map(\.cells)
    }

    private mutating func cell(_ column: inout Column) throws {
        let start = place
        var text: Range<Int>?
        if byte == UInt8(ascii: "\"") {
            text = try string()
        } else {
            while byte != UInt8(ascii: ","), byte != UInt8(ascii: "]"), byte != 0 { place += 1 }
            guard place > start else { throw AnswerReader.unreadable }
        }
        let word = UnsafeBufferPointer(rebasing: bytes[text ?? start..<place])
        let isNull = text == nil && word.first == UInt8(ascii: "n")
        var isMissing = isNull
        switch column.kind {
        case .float:
            let value = isNull || text != nil ? nil : AnswerRows.number(word)
            column.floats.append(value ?? 0)
            isMissing = value == nil
        case .integer, .timestamp:
            let value = isNull || text != nil ? nil : AnswerRows.integer(word)
            column.integers.append(value ?? 0)
            isMissing = value == nil
        case .boolean:
            column.booleans.append(word.first == UInt8(ascii: "t"))
        case .duration:
            let value = text.flatMap { AnswerReader.nanoseconds(words($0) ?? "") }
            column.integers.append(value ?? 0)
            isMissing = value == nil
        case .asset, .text, .note:
            if let text, !column.texts.isEmpty, bytes[text].elementsEqual(bytes[column.last]) {
                column.texts.append(column.texts[column.texts.count - 1])
            } else {
                column.texts.append(text.flatMap(words))
                column.last = text ?? 0..<0
            }
            return
        }
        column.missing.append(isMissing)
    }
}

// MARK: Words

extension AnswerRows {
    /// The byte at the place; 0 behind the end.
    private var byte: UInt8 { place < bytes.count ? bytes[place] : 0 }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard skip(character) else { throw AnswerReader.unreadable }
    }

    /// Goes behind a string; returns what stands between its quotes.
    private mutating func string() throws -> Range<Int> {
        place += 1
        let start = place
        while byte != UInt8(ascii: "\"") {
            guard byte != 0 else { throw AnswerReader.unreadable }
            place += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        place += 1
        return start..<place - 1
    }

    /// A string's text.
    private func words(_ range: Range<Int>) -> String? {
        guard bytes[range].contains(UInt8(ascii: "\\")) else {
            return String(decoding: bytes[range], as: UTF8.self)
        }
        let quoted = Data(bytes[range.lowerBound - 1...range.upperBound])
        let found = try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed)
        return found as? String
    }

    private static func integer(_ word: UnsafeBufferPointer<UInt8>) -> Int64? {
        Int64(String(decoding: word, as: UTF8.self)) ?? number(word).flatMap(Int64.init(exactly:))
    }

    /// A number of at most 15 digits is a whole one over a power of ten, which is exact; any other
    /// is left to the library.
    private static func number(_ word: UnsafeBufferPointer<UInt8>) -> Double? {
        var digits: Int64 = 0
        var count = 0
        var decimals: Int?
        for (index, byte) in word.enumerated() {
            if (48...57).contains(byte), count < 15 {
                digits = digits * 10 + Int64(byte - 48)
                count += 1
                if let known = decimals { decimals = known + 1 }
            } else if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
            } else if byte != UInt8(ascii: "-") || index > 0 {
                return Double(String(decoding: word, as: UTF8.self))
            }
        }
        guard count > 0 else { return nil }
        let value = Double(digits) / powers[decimals ?? 0]
        return word.first == UInt8(ascii: "-") ? -value : value
    }

    private static let powers: [Double] = (0...15).map { pow(10, Double($0)) }
}
