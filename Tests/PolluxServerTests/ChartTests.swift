import PolluxModel
import PolluxQuery
import Testing

@testable import PolluxServer

@Suite struct ChartTests {
    private static let minute: Int64 = 60_000_000_000

    /// Values at whole minutes, drawn in 24 characters; nil is a missing cell.
    private func lines(_ values: [(Int64, Double?)], _ curve: ResultCurve?) -> [String] {
        let result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "time", kind: .timestamp,
                    cells: ResultCells(.integers(values.map { $0.0 * ChartTests.minute }))),
                ResultColumn(
                    name: "power", kind: .float,
                    cells: ResultCells(
                        .floats(values.map { $0.1 ?? 0 }), missing: values.map { $0.1 == nil }),
                    curve: curve),
            ])
        var options = ResultFormatOptions()
        options.width = 24
        let text = String(
            decoding: ResultFormat.chart.bytes(of: result, options: options), as: UTF8.self)
        return text.split(separator: "\n").dropFirst().prefix(6).map(String.init)
    }

    @Test("a step holds its value up to the next one; a line joins neighbours")
    func steps() {
        let values: [(Int64, Double?)] = [(0, 0), (10, 1), (20, 0)]
        #expect(
            lines(values, ResultCurve(shape: .step, gap: ResultCurve.Gap.none)) == [
                "  1 ┤         ⢸⠉⠉⠉⠉⠉⠉⠉⠉⢹",
                "    │         ⢸        ⢸",
                "    │         ⢸        ⢸",
                "0.5 ┤         ⢸        ⢸",
                "    │         ⢸        ⢸",
                "  0 ┤ ⣀⣀⣀⣀⣀⣀⣀⣀⣸        ⢸",
            ])
        let sloped = lines(values, ResultCurve(shape: .linear, gap: ResultCurve.Gap.none))
        #expect(sloped == lines(values, nil))
        #expect(!sloped.joined().contains("⠉⠉⠉⠉"))
    }

    @Test("a gap is left blank, and so is a hole that a row tells of")
    func holes() {
        let values: [(Int64, Double?)] = [(0, 0), (10, 0), (30, 0), (40, 0)]
        let gap = 10 * ChartTests.minute
        let blank = "0 ┤ ⠉⠉⠉⠉⠉         ⠈⠉⠉⠉⠉⠉"
        let held = "0 ┤ ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉    ⠈⠉⠉⠉⠉⠉"
        let joined = "0 ┤ ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉"
        func drawn(_ curve: ResultCurve?, _ values: [(Int64, Double?)]) -> String? {
            lines(values, curve).first
        }
        #expect(drawn(ResultCurve(shape: .linear, gap: .length(gap)), values) == blank)
        #expect(drawn(ResultCurve(shape: .linear, gap: .length(2 * gap)), values) == joined)
        #expect(drawn(ResultCurve(shape: .step, gap: .length(gap)), values) == held)
        #expect(
            drawn(
                ResultCurve(
                    shape: .step, gap: .length(gap), holes: [.init(row: 1, held: 0)]), values)
                == blank)
        #expect(
            drawn(ResultCurve(shape: .linear, gap: .length(gap), holes: []), values) == joined)
    }

    @Test("an empty cell is a hole among slices, and a row of another column among samples")
    func emptyCells() {
        let values: [(Int64, Double?)] = [(0, 0), (10, 0), (20, nil), (30, 0), (40, 0)]
        let slices = lines(values, ResultCurve(shape: .linear)).first
        let samples = lines(values, ResultCurve(shape: .linear, gap: ResultCurve.Gap.none)).first
        #expect(slices == "0 ┤ ⠉⠉⠉⠉⠉         ⠈⠉⠉⠉⠉⠉")
        #expect(samples == "0 ┤ ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉")
    }

    @Test("JSON says how a curve runs")
    func json() {
        let result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(
                    name: "power", kind: .float, unit: "kW", cells: ResultCells(.floats([1])),
                    curve: ResultCurve(
                        shape: .step, gap: .length(15 * ChartTests.minute),
                        holes: [.init(row: 0, held: ChartTests.minute)]))
            ])
        let text = String(decoding: ResultFormat.json.bytes(of: result), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"columns":[{"name":"power","type":"float","unit":"kW","shape":"step","#
                    + #""gap":"15m","holes":[{"row":0,"held":"1m"}]}]"#))
    }
}
