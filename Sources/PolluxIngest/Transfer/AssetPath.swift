import PolluxModel

/// How files name an asset: `site:factory/line:L2/machine:CNC-3/spindle`.
///
/// Outermost first; `type:name`, or the type alone for an unnamed place. A backslash stands before
/// `/`, `:` and `\` that belong to a name.
enum AssetPath {
    /// The path of an address.
    static func text(_ address: AssetAddress) -> String {
        (address.levels + address.parts).map { level in
            level.name.isEmpty
                ? escaped(level.type) : "\(escaped(level.type)):\(escaped(level.name))"
        }.joined(separator: "/")
    }

    private static func escaped(_ name: String) -> String {
        guard name.unicodeScalars.contains(where: isSpecial) else { return name }
        var result = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            if isSpecial(scalar) { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }

    /// Scalars, not characters: a name may begin with a mark that joins what stands before it.
    private static func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "/" || scalar == ":" || scalar == "\\"
    }

    /// The address of a path, or why there is none.
    static func address(_ path: String) -> Result<AssetAddress, IngestError> {
        func fail(_ reason: String) -> Result<AssetAddress, IngestError> {
            .failure(
                .unreadable(
                    reason: "the asset `\(path)` \(reason): write it as "
                        + "machine:CNC-3 or machine:CNC-3/spindle"))
        }
        var address = AssetAddress()
        for segment in split(path, at: "/") {
            let halves = split(segment, at: ":").map(unescaped)
            guard let type = halves.first, !type.isEmpty else { return fail("has an empty type") }
            guard halves.count < 3 else { return fail("has more than one name in a level") }
            if halves.count == 2, halves[1].isEmpty { return fail("has an empty name") }
            let level = AssetAddress.Level(type: type, name: halves.count == 2 ? halves[1] : "")
            if level.name.isEmpty || !address.parts.isEmpty {
                address.parts.append(level)
            } else {
                address.levels.append(level)
            }
        }
        guard !address.levels.isEmpty else { return fail("begins with an unnamed place") }
        return .success(address)
    }

    /// The pieces between separators that no backslash stands before; escapes are kept.
    private static func split(_ text: String, at separator: Unicode.Scalar) -> [String] {
        var pieces = [String.UnicodeScalarView()]
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if !isEscaped, scalar == separator {
                pieces.append(String.UnicodeScalarView())
                continue
            }
            isEscaped = !isEscaped && scalar == "\\"
            pieces[pieces.count - 1].append(scalar)
        }
        return pieces.map { String($0) }
    }

    private static func unescaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text.unicodeScalars {
            isEscaped = !isEscaped && scalar == "\\"
            if !isEscaped { result.append(scalar) }
        }
        return String(result)
    }
}
