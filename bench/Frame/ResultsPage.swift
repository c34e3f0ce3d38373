public import Foundation

/// A page of results: what was measured, when and on what machine.
///
/// A workload adds sections and writes the page once (bench/results/README.md).
public struct ResultsPage {
    private let name: String
    private let date: String
    private var body: String

    /// A page named after the workload; it starts with the facts of the machine.
    public init(name: String, title: String) {
        self.name = name
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd"
        date = formatter.string(from: Date())
        body = "# \(title)\n\n\(date). \(Self.machine())\n"
    }

    /// Adds a section.
    public mutating func add(_ heading: String, _ text: String) {
        body += "\n## \(heading)\n\n\(text)"
        if !text.hasSuffix("\n") { body += "\n" }
    }

    /// Writes the page into `folder` as `DATE-NAME.md`, prints it and returns its place.
    @discardableResult
    public func write(to folder: URL) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("\(date)-\(name).md")
        try Data(body.utf8).write(to: file)
        print(body)
        return file
    }

    /// One sentence: processor, cores, memory, kernel, load.
    private static func machine() -> String {
        func contents(_ path: String) -> String {
            (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        }
        func field(_ name: String, in text: String) -> String {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            return line?.split(separator: ":").last.map {
                $0.trimmingCharacters(in: .whitespaces)
            } ?? "unknown"
        }
        let processor = field("model name", in: contents("/proc/cpuinfo"))
        let memory = field("MemTotal", in: contents("/proc/meminfo"))
        let load = contents("/proc/loadavg").split(separator: " ").first.map(String.init) ?? "?"
        let kernel = contents("/proc/sys/kernel/osrelease")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return "\(processor), \(cores) cores, memory \(memory), Linux \(kernel), "
            + "load \(load) at the start.\nTimes are processor time of one thread, least of "
            + "several runs; compare within a table only."
    }
}
