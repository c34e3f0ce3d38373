/// At most 64 values, sorted, that stand for everything a series has shown.
struct ValueMemory: Hashable, Sendable {
    private(set) var values: [Float] = []

    init() {}

    /// The smallest value; 0 when there is none.
    var low: Double { values.isEmpty ? 0 : Double(values[0]) }
    /// The largest value; 0 when there is none.
    var high: Double { values.isEmpty ? 0 : Double(values[values.count - 1]) }
    /// Largest less smallest.
    var range: Double { high - low }

    /// Where a value belongs: the number of remembered values below it.
    func position(of value: Float) -> Int {
        var low = 0
        var count = values.count
        while count > 0 {
            let half = count >> 1
            if values[low + half] < value {
                low += half + 1
                count -= half + 1
            } else {
                count = half
            }
        }
        return low
    }

    /// Distance to the nearest remembered value; 0 when there is none.
    func distance(to value: Float, at position: Int) -> Double {
        var nearest = Double.infinity
        if position < values.count { nearest = Double(values[position]) - Double(value) }
        if position > 0 { nearest = min(nearest, Double(value) - Double(values[position - 1])) }
        return nearest.isFinite ? nearest : 0
    }

    /// Remembers a value at its position; when full, forgets the one its neighbours cover best.
    mutating func insert(_ value: Float, at position: Int) {
        values.insert(value, at: position)
        guard values.count > ModelConstants.memoryCount else { return }
        var best = 1
        var smallest = Float.infinity
        for index in 1..<(values.count - 1) {
            let gap = values[index + 1] - values[index - 1]
            if gap < smallest {
                smallest = gap
                best = index
            }
        }
        values.remove(at: best)
    }

    func encode(to writer: inout StateWriter) { writer.put(values) }

    init(from reader: inout StateReader) throws(ModelStateError) {
        values = try reader.floats("memory", atMost: ModelConstants.memoryCount)
        for index in values.indices.dropFirst() where values[index] < values[index - 1] {
            throw .impossible(field: "memory order")
        }
    }
}
