/// Sum, minimum and maximum of up to 1,024 doubles.
public struct BlockAggregate {
    /// The sum in the order of storage-format/encodings.md §10.
    public var sum: Double
    /// The least number; +infinity when every value is not-a-number.
    public var minimum: Double
    /// The greatest number; -infinity when every value is not-a-number.
    public var maximum: Double
}

/// Sixteen running sums, minima and maxima: value i of a block belongs to number i mod 16.
struct Accumulators {
    var sum0 = Doubles()
    var sum1 = Doubles()
    var least = Doubles(repeating: .infinity)
    var greatest = Doubles(repeating: -.infinity)

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ values0: Doubles, _ values1: Doubles) {
        sum0 += values0
        sum1 += values1
        // A comparison with not-a-number is false, so it never replaces a number.
        least.replace(with: values0, where: values0 .< least)
        least.replace(with: values1, where: values1 .< least)
        greatest.replace(with: values0, where: values0 .> greatest)
        greatest.replace(with: values1, where: values1 .> greatest)
    }

    @inline(__always)
    var folded: BlockAggregate {
        let eight = sum0 + sum1
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return BlockAggregate(sum: two[0] + two[1], minimum: least.min(), maximum: greatest.max())
    }
}

/// Aggregates over plain doubles, in the same order as those over packed blocks.
public enum Aggregates {
    /// Sum, minimum and maximum of `count` doubles, at most 1,024.
    public static func block(_ values: UnsafePointer<Double>, count: Int) -> BlockAggregate {
        var running = Accumulators()
        var index = 0
        while index &+ 16 <= count {
            running.add(loadDoubles(values + index), loadDoubles(values + (index &+ 8)))
            index &+= 16
        }
        guard index < count else { return running.folded }
        for lane in 0..<(count &- index) {
            let value = values[index &+ lane]
            if lane < 8 { running.sum0[lane] += value } else { running.sum1[lane &- 8] += value }
            if value < running.least[lane & 7] { running.least[lane & 7] = value }
            if value > running.greatest[lane & 7] { running.greatest[lane & 7] = value }
        }
        return running.folded
    }
}
