import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxIngest

@Suite("Topic rules")
struct TopicRulesTests {
    private func match(
        _ topic: String, _ namesMeasures: Bool = false, _ templates: [String] = []
    ) throws -> String? {
        try TopicRules(templates).match(topic, namesMeasures: namesMeasures).map {
            $0.measure.isEmpty ? $0.address.text : "\($0.measure) of \($0.address.text)"
        }
    }

    @Test("the built-in rule")
    func builtIn() throws {
        #expect(
            try match("factory/L2/CNC-3/spindle/vibration")
                == "vibration of spindle of machine CNC-3 of line L2 of site factory")
        #expect(
            try match("factory/L2/CNC-3/spindle", true)
                == "spindle of machine CNC-3 of line L2 of site factory")
        #expect(
            try match("factory/L2/CNC-3", true) == "machine CNC-3 of line L2 of site factory")
        #expect(
            try match("factory/L2/CNC-3/power")
                == "power of machine CNC-3 of line L2 of site factory")
        #expect(
            try match("/factory/L2/CNC-3/spindle/bearing/temperature")
                == "temperature of bearing of spindle of machine CNC-3 of line L2 of site factory")
        #expect(try match("factory/humidity") == "humidity of site factory")
        #expect(try match("power") == nil)
        #expect(try match("a//b") == nil)
        #expect(try match("") == nil)
        #expect(try match("a/b\u{1}/c") == nil)
    }

    @Test("rules of one's own, in order")
    func own() throws {
        let rules = [
            "plant/+/{machine}/{:type}/{measure}", "raw/{machine}/#",
            "{site=Nord}/{line=L9}/s7/{machine}/{measure}/{measure}",
        ]
        #expect(
            try match("plant/x/M1/pump/flow", false, rules) == "flow of pump of machine M1")
        #expect(try match("plant/x/M1/pump", true, rules) == "pump of machine M1")
        #expect(try match("plant/x/M1/pump", false, rules) == nil)
        #expect(try match("raw/M1/a/b", true, rules) == "machine M1")
        #expect(try match("raw/M1/a/b", false, rules) == nil)
        #expect(
            try match("s7/M4/axis/x", false, rules)
                == "axis/x of machine M4 of line L9 of site Nord")
        #expect(try match("other/M1/a", true, rules) == nil)
    }

    @Test(
        "faults are named with their place",
        arguments: [
            ("", 1), ("a/b", 1), ("{machine}/#/x", 11), ("{machine}//{measure}", 11),
            ("x{machine}", 2), ("{machine}/{:name}", 11), ("{machine}/{}", 11),
            ("{machine", 1), ("{ma chine}", 1), ("{machine=}", 1), ("{machine}/a+", 12),
        ])
    func faults(template: String, position: Int) {
        do throws(IngestError) {
            _ = try TopicRules([template])
            Issue.record("accepted \(template)")
        } catch {
            guard case .badRule(_, let place, let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(place == position, "\(reason)")
        }
    }

    @Test("any text is a rule or a fault, and matches without a crash")
    func fuzz() {
        var seed = Seed(5)
        let pieces = ["{machine}", "{:type}", "{measure}", "+", "#", "a", "/", "{", "}", "=", "é"]
        for _ in 0..<3000 {
            let text = (0..<Int(seed.next() % 8)).map { _ in
                pieces[Int(seed.next() % UInt64(pieces.count))]
            }.joined()
            guard let rules = try? TopicRules([text]) else { continue }
            _ = rules.match("a/b/c", namesMeasures: seed.next() % 2 == 0)
        }
    }
}
