import PolluxModel

/// Units as sources write them: symbols, UN/CEFACT codes, OPC UA numbers, names of MTConnect and
/// DTDL.
enum UnitText {
    /// Our symbol of a unit; empty when the text is no unit known here.
    static func symbol(_ text: String) -> String {
        text.isEmpty ? "" : find(text, by: .standard)?.symbol ?? ""
    }

    /// Our symbol of a unit, or the text as it came when it is no unit known here.
    static func settled(_ text: String, by units: UnitCatalog) -> String {
        find(text, by: units)?.symbol ?? text
    }

    /// The unit of a text; `in`, which our language keeps for itself, is the inch here.
    private static func find(_ text: String, by units: UnitCatalog) -> Unit? {
        if let unit = units.unit(text) { return unit }
        let words = text.split(separator: "/", omittingEmptySubsequences: false).map { word in
            ["in", "in²", "in^2", "in³", "in^3"].contains(word)
                ? "inch" + word.dropFirst(2) : word
        }
        return units.unit(words.joined(separator: "/"))
    }

    /// How values in the unit `written` become values in `unit`; nil when nothing changes.
    ///
    /// - Parameter what: the measure, such as `vibration of spindle`, for the reason of a failure.
    static func conversion(
        of what: String, from written: String, to unit: String, by units: UnitCatalog
    ) -> Result<Unit.Conversion?, IngestError> {
        guard !written.isEmpty, written != unit else { return .success(nil) }
        guard let from = find(written, by: units) else {
            // Nobody knows what it means: good enough while nothing else is declared.
            guard !unit.isEmpty else { return .success(nil) }
            return .failure(
                .unreadable(
                    reason: "\(what) is in \(unit), and `\(written)` is no unit known here; "
                        + "`create unit` declares one"))
        }
        if unit.isEmpty, from.isDimensionless, from.scale == 1 { return .success(nil) }
        guard let target = unit.isEmpty ? .one : units.unit(unit) else {
            return .failure(
                .unreadable(
                    reason: "\(what) is in `\(unit)`, which is not known: \(written) cannot become "
                        + "that"))
        }
        guard let conversion = from.conversion(to: target) else {
            return .failure(
                .unreadable(
                    reason: "\(what) is in \(unit.isEmpty ? "plain numbers" : unit), and "
                        + "\(written) measures something else"))
        }
        return .success(conversion.isIdentity ? nil : conversion)
    }
}
