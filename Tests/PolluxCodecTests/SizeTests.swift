import Foundation
import PolluxTestKit
import Testing

@testable import PolluxCodec

/// Bytes a value over measured columns, every header counted.
@Suite struct SizeTests {
    private static let chunkCount = 8192

    /// Bytes of a column in chunks, by mode.
    private struct Sizes {
        var fast = 0
        var dense = 0
        var gorilla = 0
        var modes: [String: Int] = [:]
    }

    private static func sizes(of values: [Double]) throws -> Sizes {
        var sizes = Sizes()
        var first = 0
        while first < values.count {
            let chunk = Array(values[first..<min(first + chunkCount, values.count)])
            var fast: [UInt8] = []
            FloatColumn.encode(chunk, tier: .fast, into: &fast)
            var dense: [UInt8] = []
            FloatColumn.encode(chunk, tier: .dense, into: &dense)
            let gorilla = chunk.withUnsafeBufferPointer {
                FloatEncoder($0, tier: .fast, sibling: nil, mayNest: false)
                    .bytes(as: .floatGorilla)
            }
            sizes.fast += fast.count
            sizes.dense += dense.count
            sizes.gorilla += try #require(gorilla).count
            let modes = try dense.withUnsafeBytes { try FloatColumn.describe($0) }.modes
            sizes.modes[modes.map(\.name).joined(separator: ", "), default: 0] += 1
            first += chunkCount
        }
        return sizes
    }

    private static func text(_ bytesPerValue: Double) -> String {
        String(format: "%8.3f", bytesPerValue)
    }

    @Test(
        "measured columns take at most 1.9 bytes a value when dense, and never more than Gorilla",
        .enabled(if: Places.sensorData != nil, "the folder of sensor data is absent"))
    func sensorColumns() throws {
        let isLong = ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] != nil
        let folder = try #require(Places.sensorData)
        let columns = try SensorColumn.all(
            in: folder, isLong: isLong, rowLimit: isLong ? .max - 1 : Self.chunkCount)
        var table = "    fast    dense  gorilla   values  column (modes when dense)\n"
        var sums = (fast: 0.0, dense: 0.0, gorilla: 0.0)
        var bytes = (fast: 0, dense: 0, gorilla: 0, values: 0)
        for column in columns {
            let sizes = try Self.sizes(of: column.values)
            let count = Double(column.values.count)
            let row = [sizes.fast, sizes.dense, sizes.gorilla].map { Double($0) / count }
            table += row.map(Self.text).joined(separator: " ")
            table += " \(column.values.count) \(column.name) (\(sizes.modes.keys.sorted()))\n"
            sums.fast += row[0]
            sums.dense += row[1]
            sums.gorilla += row[2]
            bytes.fast += sizes.fast
            bytes.dense += sizes.dense
            bytes.gorilla += sizes.gorilla
            bytes.values += column.values.count
            #expect(sizes.dense <= sizes.gorilla, "\(column.name), dense")
            // The fast tier gives away a tenth for modes that decode five times as fast, and does
            // not try Gorilla on every short column.
            #expect(10 * sizes.fast <= 11 * (sizes.gorilla + 64), "\(column.name), fast")
        }
        let columnCount = Double(columns.count)
        let values = Double(bytes.values)
        table += [sums.fast, sums.dense, sums.gorilla].map { Self.text($0 / columnCount) }
            .joined(separator: " ")
        table += " mean of \(columns.count) columns\n"
        table += [bytes.fast, bytes.dense, bytes.gorilla].map { Self.text(Double($0) / values) }
            .joined(separator: " ")
        table += " mean of \(bytes.values) values\n"
        print(table)
        #expect(sums.dense / columnCount <= 1.9)
    }
}
