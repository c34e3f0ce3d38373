/// Refusals of rows that reached the database as line protocol, in words that do not speak of it.
///
/// A server says why in the words that clients of line protocol look for; who wrote CSV or JSON
/// never saw a field or a tag.
public enum RefusalText {
    private static let kinds = [
        "float": "a float", "integer": "an integer", "boolean": "true or false",
        "string": "a text",
    ]

    /// The message of a rejection in words of files of points.
    public static func plain(_ message: String) -> String {
        var reason = Substring(message)
        for prefix in ["partial write: ", "unable to parse '"] where reason.hasPrefix(prefix) {
            reason = reason.dropFirst(prefix.count)
            guard prefix.hasSuffix("'") else { break }
            // The line as it came ends before the reason; no reason has a quote and a colon.
            var parts = reason.split(separator: "': ", omittingEmptySubsequences: false)
            reason = parts.popLast() ?? reason
            break
        }
        if reason == "input field \"time\" is reserved" {
            return "a measure cannot be called `time`"
        }
        return conflict(reason) ?? String(reason)
    }

    private static func conflict(_ reason: Substring) -> String? {
        let start = "field type conflict: input field \""
        guard reason.hasPrefix(start) else { return nil }
        let rest = reason.dropFirst(start.count)
        guard let field = rest.cut(before: "\" on measurement \""),
            let type = field.rest.cut(before: "\" is type "),
            let kind = type.rest.cut(before: ", already exists as type ")
        else { return nil }
        let (new, old) = (String(kind.part), String(kind.rest))
        return "\(field.part) of \(type.part) is \(kinds[old] ?? old), and this is "
            + (kinds[new] ?? new)
    }
}

extension Substring {
    /// What stands before a separator, and what behind it; nil where there is none.
    fileprivate func cut(before separator: String) -> (part: Substring, rest: Substring)? {
        guard let range = firstRange(of: separator) else { return nil }
        return (self[..<range.lowerBound], self[range.upperBound...])
    }
}
