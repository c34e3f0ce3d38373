import Foundation
import PolluxKeyValue
import PolluxModel
import PolluxStore
import PolluxTestKit

/// `pollux-bench-store FOLDER GIB`: a data directory of a size, for `limits.py` to open.
///
/// 100 groups of ten series with random values, which no encoding makes smaller, so that the
/// directory has as many chunks as one of real readings has of eight times as many values.
@main
struct StoreBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let size = UInt64(arguments[2]), size > 0 else {
            print("usage: pollux-bench-store FOLDER GIB")
            exit(1)
        }
        let store = try Store(environment: Environment(directory: arguments[1]))
        defer { store.close() }
        let groups = try (1...100).map { try series(ofGroup: UInt32($0), store) }
        var seed = Seed(11)
        var second: Int64 = 1_767_225_600
        while store.statistics.fileByteCount < size << 30 {
            for group in groups {
                var batch = PointBatch()
                for row in Int64(0)..<10_000 {
                    let instant = Timestamp(nanoseconds: (second + row) * 1_000_000_000)
                    for series in group { batch.append(series, at: instant, number(&seed)) }
                }
                let written = batch
                try store.writeBlocking { try $0.append(written) }
            }
            second += 10_000
        }
        print("\(store.statistics.points) points in \(store.statistics.fileByteCount) bytes")
    }

    private static func number(_ seed: inout Seed) -> Double {
        Double(bitPattern: seed.next() >> 12 | 0x3FF0_0000_0000_0000)
    }

    private static func series(ofGroup number: UInt32, _ store: Store) throws -> [SeriesID] {
        try store.writeBlocking { transaction in
            try (UInt32(1)...10).map { measure in
                try transaction.ensureSeries(
                    asset: AssetID(rawValue: number), measure: MeasureID(rawValue: measure),
                    kind: .float, group: AssetID(rawValue: number))
            }
        }
    }
}
