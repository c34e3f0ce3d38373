import Foundation
import PolluxTestKit
import Testing

/// The viewer in a real browser.
struct ViewerTests {
    private static let chromium = Programs.find("chromium") ?? Programs.find("chromium-browser")

    @Test(
        "what the page shows of ages, units, events, addresses, widths and a lost server",
        .enabled(
            if: ViewerTests.chromium != nil && PythonClient.python != nil,
            "chromium or python3 is not installed"))
    func page() throws {
        guard let chromium = ViewerTests.chromium, let python = PythonClient.python else { return }
        let script = Places.repository.appendingPathComponent("Tests/Viewer/viewer.py")
        let process = try RunningProcess(
            python, ["-B", script.path, Programs.pollux.path, chromium.path])
        #expect(process.wait(seconds: 400) == 0)
        #expect(process.output == "")
    }
}
