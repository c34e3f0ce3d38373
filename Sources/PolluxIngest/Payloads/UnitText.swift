import PolluxModel

/// Units as sources write them: symbols, UN/CEFACT codes, OPC UA numbers, names of MTConnect and
/// DTDL.
enum UnitText {
    /// Our symbol of a unit; empty when the text is no unit known here.
    static func symbol(_ text: String) -> String {
        text.isEmpty ? "" : Unit.parse(text)?.symbol ?? ""
    }
}
