import PolluxLanguage

extension BoundExpression {
    /// Whether it may bend between instants where its operands run straight: products, quotients
    /// and functions of curves do.
    var isBent: Bool {
        var found = false
        visit { node in
            switch node.form {
            case .arithmetic(.multiply, let left, let right):
                if !left.leaves.isEmpty && !right.leaves.isEmpty { found = true }
            case .arithmetic(.divide, _, let right): if !right.leaves.isEmpty { found = true }
            case .function(let word, let arguments) where word != .abs:
                if arguments.contains(where: { !$0.leaves.isEmpty }) { found = true }
            default: break
            }
        }
        return found
    }
}

/// The parabola through the start, the middle and the end of an interval: exact for the product of
/// two lines, Simpson's rule for the rest.
struct Parabola {
    let start: Double
    let middle: Double
    let end: Double

    /// The mean over the interval.
    var mean: Double { (start + 4 * middle + end) / 6 }

    private var square: Double { 2 * (start - 2 * middle + end) }
    private var slope: Double { 4 * middle - 3 * start - end }

    /// The value at its turn, where that lies inside.
    var extreme: Double? {
        guard square != 0 else { return nil }
        let place = -slope / (2 * square)
        guard place > 0, place < 1 else { return nil }
        return start + place * (slope + place * square)
    }

    /// Where it crosses zero inside, as shares of the interval, ascending.
    var roots: [Double] {
        let (a, b, c) = (square, slope, start)
        if abs(a) <= abs(b) * 1e-12 {
            return b == 0 ? [] : [-c / b].filter { $0 > 0 && $0 < 1 }
        }
        let discriminant = b * b - 4 * a * c
        guard discriminant > 0 else { return [] }
        let half = -(b + (b < 0 ? -1 : 1) * discriminant.squareRoot()) / 2
        let found = half == 0 ? [0, -b / a] : [half / a, c / half]
        return found.filter { $0 > 0 && $0 < 1 }.sorted()
    }
}
