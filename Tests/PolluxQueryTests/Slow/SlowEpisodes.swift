extension SlowAnswer {
    /// `when condition for minimum until end for length`; without `until`, until the condition does
    /// not hold.
    struct Episode {
        var condition: Condition
        var minimum: Int
        var end: (condition: Condition, length: Int)?
    }

    /// A stretch of time in which nothing changes: whether the condition holds and whether what
    /// ends it does, nil where neither is known.
    private struct Stretch {
        var start: Double
        var end: Double
        var isInPath = true
        var holds: Bool?
        var ends: Bool?
    }

    /// The spans in which a condition held for at least `minimum` seconds.
    ///
    /// From its first true instant to the first one at which what ends it begins to hold for long
    /// enough, or until the asset leaves the path. Unknown time neither begins nor ends one.
    func spans(of episode: Episode, of subject: Subject) -> [(start: Double, end: Double)] {
        var found: [(start: Double, end: Double)] = []
        var start: Double?
        var isLong = false
        var ending: Double?
        func close(_ end: Double) {
            if let start, isLong { found.append((start, end)) }
            (start, isLong, ending) = (nil, false, nil)
        }
        let length = Double(episode.end?.length ?? 0)
        for stretch in stretches(of: episode, of: subject) {
            guard stretch.isInPath else {
                close(stretch.start)
                continue
            }
            guard let holds = stretch.holds, let ends = stretch.ends else { continue }
            // What was no episode yet is none when the condition holds no longer.
            if !holds, !isLong { close(stretch.start) }
            if holds, start == nil { start = stretch.start }
            if let start, holds, stretch.end - start >= Double(episode.minimum) { isLong = true }
            guard ends, isLong else {
                ending = nil
                continue
            }
            let since = ending ?? stretch.start
            ending = since
            if stretch.end - since >= length { close(since) }
        }
        close(Double(now))
        return found
    }

    private func stretches(of episode: Episode, of subject: Subject) -> [Stretch] {
        (-400..<now).flatMap { second -> [Stretch] in
            var whole = Stretch(start: Double(second), end: Double(second + 1))
            whole.isInPath = subject.stays.contains { $0.contains(second) }
            guard let piece = piece(episode.condition.measure, of: subject, second) else {
                return [whole]
            }
            let conditions = [episode.condition] + (episode.end.map { [$0.condition] } ?? [])
            let borders = [0, 1] + conditions.compactMap { $0.crossing(piece) }
            return zip(borders.sorted(), borders.sorted().dropFirst()).compactMap { low, high in
                guard low < high else { return nil }
                let holds = episode.condition.holds(piece, at: (low + high) / 2)
                let ends = episode.end?.condition.holds(piece, at: (low + high) / 2) ?? !holds
                return Stretch(
                    start: whole.start + low, end: whole.start + high, holds: holds, ends: ends)
            }
        }
    }
}

extension SlowAnswer.Condition {
    /// Where in a second its line crosses the limit, if inside.
    func crossing(_ piece: SlowPlant.Piece) -> Double? {
        guard word == nil, piece.first != piece.last else { return nil }
        let place = (limit - piece.first) / (piece.last - piece.first)
        return place > 0 && place < 1 ? place : nil
    }

    /// Whether it holds at a part of a second.
    func holds(_ piece: SlowPlant.Piece, at part: Double) -> Bool {
        if let word { return piece.word == word }
        let value = piece.first + (piece.last - piece.first) * part
        return isAbove ? value > limit : value < limit
    }
}
