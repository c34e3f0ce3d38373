/// The units that can be written in a plant: those everybody knows, and those declared there.
///
///     var units = UnitCatalog()
///     try units.declare("pallet", as: 48, of: "1")
///     units.unit("pallet/h")
public struct UnitCatalog: Hashable, Sendable {
    /// A unit that a plant added: one of it is `factor` of `base`.
    public struct Declaration: Hashable, Sendable {
        /// How it is written, such as `pallet`.
        public var symbol: String
        /// How many of the base one is.
        public var factor: Double
        /// The symbol of what it is made of, empty for a plain count.
        public var base: String

        /// A declaration.
        public init(symbol: String, factor: Double, base: String) {
            self.symbol = symbol
            self.factor = factor
            self.base = base
        }
    }

    /// Why a unit cannot be declared.
    public enum Refusal: Error, Hashable, Sendable {
        /// The symbol is no word of letters, or too long.
        case badSymbol(String)
        /// The symbol is written for another unit already.
        case taken(String, meaning: String)
        /// The base is no unit.
        case unknownBase(String, near: [String])
        /// The base is a point on a scale, such as °C, which nothing can be a multiple of.
        case point(String)
        /// The factor is not a finite number above zero.
        case badFactor(Double)
    }

    /// The units everybody knows.
    public static let standard = UnitCatalog()

    private var declared: [String: Unit] = [:]
    /// What was declared, in order of symbols.
    public private(set) var declarations: [Declaration] = []

    /// A catalog without units of its own.
    public init() {}

    /// Finds a unit by any of its names; see `Unit.parse`.
    public func unit(_ text: String) -> Unit? {
        Unit.symbolic(text, declared) ?? Unit.foreign(text)
    }

    /// Adds a unit; the same declaration again changes nothing.
    public mutating func declare(
        _ symbol: String, as factor: Double, of base: String
    ) throws(Refusal) {
        let isWord = symbol.unicodeScalars.allSatisfy { $0.properties.isAlphabetic }
        guard isWord, !symbol.isEmpty, symbol.utf8.count <= 32 else { throw .badSymbol(symbol) }
        guard factor.isFinite, factor > 0 else { throw .badFactor(factor) }
        let declaration = Declaration(symbol: symbol, factor: factor, base: base)
        if declarations.contains(declaration) { return }
        if let known = unit(symbol) {
            let meaning =
                declarations.first { $0.symbol == symbol }
                .map { $0.base.isEmpty ? "\($0.factor)" : "\($0.factor) \($0.base)" }
                ?? (known.symbol.isEmpty ? "a plain number" : known.symbol)
            throw .taken(symbol, meaning: meaning)
        }
        guard let unit = unit(base) else { throw .unknownBase(base, near: nearNames(base)) }
        guard !unit.isPoint else { throw .point(base) }
        declared[symbol] = Unit(
            factors: [Unit.Factor(symbol: symbol, power: 1)], dimension: unit.dimension,
            scale: unit.scale * factor)
        let index = declarations.firstIndex { $0.symbol > symbol } ?? declarations.count
        declarations.insert(declaration, at: index)
    }

    /// At most three names that are written nearly like `text`, for messages about unknown units.
    public func nearNames(_ text: String) -> [String] {
        let lowered = text.lowercased()
        let letters = Array(text)
        let limit = max(1, letters.count / 3)
        var candidates = Unit.usualSymbols + declarations.map(\.symbol)
        // Long words are names of another standard, misspelt.
        if letters.count >= 5 {
            candidates += UnitNames.mtconnect.keys.sorted() + UnitNames.dtdl.keys.sorted()
            candidates += UnitNames.words.keys.sorted()
        }
        var scored: [(distance: Int, name: String)] = []
        for name in candidates {
            if name.lowercased() == lowered {
                scored.append((0, name))
            } else if abs(name.count - letters.count) <= limit {
                let distance = editDistance(letters, Array(name))
                if distance <= limit { scored.append((distance, name)) }
            }
        }
        return scored.sorted { $0.distance < $1.distance }.prefix(3).map(\.name)
    }
}

extension UnitCatalog.Refusal: CustomStringConvertible {
    /// What is wrong, and what to write.
    public var description: String {
        switch self {
        case .badSymbol(let symbol):
            "`\(symbol)` cannot be a unit: write letters only, at most 32 bytes"
        case .taken(let symbol, let meaning):
            "`\(symbol)` is a unit already: \(meaning)"
        case .unknownBase(let base, let near):
            "there is no unit `\(base)`"
                + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
        case .point(let base):
            "\(base) is a point on a scale, no multiple of it is a unit: write K for differences"
        case .badFactor(let factor):
            "a unit is a number above zero of another, not \(factor)"
        }
    }
}
