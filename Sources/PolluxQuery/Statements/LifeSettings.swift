import PolluxGraph
import PolluxLanguage
import PolluxModel

/// Reads `retention` and `rollup` of `create type` and `create measure`.
struct LifeSettings {
    let context: StatementContext

    /// Applies one setting.
    ///
    /// - Returns: false when it says something else.
    func apply(_ setting: SettingSyntax, to life: inout LifeDeclaration) throws -> Bool {
        switch setting.name.text.lowercased() {
        case "retention":
            let length = try length(setting, such: "90d")
            if let length, length < LifeDeclaration.shortest {
                throw context.wrong(
                    .badSetting, "points are kept for a second at least", at: setting.range)
            }
            life.retention = length.map { .nanoseconds($0) } ?? .forever
        case "rollup":
            guard let length = try length(setting, such: "1h") else {
                life.rollups = []
                return true
            }
            let lengths = ((life.rollups ?? []) + [length]).sorted()
            if let refusal = LifeDeclaration.refusal(ofRollups: lengths) {
                throw context.wrong(.badSetting, refusal, at: setting.range)
            }
            life.rollups = lengths
        default: return false
        }
        return true
    }

    /// What settings say about the life of points, and the settings that say something else.
    func split(_ settings: [SettingSyntax]) throws -> (LifeDeclaration, [SettingSyntax]) {
        var life = LifeDeclaration()
        let others = try settings.filter { !(try apply($0, to: &life)) }
        return (life, others)
    }

    private func length(_ setting: SettingSyntax, such example: String) throws -> Int64? {
        if case .name(let name) = setting.value, name.text.lowercased() == "none" { return nil }
        if let length = setting.length { return length }
        throw context.wrong(
            .badSetting,
            "`\(setting.name.text)` takes a length of time such as \(example), or none",
            at: setting.range)
    }
}

extension SettingSyntax {
    /// The value as nanoseconds, nil when it is no length of time or one in months.
    var length: Int64? {
        guard case .literal(let literal) = value, case .duration(let period) = literal.form,
            period.months == 0, period.days >= 0, period.days < 100_000
        else { return nil }
        return period.days * 86_400_000_000_000 + period.nanoseconds
    }
}
