import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxQuery

/// Overlapping slices have the totals of the stretches that they are made of.
@Suite struct SliceAtomsTests {
    @Test("windows of all lengths, in order or not, with and without values that are kept")
    func totals() throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = Seed(seed)
            let keepsValues = seed.isMultiple(of: 2)
            var slices: [[TimeRange]] = []
            var start: Int64 = 0
            for _ in 0..<60 {
                start += Int64.random(in: 0..<4, using: &random)
                if Int.random(in: 0..<10, using: &random) == 0 {
                    start = Int64.random(in: 0..<30, using: &random)
                }
                let length = Int64.random(in: 1...40, using: &random)
                slices.append([
                    TimeRange(
                        start: Timestamp(seconds: start), end: Timestamp(seconds: start + length))
                ])
            }
            let atoms = SliceAtoms(slices)
            let parts = atoms.windows.map { window in
                var part = AggregateTotals()
                part.samples = SampleTotals()
                part.curve = CurveTotals()
                part.curve?.knownTime = window.end.nanoseconds(since: window.start)
                for second in window.start.nanoseconds / 1_000_000_000..<window.end.nanoseconds
                    / 1_000_000_000
                {
                    part.samples?.add(
                        Double((second * 7) % 23), at: second * 1_000_000_000,
                        keepsValues: keepsValues)
                }
                return part
            }
            var pauses = 0
            let merged = try atoms.merged(parts) { pauses += 1 }
            #expect(merged.count == slices.count)
            for (slice, found) in zip(slices, merged) {
                let from = slice[0].start.nanoseconds / 1_000_000_000
                let to = slice[0].end.nanoseconds / 1_000_000_000
                let values = (from..<to).map { Double(($0 * 7) % 23) }
                let samples = try #require(found?.samples)
                #expect(samples.count == values.count)
                #expect(samples.sum == values.reduce(0, +))
                #expect(samples.minimum == values.min() && samples.maximum == values.max())
                #expect(samples.first?.value == values.first)
                #expect(samples.last?.value == values.last)
                #expect(samples.values == (keepsValues ? values : []))
                #expect(found?.curve?.knownTime == (to - from) * 1_000_000_000)
            }
        }
    }
}
