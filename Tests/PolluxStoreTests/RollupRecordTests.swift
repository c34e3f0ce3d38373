import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxStore

/// Buckets of states and counters: their bytes, and what they say.
@Suite struct RollupRecordTests {
    private static let second: Int64 = 1_000_000_000
    private static let hour = GoldenTests.start - 800 * second

    private static func bucket(
        _ contents: RollupContents, _ kind: ValueKind, gap: Int64? = nil,
        _ points: [(at: Int64, value: Value, quality: Quality)]
    ) -> RollupBucket {
        var bucket = RollupBucket(
            start: hour, length: 3_600 * second, contents: contents, kind: kind)
        for point in points {
            bucket.add(
                hour + point.at * second, point.value.number ?? 0, point.quality, isStep: true,
                gap: gap, exact: point.value)
        }
        return bucket
    }

    private static func expect(_ name: String, holds bucket: RollupBucket) throws {
        let bytes = try GoldenTests.golden(name) { bucket.encode() }
        #expect(bytes == bucket.encode())
        try bytes.withUnsafeBytes { raw throws in
            #expect(
                try RollupBucket(start: hour, length: 3_600 * second, decoding: raw) == bucket)
        }
    }

    @Test("life-bucket-state.hex holds idle, running, idle and an end mark")
    func state() throws {
        let bucket = RollupRecordTests.bucket(
            .states, .text,
            [
                (60, .text("idle"), .good), (120, .text("running"), .good),
                (150, .text("fault"), .bad), (300, .text("idle"), .good), (400, .text(""), .end),
            ])
        #expect(bucket.states?.values.map(\.time) == [160, 180].map { $0 * 1_000_000_000 })
        #expect(bucket.states?.changes.map(\.count) == [1, 1])
        try RollupRecordTests.expect("life-bucket-state.hex", holds: bucket)
    }

    @Test("life-bucket-counter.hex holds 100, 130, 10, 40")
    func counter() throws {
        let bucket = RollupRecordTests.bucket(
            .counter, .integer, gap: 600 * RollupRecordTests.second,
            [
                (0, .integer(100), .good), (1_800, .integer(130), .good),
                (2_400, .integer(10), .good), (3_000, .integer(40), .good),
            ])
        #expect(bucket.counter?.increase(rollover: nil) == 70)
        #expect(bucket.counter?.increase(rollover: 200) == 140)
        try RollupRecordTests.expect("life-bucket-counter.hex", holds: bucket)
    }

    @Test("life-bucket-sketch.hex holds -1, 0, 20.5 and 20.6")
    func sketch() throws {
        let bucket = RollupRecordTests.bucket(
            .sketch, .float,
            [-1, 0, 20.5, 20.6].enumerated().map { (Int64($0) * 60, .float($1), .good) })
        #expect(bucket.sketch?.bins.map(\.count) == [1, 1, 2])
        try RollupRecordTests.expect("life-bucket-sketch.hex", holds: bucket)
    }

    @Test("bins ascend with values, and their middles are within 1/128 of them")
    func bins() {
        var seed = Seed(7)
        var values = [0, -0.0, 1, -1, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
        for _ in 0..<20_000 {
            let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &seed))
            if value.isFinite, value.isNormal { values.append(value) }
        }
        values.sort()
        var before: UInt32 = 0
        for value in values {
            let bin = RollupSketch.bin(of: value)
            #expect(bin >= before && bin < 1 << 18)
            before = bin
            let middle = RollupSketch.value(ofBin: bin)
            #expect(abs(middle - value) <= abs(value) / 128, "\(value) is in the bin of \(middle)")
        }
        #expect(RollupSketch.value(ofBin: RollupSketch.bin(of: -0.0)) == 0)
    }

    @Test("life-rollups-states.hex holds a mark of states")
    func mark() throws {
        let mark = RollupMark(
            length: 3_600 * RollupRecordTests.second, isStep: true, gap: nil,
            from: RollupRecordTests.hour, until: RollupRecordTests.hour, contents: .states)
        let bytes = try GoldenTests.golden("life-rollups-states.hex") { mark.encode() }
        #expect(bytes == mark.encode())
        try bytes.withUnsafeBytes { raw throws in
            #expect(try RollupMark(length: mark.length, decoding: raw) == mark)
        }
    }

    /// A random bucket of a state with the values that were added, in order.
    private static func random(_ seed: inout Seed) -> (RollupBucket, [Value]) {
        let count = Int.random(in: 1..<60, using: &seed)
        let variety = Int.random(in: 1...20, using: &seed)
        var at: Int64 = 0
        var bucket = RollupBucket(
            start: hour, length: 3_600 * second, contents: .states, kind: .text)
        var values: [Value] = []
        for _ in 0..<count {
            at += Int64.random(in: 1..<50 * second, using: &seed)
            let isEnd = Int.random(in: 0..<12, using: &seed) == 0
            let value = Value.text("v\(Int.random(in: 0..<variety, using: &seed))")
            if !isEnd { values.append(value) }
            bucket.add(
                hour + at, 0, isEnd ? .end : .good, isStep: true,
                gap: Bool.random(using: &seed) ? 20 * second : nil, exact: value)
        }
        return (bucket, values)
    }

    @Test("runs last, change, begin and end as the points did", arguments: 1...300)
    func visits(_ number: Int) throws {
        var seed = Seed(UInt64(number))
        let (bucket, values) = RollupRecordTests.random(&seed)
        let states = try #require(bucket.states)
        #expect(values.isEmpty || bucket.firstValue == values.first)
        #expect(values.isEmpty || bucket.lastValue == values.last)
        let distinct = Set(values).count
        #expect(states.isCrowded == (distinct > 16))
        for follows in [false, true] {
            guard let visits = states.visits(followsChanges: follows) else {
                #expect(states.isCrowded)
                continue
            }
            #expect(visits.reduce(0) { $0 + $1.time } == bucket.knownTime)
            for (index, held) in states.values.enumerated() {
                let time = visits.filter { $0.value == index }.reduce(0) { $0 + $1.time }
                #expect(time == held.time)
            }
            guard follows, !values.isEmpty else { continue }
            let run = visits.map { states.values[$0.value].value }
            #expect(run.first == values.first && run.last == values.last)
            func changes(_ values: [Value]) -> [[Value]: Int] {
                var found: [[Value]: Int] = [:]
                for (a, b) in zip(values, values.dropFirst()) where a != b {
                    found[[a, b], default: 0] += 1
                }
                return found
            }
            #expect(changes(run) == changes(values))
            #expect(visits.dropLast().allSatisfy { $0.time > 0 })
        }
    }

    @Test("arbitrary and changed bytes are refused or read, never more", arguments: 1...40)
    func mutations(_ number: Int) throws {
        var seed = Seed(UInt64(number) &* 77)
        var (bucket, _) = RollupRecordTests.random(&seed)
        if number % 2 == 0 {
            bucket.sketch = RollupSketch()
            bucket.counter = RollupCounter()
            for _ in 0..<60 { bucket.sketch?.add(Double.random(in: -9...9, using: &seed)) }
        }
        var payload = Array(bucket.encode().dropLast(4))
        for _ in 0..<200 {
            var changed = payload
            for _ in 0..<Int.random(in: 1..<4, using: &seed) {
                changed[Int.random(in: 0..<changed.count, using: &seed)] = UInt8.random(
                    in: 0...255, using: &seed)
            }
            if Int.random(in: 0..<4, using: &seed) == 0 {
                changed.removeLast(Int.random(in: 0..<changed.count, using: &seed))
            }
            withChecksum(changed).withUnsafeBytes { raw -> Void in
                guard
                    let read = try? RollupBucket(
                        start: RollupRecordTests.hour, length: 3_600 * RollupRecordTests.second,
                        decoding: raw)
                else { return }
                _ = read.states?.visits(followsChanges: true, limit: 500)
                _ = read.counter?.increase(rollover: 7)
            }
        }
        payload.append(0)
        withChecksum(payload).withUnsafeBytes { raw -> Void in
            #expect(throws: RecordDefect.self) {
                _ = try RollupBucket(
                    start: RollupRecordTests.hour, length: 3_600 * RollupRecordTests.second,
                    decoding: raw)
            }
        }
    }

    @Test("what an earlier version kept of points that have gone stays; the rest is told anew")
    func olderFile() throws {
        var options = StoreOptions()
        options.sealValueCount = 100
        options.settlesInBackground = false
        let fixture = try StoreFixture(options: options)
        let series = try fixture.series(1, 1, .integer)
        let length: Int64 = 1_000
        func rules(_ contents: RollupContents) -> RetentionTests.Rules {
            RetentionTests.Rules(byMeasure: [
                1: LifeRule(
                    retention: 8_000, rollups: [length], isStep: true, contents: contents)
            ])
        }
        for start in stride(from: Int64(0), to: 20_000, by: 1_000) {
            var batch = PointBatch()
            for step in 0..<100 {
                let time = start + Int64(step) * 10
                batch.append(
                    series, at: Timestamp(nanoseconds: time), .integer(Int64(step / 50)),
                    quality: .good)
            }
            try fixture.write(batch)
        }
        fixture.store.flushForTest()
        // An earlier version wrote buckets of numbers alone.
        fixture.store.setLifeRules(rules([]))
        for _ in 0..<2 { try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: 20_000)) }
        fixture.store.setLifeRules(rules(.states))
        for _ in 0..<2 { try fixture.store.applyLifeRules(now: Timestamp(nanoseconds: 20_000)) }
        let snapshot = try fixture.store.snapshot()
        let expired = try #require(try snapshot.expiry(of: series)).expired.nanoseconds
        #expect(expired == 12_000)
        let buckets = try snapshot.rollups(of: series, length: length, from: 0, to: 20_000)
        #expect(buckets.count == 20)
        for bucket in buckets {
            #expect(bucket.count == 100)
            #expect((bucket.states == nil) == (bucket.start < expired))
        }
        #expect(buckets.last?.states?.values.map(\.time) == [500, 490])
        #expect(try snapshot.rollupMarks(of: series).map(\.contents) == [.states])
    }
}
