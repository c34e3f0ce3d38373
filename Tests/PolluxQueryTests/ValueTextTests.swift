import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// The text of a value in listings is the standard library's, without zeros behind the point.
@Suite struct ValueTextTests {
    @Test func numbersAreAsShortAsTheyCanBe() {
        var random = Seed(5)
        for _ in 0..<20_000 {
            let decimals = Int(random.next() % 9)
            let scale = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8][decimals]
            let range = [1e-2, 1, 1e3, 1e6, 1e9, 1e12][Int(random.next() % 6)]
            let value = ((random.unit() - 0.5) * range * scale).rounded() / scale
            let isWhole = value == value.rounded()
            let expected = isWhole ? "\(Int64(value))" : "\(value)"
            #expect(PlantListing.text(of: .float(value)) == expected)
        }
        for value in [0.001, 0.000_999, 999_999_999.999_999, 1e-4, 1e-5, -0.5, 2.0 / 3, .infinity] {
            #expect(PlantListing.text(of: .float(value)) == "\(value)")
        }
        #expect(PlantListing.text(of: .float(1e300)) == "1e+300")
        #expect(PlantListing.text(of: .float(-0.0)) == "0")
    }
}
