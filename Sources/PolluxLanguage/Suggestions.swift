/// Near names for a misspelt one.
public enum Suggestions {
    /// The candidates nearest to `name` by edit distance, nearest first, never far-fetched ones.
    ///
    /// Case counts less than a letter. O(candidates × length²); names beyond 64 characters are
    /// passed over.
    public static func nearest(
        to name: String, in candidates: some Sequence<String>, limit: Int = 3
    ) -> [String] {
        let wanted = Array(name.lowercased())
        guard !wanted.isEmpty, wanted.count <= 64 else { return [] }
        let tolerance = max(1, (wanted.count + 1) / 3)
        var found: [(distance: Int, name: String)] = []
        for candidate in candidates where candidate != name {
            let letters = Array(candidate.lowercased())
            guard abs(letters.count - wanted.count) <= tolerance, letters.count <= 64 else {
                continue
            }
            let distance = editDistance(wanted, letters)
            if distance <= tolerance, distance < max(wanted.count, 2) {
                found.append((distance, candidate))
            }
        }
        found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return found.prefix(limit).map(\.name)
    }

    /// How many insertions, deletions, replacements and swaps of neighbours lead from one to the
    /// other (Damerau; each stretch is edited once).
    public static func editDistance(_ left: String, _ right: String) -> Int {
        editDistance(Array(left), Array(right))
    }

    private static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...left.count {
            var line = [Int](repeating: row, count: right.count + 1)
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var best = min(last[column] + 1, line[column - 1] + 1)
                best = min(best, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    best = min(best, beforeLast[column - 2] + 1)
                }
                line[column] = best
            }
            beforeLast = last
            last = line
        }
        return last[right.count]
    }
}
