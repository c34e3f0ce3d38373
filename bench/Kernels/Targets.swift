import BenchFrame
import PolluxCodec

/// What the codec is held to, beside what this run measured.
struct Targets {
    private var table = Table(["target", "wanted", "measured", ""])
    private(set) var missCount = 0

    private mutating func add(_ name: String, atMost limit: Double, _ measured: Double?) {
        add(name, "≤ \(text(limit, 2))", measured) { $0 <= limit }
    }

    private mutating func add(_ name: String, atLeast limit: Double, _ measured: Double?) {
        add(name, "≥ \(text(limit, limit < 10 ? 2 : 0))", measured) { $0 >= limit }
    }

    private mutating func add(
        _ name: String, _ wanted: String, _ measured: Double?, _ holds: (Double) -> Bool
    ) {
        guard let measured, measured.isFinite else {
            table.add([name, wanted, "absent", ""])
            return
        }
        let isMet = holds(measured)
        if !isMet { missCount += 1 }
        table.add([name, wanted, text(measured, measured < 100 ? 3 : 0), isMet ? "" : "missed"])
    }

    /// Means of the reference columns and of all, and how many columns a yardstick makes smaller.
    mutating func add(reference: Sizes, all: Sizes) {
        for (name, sizes) in [("reference columns", reference), ("all columns", all)] {
            add("\(name), dense × pcodec", atMost: 0.95, sizes.ratio(.dense, .pcodec))
            add("\(name), fast × pcodec", atMost: 1.05, sizes.ratio(.fast, .pcodec))
        }
        for yardstick in Sizes.Codec.yardsticks {
            let losses = all.lossCount(of: .dense, against: yardstick)
            add("columns larger than \(yardstick.rawValue)", atMost: 0, Double(losses))
        }
    }

    /// Bytes a time, regular and jittered by ±5 ms in ms, shared by a machine's ten series.
    mutating func add(regular: Double?, jittered: Double?) {
        add("bytes a regular time", atMost: 0.01, regular)
        add("bytes a jittered time, ten series", atMost: 0.10, jittered)
    }

    /// Speeds of one thread in millions of values a second.
    mutating func add(_ scans: Scans) {
        add("decode, frame of reference, Mv/s", atLeast: 2500, scans.rate(.levels, .fast, .decode))
        add("decode, delta", atLeast: 1200, scans.rate(.walk, .fast, .decode))
        add("decode, dense", atLeast: 300, scans.rate(.real, .dense, .decode))
        for (name, nature) in [("frame of reference", Scans.Nature.levels), ("delta", .walk)] {
            for work in [Scans.Work.sum, .aggregate] {
                let rate = scans.rate(nature, .fast, work)
                add("\(work.rawValue), \(name)", atLeast: 2500, rate)
                add("the same × a sum over raw doubles", atLeast: 1.5, rate.map { $0 / scans.raw })
            }
        }
        for nature in Scans.Nature.allCases {
            add(
                "encode, fast, \(nature.rawValue)", atLeast: 120, scans.rate(nature, .fast, .encode)
            )
            add(
                "encode, dense, \(nature.rawValue)", atLeast: 30,
                scans.rate(nature, .dense, .encode))
        }
    }

    var markdown: String { table.markdown }
}
