extension Parser {
    /// Where a query stands, because some clauses belong to some places only.
    enum QueryPlace {
        case plain, running, show
    }

    /// `query`.
    mutating func query(in place: QueryPlace) throws(LanguageError) -> QuerySyntax {
        let start = current.range.lower
        var head = QuerySyntax.Head.read
        if take(.forecast) {
            head = .forecast
        } else if take(.anomalies) {
            try need(.in)
            head = .anomalies
        } else if take(.remaining) {
            try need(.life)
            head = .remainingLife
        }
        var outputs: [OutputSyntax] = []
        if head != .remainingLife {
            try checkQueryStart()
            repeat { outputs.append(try output()) } while take(.comma)
        }
        guard take(.of) else { throw missingOf(behind: outputs) }
        let path = try self.path()
        let clauses = try self.clauses(behind: path, head: head, in: place)
        return QuerySyntax(
            head: head, outputs: outputs, path: path, clauses: clauses, range: range(from: start))
    }

    private mutating func output() throws(LanguageError) -> OutputSyntax {
        let start = current.range.lower
        let expression = try self.expression()
        let unit = take(.in) ? try self.unit() : nil
        let alias = take(.as) ? try name(.newName) : nil
        return OutputSyntax(
            expression: expression, unit: unit, alias: alias, range: range(from: start))
    }

    // MARK: Paths

    /// `path = step { link step }`.
    mutating func path() throws(LanguageError) -> PathSyntax {
        let start = current.range.lower
        trail.steps = []
        var steps = [try step(nil)]
        while true {
            let link: LinkSyntax
            if take(.of) {
                link = .of
            } else if take(.above) {
                link = .above
            } else if take(.that) {
                link = .that(try name(.relation))
            } else {
                return PathSyntax(steps, range: range(from: start))
            }
            try countOperator()
            steps.append(try step(link))
        }
    }

    private mutating func step(_ link: LinkSyntax?) throws(LanguageError) -> StepSyntax {
        let start = current.range.lower
        let selection: SelectionSyntax
        if take(.every) {
            let type = try name(.type)
            selection = .every(type: type, like: take(.like) ? try quotedText() : nil)
        } else {
            let first = try label(.typeOrAsset)
            stepType = first.literal
            if take(.like) {
                selection = .like(type: first, pattern: try quotedText())
            } else if atLabel(.asset) {
                var names = [try label(.asset)]
                while take(.comma) { names.append(try label(.asset)) }
                selection = .named(type: first, names: names)
            } else {
                selection = .bare(first)
            }
        }
        let step = StepSyntax(link: link, selection: selection, range: range(from: start))
        trail.steps.append(step)
        return step
    }

    /// `asset = label [ label ]`.
    mutating func asset() throws(LanguageError) -> AssetSyntax {
        let start = current.range.lower
        let first = try label(.typeOrAsset)
        stepType = first.literal
        guard atLabel(.asset) else {
            return AssetSyntax(type: nil, name: first, range: first.range)
        }
        let name = try label(.asset)
        return AssetSyntax(type: first, name: name, range: range(from: start))
    }
}
