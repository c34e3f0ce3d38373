package import PolluxModel

/// Spans of time as TwinQL writes them.
enum DurationText {
    /// The shortest exact text, such as `1h30m` or `250ms`.
    static func text(_ nanoseconds: Int64) -> String {
        if nanoseconds <= 0 { return "\(nanoseconds)ns" }
        let units: [(Int64, String)] = [
            (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
            (1_000_000, "ms"), (1000, "us"), (1, "ns"),
        ]
        var rest = nanoseconds
        var text = ""
        for (size, name) in units where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text
    }
}

/// The life of points as settings of `create type` and `create measure`.
package enum LifeText {
    private static let day: Int64 = 86_400_000_000_000

    /// A length of time, in days where it is a number of whole ones.
    package static func length(_ nanoseconds: Int64) -> String {
        nanoseconds > 0 && nanoseconds % day == 0
            ? "\(nanoseconds / day)d" : DurationText.text(nanoseconds)
    }

    /// How long points are kept, in a word.
    package static func text(_ retention: LifeDeclaration.Retention) -> String {
        switch retention {
        case .forever: "none"
        case .nanoseconds(let count): length(count)
        }
    }

    /// The settings that say it.
    package static func settings(_ life: LifeDeclaration) -> [String] {
        var parts: [String] = []
        if let retention = life.retention { parts.append("retention = \(text(retention))") }
        if let rollups = life.rollups {
            parts +=
                rollups.isEmpty
                ? ["rollup = none"] : rollups.map { "rollup = \(length($0))" }
        }
        return parts
    }
}
