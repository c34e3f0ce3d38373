import Foundation
import PolluxTestKit
import Testing

@testable import PolluxModel

/// S5 over every zone of the machine: slices follow one another around each change of the clocks, no
/// instant is in none or in two, and borders lie where clocks say.
@Suite struct EveryZoneTests {
    private static let root = "/usr/share/zoneinfo"

    /// One name for each set of rules.
    private static let zones: [ZoneRules] = {
        var seen: Set<Data> = []
        var found: [ZoneRules] = []
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        for name in names.sorted() where !name.hasPrefix("right/") && !name.hasPrefix("posix/") {
            guard let bytes = FileManager.default.contents(atPath: root + "/" + name),
                bytes.starts(with: Array("TZif".utf8)), seen.insert(bytes).inserted,
                let zone = try? ZoneRules(name: name, tzif: Array(bytes))
            else { continue }
            found.append(zone)
        }
        return found
    }()

    /// The last changes of a zone before 2038, or some instant where it has none.
    private func changes(_ zone: ZoneRules) -> [Timestamp] {
        var found: [Timestamp] = []
        var second: Int64 = 2_145_916_800
        while found.count < 2 {
            let regime = zone.regime(atSecond: second)
            guard regime.start > 0 else { break }
            found.append(Timestamp(seconds: regime.start))
            second = regime.start - 1
        }
        return found.isEmpty ? [Timestamp(seconds: 1_772_438_400)] : found
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: root)))
    func slicesAreWholeAroundEveryChange() throws {
        #expect(Self.zones.count > 50)
        var random = Seed(5)
        let strides: [Period] = [
            Period(nanoseconds: 1_800_000_000_000), .hours(1), .hours(3), .hours(7), .days(1),
            .days(7),
        ]
        for zone in Self.zones {
            for change in changes(zone) {
                for stride in strides {
                    try check(zone, change, stride, &random)
                }
            }
        }
    }

    private func check(
        _ zone: ZoneRules, _ change: Timestamp, _ stride: Period, _ random: inout Seed
    ) throws {
        let hour: Int64 = 3_600_000_000_000
        let grid = try SliceGrid(every: stride, zone: zone)
        let range = TimeRange(
            start: change.advanced(by: -30 * hour), end: change.advanced(by: 30 * hour))
        let slices = grid.slices(over: range)
        let place = "\(zone.name) \(change) \(stride)"
        guard let first = slices.first, let last = slices.last else {
            Issue.record("no slices: \(place)")
            return
        }
        #expect(first.start <= range.start && range.end <= last.end, "\(place)")
        for (slice, next) in zip(slices, slices.dropFirst()) {
            #expect(slice.end == next.start && !slice.isEmpty, "\(place)")
        }
        for slice in slices { #expect(isBorder(slice.start, stride, zone), "\(place) \(slice)") }
        for _ in 0..<10 {
            let instant = Timestamp(
                nanoseconds: Int64.random(
                    in: range.start.nanoseconds..<range.end.nanoseconds, using: &random))
            let holders = slices.filter { $0.contains(instant) }
            #expect(holders == [grid.slice(containing: instant)], "\(place) \(instant)")
        }
    }

    /// Whether clocks read a multiple of the stride, or jump over one.
    private func isBorder(_ instant: Timestamp, _ stride: Period, _ zone: ZoneRules) -> Bool {
        let before = zone.offsetSeconds(at: instant.advanced(by: -1))
        let after = zone.offsetSeconds(at: instant)
        if before < after { return true }
        let civil = zone.civil(at: instant)
        let inDay = Int64(civil.hour * 3600 + civil.minute * 60 + civil.second) * 1_000_000_000
        return stride.days > 0 ? inDay == 0 : inDay % stride.nanoseconds == 0
    }
}
