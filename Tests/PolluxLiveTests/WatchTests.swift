import PolluxModel
import PolluxQuery
import Testing

@testable import PolluxLive

/// What a subscriber is sent, from answers made by hand.
@Suite struct WatchTests {
    static func instant(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    /// Ten-second slices from 0 on, one value each, the notes of some.
    static func answer(_ values: [Double], notes: [Int: String] = [:]) -> QueryResult {
        let times = values.indices.map { Int64($0) * 10_000_000_000 }
        var result = QueryResult(
            content: .rows,
            columns: [
                ResultColumn(name: "time", kind: .timestamp, cells: ResultCells(.integers(times))),
                ResultColumn(name: "avg x", kind: .float, cells: ResultCells(.floats(values))),
                ResultColumn(
                    name: "note", kind: .note,
                    cells: ResultCells(texts: values.indices.map { notes[$0] })),
            ], zone: .utc)
        result.keys = values.indices.map { index in
            RowKey(
                asset: AssetID(rawValue: 1), name: "SP-7",
                range: TimeRange(
                    start: instant(Int64(index) * 10), end: instant(Int64(index) * 10 + 10)))
        }
        return result
    }

    @Test func aSliceIsProvisionalThenFinalThenCorrected() {
        var tracker = RowTracker()
        let open = WatchTests.answer([1, 2])
        let first = tracker.compare(open, covered: .always, horizon: WatchTests.instant(10))
        #expect(first.map(\.state) == [.final, .provisional])
        #expect(tracker.nextFinality(wait: 2_000_000_000) == WatchTests.instant(22))
        let same = tracker.compare(open, covered: .always, horizon: WatchTests.instant(11))
        #expect(same.isEmpty)
        let closed = tracker.compare(open, covered: .always, horizon: WatchTests.instant(20))
        #expect(closed.map(\.state) == [.final])
        #expect(closed.first?.result.keys.first?.range.start == WatchTests.instant(10))
        let late = tracker.compare(
            WatchTests.answer([1.5, 2]), covered: .always, horizon: WatchTests.instant(30))
        #expect(late.map(\.state) == [.corrected])
        #expect(late.first?.result.rowCount == 1)
        let gone = tracker.compare(
            WatchTests.answer([1.5]), covered: .always, horizon: WatchTests.instant(40))
        #expect(gone.first?.removed.map(\.range.start) == [WatchTests.instant(10)])
    }

    @Test func rowsOutsideThePartThatWasAskedStay() {
        var tracker = RowTracker()
        let horizon = WatchTests.instant(100)
        _ = tracker.compare(WatchTests.answer([1, 2, 3]), covered: .always, horizon: horizon)
        let part = WatchTests.answer([1, 2, 4]).selecting([2])
        let covered = TimeRange(start: WatchTests.instant(20), end: .distantFuture)
        let found = tracker.compare(part, covered: covered, horizon: horizon)
        #expect(found.count == 1)
        #expect(found.first?.state == .corrected)
        #expect(found.first?.removed.isEmpty == true)
        #expect(tracker.count == 3)
    }

    @Test func aSlowSubscriberIsToldWhatItMissed() {
        let subscription = LiveSubscription(id: 1, rowLimit: 10) { _ in }
        subscription.send(.subscribed(WatchTests.answer([])))
        for _ in 0..<50 {
            let rows = LiveRows(
                state: .final, result: WatchTests.answer([1, 2, 3]),
                finalUpTo: WatchTests.instant(30))
            subscription.send(.rows(rows))
        }
        guard case .subscribed? = subscription.poll() else {
            Issue.record("columns come first")
            return
        }
        guard case .lagging(let skipped, let range)? = subscription.poll() else {
            Issue.record("then what was skipped")
            return
        }
        var kept = 0
        while case .rows(let rows)? = subscription.poll() { kept += rows.result.rowCount }
        #expect(skipped + kept == 150)
        #expect(kept <= 10)
        #expect(range == TimeRange(start: WatchTests.instant(0), end: WatchTests.instant(30)))
    }

    @Test func aReaderGetsFramesAndTheEnd() async {
        let subscription = LiveSubscription(id: 1, rowLimit: 10) { _ in }
        // Why: the reader must run while this test sends.
        let reader = Task {
            var count = 0
            for await _ in subscription { count += 1 }
            return count
        }
        subscription.send(.error(code: "TQ500", message: "a"))
        subscription.send(.error(code: "TQ500", message: "b"))
        subscription.cancel()
        // Frames that were queued before the end are read; those after it are not.
        #expect(await reader.value == 2)
    }
}
