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
        let whole = node.range.text(in: context.text)
        let part = divisor.range.text(in: context.text)
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
