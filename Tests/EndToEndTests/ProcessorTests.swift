import Foundation
import PolluxTestKit
import Testing

/// Processors that this machine is not, emulated: a clear message where instructions are missing, and
/// the same answers with vectors of 256 bits as with those of 512.
@Suite struct ProcessorTests {
    private static let emulator = Programs.find("qemu-x86_64-static")
    private static let reason: Comment = "qemu-x86_64-static is not installed"

    private static func pollux(
        on processor: String, _ arguments: [String]
    ) throws -> (Int32, String) {
        let emulator = try #require(emulator)
        let process = try RunningProcess(
            emulator, ["-cpu", processor, Programs.pollux.path] + arguments)
        return (process.wait(seconds: 300), process.output)
    }

    @Test(
        "a processor without AVX2 gets a message, not an illegal instruction",
        .enabled(if: emulator != nil, reason),
        arguments: ["Nehalem", "SandyBridge", "IvyBridge", "Opteron_G5"])
    func tooOld(_ processor: String) throws {
        for arguments in [["--version"], ["query", "assets"], ["serve"]] {
            let (code, output) = try Self.pollux(on: processor, arguments)
            #expect(code == 3, "\(output)")
            #expect(output.contains("this processor lacks AVX2, FMA or BMI2"), "\(output)")
        }
    }

    /// The emulator knows AVX2 but no AVX-512.
    @Test(
        "what is written and summed up without AVX-512 is the same to the last digit",
        .enabled(if: emulator != nil, reason))
    func withoutWideVectors() throws {
        let folder = try Places.makeTemporaryFolder("pollux-processor")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("history.lp")
        var random = Seed(3)
        var walk = 2000
        var lines = ""
        for row in 0..<4000 {
            walk += Int(random.next() % 41) - 20
            let level = Double(2000 + random.next() % 1000) / 100
            lines += "spindle,machine=M1 level=\(level),walk=\(Double(walk) / 100) "
            lines += "\(1_700_000_000 + row)000000000\n"
        }
        try Data(lines.utf8).write(to: file)
        let data = ["--data", folder.appendingPathComponent("data").path]
        for arguments in [["import", file.path] + data, ["compact"] + data] {
            let (code, output) = try Self.pollux(on: "max", arguments)
            #expect(code == 0, "\(output)")
        }
        let query =
            [
                "query",
                "mean level, mean walk, lowest walk, highest level of spindle "
                    + "between 2023-11-14T22:14:00Z and 2023-11-14T23:20:00Z every 30m",
                "--format", "csv",
            ] + data
        let here = try Plant.pollux(query)
        let there = try Self.pollux(on: "max", query)
        #expect(here.0 == 0 && here.1.split(separator: "\n").count >= 3, "\(here.1)")
        #expect(here == there)
    }
}
