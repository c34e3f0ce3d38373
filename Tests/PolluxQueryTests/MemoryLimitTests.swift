import Foundation
import PolluxGraph
import PolluxKeyValue
import PolluxLanguage
import PolluxModel
import PolluxQuery
import PolluxStore
import PolluxTestKit
import Testing

/// A question holds no more than it may: it says so instead, and what fits is answered.
@Suite struct MemoryLimitTests {
    private static let start: Int64 = 1_772_445_600  // 2026-03-02T10:00:00Z
    private static let assetCount = 12
    private static let sampleCount = 4_000

    /// Twelve spindles with 4,000 seconds of two measures each.
    private final class Fixture {
        let folder: URL
        let store: Store
        let engine: QueryEngine

        init() throws {
            folder = try Places.makeTemporaryFolder("pollux-memory-limit")
            let environment = try Environment(directory: folder.path)
            store = try Store(environment: environment)
            engine = QueryEngine(store: store, graph: try Graph(environment: environment))
            let places = (1...assetCount).map { number in
                """
                create asset spindle SP-\(number) from 2026-01-01;
                record x of spindle SP-\(number) = 1 at 2026-02-01T00:00:00Z;
                record y of spindle SP-\(number) = 1 at 2026-02-01T00:00:00Z
                """
            }
            _ = try engine.run(
                """
                create type spindle plural spindles;
                create measure x of spindle with gap = 15s;
                create measure y of spindle with gap = 15s;
                \(places.joined(separator: ";\n"))
                """)
            for asset in 1...assetCount {
                var batch = PointBatch()
                for series in try store.snapshot().seriesList(
                    of: AssetID(rawValue: UInt32(asset)))
                {
                    for index in 0..<sampleCount {
                        batch.append(
                            series.id, at: Timestamp(seconds: start + Int64(index)),
                            Double(1 + (index * 7 + asset) % 1000))
                    }
                }
                let points = batch
                try store.writeBlocking { try $0.append(points) }
            }
        }

        deinit {
            store.close()
            try? FileManager.default.removeItem(at: folder)
        }

        /// The answer over the whole time, with so much memory and so many rows.
        func answer(
            _ what: String, mebibytes: Int = 2, rowLimit: Int = 1_000_000
        ) throws -> QueryResult {
            var options = QueryOptions()
            options.now = Timestamp(seconds: start + Int64(sampleCount))
            options.byteLimit = mebibytes << 20
            options.rowLimit = rowLimit
            let text = what.replacing("PATH", with: "of every spindle last 4000s")
            return try #require(try engine.run(text, options: options).first)
        }
    }

    @Test(
        "totals over more samples than fit are answered, one asset after the other",
        arguments: [
            "avg (x / y) PATH", "avg (x / y) PATH overall", "avg (x / y) PATH per spindle",
            "stddev (x - y) PATH top 3 by max (x + y)",
            "x / y PATH points 50", "x / y PATH limit 10", "x / y PATH every 1s limit 10",
        ])
    func fits(_ question: String) throws {
        let fixture = try Fixture()
        let small = try fixture.answer(question)
        let large = try fixture.answer(question, mebibytes: 512)
        #expect(small.rowCount > 0)
        #expect(PlanAgreementTests.difference(small, large) == nil)
    }

    @Test(
        "rows and totals that would not fit are refused",
        arguments: [
            "x / y PATH", "x / y PATH every 1s",
            "avg (x / y), median (x - y), stddev (x + y) PATH every 1s",
            "avg (x / y), median (x - y), stddev (x + y) PATH every 1s per spindle",
            "p95 (x - y) PATH overall every 1s",
        ])
    func isRefused(_ question: String) throws {
        let fixture = try Fixture()
        do {
            let answer = try fixture.answer(question)
            Issue.record("\(answer.rowCount) rows instead of a refusal")
        } catch QueryError.runtime(.memoryLimit, let message) {
            #expect(message.contains("needs more than 2 MiB"))
        }
    }

    @Test(
        "too many rows are refused before all of them are made",
        arguments: ["x / y PATH", "x / y PATH every 1s", "avg (x / y) PATH every 1s"])
    func hasTooManyRows(_ question: String) throws {
        let fixture = try Fixture()
        do {
            _ = try fixture.answer(question, mebibytes: 512, rowLimit: 10_000)
            Issue.record("no refusal")
        } catch QueryError.runtime(.rowLimit, let message) {
            #expect(message.hasPrefix("the answer has more than 10000 rows"))
        }
    }
}
