import BenchFrame
import Foundation
import PolluxCodec
import PolluxTestKit

/// Bytes of the measured columns, ours beside the peers'.
struct Sizes {
    /// What is compared, in the order of the table.
    enum Codec: String, CaseIterable {
        case fast, dense, pcodec
        case alp = "ALP"
        case zstd = "zstd 3"
        case chimp = "Chimp128"
        case gorilla = "Gorilla"

        /// Those that no column may exceed.
        static let yardsticks: [Codec] = [.gorilla, .chimp, .zstd, .alp]
    }

    /// One column's figures.
    struct Row {
        var name: String
        var count: Int
        var byteCounts: [Codec: Int]
        var modes: String

        func bytesPerValue(_ codec: Codec) -> Double? {
            byteCounts[codec].map { Double($0) / Double(count) }
        }
    }

    let rows: [Row]

    init(_ columns: [SensorColumn], _ peers: Peers) throws {
        rows = try columns.map { try Self.row($0, peers) }
    }

    private static func row(_ column: SensorColumn, _ peers: Peers) throws -> Row {
        var counts: [Codec: Int] = [:]
        var modes: [String: Int] = [:]
        for chunk in Columns.chunks(column.values) {
            for (codec, tier) in [(Codec.fast, EncodingTier.fast), (.dense, .dense)] {
                var bytes: [UInt8] = []
                FloatColumn.encode(chunk, tier: tier, into: &bytes)
                try check(bytes, chunk, column.name)
                counts[codec, default: 0] += bytes.count
                if tier == .dense {
                    let description = try bytes.withUnsafeBytes { try FloatColumn.describe($0) }
                    let names = description.modes.map(\.name).joined(separator: ", ")
                    modes[names, default: 0] += 1
                }
            }
            // Every yardstick needs a mode and a count as well, so it gets our header.
            let header = chunk.count < 128 ? 2 : 3
            for (codec, mode) in [
                (Codec.zstd, ColumnEncoding.floatZstd), (.gorilla, .floatGorilla),
            ] {
                let bytes = FloatColumn.encode(chunk, as: mode, tier: .dense) ?? []
                counts[codec, default: 0] += bytes.count
            }
            counts[.chimp, default: 0] += Chimp.byteCount(chunk) + header
            counts[.alp, default: 0] += ALP.byteCount(chunk) + header
        }
        counts[.pcodec] = peers.sizes["pcodec"]?[column.name]
        let common = modes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
        return Row(
            name: column.name, count: column.values.count, byteCounts: counts, modes: common)
    }

    private static func check(_ bytes: [UInt8], _ values: [Double], _ name: String) throws {
        var decoded: [Double] = []
        try bytes.withUnsafeBytes { try FloatColumn.decode($0, into: &decoded) }
        let isSame =
            decoded.count == values.count
            && zip(decoded, values).allSatisfy { $0.bitPattern == $1.bitPattern }
        guard isSame else { throw BenchError.notTheSame(name) }
    }

    /// Mean bytes a value over the columns; nil where the peer is absent.
    func mean(_ codec: Codec) -> Double? {
        let all = rows.compactMap { $0.bytesPerValue(codec) }
        return all.count == rows.count && !all.isEmpty
            ? all.reduce(0, +) / Double(all.count) : nil
    }

    /// The mean of one as a multiple of the other's; nil where a peer is absent.
    func ratio(_ codec: Codec, _ other: Codec) -> Double? {
        guard let mine = mean(codec), let theirs = mean(other) else { return nil }
        return mine / theirs
    }

    /// On how many columns a tier takes more bytes than a yardstick.
    func lossCount(of tier: Codec, against yardstick: Codec) -> Int {
        rows.count { row in
            (row.byteCounts[tier] ?? 0) > (row.byteCounts[yardstick] ?? .max)
        }
    }

    /// The means, and how they compare with pcodec's.
    func means() -> Table {
        var table = Table(["mean of \(rows.count) columns", "bytes/value", "× pcodec", "× dense"])
        let dense = mean(.dense) ?? .nan
        let pcodec = mean(.pcodec) ?? .nan
        for codec in Codec.allCases {
            guard let mean = mean(codec) else {
                table.add([codec.rawValue, "absent"])
                continue
            }
            table.add([codec.rawValue, text(mean), text(mean / pcodec), text(mean / dense)])
        }
        return table
    }

    /// Every column.
    func all() -> Table {
        var table = Table(
            ["column (modes when dense)", "values"] + Codec.allCases.map(\.rawValue))
        for row in rows {
            let cells = Codec.allCases.map { row.bytesPerValue($0).map { text($0) } ?? "–" }
            table.add(["\(row.name) (\(row.modes))", "\(row.count)"] + cells)
        }
        return table
    }

    /// How often a tier takes more bytes than a yardstick.
    func losses() -> Table {
        var table = Table(
            ["larger than", "fast: columns", "worst ratio", "dense: columns", "worst ratio"])
        for yardstick in Codec.yardsticks + [.pcodec] {
            var cells: [String] = []
            for tier in [Codec.fast, .dense] {
                let ratios = rows.compactMap { row in
                    row.byteCounts[yardstick].map {
                        Double(row.byteCounts[tier] ?? 0) / Double($0)
                    }
                }
                cells.append("\(ratios.filter { $0 > 1 }.count)")
                cells.append(text(ratios.max() ?? .nan))
            }
            table.add([yardstick.rawValue] + cells)
        }
        return table
    }

    /// The columns on which a tier loses most bytes a value against `yardstick`.
    func worst(of tier: Codec = .dense, against yardstick: Codec, limit: Int) -> Table {
        var table = Table(
            ["column", yardstick.rawValue, tier.rawValue, "ratio", "modes when dense"])
        let worse = rows.compactMap { row -> (Row, Double, Double)? in
            guard let theirs = row.bytesPerValue(yardstick), let ours = row.bytesPerValue(tier),
                ours > theirs
            else { return nil }
            return (row, theirs, ours)
        }
        for (row, theirs, ours) in worse.sorted(by: { $0.2 - $0.1 > $1.2 - $1.1 }).prefix(limit) {
            table.add([row.name, text(theirs), text(ours), text(ours / theirs), row.modes])
        }
        return table
    }
}

/// Why a run stops.
enum BenchError: Error {
    case notTheSame(String)
    case use(String)
}
