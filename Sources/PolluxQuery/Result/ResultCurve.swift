public import PolluxModel

/// How the values of a column run from one of its rows to the next, for what draws them.
public struct ResultCurve: Hashable, Sendable {
    /// How long a sample is trusted.
    public enum Gap: Hashable, Sendable {
        case none
        /// Nanoseconds.
        case length(Int64)
    }

    /// A row behind which nothing is known up to the next value.
    public struct Hole: Hashable, Sendable {
        /// The row.
        public var row: Int
        /// How long its value is still known, in nanoseconds.
        public var held: Int64

        /// A hole from its parts.
        public init(row: Int, held: Int64) {
            self.row = row
            self.held = held
        }
    }

    /// Whether a value holds up to the next one, or a line joins them.
    public var shape: MeasureShape
    /// How long a value is trusted where rows are samples, nil where they are slices.
    ///
    /// Among samples a missing cell is a row of another column, among slices it is a hole.
    public var gap: Gap?
    /// The holes, ascending by row, where the gap alone does not tell them.
    public var holes: [Hole]?

    /// A curve from its parts.
    public init(shape: MeasureShape, gap: Gap? = nil, holes: [Hole]? = nil) {
        self.shape = shape
        self.gap = gap
        self.holes = holes
    }

    /// How long the value of a row at `time` is known, in nanoseconds, where that ends before the
    /// next value of its asset at `next`; nil where it leads up to it.
    ///
    /// O(log holes).
    public func held(_ row: Int, at time: Int64, next: Int64?) -> Int64? {
        if let holes {
            let low = holes.endOfPrefix { $0.row < row }
            return low < holes.count && holes[low].row == row ? holes[low].held : nil
        }
        guard case .length(let gap)? = gap, let next, next.subtractingSaturated(time) > gap else {
            return nil
        }
        return shape == .step ? gap : 0
    }
}
