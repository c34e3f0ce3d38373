import Foundation
import PolluxTestKit

/// The columns that are measured (bench/README.md says how they are chosen).
enum Columns {
    /// The size of a chunk, as in the design.
    static let chunkCount = 8192

    /// Every measured column with at least 500 values that is not the same as one before it.
    static func all(in folder: URL) throws -> [SensorColumn] {
        var seen: Set<[UInt64]> = []
        return try SensorColumn.all(in: folder, isLong: true, rowLimit: .max - 1).filter {
            seen.insert($0.values.map(\.bitPattern)).inserted
        }
    }

    /// Columns of every nature, few enough to look at one by one.
    static let reference: Set<String> = [
        "skab/data/anomaly-free/anomaly-free.csv Accelerometer1RMS",
        "skab/data/anomaly-free/anomaly-free.csv Accelerometer2RMS",
        "skab/data/anomaly-free/anomaly-free.csv Current",
        "skab/data/anomaly-free/anomaly-free.csv Pressure",
        "skab/data/anomaly-free/anomaly-free.csv Temperature",
        "skab/data/anomaly-free/anomaly-free.csv Thermocouple",
        "skab/data/anomaly-free/anomaly-free.csv Voltage",
        "occupancy/datatraining.txt Temperature", "occupancy/datatraining.txt Humidity",
        "occupancy/datatraining.txt Light", "occupancy/datatraining.txt CO2",
        "occupancy/datatraining.txt HumidityRatio",
        "air_quality/AirQuality.csv CO(GT)", "air_quality/AirQuality.csv PT08.S1(CO)",
        "air_quality/AirQuality.csv NOx(GT)", "air_quality/AirQuality.csv T",
        "air_quality/AirQuality.csv AH",
        "metropt3/metropt3_first1000.csv TP2", "metropt3/metropt3_first1000.csv H1",
        "metropt3/metropt3_first1000.csv Oil_temperature",
        "metropt3/metropt3_first1000.csv Motor_current",
        "cnc-michigan/experiment_17.csv X1_ActualPosition",
        "cnc-michigan/experiment_17.csv X1_ActualVelocity",
        "cnc-michigan/experiment_17.csv X1_OutputPower",
        "cnc-michigan/experiment_17.csv S1_CurrentFeedback",
        "cmapss/train_FD001.txt 6", "cmapss/train_FD001.txt 13",
        "uniwear/uniwear.csv force_z", "uniwear/uniwear.csv vibration_x",
        "nab/data/realKnownCause/ambient_temperature_system_failure.csv value",
        "nab/data/realAWSCloudwatch/ec2_network_in_5abac7.csv value",
        "nab/data/realTraffic/occupancy_t4013.csv value",
        "nab/data/realTweets/Twitter_volume_AAPL.csv value",
    ]

    /// The chunks of a column.
    static func chunks(_ values: [Double]) -> [[Double]] {
        stride(from: 0, to: values.count, by: chunkCount).map {
            Array(values[$0..<min($0 + chunkCount, values.count)])
        }
    }

    /// Writes the columns as raw doubles for peers in other languages, with a list of them.
    static func export(_ columns: [SensorColumn], to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var list = ""
        for (index, column) in columns.enumerated() {
            let file = folder.appendingPathComponent("\(index).f64")
            try column.values.withUnsafeBytes { Data($0) }.write(to: file)
            let kind = reference.contains(column.name) ? "reference" : "other"
            list += "\(index).f64\t\(kind)\t\(column.name)\n"
        }
        try Data(list.utf8).write(to: folder.appendingPathComponent("columns.tsv"))
    }
}
