import Foundation

/// ALP (Afroozeh, Kuffo and Boncz, SIGMOD 2023), written from the paper's text as a yardstick of
/// size: vectors of 1,024 decimals as integers `round(x * 10^e * 10^-f)` in a frame of reference
/// with exceptions, and ALP-RD (left bits by a dictionary of eight, right bits raw) for doubles
/// that are no decimals.
///
/// Every exponent pair is tried on each vector, which is more than the paper's sampling finds.
enum ALP {
    private static let vectorCount = 1024
    private static let powers: [Double] = (0...18).map { pow(10, Double($0)) }
    private static let inverses: [Double] = (0...18).map { 1 / pow(10, Double($0)) }
    /// Exponent, factor, width, base, number of exceptions.
    private static let vectorHeaderByteCount = 1 + 1 + 1 + 8 + 2

    /// Bytes of a chunk: the smaller of ALP and ALP-RD.
    static func byteCount(_ values: [Double]) -> Int {
        let vectors = stride(from: 0, to: values.count, by: vectorCount).map {
            Array(values[$0..<min($0 + vectorCount, values.count)])
        }
        let pairs = candidates(values)
        let decimal = vectors.reduce(0) { sum, vector in
            sum + (pairs.map { decimalByteCount(vector, $0.e, $0.f) }.min() ?? 8 * vector.count)
        }
        return min(decimal, realByteCount(vectors))
    }

    /// The pairs that are best on a sample of the chunk, at most eight.
    private static func candidates(_ values: [Double]) -> [(e: Int, f: Int)] {
        let step = max(1, values.count / 256)
        let sample = stride(from: 0, to: values.count, by: step).map { values[$0] }
        var costs: [(cost: Int, e: Int, f: Int)] = []
        for e in 0...18 {
            for f in 0...e { costs.append((decimalByteCount(sample, e, f), e, f)) }
        }
        return costs.sorted { $0.cost < $1.cost }.prefix(8).map { ($0.e, $0.f) }
    }

    private static func decimalByteCount(_ vector: [Double], _ e: Int, _ f: Int) -> Int {
        var exceptionCount = 0
        var least = Int64.max
        var greatest = Int64.min
        for value in vector {
            let scaled = value * powers[e] * inverses[f]
            guard abs(scaled) < 0x1p51 else {
                exceptionCount += 1
                continue
            }
            let whole = scaled.rounded(.toNearestOrEven)
            let back = whole * powers[f] * inverses[e]
            guard back.bitPattern == value.bitPattern else {
                exceptionCount += 1
                continue
            }
            least = min(least, Int64(whole))
            greatest = max(greatest, Int64(whole))
        }
        let span = least > greatest ? 0 : UInt64(bitPattern: greatest &- least)
        let width = 64 - span.leadingZeroBitCount
        return vectorHeaderByteCount + (vector.count * width + 7) / 8 + exceptionCount * (8 + 2)
    }

    /// ALP-RD with the best cut of 48 to 63 right bits.
    private static func realByteCount(_ vectors: [[Double]]) -> Int {
        (48...63).map { cut in
            var counts: [UInt64: Int] = [:]
            for vector in vectors {
                for value in vector { counts[value.bitPattern >> UInt64(cut), default: 0] += 1 }
            }
            let levels = counts.values.sorted(by: >).prefix(8)
            let kept = levels.reduce(0, +)
            let count = vectors.reduce(0) { $0 + $1.count }
            let bits = levels.count > 4 ? 3 : levels.count > 2 ? 2 : levels.count > 1 ? 1 : 0
            // The dictionary, the cut, and for each vector the number of its exceptions.
            let header = 2 * levels.count + 2 + 2 * vectors.count
            return header + (count * (bits + cut) + 7) / 8 + (count - kept) * (2 + 2)
        }.min() ?? 0
    }
}
