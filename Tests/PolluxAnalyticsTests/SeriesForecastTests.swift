import Foundation
import PolluxTestKit
import Testing

@testable import PolluxAnalytics

@Suite struct SeriesForecastTests {
    private func wave(_ count: Int, period: Int, noise: Double, seed: UInt64) -> [Double?] {
        var random = Seed(seed)
        return (0..<count).map { step in
            10 + 3 * sin(2 * .pi * Double(step) / Double(period)) + noise * random.normal()
        }
    }

    @Test func aSeasonIsCarriedOn() throws {
        let history = wave(240, period: 24, noise: 0.1, seed: 1)
        let forecast = try SeriesForecast.make(history, count: 24, periods: [4, 24])
        #expect(forecast.method == .season)
        #expect(forecast.period == 24)
        for (ahead, step) in forecast.steps.enumerated() {
            let truth = 10 + 3 * sin(2 * .pi * Double(240 + ahead) / 24)
            #expect(abs(step.value - truth) < 0.6)
            #expect(step.low <= step.value && step.value <= step.high)
        }
    }

    @Test func aLineGoesOnAndABandGrows() throws {
        var random = Seed(2)
        let history = (0..<120).map { step -> Double? in 2 * Double(step) + random.normal() }
        let forecast = try SeriesForecast.make(history, count: 100, periods: [])
        #expect(forecast.method == .line || forecast.method == .trend)
        let last = try #require(forecast.steps.last)
        #expect(abs(last.value - 2 * 219) < 10)
        let widths = forecast.steps.map { $0.high - $0.low }
        #expect(zip(widths, widths.dropFirst()).allSatisfy { $0 <= $1 + 1e-9 })
    }

    @Test func aLevelStaysAndHolesDoNotMatter() throws {
        var random = Seed(3)
        var history = (0..<200).map { _ -> Double? in 5 + 0.5 * random.normal() }
        for index in stride(from: 3, to: 190, by: 7) { history[index] = nil }
        let forecast = try SeriesForecast.make(history, count: 10, periods: [24])
        #expect(abs((forecast.steps.last?.value ?? 0) - 5) < 0.6)
        #expect(forecast.known == 200 - history.count { $0 == nil })
    }

    /// Four of five values that come later lie inside, give or take what chance allows.
    @Test func bandsHoldWhatTheySay() throws {
        var inside = 0
        var all = 0
        for seed in UInt64(10)..<60 {
            var random = Seed(seed)
            var level = 0.0
            let whole = (0..<160).map { _ -> Double? in
                level += 0.3 * random.normal()
                return level + random.normal()
            }
            let forecast = try SeriesForecast.make(
                Array(whole.prefix(150)), count: 10, periods: [24])
            for (step, value) in zip(forecast.steps, whole.suffix(10)) {
                guard let value else { continue }
                all += 1
                if step.low <= value, value <= step.high { inside += 1 }
            }
        }
        #expect((0.68...0.92).contains(Double(inside) / Double(all)))
    }

    /// Better than carrying the last value on, over many shapes.
    @Test func itBeatsTheLastValue() throws {
        var mine = 0.0
        var naive = 0.0
        for seed in UInt64(1)..<25 {
            let whole = wave(220, period: 20, noise: 0.5, seed: seed)
            let history = Array(whole.prefix(200))
            let forecast = try SeriesForecast.make(history, count: 20, periods: [20])
            for (step, value) in zip(forecast.steps, whole.suffix(20)) {
                mine += abs(step.value - (value ?? 0))
                naive += abs((history[199] ?? 0) - (value ?? 0))
            }
        }
        #expect(mine < 0.4 * naive)
    }

    @Test func tooLittleIsRefused() {
        #expect(throws: SeriesForecast.Shortage.tooFew(known: 3, needed: 20)) {
            try SeriesForecast.make([1, 2, nil, 4], count: 2, periods: [])
        }
        let some = Array(repeating: Optional(1.0), count: 30)
        #expect(throws: SeriesForecast.Shortage.tooFar(known: 30, ahead: 100)) {
            try SeriesForecast.make(some, count: 100, periods: [])
        }
        #expect(throws: SeriesForecast.Shortage.noSeason) {
            try SeriesForecast.make(some, count: 5, periods: [24], method: .season)
        }
    }

    @Test func theSameHistoryGivesTheSameAnswer() throws {
        let history = wave(150, period: 12, noise: 1, seed: 9)
        let first = try SeriesForecast.make(history, count: 30, periods: [12])
        #expect(try SeriesForecast.make(history, count: 30, periods: [12]) == first)
    }
}
