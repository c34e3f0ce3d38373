import PolluxGraph
import PolluxLanguage
import PolluxModel
import PolluxStore
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// Remaining life where an automatic changer brings tools and takes them away again, and where the
/// machine says itself how much life a tool has left.
@Suite struct HeadsToolChangerTests {
    private func text(_ column: String, _ result: QueryResult) -> String {
        guard case .text(let text) = result.cells(column).first else { return "" }
        return text
    }

    /// A machine that always cuts, with two tools that change places every ten minutes.
    ///
    /// `life` minutes of cut make a tool of the first kind worn: a new one takes its name's place.
    private func changer(minutes: Int, life: Int) throws -> HeadsFixture {
        let fixture = try HeadsFixture()
        _ = try fixture.part("tool", "")
        try fixture.write(fixture.machine, "cutting", [(0, .boolean(true))])
        let parts = (0...(minutes / 5)).map { (Double($0) * 5, Value.integer(Int64($0))) }
        try fixture.write(fixture.machine, "parts", parts)
        var cut = 0
        var drill = 0
        for minute in stride(from: 0, to: minutes, by: 10) {
            if minute % 20 == 0 {
                if cut >= life {
                    cut = 0
                    drill += 1
                }
                try fixture.mount("D-\(drill)", kind: "drill", at: Double(minute))
                cut += 10
            } else {
                try fixture.mount("M-0", kind: "mill", at: Double(minute))
            }
            if minute > 0 { try fixture.record("tool-change", at: Double(minute)) }
        }
        return fixture
    }

    @Test func aToolThatComesBackGoesOnAgeing() throws {
        let fixture = try changer(minutes: 400, life: 50)
        // Drills of 50 minutes each: the fourth one came at 300 and cut 10 of every 20 minutes.
        let result = try fixture.remainingLife(at: 345)
        #expect(result.cells("asset") == [.text("D-3")])
        #expect(result.numbers("used") == [25])
        #expect(abs(result.numbers("p50")[0] - 25) < 4)
        #expect(text("note", result).hasPrefix("3 past tools"))
        // The mill never wore out, and the drills' lives say nothing about it.
        let mill = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 355) }
        #expect(mill?.code == .tooLittleHistory)
    }

    @Test func minutesOnAnotherMachineCount() throws {
        let fixture = try changer(minutes: 400, life: 50)
        let other = try fixture.otherMachine("CNC-4")
        try fixture.write(other, "cutting", [(500, .boolean(true)), (508, .boolean(false))])
        try fixture.mount("D-3", kind: "drill", at: 500, on: other)
        try fixture.mount("D-3", kind: "drill", at: 520)
        // Five times ten minutes until 390, 8 on the other machine, then 2 here.
        let result = try fixture.remainingLife(at: 522)
        #expect(result.cells("asset") == [.text("D-3")])
        #expect(result.numbers("used") == [60])
    }

    @Test func theMachinesOwnLifeIsUsedWhereItStands() throws {
        let fixture = try changer(minutes: 400, life: 50)
        let drill = try fixture.item("D-3")
        try fixture.write(drill, "life-minutes", [(342, .float(52))], unit: "min")
        try fixture.set("life-minutes limit", .float(60), of: drill)
        let result = try fixture.remainingLife(at: 345)
        // 52 of 60 minutes at 342, and three minutes of cut since.
        for column in ["p10", "p50", "p90"] { #expect(result.numbers(column) == [5]) }
        #expect(result.numbers("used") == [55])
        #expect(text("method", result) == "reported")
        #expect(text("note", result).contains("life-minutes 52 of 60"))
        // Parts that count down: one part every five minutes.
        try fixture.write(drill, "life-parts", [(341, .integer(4))])
        try fixture.set("life-parts direction", .text("down"), of: drill)
        let parts = try fixture.remainingLife(at: 345.5, unit: "parts")
        // The minutes end first: 4.5 of them make less than the three parts.
        #expect(abs(parts.numbers("p50")[0] - 0.9) < 0.05)
        #expect(text("method", parts) == "reported")
    }

    @Test func partsAloneAreEnoughForAnAnswerInParts() throws {
        let fixture = try HeadsFixture()
        _ = try fixture.part("tool", "")
        let drill = try fixture.mount("D-0", kind: "drill", at: 0)
        try fixture.write(drill, "life-parts", [(1, .integer(40))])
        try fixture.set("life-parts direction", .text("down"), of: drill)
        let parts = try fixture.remainingLife(at: 5, unit: "parts")
        #expect(parts.numbers("p50") == [40])
        let minutes = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 5) }
        #expect(minutes?.message.contains("in parts") == true)
    }

    @Test func aLimitWithoutACountTakesTheMinutesFromThePlant() throws {
        let fixture = try changer(minutes: 400, life: 50)
        let drill = try fixture.item("D-3")
        try fixture.set("life-minutes limit", .float(60), of: drill)
        let result = try fixture.remainingLife(at: 345)
        #expect(result.numbers("p50") == [35])
        #expect(text("method", result) == "limit")
    }

    @Test func aLifeThatStartsAgainIsANewToolOfTheSameName() throws {
        let fixture = try HeadsFixture()
        _ = try fixture.part("tool", "")
        try fixture.write(fixture.machine, "cutting", [(0, .boolean(true))])
        let tool = try fixture.mount("CNC-3-T1", kind: "drill", at: 0)
        // Three tools of 40 minutes under one number; the count falls when the next is put in.
        let counts = (0..<13).map { (Double($0) * 10, Value.float(Double($0 % 4) * 10)) }
        try fixture.write(tool, "life-minutes", counts, unit: "min")
        let result = try fixture.remainingLife(at: 125)
        #expect(result.numbers("used") == [5])
        #expect(text("method", result) == "history")
        #expect(abs(result.numbers("p50")[0] - 35) < 4)
    }

    @Test func whatIsWornSaysSoItself() throws {
        let fixture = try changer(minutes: 200, life: 500)
        try fixture.mount("D-9", kind: "", at: 200)
        try fixture.mount("M-0", kind: "mill", at: 210)
        try fixture.mount("D-9", kind: "", at: 220)
        // Without a sign, a tool that went to the magazine may come back.
        let open = #expect(throws: QueryError.self) { try fixture.remainingLife(at: 225) }
        #expect(open?.message.contains("may come back") == true)
        let first = try fixture.item("D-0")
        try fixture.write(first, "status", [(205, .text("USED BROKEN"))])
        let result = try fixture.remainingLife(at: 225)
        #expect(result.numbers("used") == [15])
        #expect(text("note", result).hasPrefix("1 past tool"))
        // D-0 cut 100 minutes.
        #expect(abs(result.numbers("p50")[0] - 85) < 9)
    }

    /// Changers at random against a sum made by hand.
    @Test(arguments: [1, 2, 3, 4, 5, 6]) func atRandom(_ seed: UInt64) throws {
        var random = Seed(seed)
        let fixture = try HeadsFixture()
        _ = try fixture.part("tool", "")
        let other = try fixture.otherMachine("CNC-4")
        try fixture.write(fixture.machine, "cutting", [(0, .boolean(true))])
        try fixture.write(other, "cutting", [(0, .boolean(true))])
        var mounted: [AssetID: String] = [:]
        var used: [String: Double] = [:]
        var minute = 0.0
        for _ in 0..<40 {
            let machine = Bool.random(using: &random) ? fixture.machine : other
            let name = "T-\(Int.random(in: 0..<5, using: &random))"
            guard mounted[machine] != name else { continue }
            try fixture.mount(name, kind: "mill", at: minute, on: machine)
            for (place, held) in mounted where held == name { mounted[place] = nil }
            mounted[machine] = name
            let stay = Double(Int.random(in: 1...9, using: &random))
            for held in mounted.values { used[held, default: 0] += stay }
            minute += stay
        }
        let tool = try #require(mounted[fixture.machine] ?? mounted[other])
        let id = try fixture.item(tool)
        try fixture.set("life-minutes limit", .float(10_000), of: id)
        let now = HeadsFixture.at(minute)
        let snapshot = try fixture.store.snapshot()
        defer { snapshot.close() }
        let result = try RemainingLifeHead().rows(
            pieces: [PathPiece(subject: id, item: id, range: .always)], now: now, zone: .utc,
            unit: nil, snapshot: snapshot, graph: fixture.graph, cancellation: nil)
        #expect(result.numbers("used") == [used[tool] ?? 0], "seed \(seed)")
        #expect(result.numbers("p50") == [10_000 - (used[tool] ?? 0)], "seed \(seed)")
    }
}

extension HeadsFixture {
    /// Another machine of the plant, with a place for a tool.
    func otherMachine(_ name: String) throws -> AssetID {
        let (graph, by) = (graph, by)
        return try store.writeBlocking { transaction in
            let machine = try graph.createAsset(
                AssetDeclaration(type: "machine", name: name), by: by,
                in: transaction.transaction)
            _ = try graph.createAsset(
                AssetDeclaration(type: "tool", name: "", container: machine), by: by,
                in: transaction.transaction)
            return machine
        }
    }

    /// Puts a tool into a machine's place for tools; makes the tool on its first time.
    @discardableResult
    func mount(
        _ name: String, kind: String, at minute: Double, on machine: AssetID? = nil
    ) throws -> AssetID {
        let (graph, by) = (graph, by)
        let holder = machine ?? self.machine
        let known = known[name]
        let id = try store.writeBlocking { transaction in
            let id =
                try known
                ?? graph.createAsset(
                    AssetDeclaration(
                        type: "tool", name: name, attributes: [Attribute("tool-id", .text(kind))]),
                    by: by, in: transaction.transaction)
            try graph.move(
                id, to: holder, at: HeadsFixture.at(minute), by: by, in: transaction.transaction)
            return id
        }
        self.known[name] = id
        return id
    }

    func item(_ name: String) throws -> AssetID { try #require(known[name]) }

    func set(_ attribute: String, _ value: Value, of asset: AssetID) throws {
        let (graph, by) = (graph, by)
        try store.writeBlocking { transaction in
            try graph.setAttribute(
                attribute, of: asset, to: value, from: .distantPast, by: by,
                in: transaction.transaction)
        }
    }
}
