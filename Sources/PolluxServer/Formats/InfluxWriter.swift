import NIOCore
import PolluxModel
import PolluxQuery

/// How an answer leaves at `/query`.
struct InfluxForm: Sendable {
    /// Nanoseconds in the unit in which instants are numbers; nil writes them as RFC 3339.
    var epoch: Int64?
    /// Whether the answer is CSV.
    var isCSV = false
    /// Rows in each object of a chunked answer; nil for one object.
    var chunkRowCount: Int?

    /// The media type of the bytes.
    var mediaType: String { isCSV ? "application/csv; charset=utf-8" : ContentType.json }
}

/// What one statement is answered with.
struct InfluxAnswer: Sendable {
    var series: [InfluxSeries] = []
    /// Sentences for the reader.
    var messages: [String] = []
    /// Why there is no answer.
    var error: String?
}

/// Writes answers as results of Influx 1, part by part.
struct InfluxWriter: AnswerWriter {
    private let answers: [InfluxAnswer]
    private let form: InfluxForm
    /// Where the next piece begins; at the end of the answers nothing is left.
    private var place = Place()
    /// The headings that stand above the last row of CSV.
    private var headings: [String] = []

    private struct Place: Sendable {
        var answer = 0
        var series = 0
        var row = 0
    }

    /// Rows that are written together.
    private struct Piece {
        var answer: Int
        var series: Int
        var rows: Range<Int>
        var isLastOfSeries: Bool
        var isLastOfAnswer: Bool
        var isFirstOfAnswer: Bool { series == 0 && rows.lowerBound == 0 }
    }

    /// Rows of a piece, unless chunks are asked for.
    private static let pieceRowCount = 1_024

    init(_ answers: [InfluxAnswer], form: InfluxForm) {
        self.answers = answers
        self.form = form
    }

    mutating func next(into buffer: inout ByteBuffer, byteCount: Int) -> Bool {
        guard place.answer < answers.count else { return false }
        var json = JSONBytes()
        while json.bytes.count < byteCount, let piece = nextPiece() {
            if form.isCSV {
                writeCSV(piece, to: &json.bytes)
            } else if form.chunkRowCount != nil {
                writeChunk(piece, to: &json)
            } else {
                write(piece, to: &json)
            }
        }
        buffer.writeBytes(json.bytes)
        return true
    }

    private mutating func nextPiece() -> Piece? {
        guard place.answer < answers.count else { return nil }
        let series = answers[place.answer].series
        let rowCount = place.series < series.count ? series[place.series].rowCount : 0
        let end = min(rowCount, place.row + (form.chunkRowCount ?? InfluxWriter.pieceRowCount))
        let isLastOfSeries = end == rowCount
        let piece = Piece(
            answer: place.answer, series: place.series, rows: place.row..<end,
            isLastOfSeries: isLastOfSeries,
            isLastOfAnswer: isLastOfSeries && place.series + 1 >= series.count)
        if piece.isLastOfAnswer {
            place = Place(answer: place.answer + 1)
        } else if isLastOfSeries {
            place = Place(answer: place.answer, series: place.series + 1)
        } else {
            place.row = end
        }
        return piece
    }

    // MARK: JSON

    private func write(_ piece: Piece, to json: inout JSONBytes) {
        let answer = answers[piece.answer]
        if piece.isFirstOfAnswer {
            if piece.answer == 0 { json.bytes += "{\"results\":[".utf8 }
            json.bytes += "\(piece.answer == 0 ? "" : ","){\"statement_id\":\(piece.answer)".utf8
            if !answer.series.isEmpty { json.bytes += ",\"series\":[".utf8 }
        }
        if piece.series < answer.series.count {
            let series = answer.series[piece.series]
            if piece.rows.lowerBound == 0 {
                if piece.series > 0 { json.bytes.append(UInt8(ascii: ",")) }
                head(of: series, to: &json)
            }
            rows(piece.rows, of: series, isContinued: piece.rows.lowerBound > 0, to: &json.bytes)
            if piece.isLastOfSeries { json.bytes += "]}".utf8 }
        }
        guard piece.isLastOfAnswer else { return }
        if !answer.series.isEmpty { json.bytes.append(UInt8(ascii: "]")) }
        tail(of: answer, to: &json.bytes)
        json.bytes += (piece.answer == answers.count - 1 ? "}]}" : "}").utf8
    }

    /// One object a line; all but the last say that they are not.
    private func writeChunk(_ piece: Piece, to json: inout JSONBytes) {
        let answer = answers[piece.answer]
        json.bytes += "{\"results\":[{\"statement_id\":\(piece.answer)".utf8
        if piece.series < answer.series.count {
            json.bytes += ",\"series\":[".utf8
            head(of: answer.series[piece.series], to: &json)
            rows(piece.rows, of: answer.series[piece.series], isContinued: false, to: &json.bytes)
            json.bytes += (piece.isLastOfSeries ? "]}]" : "],\"partial\":true}]").utf8
        }
        if piece.isLastOfAnswer {
            tail(of: answer, to: &json.bytes)
        } else {
            json.bytes += ",\"partial\":true".utf8
        }
        json.bytes += "}]}\n".utf8
    }

    /// `{"name":…,"tags":{…},"columns":[…],"values":[`, without what ends it.
    private func head(of series: InfluxSeries, to json: inout JSONBytes) {
        var head = JSONBytes()
        head.beginObject()
        if !series.name.isEmpty { head.member("name", series.name) }
        if !series.tags.isEmpty {
            head.name("tags")
            head.beginObject()
            for tag in series.tags { head.member(tag.name, tag.value) }
            head.endObject()
        }
        head.name("columns")
        head.beginArray()
        for heading in series.headings { head.string(heading) }
        head.endArray()
        head.name("values")
        json.bytes += head.bytes
        json.bytes.append(UInt8(ascii: "["))
    }

    private func rows(
        _ range: Range<Int>, of series: InfluxSeries, isContinued: Bool, to bytes: inout [UInt8]
    ) {
        for row in range {
            if isContinued || row > range.lowerBound { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "["))
            for index in series.columns.indices {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(series.cell(row, index), in: series.zone, isText: false, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }

    private func tail(of answer: InfluxAnswer, to bytes: inout [UInt8]) {
        if !answer.messages.isEmpty {
            var json = JSONBytes()
            json.beginArray()
            for message in answer.messages {
                json.beginObject()
                json.member("level", "info")
                json.member("text", message)
                json.endObject()
            }
            json.endArray()
            bytes += ",\"messages\":".utf8
            bytes += json.bytes
        }
        if let error = answer.error {
            bytes += ",\"error\":".utf8
            JSONValue.append(error, to: &bytes)
        }
    }

    // MARK: CSV

    private mutating func writeCSV(_ piece: Piece, to bytes: inout [UInt8]) {
        let answer = answers[piece.answer]
        if piece.isFirstOfAnswer {
            headings = []
            if piece.answer > 0 { bytes.append(10) }
            if let error = answer.error {
                bytes += "error\n".utf8
                CSVResult.appendText(error, to: &bytes)
                bytes.append(10)
            }
        }
        guard piece.series < answer.series.count else { return }
        let series = answer.series[piece.series]
        if series.headings != headings {
            if !headings.isEmpty { bytes.append(10) }
            headings = series.headings
            bytes += "name,tags".utf8
            for heading in headings {
                bytes.append(UInt8(ascii: ","))
                CSVResult.appendText(heading, to: &bytes)
            }
            bytes.append(10)
        }
        var start: [UInt8] = []
        if !series.name.isEmpty { CSVResult.appendText(series.name, to: &start) }
        start.append(UInt8(ascii: ","))
        let tags = series.tags.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        if !tags.isEmpty { CSVResult.appendText(tags, to: &start) }
        for row in piece.rows {
            bytes += start
            for index in series.columns.indices {
                bytes.append(UInt8(ascii: ","))
                append(series.cell(row, index), in: series.zone, isText: true, to: &bytes)
            }
            bytes.append(10)
        }
    }

    // MARK: Cells

    /// Appends a cell; in CSV a missing one is empty.
    private func append(
        _ cell: ResultCell, in zone: ZoneRules, isText: Bool, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        switch cell {
        case .missing: break
        case .timestamp(let instant):
            // CSV of Influx has numbers whatever is asked for.
            if let unit = form.epoch ?? (isText ? 1 : nil) {
                NumberText.append(floorDivide(instant.nanoseconds, unit).quotient, to: &bytes)
            } else {
                bytes.append(UInt8(ascii: "\""))
                instant.appendRFC3339(
                    offsetSeconds: zone.offsetSeconds(at: instant), to: &bytes)
                bytes.append(UInt8(ascii: "\""))
            }
        case .duration(let length): CellText.appendDecimal(length, decimals: 9, to: &bytes)
        case .float(let value): NumberText.append(value, to: &bytes)
        case .integer(let value): NumberText.append(value, to: &bytes)
        case .boolean(let flag): bytes += (flag ? "true" : "false").utf8
        case .text(let text):
            if isText {
                CSVResult.appendText(text, to: &bytes)
            } else {
                JSONValue.append(text, to: &bytes)
            }
        }
        if bytes.count == start, !isText { bytes += "null".utf8 }
    }
}

extension InfluxSeries {
    /// The cell of a row; behind a hole nothing is known.
    fileprivate func cell(_ row: Int, _ index: Int) -> ResultCell {
        guard let rows else { return columns[index].cell(row) }
        let cell = columns[index].cell(Int(rows[row].index))
        guard let length = rows[row].holeAfter else { return cell }
        guard index == 0, case .timestamp(let instant) = cell else { return .missing }
        return .timestamp(instant.advanced(by: length))
    }
}
