import Foundation
import PolluxTestKit
import Testing

/// Processors that this machine is not, emulated: a clear message where instructions are missing.
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
}
