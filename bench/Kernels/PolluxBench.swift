import BenchFrame
import Foundation
import PolluxCodec
import PolluxTestKit

/// `pollux-bench encode fast|dense [NAME]` shows how fast each reference column is encoded, or one
/// of them, or with `every` each, a few thousand times, or all of them in `turn`, for profiles;
/// `pollux-bench sums levels|walk [VALUES]` adds up one column fifty times, for profiles;
/// `pollux-bench export FOLDER` writes the columns for peers in other languages;
/// `pollux-bench codec [--peers FILE] [--results FOLDER] [--only sizes|speeds]` measures.
@main
struct PolluxBench {
    static func main() throws {
        guard let folder = Places.sensorData else {
            print("bench: the folder of sensor data is absent: set POLLUX_SENSOR_DATA")
            exit(1)
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("export", 2):
            let target = URL(fileURLWithPath: arguments[1])
            try Columns.export(try Columns.all(in: folder), to: target)
        case ("encode", 2...3):
            try encode(
                folder, arguments[1] == "dense" ? .dense : .fast,
                only: arguments.count == 3 ? arguments[2] : "")
        case ("sums", 2...3):
            try Scans.profile(
                arguments[1] == "walk" ? .walk : .levels,
                values: arguments.dropFirst(2).first.flatMap(Int.init))
        case ("codec", 1...):
            try measure(
                folder, option("--peers", arguments), option("--results", arguments),
                only: arguments.firstIndex(of: "--only").map { arguments[$0 + 1] })
        default:
            print("use: pollux-bench export FOLDER | codec [--peers FILE] [--results FOLDER]")
            exit(1)
        }
    }

    private static func encode(_ folder: URL, _ tier: EncodingTier, only name: String) throws {
        var table = Table(["column", "values", "Mv/s"])
        var (count, seconds) = (0, 0.0)
        var all: [[Double]] = []
        for column in try Columns.all(in: folder)
        where Columns.reference.contains(column.name)
            && (name == "every" || name == "turn" || column.name.hasSuffix(name))
        {
            let chunks = Columns.chunks(column.values)
            let time = Stopwatch.least(rounds: name.isEmpty ? 20 : name == "turn" ? 1 : 3000) {
                for chunk in chunks {
                    var bytes: [UInt8] = []
                    FloatColumn.encode(chunk, tier: tier, into: &bytes)
                    Stopwatch.keep(bytes)
                }
            }
            all += chunks
            let rate = Double(column.values.count) / time / 1e6
            table.add([column.name, "\(column.values.count)", text(rate, 1)])
            (count, seconds) = (count + column.values.count, seconds + time)
        }
        table.add(["together", "\(count)", text(Double(count) / seconds / 1e6, 1)])
        // One column after the other, as a server does: branches and caches know none of them.
        let time = Stopwatch.least(rounds: name.isEmpty ? 20 : 1000) {
            for chunk in all {
                var bytes: [UInt8] = []
                FloatColumn.encode(chunk, tier: tier, into: &bytes)
                Stopwatch.keep(bytes)
            }
        }
        table.add(["in turn", "\(count)", text(Double(count) / time / 1e6, 1)])
        print(table.markdown)
    }

    private static func option(_ name: String, _ arguments: [String]) -> URL? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
            return nil
        }
        return URL(fileURLWithPath: arguments[index + 1])
    }

    private static func measure(
        _ folder: URL, _ peersFile: URL?, _ results: URL?, only: String?
    ) throws {
        let peers = Peers(file: peersFile)
        var page = ResultsPage(name: "codec", title: "Columns: sizes and speeds")
        let columns = try Columns.all(in: folder)
        let reference = columns.filter { Columns.reference.contains($0.name) }
        var targets = Targets()
        var sections: [(String, String)] = []
        if only != "speeds" {
            let all = try Sizes(columns, peers)
            let few = try Sizes(reference, peers)
            targets.add(reference: few, all: all)
            sections.append(("Reference columns, means", few.means().markdown))
            sections.append(("All columns, means", all.means().markdown))
            sections.append(("Where a yardstick is smaller, all columns", all.losses().markdown))
            for tier in [Sizes.Codec.fast, .dense] {
                for yardstick in Sizes.Codec.yardsticks {
                    let worst = all.worst(of: tier, against: yardstick, limit: 10)
                    guard !worst.isEmpty else { continue }
                    let names = "\(yardstick.rawValue) is smaller than \(tier.rawValue)"
                    sections.append(("Where \(names)", worst.markdown))
                }
            }
            sections.append(
                ("Where pcodec is smaller most", all.worst(against: .pcodec, limit: 12).markdown))
            sections.append(("Reference columns", few.all().markdown))
            let (times, shared) = try Times.table(folder)
            targets.add(regular: shared.first.map { 10 * $0 }, jittered: shared.dropFirst().first)
            sections.append(("Times", times.markdown))
            sections.append(("Other kinds", Times.otherKinds().markdown))
        }
        if only != "sizes" {
            let chunks = reference.flatMap { Columns.chunks($0.values) }
            let scans = try Scans(real: chunks)
            targets.add(scans)
            sections.append(("Speeds", scans.table(peers).markdown))
        }
        page.add("Targets", "\(targets.markdown)\n\(targets.missCount) missed.\n")
        for (heading, body) in sections { page.add(heading, body) }
        var remarks = peers.remarks
        if !CPUFeatures.isWide {
            remarks.append("raw sums in vectors of 256 bits: this processor has no AVX-512")
        }
        if !remarks.isEmpty {
            page.add("Remarks", remarks.map { "- \($0)\n" }.joined())
        }
        try page.write(to: results ?? FileManager.default.temporaryDirectory)
    }
}
