import PolluxGraph
import PolluxLanguage
import PolluxModel

/// Reads the settings of `create measure … with …`.
struct MeasureSettings {
    let context: StatementContext

    /// Applies one setting to a declaration.
    func apply(_ setting: SettingSyntax, to declaration: inout MeasureDeclaration) throws {
        switch setting.name.text.lowercased() {
        case "kind":
            declaration.kind = try choice(
                setting,
                ["gauge": .gauge, "counter": .counter, "state": .state, "amount": .amount])
        case "shape":
            declaration.shape = try choice(setting, ["step": .step, "linear": .linear])
        case "gap": declaration.gap = try gap(setting)
        case "values", "value-kind":
            declaration.valueKind = try choice(
                setting,
                ["float": .float, "integer": .integer, "boolean": .boolean, "text": .text])
        case "rollover": declaration.rollover = try number(setting)
        case "starts": declaration.starts = try number(setting)
        case "limit": declaration.limit = try number(setting)
        case "retention", "rollup":
            _ = try LifeSettings(context: context).apply(setting, to: &declaration.life)
        default:
            throw context.wrong(
                .badSetting, "a measure has no setting `\(setting.name.text)`",
                at: setting.name.range,
                notes: [
                    "settings: kind, shape, gap, values, rollover, starts, limit, retention, rollup"
                ])
        }
    }

    private func choice<Choice>(
        _ setting: SettingSyntax, _ choices: [String: Choice]
    ) throws -> Choice {
        let word = try self.word(setting)
        guard let choice = choices[word.lowercased()] else {
            let names = choices.keys.sorted().joined(separator: ", ")
            throw context.wrong(
                .badSetting, "`\(word)` is no \(setting.name.text)", at: setting.range,
                notes: ["choose one of: \(names)"])
        }
        return choice
    }

    private func word(_ setting: SettingSyntax) throws -> String {
        switch setting.value {
        case .name(let name): return name.text
        case .literal(let literal):
            guard case .text(let text) = try context.value(literal).value else {
                throw context.wrong(
                    .badSetting, "`\(setting.name.text)` takes a word", at: setting.range)
            }
            return text
        }
    }

    private func gap(_ setting: SettingSyntax) throws -> MeasureDeclaration.Gap {
        if case .name(let name) = setting.value, name.text.lowercased() == "none" { return .none }
        if let length = setting.length { return .nanoseconds(length) }
        throw context.wrong(
            .badSetting, "`gap` takes a length of time such as 15m, or none", at: setting.range)
    }

    private func number(_ setting: SettingSyntax) throws -> Double {
        if case .literal(let literal) = setting.value,
            let number = try context.value(literal).value.number
        {
            return number
        }
        throw context.wrong(
            .badSetting, "`\(setting.name.text)` takes a number", at: setting.range)
    }
}
