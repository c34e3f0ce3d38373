import PolluxTestKit
import Testing

@testable import PolluxModel

@Suite struct UnitTests {
    private func unit(_ text: String) throws -> Unit { try #require(Unit.parse(text)) }

    @Test(arguments: [
        ("mm/s", "m/min", 1.0, 0.06), ("kW", "W", 1, 1000), ("kWh", "MJ", 1, 3.6),
        ("°C", "°F", 100, 212), ("°F", "°C", 32, 0), ("°C", "K", 20, 293.15),
        ("rpm", "Hz", 60, 1), ("Hz", "rpm", 50, 3000), ("%", "1", 50, 0.5), ("bar", "kPa", 1, 100),
        ("µm", "mm", 1000, 1), ("g", "m/s²", 1, 9.80665), ("1/h", "1/min", 60, 1),
        ("N·m", "kN·m", 1000, 1), ("g/s", "kg/h", 1, 3.6), ("km/h", "m/s", 36, 10),
        ("mm/min", "m/min", 1000, 1), ("l/min", "m³/h", 1000, 60),
        ("rad/s", "rpm", 1, 30 / Double.pi),
    ])
    func converts(from: String, to: String, value: Double, expected: Double) throws {
        let conversion = try #require(try unit(from).conversion(to: unit(to)))
        #expect(abs(conversion(value) - expected) <= 1e-12 * max(1, abs(expected)))
    }

    @Test func differentDimensionsDoNotConvert() throws {
        #expect(try unit("mm/s").conversion(to: unit("°C")) == nil)
        #expect(try unit("kW").conversion(to: unit("kWh")) == nil)
        #expect(try unit("dB").conversion(to: .one) == nil)
        #expect(try unit("mm/rev").conversion(to: unit("mm")) == nil)
    }

    @Test func everyPairOfUsualSymbolsRoundTrips() throws {
        for left in Unit.usualSymbols {
            let from = try unit(left)
            #expect(from.symbol == left, "shown as written")
            for right in Unit.usualSymbols {
                let to = try unit(right)
                guard let there = from.conversion(to: to) else { continue }
                let back = try #require(to.conversion(to: from))
                for value in [-40.0, 0, 0.1, 1, 273.15, 8000] {
                    let again = back(there(value))
                    #expect(abs(again - value) <= 1e-9 * max(1, abs(value)), "\(left) \(right)")
                }
            }
        }
    }

    @Test func arithmeticCarriesUnits() throws {
        #expect(try unit("kW").multiplied(by: .hour).symbol == "kWh")
        #expect(try unit("kW").divided(by: unit("rpm")).symbol == "kW/rpm")
        #expect(
            try unit("mm/rev").multiplied(by: unit("rpm")).conversion(to: unit("mm/min")) != nil)
        #expect(try unit("mm/s").divided(by: unit("mm/s")) == .one)
        #expect(try unit("N·m").multiplied(by: unit("rpm")).conversion(to: unit("kW")) != nil)
        #expect(try unit("°C").difference.symbol == "K")
        #expect(try unit("m²").squareRoot?.symbol == "m")
        #expect(try unit("m").squareRoot == nil)
    }

    @Test(arguments: [
        ("C16", "mm/s"), ("4403510", "mm/s"), ("MILLIMETER/SECOND", "mm/s"),
        ("degreeCelsius", "°C"), ("CEL", "°C"), ("4408652", "°C"), ("kilowattHour", "kWh"),
        ("micrometre", "µm"), ("2X", "m/min"), ("H81", "mm/min"), ("REVOLUTION/MINUTE", "rpm"),
        ("K40", "g"), ("Nm", "N·m"), ("degC", "°C"), ("um", "µm"), ("m/s^2", "m/s²"),
        ("kilogramPerCubicMetre", "kg/m³"), ("5394509", "rpm"), ("m/s2", "m/s²"),
    ])
    func knowsNamesOfOtherStandards(name: String, symbol: String) {
        #expect(Unit.lookup(name)?.symbol == symbol)
    }

    @Test func everyListedNameResolves() {
        for table in [UnitNames.cefact, UnitNames.mtconnect, UnitNames.dtdl, UnitNames.words] {
            for (name, symbol) in table {
                #expect(Unit.parse(symbol) != nil, "\(name) \(symbol)")
                #expect(Unit.lookup(name) != nil, "\(name)")
            }
        }
    }

    @Test func unknownUnitsGetNearNames() {
        #expect(Unit.parse("furlong/s") == nil)
        #expect(Unit.nearNames("KW").first == "kW")
        #expect(Unit.nearNames("mms").contains("mm/s"))
        #expect(Unit.parse("") == .one)
        #expect(Unit.parse("m//s") == nil)
        #expect(Unit.parse("m^99999999999999999999") == nil)
        #expect(Unit.parse("m9") == nil)
    }

    @Test func hostileTextIsNoUnit() {
        var seed = Seed(4711)
        let letters = Array("mskgWhAKNVCFPab°%µΩ²³·^/-*.1 239")
        for _ in 0..<5000 {
            let length = Int(seed.next() % 12)
            let text = String(
                (0..<length).map { _ in letters[Int(seed.next() % UInt64(letters.count))] })
            guard let unit = Unit.parse(text) else { continue }
            #expect(unit.scale > 0, "seed 4711: \(text)")
        }
    }
}
