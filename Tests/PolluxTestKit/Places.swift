public import Foundation

/// Where tests find things that are not code.
public enum Places {
    /// The root of the repository.
    public static let repository: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of real sensor data, or nil where it is absent; tests that need it skip.
    ///
    /// `POLLUX_SENSOR_DATA` names it; otherwise it is looked for beside the repository.
    public static let sensorData: URL? = {
        let environment = ProcessInfo.processInfo.environment
        let folder =
            environment["POLLUX_SENSOR_DATA"].map { URL(fileURLWithPath: $0) }
            ?? repository.deletingLastPathComponent().appendingPathComponent("shared/data")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    /// A new empty folder under the system's temporary folder; the caller removes it.
    public static func makeTemporaryFolder(_ name: String = "pollux-test") throws -> URL {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
