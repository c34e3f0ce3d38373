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

    @Test(
        "whole numbers and short decimals in other units are rounded once",
        arguments: [
            ("W", "kW", 9.0, 0.009), ("mbar", "bar", 700, 0.7), ("mbar", "bar", 1013, 1.013),
            ("°F", "°C", 32, 0), ("°F", "°C", 50, 10), ("°F", "°C", -40, -40),
            ("°F", "°C", 212, 100), ("°C", "°F", 0, 32), ("°C", "°F", 100, 212),
            ("°C", "°F", 37, 98.6), ("km/h", "m/s", 36, 10), ("inch", "mm", 3, 76.2),
            ("%", "1", 7, 0.07), ("kWh", "MJ", 7, 25.2), ("mm/s", "m/min", 7, 0.42),
        ])
    func convertsExactly(from: String, to: String, value: Double, expected: Double) throws {
        let conversion = try #require(try unit(from).conversion(to: unit(to)))
        #expect(conversion(value) == expected)
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
        #expect(Unit.parse(name)?.symbol == symbol)
    }

    @Test func everyListedNameResolves() {
        for table in [UnitNames.mtconnect, UnitNames.dtdl, UnitNames.words, UnitNames.ucum] {
            for (name, symbol) in table {
                #expect(Unit.symbolic(symbol, [:]) != nil, "\(name) \(symbol)")
                #expect(Unit.parse(name)?.symbol == Unit.parse(symbol)?.symbol, "\(name)")
            }
        }
        for (code, symbol) in UnitCodes.symbols {
            let unit = Unit.named(cefact: code)
            #expect(unit != nil && unit == Unit.symbolic(symbol, [:]), "\(code) \(symbol)")
            let number = UnitCodes.unitID(ofCode: code)
            #expect(Unit.named(opcUA: number) == unit, "\(code) \(number)")
        }
    }

    @Test func unknownUnitsGetNearNames() {
        #expect(Unit.parse("furlong/s") == nil)
        #expect(UnitCatalog.standard.nearNames("KW").first == "kW")
        #expect(UnitCatalog.standard.nearNames("mms").contains("mm/s"))
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

    /// The machining table of MTConnect names, UN/CEFACT codes and OPC UA numbers.
    @Test(arguments: [
        ("AMPERE", "AMP", 4_279_632), ("CELSIUS", "CEL", 4_408_652), ("DECIBEL", "2N", 12_878),
        ("DEGREE", "DD", 17_476), ("DEGREE/SECOND", "E96", 4_536_630), ("HERTZ", "HTZ", 4_740_186),
        ("JOULE", "JOU", 4_869_973), ("KILOGRAM", "KGM", 4_933_453), ("LITER", "LTR", 5_002_322),
        ("LITER/SECOND", "G51", 4_666_673), ("VOLT", "VLT", 5_655_636),
        ("MILLIMETER", "MMT", 5_066_068), ("MILLIMETER/SECOND", "C16", 4_403_510),
        ("MILLIMETER/SECOND^2", "M41", 5_059_633), ("NEWTON", "NEW", 5_129_559),
        ("NEWTON_METER", "NU", 20_053), ("OHM", "OHM", 5_195_853), ("PASCAL", "PAL", 5_259_596),
        ("PERCENT", "P1", 20_529), ("REVOLUTION/MINUTE", "RPM", 5_394_509),
        ("SECOND", "SEC", 5_457_219), ("WATT", "WTT", 5_723_220),
        ("MILLIMETER/MINUTE", "H81", 4_732_977), ("METER/MINUTE", "2X", 12_888),
        ("METER/SECOND", "MTS", 5_067_859), ("METER/SECOND^2", "MSK", 5_067_595),
        ("GRAVITATIONAL_ACCELERATION", "K40", 4_928_560), ("KILOWATT", "KWT", 4_937_556),
        ("BAR", "BAR", 4_342_098),
    ])
    func namesOfOneUnitMeet(name: String, code: String, number: Int) throws {
        let unit = try #require(Unit.parse(name))
        #expect(Unit.parse(code) == unit)
        #expect(Unit.parse("\(number)") == unit)
        #expect(unit.cefactCode == code)
        #expect(unit.opcUAUnitID == Int32(number))
    }

    @Test(arguments: [
        ("pound", "N", 4.4482216152605), ("massPound", "kg", 0.45359237),
        ("tonOfRefrigeration", "kW", 3.5168528420667),
        ("gallonPerMinute", "l/min", 3.785411784), ("mebibyte", "kB", 1048.576),
        ("secondOfArc", "degreeOfArc", 1.0 / 3600), ("footcandle", "lx", 10.763910416709722),
        ("centiPoise", "Pa·s", .nan), ("CENTIPOISE", "mPa·s", 1), ("cSt", "mm²/s", 1),
        ("{rev}/min", "1/min", 1), ("[degF]", "°F", 1), ("/min", "1/h", 60), ("mg/kg", "ppm", 1),
    ])
    func otherStandardsConvert(from: String, to: String, expected: Double) throws {
        guard !expected.isNaN else {
            #expect(Unit.parse(from) == nil)
            return
        }
        let conversion = try #require(try unit(from).conversion(to: unit(to)))
        #expect(abs(conversion(1) - expected) <= 1e-12 * max(1, abs(expected)))
    }

    /// Conversions between random products of units: there and back, by way of a third, and by the
    /// factors of the parts.
    @Test(arguments: [1, 2, 3] as [UInt64]) func conversionsCompose(_ number: UInt64) throws {
        var seed = Seed(number)
        let symbols = Unit.usualSymbols.filter { $0 != "g" && Unit.parse($0)?.isPoint == false }
        func pick() -> String { symbols[Int.random(in: 0..<symbols.count, using: &seed)] }
        func sibling(_ symbol: String) throws -> String {
            let siblings = try unit(symbol).siblings.filter { symbols.contains($0) }
            return siblings[Int.random(in: 0..<siblings.count, using: &seed)]
        }
        func isNear(_ left: Double, _ right: Double) -> Bool {
            abs(left - right) <= 1e-11 * max(abs(left), abs(right))
        }
        for _ in 0..<2000 {
            let (a, b) = (pick(), pick())
            let (a2, b2) = (try sibling(a), try sibling(b))
            let from = try unit(a).divided(by: unit(b))
            let to = try unit(a2).divided(by: unit(b2))
            let there = try #require(from.conversion(to: to), "\(a)/\(b) \(a2)/\(b2)")
            let back = try #require(to.conversion(to: from))
            #expect(isNear(back(there(7)), 7), "seed \(number): \(a)/\(b) \(a2)/\(b2)")
            let above = try #require(try unit(a).conversion(to: unit(a2)))
            let below = try #require(try unit(b).conversion(to: unit(b2)))
            #expect(isNear(there(1), above(1) / below(1)), "seed \(number): \(a)/\(b) \(a2)/\(b2)")
            let third = try unit(try sibling(a)).divided(by: unit(try sibling(b)))
            let first = try #require(from.conversion(to: third))
            let second = try #require(third.conversion(to: to))
            #expect(isNear(second(first(3)), there(3)))
            // What is shown reads back as the same unit, unless a product has a name of its own.
            if let again = Unit.parse(from.symbol), !from.symbol.contains("g/") {
                #expect(
                    again.conversion(to: from).map { isNear($0(1), 1) } == true, "\(from.symbol)")
            }
        }
    }

    /// Points on a scale: order is kept, differences convert as kelvin.
    @Test func temperaturesArePoints() throws {
        var seed = Seed(5)
        for _ in 0..<2000 {
            let low = Double.random(in: -200...2000, using: &seed)
            let high = low + Double.random(in: 0.01...500, using: &seed)
            for (from, to, scale) in [("°C", "°F", 1.8), ("°F", "°C", 1 / 1.8), ("°C", "K", 1)] {
                let conversion = try #require(try unit(from).conversion(to: unit(to)))
                let difference = conversion(high) - conversion(low)
                #expect(abs(difference - (high - low) * scale) <= 1e-9 * max(1, difference))
            }
        }
        #expect(try unit("°F").difference == .kelvin)
    }

    @Test func plantsDeclareUnits() throws {
        var units = UnitCatalog()
        try units.declare("pallet", as: 48, of: "")
        try units.declare("batch", as: 3, of: "pallet")
        try units.declare("Schicht", as: 8, of: "h")
        let perShift = try #require(units.unit("batch/Schicht"))
        #expect(perShift.symbol == "batch/Schicht")
        #expect(perShift.conversion(to: try #require(units.unit("pallet/h")))?(8) == 3)
        try units.declare("pallet", as: 48, of: "")
        #expect(units.declarations.map(\.symbol) == ["Schicht", "batch", "pallet"])
        #expect(throws: UnitCatalog.Refusal.taken("pallet", meaning: "48.0")) {
            try units.declare("pallet", as: 50, of: "")
        }
        #expect(throws: UnitCatalog.Refusal.taken("km", meaning: "km")) {
            try units.declare("km", as: 2, of: "m")
        }
        #expect(throws: UnitCatalog.Refusal.point("°C")) {
            try units.declare("hot", as: 2, of: "°C")
        }
        #expect(throws: UnitCatalog.Refusal.badSymbol("a-b")) {
            try units.declare("a-b", as: 2, of: "m")
        }
        #expect(throws: UnitCatalog.Refusal.badFactor(0)) {
            try units.declare("nil", as: 0, of: "m")
        }
        #expect(units.nearNames("palet") == ["pallet"])
        #expect(units.nearNames("MILIMETER").first == "MILLIMETER")
        #expect(Unit.parse("pallet") == nil)
    }
}
