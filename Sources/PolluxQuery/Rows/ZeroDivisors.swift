import PolluxLanguage

/// Divisions by zero, which have no value: the answer says so.
extension Question {
    /// Tells of each division of an item whose divisor is zero; `value` gives that of a divisor.
    func noteZeros(in output: Output, value: (BoundExpression) -> Double?) {
        output.expression.visit { node in
            guard case .arithmetic(.divide, _, let divisor) = node.form, value(divisor) == 0
            else { return }
            noteZero(node, divisor)
        }
    }

    /// Tells of a division that has no value where its divisor is zero.
    func noteZero(_ node: BoundExpression, _ divisor: BoundExpression) {
        let whole = node.range.withBrackets(in: context.text).text(in: context.text)
        let part = divisor.range.withBrackets(in: context.text).text(in: context.text)
        if case .constant = divisor.form {
            addNote("`\(whole)` has no value: nothing is divided by zero")
        } else {
            addNote("`\(whole)` has no value where `\(part)` is 0: nothing is divided by zero")
        }
    }
}

extension NumberColumn {
    /// The first value, if it is known.
    var first: Double? { isKnown.first == true ? values.first : nil }
}

extension SourceRange {
    /// With the parentheses at its ends of which the others are inside.
    func withBrackets(in text: String) -> SourceRange {
        let bytes = Array(text.utf8)
        var (low, high) = (max(0, lower), min(bytes.count, upper))
        let (opening, closing) = (UInt8(ascii: "("), UInt8(ascii: ")"))
        var (unopened, unclosed) = (0, 0)
        for byte in bytes[low..<max(low, high)] {
            if byte == opening { unclosed += 1 }
            guard byte == closing else { continue }
            if unclosed > 0 { unclosed -= 1 } else { unopened += 1 }
        }
        while unclosed > 0, high < bytes.count {
            if bytes[high] == closing { unclosed -= 1 }
            high += 1
        }
        while unopened > 0, low > 0 {
            low -= 1
            if bytes[low] == opening { unopened -= 1 }
        }
        return SourceRange(low, high)
    }
}
