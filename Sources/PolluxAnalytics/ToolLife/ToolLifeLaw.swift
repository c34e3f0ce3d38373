/// What a law expects of a tool before it has cut.
public struct LifeExpectation: Hashable, Sendable {
    /// The mean of ln life, life in minutes of cut.
    public var logMean: Double
    /// The standard deviation of ln life.
    public var logDeviation: Double
    /// Where it comes from.
    public var source: Source

    /// Where an expectation comes from.
    public enum Source: UInt8, Hashable, Sendable {
        /// A textbook's constants alone (unverified).
        case prior = 1
        /// The lives of closed tools, whatever they cut.
        case history = 2
        /// Taylor's law fitted to closed tools.
        case law = 3
    }

    /// The median life in minutes of cut.
    public var minutes: Double { exponential(logMean) }
}

/// Taylor's law of tool life, ln T = c0 + cV ln V + cf ln f + cd ln d + cm material, fitted by
/// least squares to the tools that the plant has closed.
///
/// Recursive: the sums of squares are the state (about 0.3 KB), so a closed tool costs one update
/// and the order in which tools close does not matter beyond rounding. Columns that never varied
/// stay out; a prior then gives their exponent.
public struct ToolLifeLaw: Hashable, Sendable {
    private static let width = CutCondition.columnCount
    /// The textbook's constants that start the law, if any.
    public let prior: ToolPrior?
    /// Closed tools that entered the law.
    public private(set) var toolCount = 0
    /// Tools changed before they were worn: counted, not fitted.
    public private(set) var censoredCount = 0
    /// Whether every closed tool had a value in a column.
    private var isComplete = [Bool](repeating: true, count: width)
    private var lowest = [Double](repeating: .infinity, count: width)
    private var highest = [Double](repeating: -.infinity, count: width)
    /// Sums of products of (1, columns, ln T).
    private var products = [Double](repeating: 0, count: (width + 2) * (width + 2))

    /// A law that knows no tool yet.
    public init(prior: ToolPrior? = nil) {
        self.prior = prior
    }

    /// Takes in a closed tool: the conditions it cut in and its life in minutes of cut.
    ///
    /// A tool changed before it was worn says only that it would have lived longer: it is counted.
    /// A life that is not finite and positive is not taken.
    public mutating func append(_ condition: CutCondition, life: Double, isCensored: Bool = false) {
        guard life.isFinite, life > 0 else { return }
        guard !isCensored else {
            censoredCount += 1
            return
        }
        toolCount += 1
        var row = [1.0]
        for (index, column) in condition.columns.enumerated() {
            if let column {
                lowest[index] = min(lowest[index], column)
                highest[index] = max(highest[index], column)
            } else {
                isComplete[index] = false
            }
            row.append(column ?? 0)
        }
        row.append(naturalLogarithm(life))
        for i in row.indices {
            for j in row.indices { products[i * row.count + j] += row[i] * row[j] }
        }
    }

    /// The columns that the history itself can speak about.
    private var activeColumns: [Int] {
        guard toolCount >= 2 else { return [] }
        let varied = (0..<Self.width).filter {
            isComplete[$0] && highest[$0] - lowest[$0] > 1e-9
        }
        // A law needs more tools than it has unknowns; the first columns matter most.
        return Array(varied.prefix(max(0, toolCount - 2)))
    }

    /// Why a column cannot be relied upon, for the answer's note; nil when it can.
    public func exponentNote(prior: ToolPrior?) -> String? {
        guard !activeColumns.contains(0) else { return nil }
        guard let prior else { return "cutting speed never varied: the law holds at that speed" }
        return "cutting speed never varied: n = \(prior.exponent) is the textbook's (\(prior.name))"
    }

    /// What to expect of a tool in a condition; nil with neither a closed tool nor a prior.
    public func expectation(_ condition: CutCondition) -> LifeExpectation? {
        let given = condition.columns
        guard toolCount > 0 else { return priorExpectation(given) }
        let active = activeColumns.filter { given[$0] != nil }
        let fit = solve(active)
        var mean = fit.coefficients[0]
        var leverage = [1.0]
        for (index, column) in active.enumerated() {
            let value = given[column] ?? 0
            mean += fit.coefficients[index + 1] * value
            leverage.append(value)
        }
        for column in 0..<Self.width where !active.contains(column) {
            guard let prior, isComplete[column], let value = given[column] else { continue }
            mean += prior.exponents[column] * value
        }
        let variance = fit.residualVariance * (1 + fit.quadratic(leverage))
        let source: LifeExpectation.Source = active.isEmpty && prior == nil ? .history : .law
        return LifeExpectation(
            logMean: mean, logDeviation: max(variance, 1e-4).squareRoot(), source: source)
    }

    private func priorExpectation(_ given: [Double?]) -> LifeExpectation? {
        guard let prior, let speed = given[0] else { return nil }
        let feed = given[1] ?? naturalLogarithm(ToolPrior.referenceFeed)
        let depth = given[2] ?? naturalLogarithm(ToolPrior.referenceDepth)
        let exponents = prior.exponents
        let mean =
            prior.constantTerm + exponents[0] * speed + exponents[1] * feed
            + exponents[2] * depth
        return LifeExpectation(
            logMean: mean, logDeviation: ModelConstants.priorDeviation, source: .prior)
    }

    // MARK: Least squares

    private struct Fit {
        var coefficients: [Double]
        var inverse: [[Double]]
        var residualVariance: Double

        func quadratic(_ row: [Double]) -> Double {
            var total = 0.0
            for i in row.indices {
                for j in row.indices { total += row[i] * inverse[i][j] * row[j] }
            }
            return max(total, 0)
        }
    }

    private func product(_ i: Int, _ j: Int) -> Double { products[i * (Self.width + 2) + j] }

    /// Fits the constant and the active columns; the others keep the prior's exponent, or none.
    private func solve(_ active: [Int]) -> Fit {
        let used = [0] + active.map { $0 + 1 }
        let target = Self.width + 1
        var fixed: [(column: Int, exponent: Double)] = []
        if let prior {
            for column in 0..<Self.width where !active.contains(column) && isComplete[column] {
                fixed.append((column + 1, prior.exponents[column]))
            }
        }
        // The target with the fixed columns' share taken off: y − Σ c x.
        func cross(_ i: Int) -> Double {
            fixed.reduce(product(i, target)) { $0 - $1.exponent * product(i, $1.column) }
        }
        var square = product(target, target)
        for term in fixed {
            square -= 2 * term.exponent * product(term.column, target)
            for other in fixed {
                square += term.exponent * other.exponent * product(term.column, other.column)
            }
        }
        var matrix = used.map { i in used.map { product(i, $0) } }
        var right = used.map(cross)
        addPriorLevel(&matrix, &right, &square, used)
        for index in matrix.indices.dropFirst() { matrix[index][index] += ModelConstants.lawRidge }
        let inverse = invert(matrix)
        let coefficients = inverse.map { row in zip(row, right).reduce(0) { $0 + $1.0 * $1.1 } }
        let explained = zip(coefficients, right).reduce(0) { $0 + $1.0 * $1.1 }
        let freedom = Double(max(0, toolCount - used.count))
        let expected = ModelConstants.deviationPrior * ModelConstants.deviationPrior
        let variance =
            (max(0, square - explained) + ModelConstants.deviationPriorCount * expected)
            / (freedom + ModelConstants.deviationPriorCount)
        return Fit(coefficients: coefficients, inverse: inverse, residualVariance: variance)
    }

    /// The textbook's level counts as a quarter of a tool until there are three of the plant's own.
    private func addPriorLevel(
        _ matrix: inout [[Double]], _ right: inout [Double], _ square: inout Double, _ used: [Int]
    ) {
        guard let prior, toolCount < ModelConstants.priorOverrideCount, used.count == 1,
            isComplete[0]
        else { return }
        let weight = ModelConstants.priorLevelWeight
        matrix[0][0] += weight
        right[0] += weight * prior.constantTerm
        square += weight * prior.constantTerm * prior.constantTerm
    }

    /// Gauss and Jordan with partial pivoting; at most 5 × 5.
    private func invert(_ input: [[Double]]) -> [[Double]] {
        let count = input.count
        var left = input
        var right = (0..<count).map { row in (0..<count).map { $0 == row ? 1.0 : 0.0 } }
        for column in 0..<count {
            var pivot = column
            for row in column..<count where abs(left[row][column]) > abs(left[pivot][column]) {
                pivot = row
            }
            left.swapAt(column, pivot)
            right.swapAt(column, pivot)
            let divisor = left[column][column]
            guard abs(divisor) > 1e-12 else { continue }
            for index in 0..<count {
                left[column][index] /= divisor
                right[column][index] /= divisor
            }
            for row in 0..<count where row != column {
                let factor = left[row][column]
                for index in 0..<count {
                    left[row][index] -= factor * left[column][index]
                    right[row][index] -= factor * right[column][index]
                }
            }
        }
        return right
    }

    // MARK: State

    func encode(to writer: inout StateWriter) {
        writer.put(text: prior?.name ?? "")
        writer.put(toolCount)
        writer.put(censoredCount)
        for flag in isComplete { writer.put(flag) }
        // An empty column has no bounds; infinities are not written.
        writer.put(lowest.map { $0.isFinite ? $0 : 0 })
        writer.put(highest.map { $0.isFinite ? $0 : 0 })
        for index in lowest.indices { writer.put(lowest[index].isFinite) }
        writer.put(products)
    }

    init(from reader: inout StateReader) throws(ModelStateError) {
        prior = try reader.prior()
        toolCount = try reader.count("tool count")
        censoredCount = try reader.count("censored count")
        for index in isComplete.indices { isComplete[index] = try reader.boolean("column") }
        lowest = try reader.numbers("lowest", atMost: Self.width)
        highest = try reader.numbers("highest", atMost: Self.width)
        guard lowest.count == Self.width, highest.count == Self.width else {
            throw .impossible(field: "bounds")
        }
        for index in lowest.indices where try !reader.boolean("bound") {
            lowest[index] = .infinity
            highest[index] = -.infinity
        }
        products = try reader.numbers("products", atMost: (Self.width + 2) * (Self.width + 2))
        guard products.count == (Self.width + 2) * (Self.width + 2) else {
            throw .impossible(field: "products")
        }
    }
}
