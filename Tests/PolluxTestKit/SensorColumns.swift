public import Foundation

/// A measured column of a public data set.
public struct SensorColumn: Sendable {
    /// Folder, file and column.
    public var name: String
    /// The values in the order of rows; rows without one are left out.
    public var values: [Double]

    /// One file of each nature; `POLLUX_LONG_TESTS` adds the others.
    private static let files = [
        "skab/data/anomaly-free/anomaly-free.csv", "occupancy/datatraining.txt",
        "air_quality/AirQuality.csv", "cnc-michigan/experiment_17.csv",
        "metropt3/metropt3_first1000.csv", "cmapss/train_FD001.txt", "uniwear/uniwear.csv",
        "nab/data/realKnownCause/ambient_temperature_system_failure.csv",
        "nab/data/realAWSCloudwatch/ec2_network_in_5abac7.csv",
        "nab/data/realTraffic/occupancy_t4013.csv",
    ]

    /// Numbers of rows, labels and times: not measured by a sensor.
    private static let otherColumns: Set = [
        "", "Unnamed: 0", "timestamp", "anomaly", "changepoint", "Occupancy", "unit", "cycle",
        "tool_wear",
        "M1_sequence_number", "M1_CURRENT_PROGRAM_NUMBER",
    ]

    /// All measured columns that change and have 500 values, at most `rowLimit` rows of each.
    public static func all(in folder: URL, isLong: Bool, rowLimit: Int) throws -> [SensorColumn] {
        var files = files
        if isLong {
            let walk = FileManager.default.enumerator(atPath: folder.path)
            while let path = walk?.nextObject() as? String {
                let isTable =
                    path.hasSuffix(".csv") || path.hasPrefix("cmapss/t")
                    || path.hasPrefix("occupancy/data")
                // Made by a formula, not by a sensor.
                if isTable, !path.contains("artificial"), !files.contains(path) {
                    files.append(path)
                }
            }
        }
        return try files.sorted().flatMap { path in
            try columns(of: folder.appendingPathComponent(path), path, rowLimit: rowLimit)
        }
    }

    private static func columns(
        of file: URL, _ path: String, rowLimit: Int
    ) throws -> [SensorColumn] {
        let text = try String(contentsOf: file, encoding: .utf8)
        var lines = text.split(whereSeparator: \.isNewline)[...]
        guard let first = lines.first else { return [] }
        let separator: Character =
            first.contains(";") ? ";" : first.contains(",") ? "," : " "
        var names = first.split(separator: separator, omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        }
        if separator == " " {
            names = ["unit", "cycle"] + (2..<names.count).map { "\($0)" }
        } else {
            lines = lines.dropFirst()
            // Rows of some files begin with a number that the header does not name.
            let width = lines.first.map { $0.filter { $0 == separator }.count + 1 } ?? 0
            if width == names.count + 1 { names.insert("", at: 0) }
        }
        var columns = [[Double]](repeating: [], count: names.count)
        for line in lines.prefix(rowLimit) {
            let fields = line.split(separator: separator, omittingEmptySubsequences: false)
            for (index, field) in fields.enumerated() where index < columns.count {
                let decimal =
                    separator == ";" && field.contains(",")
                    ? field.replacingOccurrences(of: ",", with: ".") : String(field)
                if let value = Double(decimal) { columns[index].append(value) }
            }
        }
        return zip(names, columns).compactMap { name, values in
            // Columns that never change would only make the mean look better.
            let isMeasured =
                !otherColumns.contains(name) && values.count >= min(500, rowLimit)
                && values.contains { $0 != values[0] }
            return isMeasured ? SensorColumn(name: "\(path) \(name)", values: values) : nil
        }
    }
}
