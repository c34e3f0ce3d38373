/// What the 1,024 words of a block add up to, and the least and greatest of them.
public struct WordTotal: Equatable {
    /// The exact sum, below 2^42.
    public var sum: UInt64
    /// The least word; `UInt32.max` when extremes were not asked for.
    public var least: UInt32
    /// The greatest word; 0 when extremes were not asked for.
    public var greatest: UInt32

    /// Takes any numbers.
    public init(sum: UInt64, least: UInt32, greatest: UInt32) {
        self.sum = sum
        self.least = least
        self.greatest = greatest
    }
}

/// How the words of a block are added up: eight at a time, and never past the end of a lane.
protocol WordSums {
    init()

    /// Takes in four vectors; call it at most 32 times.
    mutating func add(_ rows: (Words, Words, Words, Words))

    /// The sum of all words so far.
    mutating func sum() -> UInt64
}

/// Words of at most 27 bits: 32 of them are below 2^32.
struct NarrowSums: WordSums {
    private var sums0 = Words()
    private var sums1 = Words()
    private var sums2 = Words()
    private var sums3 = Words()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ rows: (Words, Words, Words, Words)) {
        sums0 &+= rows.0
        sums1 &+= rows.1
        sums2 &+= rows.2
        sums3 &+= rows.3
    }

    /// Not inlined and by address: seeing single lanes, the compiler would cut the loop's vectors.
    @inline(never)
    mutating func sum() -> UInt64 {
        var longs = PairSums()
        longs.add(sums0)
        longs.add(sums1)
        longs.add(sums2)
        longs.add(sums3)
        return longs.sum()
    }
}

/// Words of any width, the even and the odd ones of a vector as numbers of 64 bits.
struct PairSums: WordSums {
    private var even = SIMD4<UInt64>()
    private var odd = SIMD4<UInt64>()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ rows: (Words, Words, Words, Words)) {
        add(rows.0)
        add(rows.1)
        add(rows.2)
        add(rows.3)
    }

    @inline(__always)
    mutating func add(_ words: Words) {
        even &+= words.pairs & SIMD4(repeating: 0xFFFF_FFFF)
        odd &+= words.pairs &>> SIMD4(repeating: 32)
    }

    /// As that of narrow words.
    @inline(never)
    mutating func sum() -> UInt64 {
        let both = even &+ odd
        return (both[0] &+ both[1]) &+ (both[2] &+ both[3])
    }
}

/// What is found out about the least and greatest word of a block.
protocol WordExtremes {
    init()

    /// Takes in a vector.
    mutating func add(_ words: Words)

    /// Takes in four vectors.
    mutating func add(_ rows: (Words, Words, Words, Words))

    /// Takes in what others found in each lane, `offsets` more.
    mutating func add(_ others: Self, plus offsets: Words)

    /// The least and greatest so far.
    mutating func found() -> (least: UInt32, greatest: UInt32)
}

/// Nobody asks for them.
struct NoExtremes: WordExtremes {
    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ words: Words) {}

    @inline(__always)
    mutating func add(_ rows: (Words, Words, Words, Words)) {}

    @inline(__always)
    mutating func add(_ others: Self, plus offsets: Words) {}

    @inline(__always)
    mutating func found() -> (least: UInt32, greatest: UInt32) { (.max, 0) }
}

/// The least and greatest of each lane.
struct AllExtremes: WordExtremes {
    private var least = Words(repeating: .max)
    private var greatest = Words()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ words: Words) {
        least = lesser(least, words)
        greatest = greater(greatest, words)
    }

    @inline(__always)
    mutating func add(_ rows: (Words, Words, Words, Words)) {
        least = lesser(least, lesser(lesser(rows.0, rows.1), lesser(rows.2, rows.3)))
        greatest = greater(greatest, greater(greater(rows.0, rows.1), greater(rows.2, rows.3)))
    }

    @inline(__always)
    mutating func add(_ others: Self, plus offsets: Words) {
        least = lesser(least, others.least &+ offsets)
        greatest = greater(greatest, others.greatest &+ offsets)
    }

    /// Not inlined and by address: seeing single words, the compiler would cut the comparisons of
    /// the whole loop into halves.
    @inline(never)
    mutating func found() -> (least: UInt32, greatest: UInt32) {
        var (low, high) = (least[0], greatest[0])
        for lane in 1..<8 {
            low = min(low, least[lane])
            high = max(high, greatest[lane])
        }
        return (low, high)
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
