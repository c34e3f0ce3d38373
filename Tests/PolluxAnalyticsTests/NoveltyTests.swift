import PolluxModel
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

@Suite struct NoveltyTests {
    /// A wandering gauge with noise, a repeated value now and then, and a jump.
    static func makeSeries(_ number: UInt64, count: Int) -> [Double] {
        var seed = Seed(number)
        var values: [Double] = []
        var level = 20.0
        for index in 0..<count {
            level += 0.05 * seed.normal()
            var value = level + seed.normal()
            if index % 17 == 3, let last = values.last { value = last }
            if (900..<930).contains(index) { value += 25 }
            values.append(value)
        }
        return values
    }

    static func run(_ values: [Double]) -> [ModelOutput] {
        var watch = SeriesWatch()
        return values.enumerated().map { index, value in
            watch.append(at: Timestamp(seconds: Int64(index) * 10), value).output
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func scoresOfAPrefixAreThePrefixOfTheScores(number: UInt64) {
        let values = NoveltyTests.makeSeries(number, count: 1500)
        let all = NoveltyTests.run(values)
        for length in [1, 299, 300, 301, 777, 1499] {
            let prefix = NoveltyTests.run(Array(values.prefix(length)))
            #expect(prefix == Array(all.prefix(length)), "seed \(number), \(length) points")
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func resumedFromItsBytesItGoesOnBitForBit(number: UInt64) throws {
        let values = NoveltyTests.makeSeries(number, count: 1200)
        var whole = SeriesWatch()
        var resumed = SeriesWatch()
        for (index, value) in values.enumerated() {
            let instant = Timestamp(seconds: Int64(index) * 10)
            if index % 7 == 0 || (895..<940).contains(index) {
                resumed = try SeriesWatch(decoding: resumed.encode())
            }
            let expected = whole.append(at: instant, value)
            let found = resumed.append(at: instant, value)
            #expect(expected.output == found.output)
            #expect(expected.change == found.change)
        }
        #expect(whole == resumed)
        #expect(whole.alarmCount > 0)
    }

    @Test func aJumpIsAnEpisodeWithACause() throws {
        let values = NoveltyTests.makeSeries(5, count: 1500)
        var watch = SeriesWatch()
        var ended: [AnomalyEpisode] = []
        for (index, value) in values.enumerated() {
            let change = watch.append(at: Timestamp(seconds: Int64(index)), value).change
            if case .ended(let episode) = change { ended.append(episode) }
        }
        let jump = try #require(ended.first { $0.start == 900 * 1_000_000_000 })
        #expect(jump.peak >= ModelConstants.alarmLevel)
        #expect(jump.end >= jump.start)
    }

    @Test func learnsBeforeItScores() {
        let outputs = NoveltyTests.run(NoveltyTests.makeSeries(9, count: 301))
        #expect(outputs[211].condition.description == "learning 212 of 300")
        #expect(outputs[211].score == 0)
        #expect(outputs[300].condition == .ready)
        #expect(outputs[300].expected != nil)
    }

    @Test func constantsAreTheScoredOnes() {
        // Change one of these only together with the score table (ScoreTableTests), and raise the
        // model's version.
        #expect(ModelConstants.scoreCap == 6 && ModelConstants.alarmLevel == 2.3)
        #expect(ModelConstants.alarmLevelFloor == 2 && ModelConstants.tailShare == 0.02)
        #expect(ModelConstants.tailMemory == 400 && ModelConstants.tailShapeLimit == 0.45)
        #expect(ModelConstants.tailGain == 3 && ModelConstants.tailStart == 100)
        #expect(ModelConstants.tailStartMean == 0.5 && ModelConstants.tailStartCount == 5)
        #expect(ModelConstants.surpriseCap == 10 && ModelConstants.holdCount == 100)
        #expect(ModelConstants.holdFactor == 1.25 && ModelConstants.holdDamping == 0.4)
        #expect(ModelConstants.memoryCount == 64 && ModelConstants.changeWindow == 48)
        #expect(ModelConstants.spreadWindow == 3 && ModelConstants.warmUpCount == 300)
        #expect(ModelConstants.spreadMemory == 4000 && ModelConstants.spreadClip == 4)
        #expect(ModelConstants.rangeFloor == 0.02 && ModelConstants.rememberSpread == 0.02)
        #expect(ModelConstants.rememberSpacing == 0.5)
        #expect(Novelty3.version == "novelty-3/1")
    }

    @Test func wildValuesNeverTrap() {
        var seed = Seed(77)
        var watch = SeriesWatch()
        let wild: [Double] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0,
            -0.0, .leastNonzeroMagnitude, 1e300, -1e300, 1,
        ]
        for _ in 0..<2000 {
            let value = wild[Int(seed.next() % UInt64(wild.count))]
            let time = Int64(bitPattern: seed.next())
            let output = watch.append(at: Timestamp(nanoseconds: time), value).output
            #expect(output.score >= 0 && output.score <= 6)
        }
    }
}
