internal import PolluxKernels

/// What integers are divided by to give the column's doubles (storage-format/encodings.md §5).
struct FloatScale: Equatable {
    /// The stored byte: `4 * e + index of m` for m * 10^e with m in 1, 3, 7, 9; `128 + k` for 2^k.
    let code: UInt8
    /// The divisor, exact.
    let divisor: Double
    /// Whether quotients were printed with 15 digits, and read again.
    var isPrinted = false
    /// Bits that a value of the sample costs, where a scale was chosen by them.
    private(set) var sampledBits = 0.0

    private static let multipliers: [Double] = [1, 3, 7, 9]

    /// The greatest exponent of ten; 9 * 10^17 is still an exact double.
    static let maximumExponent = 17

    /// The scale of a stored byte; nil when no writer produces it.
    init?(code: UInt8) {
        self.code = code
        if code >= 128 {
            let exponent = Int(code) - 128
            guard exponent <= 50 else { return nil }
            divisor = Double(sign: .plus, exponent: exponent, significand: 1)
        } else {
            let exponent = Int(code) / 4
            guard exponent <= Self.maximumExponent else { return nil }
            divisor = Self.multipliers[Int(code) % 4] * Self.powerOfTen(exponent)
        }
    }

    init(multiplier index: Int, exponent: Int) {
        code = UInt8(4 * exponent + index)
        divisor = Self.multipliers[index] * Self.powerOfTen(exponent)
    }

    init(power: Int) {
        code = UInt8(128 + power)
        divisor = Double(sign: .plus, exponent: power, significand: 1)
    }

    private static func powerOfTen(_ exponent: Int) -> Double {
        var power = 1.0
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    /// All decimal scales, those of a multiplier by exponents.
    private static let decimals = multipliers.indices.flatMap { index in
        (0...maximumExponent).map { FloatScale(multiplier: index, exponent: $0) }
    }

    /// All binary scales, by exponents.
    private static let binaries = (0...50).map { FloatScale(power: $0) }

    /// How well a scale fits some of a column's values.
    private struct Fit {
        var missCount = 0
        var bits = 0.0
    }

    /// The scale under which a sample of the column costs the fewest bits; none when none helps.
    ///
    /// Two where the sample cannot tell.
    static func best(for values: UnsafeBufferPointer<Double>) -> [FloatScale] {
        let sample = sample(of: values)
        guard sample.count > 0 else { return [] }
        if let decimal = decimals.prefix(maximumExponent + 1).first(where: { $0.fits(sample) }) {
            var found = binary(sample, unlessWorseThan: decimal) ?? decimal
            guard decimal.divisor >= 1e9 else { return [found] }
            // So many digits are rather thirds or the like, printed: over 3 they are short.
            let bits = found.fit(sample, stopAfter: sample.count).bits
            if let printed = printed(sample, below: 0.7 * bits) { return [printed] }
            found.sampledBits = bits / Double(sample.count)
            guard let other = cheapest(sample, below: 0.9 * bits) else { return [found] }
            return other.sampledBits < 0.6 * found.sampledBits ? [other] : [found, other]
        }
        // A true double costs 64 bits; a scale has to be clearly better.
        let limit = 58 * Double(sample.count)
        if let printed = printed(sample, below: limit / 2) { return [printed] }
        return cheapest(sample, below: limit).map { [$0] } ?? []
    }

    /// The scale whose quotients, printed with 15 digits, are nearly all of the sample.
    ///
    /// Such are means of a few readings that a spreadsheet or a historian wrote as text.
    private static func printed(_ sample: [Double], below limit: Double) -> FloatScale? {
        var best: FloatScale?
        var least = limit
        for var scale in decimals where scale.code < 4 * 7 {
            // Printing moves no quotient by more than 45 units of its last bit.
            let most = sample.count / 8
            guard !scale.misses(more: most, of: sample, by: 64, butTooLarge: true) else { continue }
            scale.isPrinted = true
            let fit = scale.fit(sample, stopAfter: most, below: least)
            guard fit.missCount <= most, fit.bits < least else { continue }
            scale.sampledBits = fit.bits / Double(sample.count)
            (best, least) = (scale, fit.bits)
        }
        return best
    }

    /// The scale that costs the fewest bits; nil when none costs less than `limit`.
    private static func cheapest(_ sample: [Double], below limit: Double) -> FloatScale? {
        var best: FloatScale?
        var least = limit
        let part = Array(sample.prefix(sample.count / 3))
        for var scale in [decimals, binaries].joined() {
            // Each exception costs 64 bits.
            let most = Int((least / 64).rounded(.up)) - 1
            let distance: Int64 = 1 << Int64(Scaling.distanceBits) - 1
            // A third of the sample shows most scales to be wrong.
            guard !scale.misses(more: most / 3, of: part, by: distance),
                !scale.misses(more: most, of: sample, by: distance)
            else { continue }
            let bits = scale.fit(sample, stopAfter: sample.count, below: least).bits
            guard bits < least else { continue }
            scale.sampledBits = bits / Double(sample.count)
            (best, least) = (scale, bits)
        }
        return best
    }

    /// A power of two that fits as well with fewer bits.
    private static func binary(
        _ sample: [Double], unlessWorseThan decimal: FloatScale
    ) -> FloatScale? {
        guard decimal.divisor > 10 else { return nil }
        return binaries.prefix { $0.divisor < decimal.divisor }.first { $0.fits(sample) }
    }

    /// Whether integers over the scale give nearly all of the sample.
    private func fits(_ sample: [Double]) -> Bool {
        !misses(more: sample.count / 32, of: sample, by: 0)
    }

    /// Whether more than `most` of the sample are further than `distance` from what integers give.
    private func misses(
        more most: Int, of sample: [Double], by distance: Int64, butTooLarge: Bool = false
    ) -> Bool {
        sample.withUnsafeBufferPointer {
            Scaling.misses(
                more: most, of: $0.baseAddress.unsafelyUnwrapped, count: $0.count,
                divisor: divisor, by: distance, butTooLarge: butTooLarge)
        }
    }

    /// Up to 96 finite values in pairs of neighbours, spread over the column, as are the first few
    /// of them.
    private static func sample(of values: UnsafeBufferPointer<Double>) -> [Double] {
        var sample: [Double] = []
        let pairs = min(48, (values.count + 1) / 2)
        sample.reserveCapacity(2 * pairs)
        for pair in 0..<pairs {
            // 19 and 48 have no factor in common: each place comes once.
            let place = pairs == 48 ? 19 * pair % 48 : pair
            let row = place * values.count / pairs
            for index in row..<min(row + 2, values.count) where values[index].isFinite {
                sample.append(values[index])
            }
        }
        return sample
    }

    /// How well the scale fits; when more than `limit` values miss, `bits` say nothing.
    ///
    /// Where they cost `bound` or more, `bits` are that many or more, but not all are counted.
    private func fit(
        _ sample: [Double], stopAfter limit: Int, below bound: Double = .infinity
    ) -> Fit {
        let part = 32
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2 * part) { buffer in
            let integers = buffer.baseAddress.unsafelyUnwrapped
            let distances = integers + part
            var fit = Fit()
            var first = 0
            while first < sample.count {
                // A few values show most scales to be wrong.
                let count = min(first == 0 ? part / 4 : part, sample.count - first)
                defer { first += count }
                sample.withUnsafeBufferPointer { sample in
                    let values = UnsafeBufferPointer(rebasing: sample[first..<first + count])
                    let missCount = Scaling.split(
                        values.baseAddress.unsafelyUnwrapped, count: count, divisor: divisor,
                        integers: integers, distances: distances)
                    fit.missCount +=
                        isPrinted
                        ? Self.printedDistances(values, integers, distances, divisor) : missCount
                }
                // Where none of the first fits, hardly one does.
                let fitsNone = first == 0 && fit.missCount == count && limit < sample.count
                if fitsNone { fit.missCount = max(count, limit + 1) }
                if fit.missCount > limit { break }
                fit.bits += Double(Scaling.pairBits(integers, distances, count: count))
                // What costs half as much again so far will not cost less in the end.
                let share = Double(first + count) / Double(sample.count)
                if fit.bits >= bound * min(1, 1.5 * share) {
                    fit.bits = max(fit.bits, bound)
                    break
                }
            }
            return fit
        }
    }

    /// Distances from printed quotients; returns how many are not zero.
    private static func printedDistances(
        _ sample: UnsafeBufferPointer<Double>, _ integers: UnsafePointer<Int64>,
        _ distances: UnsafeMutablePointer<Int64>, _ divisor: Double
    ) -> Int {
        // Printing moves no quotient by more than 45 units of its last bit: further away none fits.
        let mayFit = sample.indices.contains {
            distances[$0].magnitude <= 64 || distances[$0] == .min
        }
        guard mayFit else { return sample.count }
        var missCount = 0
        withUnsafeTemporaryAllocation(of: Double.self, capacity: sample.count) { printed in
            guard let start = printed.baseAddress else { return }
            Scaling.join(integers, count: sample.count, divisor: divisor, into: start)
            Printing.printAll(start, count: sample.count)
            for index in sample.indices where distances[index] != .min {
                distances[index] = Int64(
                    bitPattern: sample[index].bitPattern &- start[index].bitPattern)
                if distances[index] != 0 { missCount += 1 }
            }
        }
        return missCount
    }
}
