/// What is found out about the least and greatest of a column.
protocol SumExtremes {
    init()

    /// Takes in words of a block.
    mutating func add(_ first: Words, _ second: Words)

    /// The words so far stand for this; those that follow may stand for something else.
    mutating func endBlock<Scaling: PlaceScaling>(_ scaling: Scaling)

    /// Takes in the least and greatest of at least one block.
    mutating func fold(into total: inout SumTotal)
}

/// Nobody asks for them.
struct NoExtremes: SumExtremes {
    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ first: Words, _ second: Words) {}

    @inline(__always)
    mutating func endBlock<Scaling: PlaceScaling>(_ scaling: Scaling) {}

    @inline(__always)
    mutating func fold(into total: inout SumTotal) {}
}

/// Words while a block lasts, then integers as doubles, which hold them exactly.
struct AllExtremes: SumExtremes {
    private var leastWords = Words(repeating: .max)
    private var greatestWords = Words()
    private var least = SIMD4<Double>(repeating: .infinity)
    private var greatest = SIMD4<Double>(repeating: -.infinity)

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ first: Words, _ second: Words) {
        leastWords = lesser(leastWords, lesser(first, second))
        greatestWords = greater(greatestWords, greater(first, second))
    }

    /// Not inlined and by address: seeing single words, the compiler would cut the comparisons of
    /// the whole loop into halves.
    @inline(never)
    mutating func endBlock<Scaling: PlaceScaling>(_ scaling: Scaling) {
        least = lesser(least, scaling.integers(leastWords.lowShifted))
        least = lesser(least, scaling.integers(leastWords.highShifted))
        greatest = greater(greatest, scaling.integers(greatestWords.lowShifted))
        greatest = greater(greatest, scaling.integers(greatestWords.highShifted))
        leastWords = Words(repeating: .max)
        greatestWords = Words()
    }

    /// Not inlined and by address, as above.
    @inline(never)
    mutating func fold(into total: inout SumTotal) {
        for lane in 0..<4 { total.add(least: least[lane], greatest: greatest[lane]) }
    }
}

@inline(__always)
private func lesser(_ first: Words, _ second: Words) -> Words {
    first.replacing(with: second, where: second .< first)
}

@inline(__always)
private func greater(_ first: Words, _ second: Words) -> Words {
    first.replacing(with: second, where: second .> first)
}
