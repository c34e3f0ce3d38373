import PolluxLanguage
import PolluxModel

/// A column of numbers with the places where nothing is known.
struct NumberColumn {
    var values: [Double]
    var isKnown: [Bool]

    init(repeating value: Double, isKnown: Bool, count: Int) {
        values = Array(repeating: value, count: count)
        self.isKnown = Array(repeating: isKnown, count: count)
    }

    init(count: Int) { self.init(repeating: 0, isKnown: false, count: count) }
}

/// Evaluates bound expressions over the leaves of one asset, column by column.
struct Evaluator {
    let leaves: [LeafColumn]
    let definitions: [BoundLeaf]
    /// Behind it nothing is known, and nothing is missing either.
    let now: Int64
    /// Where what was read begins.
    var start = Int64.max

    /// Bytes that the columns hold, about.
    var byteCount: Int { leaves.reduce(0) { $0 + $1.byteCount } }

    /// What rows of totals still need of it: words, and where values are provisional.
    var withoutSamples: Evaluator {
        Evaluator(leaves: leaves.map(\.withoutSamples), definitions: definitions, now: now)
    }

    /// Before which an expression may be known: now, or later where all of it is of `offset`.
    func horizon(of node: BoundExpression) -> Int64 {
        now.addingSaturated(node.leaves.map { leaves[$0].shift }.min() ?? 0)
    }

    /// The values of an expression at ascending instants; truth is 0 and 1.
    func values(_ node: BoundExpression, at times: [Int64]) -> NumberColumn {
        evaluate(node, at: times) { leaf in sample(leaves[leaf], at: times) }
    }

    /// The values of an expression inside the intervals `[bounds[i], bounds[i + 1])`, towards both
    /// ends.
    func ends(
        _ node: BoundExpression, bounds: [Int64]
    ) -> (first: NumberColumn, last: NumberColumn) {
        let starts = bounds.dropLast()
        let first = evaluate(node, at: starts) { leaf in
            intervalEnds(leaves[leaf], bounds).first
        }
        let last = evaluate(node, at: starts) { leaf in intervalEnds(leaves[leaf], bounds).last }
        return (first, last)
    }

    /// The truth of a condition in the middle of each interval.
    func middles(_ node: BoundExpression, bounds: [Int64]) -> NumberColumn {
        evaluate(node, at: bounds.dropLast()) { leaf in
            let (first, last) = intervalEnds(leaves[leaf], bounds)
            var column = first
            for index in column.values.indices {
                column.values[index] = (first.values[index] + last.values[index]) / 2
            }
            return column
        }
    }

    private func sample(_ leaf: LeafColumn, at times: [Int64]) -> NumberColumn {
        var column = NumberColumn(count: times.count)
        var span = 0
        let spanCount = leaf.spanStarts.count
        for (index, time) in times.enumerated() {
            while span + 1 < spanCount, leaf.spanStarts[span + 1] <= time { span += 1 }
            guard span < spanCount, leaf.spanStarts[span] <= time,
                let value = leaf.value(inSpan: span, at: time)
            else { continue }
            column.values[index] = value
            column.isKnown[index] = true
        }
        return column
    }

    private func intervalEnds(
        _ leaf: LeafColumn, _ bounds: [Int64]
    ) -> (first: NumberColumn, last: NumberColumn) {
        let count = max(0, bounds.count - 1)
        var first = NumberColumn(count: count)
        var last = first
        var span = 0
        let spanCount = leaf.spanStarts.count
        for index in 0..<count {
            let low = bounds[index]
            let high = bounds[index + 1]
            while span < spanCount, leaf.spanEnds[span] <= low { span += 1 }
            guard span < spanCount, leaf.spanStarts[span] <= low, leaf.spanEnds[span] >= high else {
                continue
            }
            let start = leaf.spanStarts[span]
            let length = Double(leaf.spanEnds[span].subtractingSaturated(start))
            let from = leaf.spanFirst[span]
            let rise = leaf.spanLast[span] - from
            // The ends of a span are its samples, to the last bit.
            first.values[index] =
                low == start
                ? from : from + rise * (Double(low.subtractingSaturated(start)) / length)
            last.values[index] =
                high == leaf.spanEnds[span]
                ? leaf.spanLast[span]
                : from + rise * (Double(high.subtractingSaturated(start)) / length)
            first.isKnown[index] = true
            last.isKnown[index] = true
        }
        return (first, last)
    }

    // MARK: Nodes

    private func evaluate(
        _ node: BoundExpression, at times: some RandomAccessCollection<Int64>,
        leaf: (Int) -> NumberColumn
    ) -> NumberColumn {
        let count = times.count
        switch node.form {
        case .leaf(let index): return leaf(index)
        case .constant(let value):
            return NumberColumn(repeating: value, isKnown: true, count: count)
        case .truth(let value):
            return NumberColumn(repeating: value ? 1 : 0, isKnown: true, count: count)
        case .word, .aggregate: return NumberColumn(count: count)
        case .negation(let inner):
            return map(evaluate(inner, at: times, leaf: leaf)) { -$0 }
        case .conversion(let inner, let conversion):
            return map(evaluate(inner, at: times, leaf: leaf)) { conversion($0) }
        case .function(let word, let arguments):
            return function(word, arguments, at: times, leaf: leaf)
        case .arithmetic(let operation, let left, let right):
            return ColumnArithmetic.apply(
                operation, evaluate(left, at: times, leaf: leaf),
                evaluate(right, at: times, leaf: leaf))
        case .comparison(let operation, let left, let right):
            if left.valueClass == .text || right.valueClass == .text {
                return compareTexts(operation, left, right, at: times, leaf: leaf)
            }
            return ColumnArithmetic.compare(
                operation, evaluate(left, at: times, leaf: leaf),
                evaluate(right, at: times, leaf: leaf))
        case .like(let inner, let pattern):
            return texts(inner, at: times, leaf: leaf) { pattern.matches($0) }
        case .logic(let operation, let left, let right):
            return ColumnArithmetic.combine(
                operation, evaluate(left, at: times, leaf: leaf),
                evaluate(right, at: times, leaf: leaf))
        case .not(let inner):
            return map(evaluate(inner, at: times, leaf: leaf)) { 1 - $0 }
        case .state(let inner, let isNegated, let word):
            return state(inner, isNegated, word, at: times, leaf: leaf)
        }
    }

    private func map(_ column: NumberColumn, _ body: (Double) -> Double) -> NumberColumn {
        var column = column
        for index in column.values.indices {
            column.values[index] = body(column.values[index])
        }
        return column
    }

    /// What is known of a value is always known, but for what lies ahead.
    private func state(
        _ inner: BoundExpression, _ isNegated: Bool, _ word: StateWord,
        at times: some RandomAccessCollection<Int64>, leaf: (Int) -> NumberColumn
    ) -> NumberColumn {
        var column = NumberColumn(repeating: 0, isKnown: true, count: times.count)
        let horizon = horizon(of: inner)
        let known = evaluate(inner, at: times, leaf: leaf).isKnown
        for (index, time) in times.enumerated() {
            column.isKnown[index] = known[index] || time < horizon
        }
        if word == .missing {
            for index in known.indices { column.values[index] = known[index] == isNegated ? 1 : 0 }
            return column
        }
        guard case .leaf(let number) = inner.form, let track = leaves[number].track else {
            return column
        }
        for (index, time) in times.enumerated() {
            column.values[index] = track.holds(word, at: time) != isNegated ? 1 : 0
        }
        return column
    }

    private func function(
        _ word: FunctionWord, _ arguments: [BoundExpression],
        at times: some RandomAccessCollection<Int64>, leaf: (Int) -> NumberColumn
    ) -> NumberColumn {
        let count = times.count
        guard let argument = arguments.first else { return NumberColumn(count: count) }
        var column = evaluate(argument, at: times, leaf: leaf)
        var decimals = 0.0
        if arguments.count > 1, case .constant(let value) = arguments[1].form { decimals = value }
        for index in 0..<count {
            let value = ColumnArithmetic.function(word, column.values[index], decimals)
            column.values[index] = value ?? 0
            if value == nil { column.isKnown[index] = false }
        }
        return column
    }

    /// The words that a text node's values index; nil for a literal.
    private func words(_ node: BoundExpression) -> [String]? {
        if case .leaf(let index) = node.form { return leaves[index].words }
        return nil
    }

    private func texts(
        _ node: BoundExpression, at times: some RandomAccessCollection<Int64>,
        leaf: (Int) -> NumberColumn, _ test: (String) -> Bool
    ) -> NumberColumn {
        let count = times.count
        // One test per distinct word, not per value.
        guard let words = words(node) else {
            guard case .word(let word) = node.form else { return NumberColumn(count: count) }
            return NumberColumn(repeating: test(word) ? 1 : 0, isKnown: true, count: count)
        }
        let outcomes = words.map { test($0) ? 1.0 : 0 }
        var column = evaluate(node, at: times, leaf: leaf)
        for index in 0..<count where column.isKnown[index] {
            let word = Int(column.values[index])
            column.values[index] = outcomes.indices.contains(word) ? outcomes[word] : 0
        }
        return column
    }

    private func compareTexts(
        _ operation: ComparisonOperator, _ left: BoundExpression, _ right: BoundExpression,
        at times: some RandomAccessCollection<Int64>, leaf: (Int) -> NumberColumn
    ) -> NumberColumn {
        let count = times.count
        if case .word(let word) = right.form {
            return texts(left, at: times, leaf: leaf) {
                ColumnArithmetic.compare(operation, $0, word)
            }
        }
        if case .word(let word) = left.form {
            return texts(right, at: times, leaf: leaf) {
                ColumnArithmetic.compare(operation, word, $0)
            }
        }
        guard let leftWords = words(left), let rightWords = words(right) else {
            return NumberColumn(count: count)
        }
        var column = evaluate(left, at: times, leaf: leaf)
        let other = evaluate(right, at: times, leaf: leaf)
        for index in 0..<count {
            column.isKnown[index] = column.isKnown[index] && other.isKnown[index]
            guard column.isKnown[index] else { continue }
            let first = leftWords[Int(column.values[index])]
            let second = rightWords[Int(other.values[index])]
            column.values[index] = ColumnArithmetic.compare(operation, first, second) ? 1 : 0
        }
        return column
    }
}
