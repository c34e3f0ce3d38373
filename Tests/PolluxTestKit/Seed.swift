import Foundation

/// A deterministic random source (SplitMix64): the same seed gives the same test on every machine.
public struct Seed: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A source from a number that a failing test prints.
    public init(_ seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A double in [0, 1).
    public mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A normally distributed double, mean 0 and standard deviation 1.
    public mutating func normal() -> Double {
        var sum = 0.0
        for _ in 0..<12 { sum += unit() }
        return sum - 6
    }
}

extension Seed {
    /// The seeds that `POLLUX_SEEDS` names, such as `44,138` or `1-2000`; nil where it says nothing.
    public static let asked: [UInt64]? = ProcessInfo.processInfo.environment["POLLUX_SEEDS"].map {
        $0.split(separator: ",").flatMap { part -> [UInt64] in
            let ends = part.split(separator: "-").compactMap { UInt64($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
