import BenchFrame
import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxModel

/// `pollux-bench-graph [--results FOLDER] [--machines N,N,…]`: paths in plants of growing size.
///
/// A line has 50 machines; a machine has a spindle place with one swap of its spindle and, in one
/// machine of the plant, a year of tool changes.
@main
struct GraphBench {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        func option(_ name: String) -> String? {
            guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
                return nil
            }
            return arguments[index + 1]
        }
        let results = option("--results").map { URL(fileURLWithPath: $0) }
        // Assets in all are about four a machine: place, two spindles, itself.
        let sizes =
            option("--machines")?.split(separator: ",").compactMap { Int($0) }
            ?? [250, 25_000, 250_000]
        var page = ResultsPage(name: "graph", title: "Paths in plants of growing size")
        var plants: [BenchPlant] = []
        for size in sizes { plants.append(try BenchPlant(machines: size)) }
        defer { for plant in plants { plant.remove() } }
        page.add("Plants", BenchPlant.table(plants).markdown)
        page.add("Resolving a path, µs", try timeTable(plants).markdown)
        try page.write(to: results ?? FileManager.default.temporaryDirectory)
    }

    private static func timeTable(_ plants: [BenchPlant]) throws -> BenchFrame.Table {
        let questions = BenchPlant.questions
        var table = BenchFrame.Table(
            ["path", "pieces"] + plants.map { "\($0.assetCount) assets" } + ["largest ÷ smallest"])
        for question in questions {
            var row = [question.text]
            var times: [Double] = []
            var pieces = 0
            for plant in plants {
                let (seconds, count) = try plant.time(question)
                times.append(seconds * 1e6)
                pieces = count
            }
            row.append("\(pieces)")
            row += times.map { text($0, 1) }
            row.append(text((times.last ?? 0) / max(times.first ?? 1, 1e-9), 2))
            table.add(row)
        }
        return table
    }
}

/// A question about one machine, line or item picked at random.
struct BenchQuestion: Sendable {
    var text: String
    var range: TimeRange
    /// The path for the machine of a number.
    var path: @Sendable (BenchPlant, Int) -> GraphPath
}

/// One plant in an environment of its own.
final class BenchPlant {
    static let machinesPerLine = 50
    static let toolChanges = 50_000
    static let start = Timestamp(seconds: 1_767_225_600)
    static let swap = start.advanced(by: 90 * 86_400_000_000_000)
    static let now = start.advanced(by: 360 * 86_400_000_000_000)

    let machines: Int
    let folder: URL
    let environment: Environment
    let graph: Graph
    private(set) var assetCount = 0
    private var seconds = 0.0
    private var types: [String: TypeID] = [:]

    init(machines: Int) throws {
        self.machines = machines
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("pollux-bench-graph-\(getpid())-\(machines)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var options = Environment.Options()
        options.mapByteCount = 1 << 34
        environment = try Environment(directory: folder.path, options: options)
        graph = try Graph(environment: environment)
        try build()
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    // MARK: Making

    private func build() throws {
        let clock = ContinuousClock()
        let began = clock.now
        var machine = 0
        while machine < machines {
            let end = min(machines, machine + 2000)
            let first = machine
            try environment.writeAny { transaction in
                for number in first..<end { try self.createMachine(number, in: transaction) }
            }
            machine = end
        }
        let (whole, fraction) = began.duration(to: clock.now).components
        seconds = Double(whole) + Double(fraction) * 1e-18
        try createTools()
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        assetCount = try graph.assetCount(in: transaction) - BenchPlant.toolChanges
        for type in try graph.types(in: transaction) { types[type.name] = type.id }
    }

    private let by = Provenance(recordedAt: BenchPlant.now, source: "bench")
    private var line: AssetID?

    private func createMachine(_ number: Int, in transaction: WriteTransaction) throws {
        if number % BenchPlant.machinesPerLine == 0 {
            line = try graph.createAsset(
                AssetDeclaration(type: "line", name: "L\(number / BenchPlant.machinesPerLine)"),
                by: by, in: transaction)
        }
        let machine = try graph.createAsset(
            AssetDeclaration(
                type: "machine", name: "CNC-\(number)", container: line, from: BenchPlant.start,
                attributes: [Attribute("model", .text("VMC-\(number % 9)"))]),
            by: by, in: transaction)
        for (suffix, instant) in [("a", BenchPlant.start), ("b", BenchPlant.swap)] {
            try graph.createAsset(
                AssetDeclaration(
                    type: "spindle", name: "SP-\(number)\(suffix)", container: machine,
                    from: instant), by: by, in: transaction)
        }
    }

    /// A tool change every ten minutes and a bit, in machine CNC-0.
    private func createTools() throws {
        try environment.writeAny { transaction in
            let machine = try self.graph.assets(named: "CNC-0", in: transaction).assets[0]
            for number in 0..<BenchPlant.toolChanges {
                try self.graph.createAsset(
                    AssetDeclaration(
                        type: "tool", name: "T-\(number)", container: machine.id,
                        from: BenchPlant.start.advanced(by: Int64(number) * 620_000_000_000)),
                    by: self.by, in: transaction)
            }
        }
    }

    static func table(_ plants: [BenchPlant]) -> BenchFrame.Table {
        var table = BenchFrame.Table(
            ["machines", "assets", "created a second", "bytes an asset", "file, MB", "memory, MB"])
        for plant in plants {
            let file = plant.folder.appendingPathComponent("data.mdb").path
            let attributes = try? FileManager.default.attributesOfItem(atPath: file)
            let blocks =
                (try? Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped))?.count
            let bytes = (attributes?[.size] as? Int) ?? blocks ?? 0
            table.add([
                "\(plant.machines)", "\(plant.assetCount)",
                text(Double(plant.assetCount) / plant.seconds, 0),
                text(Double(bytes) / Double(plant.assetCount + toolChanges), 0),
                text(Double(bytes) / 1e6, 1), text(anonymousMegabytes(), 1),
            ])
        }
        return table
    }

    /// Memory of this process that no file backs, in MB.
    private static func anonymousMegabytes() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon") }
        let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        return (Double(kilobytes.map(String.init) ?? "") ?? 0) / 1000
    }

    // MARK: Asking

    private func type(_ name: String) -> TypeID { types[name] ?? TypeID(rawValue: 0) }

    private func path(_ steps: [(String, String?, Bool)], _ links: [PathLink]) -> GraphPath {
        GraphPath(
            steps: steps.map { type, name, isEvery in
                PathStep(
                    type: self.type(type), names: name.map { .named([$0]) } ?? .any,
                    isEvery: isEvery)
            }, links: links)
    }

    static let questions: [BenchQuestion] = {
        let hour = TimeRange(start: now.advanced(by: -3_600_000_000_000), end: now)
        let past = TimeRange(
            start: start.advanced(by: 30 * 86_400_000_000_000),
            end: start.advanced(by: 30 * 86_400_000_000_000 + 3_600_000_000_000))
        let all = TimeRange(start: start, end: now)
        @Sendable func line(_ machine: Int) -> String { "L\(machine / machinesPerLine)" }
        return [
            BenchQuestion(text: "spindle of machine M, last hour", range: hour) {
                $0.path([("spindle", nil, false), ("machine", "CNC-\($1)", false)], [.of])
            },
            BenchQuestion(text: "the same, an hour 330 days ago", range: past) {
                $0.path([("spindle", nil, false), ("machine", "CNC-\($1)", false)], [.of])
            },
            BenchQuestion(text: "the same, 360 days with a swap", range: all) {
                $0.path([("spindle", nil, false), ("machine", "CNC-\($1)", false)], [.of])
            },
            BenchQuestion(text: "spindle SP-x, 360 days", range: all) {
                $0.path([("spindle", "SP-\($1)a", false)], [])
            },
            BenchQuestion(text: "machine M of line L, last hour", range: hour) {
                $0.path([("machine", "CNC-\($1)", false), ("line", line($1), false)], [.of])
            },
            BenchQuestion(text: "every machine of line L, last hour", range: hour) {
                $0.path([("machine", nil, true), ("line", line($1), false)], [.of])
            },
            BenchQuestion(text: "every spindle of line L, last hour", range: hour) {
                $0.path([("spindle", nil, true), ("line", line($1), false)], [.of])
            },
            BenchQuestion(text: "line above machine M, last hour", range: hour) {
                $0.path([("line", nil, false), ("machine", "CNC-\($1)", false)], [.above])
            },
            BenchQuestion(text: "every machine like CNC-n*, last hour", range: hour) {
                plant, number in
                GraphPath(
                    steps: [
                        PathStep(
                            type: plant.type("machine"), names: .like("CNC-\(number)"),
                            isEvery: true)
                    ], links: [])
            },
            BenchQuestion(
                text: "tool of a machine with 50,000 tool changes, last hour", range: hour,
                path: { plant, _ in
                    plant.path([("tool", nil, false), ("machine", "CNC-0", false)], [.of])
                }),
            BenchQuestion(
                text: "the same, an hour 330 days ago", range: past,
                path: { plant, _ in
                    plant.path([("tool", nil, false), ("machine", "CNC-0", false)], [.of])
                }),
        ]
    }()

    /// Processor seconds of one resolution, median of many, and its pieces.
    func time(_ question: BenchQuestion) throws -> (seconds: Double, pieces: Int) {
        var times: [Double] = []
        var pieces = 0
        var number = 7
        for round in 0..<400 {
            number = (number &* 7_919 &+ 104_729) % machines
            let path = question.path(self, number)
            let transaction = try environment.beginRead()
            defer { transaction.close() }
            let began = Stopwatch.seconds()
            let resolution = try graph.resolve(path, during: question.range, in: transaction)
            let took = Stopwatch.seconds() - began
            // The first ones bring pages in.
            if round >= 100 { times.append(took) }
            pieces = resolution.pieces.count
        }
        times.sort()
        return (times[times.count / 2], pieces)
    }
}
