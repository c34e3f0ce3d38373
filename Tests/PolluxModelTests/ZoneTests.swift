import Foundation
import PolluxTestKit
import Testing

@testable import PolluxModel

/// Zone files of the machine; tests skip what is absent.
enum ZoneFiles {
    static func zone(_ name: String) -> ZoneRules? {
        guard ZoneRules.isValidName(name),
            let bytes = FileManager.default.contents(atPath: "/usr/share/zoneinfo/" + name)
        else { return nil }
        return try? ZoneRules(name: name, tzif: Array(bytes))
    }

    static let names = [
        "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
        "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin",
        "America/Havana", "Asia/Tehran", "Antarctica/Troll", "Pacific/Chatham", "Asia/Gaza",
    ]
}

@Suite struct ZoneTests {
    private func at(_ text: String) throws -> Timestamp {
        try #require(Timestamp.parseRFC3339(Array(text.utf8))).instant
    }

    @Test func readsBerlin() throws {
        guard let berlin = ZoneFiles.zone("Europe/Berlin") else { return }
        #expect(try berlin.offsetSeconds(at: at("2026-01-15T12:00:00Z")) == 3600)
        #expect(try berlin.offsetSeconds(at: at("2026-07-15T12:00:00Z")) == 7200)
        #expect(try berlin.offsetSeconds(at: at("2200-07-15T12:00:00Z")) == 7200)
        #expect(try berlin.offsetSeconds(at: at("2025-10-26T00:59:59Z")) == 7200)
        #expect(try berlin.offsetSeconds(at: at("2025-10-26T01:00:00Z")) == 3600)
        let gap = berlin.instants(of: CivilTime(year: 2026, month: 3, day: 29, hour: 2, minute: 30))
        #expect(gap == .skipped(try at("2026-03-29T01:00:00Z")))
        let fold = berlin.instants(
            of: CivilTime(year: 2025, month: 10, day: 26, hour: 2, minute: 30))
        #expect(fold == .twice(try at("2025-10-26T00:30:00Z"), try at("2025-10-26T01:30:00Z")))
    }

    @Test func calendarArithmeticKeepsTheTimeOfDay() throws {
        guard let berlin = ZoneFiles.zone("Europe/Berlin") else { return }
        let noon = try at("2026-03-29T12:00:00+02:00")
        #expect(try berlin.subtracting(.days(1), from: noon) == at("2026-03-28T12:00:00+01:00"))
        #expect(
            try berlin.adding(Period(months: 1), to: at("2026-01-31T12:00:00+01:00"))
                == at("2026-02-28T12:00:00+01:00"))
        #expect(
            berlin.subtracting(.hours(24), from: noon).nanoseconds == noon.nanoseconds
                - 86_400_000_000_000)
    }

    @Test func daysHave23Or25Hours() throws {
        guard let berlin = ZoneFiles.zone("Europe/Berlin") else { return }
        let grid = try SliceGrid(every: .days(1), zone: berlin)
        let long = try grid.slice(containing: at("2025-10-26T12:00:00Z"))
        #expect(long.nanoseconds == 25 * 3_600_000_000_000)
        let short = try grid.slice(containing: at("2026-03-29T12:00:00Z"))
        #expect(short.nanoseconds == 23 * 3_600_000_000_000)
    }

    @Test func subDayStridesInTheRepeatedHour() throws {
        guard let berlin = ZoneFiles.zone("Europe/Berlin") else { return }
        let day = TimeRange(
            start: try at("2025-10-26T00:00:00+02:00"), end: try at("2025-10-27T00:00:00+01:00"))
        #expect(try SliceGrid(every: .hours(1), zone: berlin).slices(over: day).count == 25)
        let longer = try SliceGrid(every: .hours(2), zone: berlin).slices(over: day)
        #expect(longer.count == 12)
        #expect(longer[1].nanoseconds == 3 * 3_600_000_000_000)
    }

    @Test func strideThatDoesNotDivideTheDayRestartsAtMidnight() throws {
        let grid = try SliceGrid(every: .hours(7), zone: .utc)
        let day = TimeRange(
            start: try at("2026-03-02T00:00:00Z"), end: try at("2026-03-04T00:00:00Z"))
        #expect(
            grid.slices(over: day).map(\.nanoseconds).map { $0 / 3_600_000_000_000 } == [
                7, 7, 7, 3, 7, 7, 7, 3,
            ])
        #expect(throws: SliceGrid.Problem.longerThanDay) {
            try SliceGrid(every: .hours(25), zone: .utc)
        }
    }

    @Test func weeksBeginOnMonday() throws {
        let grid = try SliceGrid(every: Period(days: 7), zone: .utc)
        #expect(
            try grid.start(containing: at("2026-03-04T10:00:00Z")) == at("2026-03-02T00:00:00Z"))
        let quarter = try SliceGrid(every: Period(months: 3), zone: .utc)
        #expect(
            try quarter.start(containing: at("2026-05-04T10:00:00Z")) == at("2026-04-01T00:00:00Z"))
    }

    @Test(arguments: ZoneFiles.names + ["UTC"])
    func slicesPartitionTime(name: String) throws {
        guard let zone = name == "UTC" ? .utc : ZoneFiles.zone(name) else { return }
        var seed = Seed(20_260_302)
        let strides: [Period] = [
            .seconds(1), .seconds(420), .seconds(600), .seconds(1800), .hours(1), .hours(5),
            .hours(12),
            .hours(24), .days(1), .days(7), .days(3), Period(months: 1), Period(months: 5),
            Period(months: 12),
        ]
        var instants: [Timestamp] = []
        for _ in 0..<40 {
            instants.append(Timestamp(seconds: Int64(seed.next() % 6_000_000_000) - 2_000_000_000))
        }
        // Around changes of the clock is where it breaks.
        for change in zone.changes.suffix(30) {
            for distance: Int64 in [-7200, -3600, -1, 0, 1, 1800, 3599, 3600] {
                instants.append(Timestamp(seconds: change + distance))
            }
        }
        for stride in strides {
            let grid = try SliceGrid(every: stride, zone: zone)
            for instant in instants {
                let slice = grid.slice(containing: instant)
                #expect(slice.contains(instant), "\(name) \(stride) \(instant)")
                #expect(
                    grid.start(containing: slice.start) == slice.start,
                    "\(name) \(stride) \(instant)")
                #expect(grid.end(containing: slice.end.advanced(by: -1)) == slice.end)
                let next = grid.slice(containing: slice.end)
                #expect(next.start == slice.end, "\(name) \(stride) \(instant)")
                let anchored = try SliceGrid(
                    every: stride, zone: zone, from: Timestamp(seconds: 1_700_000_123))
                #expect(anchored.slice(containing: instant).contains(instant))
            }
        }
    }

    @Test func everyZoneFileOfTheMachineReads() throws {
        let root = "/usr/share/zoneinfo"
        guard let files = FileManager.default.enumerator(atPath: root) else { return }
        var count = 0
        for case let name as String in files where ZoneRules.isValidName(name) {
            guard let bytes = FileManager.default.contents(atPath: root + "/" + name),
                bytes.starts(with: Array("TZif".utf8))
            else { continue }
            let zone = try ZoneRules(name: name, tzif: Array(bytes))
            for second: Int64 in [-9_000_000_000, 0, 1_772_000_000, 5_000_000_000] {
                #expect(abs(zone.offsetSeconds(at: Timestamp(seconds: second))) < 90_000)
            }
            count += 1
        }
        #expect(count > 0)
    }

    @Test func hostileFilesAreRefused() {
        guard let bytes = FileManager.default.contents(atPath: "/usr/share/zoneinfo/Europe/Berlin")
        else { return }
        var seed = Seed(99)
        for _ in 0..<2000 {
            var broken = Array(bytes)
            for _ in 0...(seed.next() % 4) {
                broken[Int(seed.next() % UInt64(broken.count))] = UInt8(
                    truncatingIfNeeded: seed.next())
            }
            broken.removeLast(Int(seed.next() % 40))
            guard let zone = try? ZoneRules(name: "X", tzif: broken) else { continue }
            _ = zone.offsetSeconds(at: Timestamp(seconds: 4_000_000_000))
        }
        #expect(!ZoneRules.isValidName("../etc/passwd"))
        #expect(!ZoneRules.isValidName("/etc/passwd"))
        #expect(!ZoneRules.isValidName(""))
        #expect(ZoneRules.isValidName("America/Argentina/Buenos_Aires"))
    }

    @Test func periodsReadAndPrint() {
        #expect(Period.parse("1h30m") == Period(nanoseconds: 5_400_000_000_000))
        #expect(Period.parse("2w")?.days == 14)
        #expect(Period.parse("5 m") == nil)
        #expect(Period.parse("99999999999999999999h") == nil)
        #expect(Period.parse("999999999999h") == nil)
        for text in ["1h30m", "2d", "1y2mo", "500ms", "1w"] {
            #expect(Period.parse(text)?.description == text)
        }
    }
}
