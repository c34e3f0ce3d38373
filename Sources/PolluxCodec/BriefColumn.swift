/// Columns that live briefly, such as those of the journal: packed in one pass.
///
/// The chooser of chunks weighs every mode by its exact size, which costs several passes over the
/// values. Here the order of differences is chosen on one block and the rest follows; the bytes
/// are of the same modes, so that every reader reads them.
public enum BriefColumn {
    /// Columns with fewer values are left to the chooser: they cost little, and it shrinks them.
    private static let leastCount = 2 * ColumnLimits.blockCount

    /// Appends a column of integers; read it with `IntegerColumn`.
    public static func encode(_ values: [Int64], into bytes: inout [UInt8]) {
        guard values.count >= leastCount else {
            return IntegerColumn.encode(values, tier: .fast, into: &bytes)
        }
        values.withUnsafeBufferPointer { values in
            let common = SharedFactor(values)
            let numbers = common.numbers(of: values)
            let order = PackedOrder.all.min {
                sampledCount(numbers, $0) < sampledCount(numbers, $1)
            }
            let column = PackedColumn(
                numbers, order: order ?? .values, factor: common.factor, offset: common.offset,
                limit: Double(8 * values.count - 1))
            guard let column else {
                return IntegerColumn.encode(values, tier: .fast, into: &bytes)
            }
            bytes.append(contentsOf: column.bytes())
        }
    }

    /// Appends a column of doubles; read it with `FloatColumn`.
    public static func encode(_ values: [Double], into bytes: inout [UInt8]) {
        guard values.count >= leastCount else {
            return FloatColumn.encode(values, tier: .fast, into: &bytes)
        }
        values.withUnsafeBufferPointer { values in
            guard let scale = FloatScale.best(for: values).first,
                let scaled = ScaledFloats(values, scale: scale, sibling: nil),
                scaled.distances.isEmpty
            else { return FloatColumn.encode(values, tier: .fast, into: &bytes) }
            var integers: [UInt8] = []
            encode(scaled.integers, into: &integers)
            bytes.append(contentsOf: scaled.bytes(as: .floatScaled, [integers]))
        }
    }

    /// The bytes that a block from the middle of a column would take.
    private static func sampledCount(_ numbers: [Int64], _ order: PackedOrder) -> Int {
        let size = ColumnLimits.blockCount
        let first = numbers.count / 2 / size * size
        return PackedColumn(
            Array(numbers[first..<(first + size)]), order: order, factor: 1, offset: 0
        )?.byteCount ?? .max
    }
}
