import PolluxLanguage

extension Question {
    /// Clauses that the kind of rows cannot take are refused by name, never passed over.
    func refuseWhatDoesNotFit() throws {
        let clauses = query.clauses
        let isModel = query.head != .read
        let isSliced = clauses.every != nil
        func refuse(_ word: String, _ range: SourceRange?, _ why: String) throws {
            guard let range else { return }
            throw context.wrong(
                .clauseDoesNotFit, "`\(word)` does not fit here: \(why)", at: range)
        }
        if clauses.episode != nil {
            try refuse("points", clauses.points?.range, "episodes are no curve")
            try refuse("on", clauses.on?.range, "the rows are episodes")
            try refuse("compare with", clauses.compare?.range, "episodes do not line up")
        }
        if isSliced { try refuse("on", clauses.on?.range, "`every` says which rows there are") }
        if clauses.compare != nil {
            try refuse("points", clauses.points?.range, "compared rows stay as they are")
        }
        guard isModel else { return }
        let head = query.head == .forecast ? "forecast" : "model"
        let why = "the rows come from a \(head)"
        try refuse("compare with", clauses.compare?.range, why)
        try refuse("points", clauses.points?.range, why)
        try refuse("on", clauses.on?.range, why)
        try refuse("fill", clauses.fill?.range, why)
        try refuse("per", clauses.grouping?.range, why)
        let word = clauses.ranking?.form.isTop == true ? "top" : "bottom"
        try refuse(word, clauses.ranking?.range, why)
        try refuse("where", clauses.filter?.range, why)
        guard query.head != .forecast else { return }
        try refuse("when", clauses.episode?.range, why)
        try refuse("every", clauses.every?.range, why)
    }

    /// Samples of two spans do not line up.
    func refuseComparedSamples() throws {
        guard let clause = query.clauses.compare else { return }
        throw context.wrong(
            .clauseDoesNotFit, "samples of two spans do not line up", at: clause.range,
            notes: ["cut both spans: `every 1m`, or compare one value: `avg power`"])
    }

    /// Merging assets needs one value each.
    func refuseMergedSamples(_ outputs: [Output]) throws {
        guard let clause = query.clauses.grouping,
            let sample = outputs.first(where: { !$0.isAggregate })
        else { return }
        let text = sample.expression.range.text(in: context.text)
        throw context.wrong(
            .clauseDoesNotFit, "merging assets needs one value each, and `\(text)` is a curve",
            at: clause.range, suggestions: [.init("write `avg \(text)`")])
    }
}
