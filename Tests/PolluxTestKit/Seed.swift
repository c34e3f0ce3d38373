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
    /// Bytes of which some were changed, mostly among the first `front`, and sometimes cut or
    /// lengthened by one.
    public mutating func changed(_ bytes: [UInt8], front: Int) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<(1 + next() % 4) where !bytes.isEmpty {
            let reach = next() % 2 == 0 ? bytes.count : min(front, bytes.count)
            let place = Int(next() % UInt64(reach))
            switch next() % 4 {
            case 0: bytes[place] ^= 1 << UInt8(next() % 8)
            case 1: bytes[place] &+= next() % 2 == 0 ? 1 : 255
            case 2: bytes[place] = [0, 0x7F, 0x80, 0xFF][Int(next() % 4)]
            default: bytes[place] = UInt8(truncatingIfNeeded: next())
            }
        }
        switch next() % 6 {
        case 0: bytes.removeLast(Int(next() % UInt64(bytes.count + 1)))
        case 1: bytes.append(UInt8(truncatingIfNeeded: next()))
        default: break
        }
        return bytes
    }

    /// The seeds that `POLLUX_SEEDS` names, such as `44,138` or `1-2000`; nil where it says nothing.
    public static let asked: [UInt64]? = ProcessInfo.processInfo.environment["POLLUX_SEEDS"].map {
        $0.split(separator: ",").flatMap { part -> [UInt64] in
            let ends = part.split(separator: "-").compactMap { UInt64($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
