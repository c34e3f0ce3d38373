import PolluxModel

/// Writes trees as canonical text.
struct Printer {
    var text = ""

    mutating func word(_ word: String) {
        if !text.isEmpty, text.last != "(" { text += " " }
        text += word
    }

    /// A name, in brackets unless it is a plain word.
    static func name(_ name: String) -> String {
        let lexer = Lexer(name)
        let token = lexer.token(at: 0)
        if case .word(let keyword) = token.kind, token.range.upper == lexer.bytes.count,
            token.range.lower == 0, keyword?.isReserved != true, keyword?.isLeading != true,
            !name.contains(".")
        {
            return name
        }
        return "["
            + name.split(separator: "]", omittingEmptySubsequences: false)
            .joined(separator: "]]") + "]"
    }

    static func quoted(_ text: String) -> String {
        "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    mutating func name(_ name: NameSyntax) { word(Printer.name(name.text)) }

    mutating func label(_ label: LabelSyntax) {
        switch label {
        case .name(let name): self.name(name)
        case .text(let text): word(Printer.quoted(text.text))
        case .parameter(let parameter): word("$" + parameter.name)
        }
    }

    mutating func list<Element>(_ elements: [Element], _ body: (inout Printer, Element) -> Void) {
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            body(&self, element)
        }
    }

    mutating func asset(_ asset: AssetSyntax) {
        if let type = asset.type { label(type) }
        label(asset.name)
    }

    mutating func path(_ path: PathSyntax) {
        for step in path.steps {
            switch step.link {
            case nil: break
            case .of: word("of")
            case .above: word("above")
            case .that(let relation):
                word("that")
                name(relation)
            }
            switch step.selection {
            case .every(let type, let pattern):
                word("every")
                name(type)
                if let pattern { word("like " + Printer.quoted(pattern.text)) }
            case .bare(let label): self.label(label)
            case .like(let type, let pattern):
                label(type)
                word("like " + Printer.quoted(pattern.text))
            case .named(let type, let names):
                label(type)
                list(names) { $0.label($1) }
            }
        }
    }

    // MARK: Times

    mutating func period(_ period: PeriodSyntax) {
        switch period.form {
        case .literal(let period): word(period.description)
        case .parameter(let name): word("$" + name)
        }
    }

    mutating func moment(_ moment: MomentSyntax) {
        switch moment.form {
        case .timestamp(let timestamp): word(timestamp.description)
        case .now: word("now")
        case .parameter(let name): word("$" + name)
        case .ago(let period):
            self.period(period)
            word("ago")
        case .before(let period, let moment):
            self.period(period)
            word("before")
            self.moment(moment)
        case .after(let period, let moment):
            self.period(period)
            word("after")
            self.moment(moment)
        case .lastEvent(let event, let label):
            word("last")
            name(event)
            if let label { self.label(label) }
        case .start(let span):
            word("start of")
            self.span(span)
        case .end(let span):
            word("end of")
            self.span(span)
        }
    }

    mutating func span(_ span: SpanSyntax) {
        switch span.form {
        case .timestamp(let timestamp): word(timestamp.description)
        case .today: word("today")
        case .yesterday: word("yesterday")
        case .every(let event):
            word("every")
            name(event)
        case .this(let event):
            word("this")
            name(event)
        case .last(let count, let event):
            word(count.map { "last \($0)" } ?? "last")
            name(event)
        case .event(let event, let label):
            name(event)
            if let label { self.label(label) }
        }
    }
}

extension TimestampSyntax: CustomStringConvertible {
    /// As written in a query, seconds only where they are not zero.
    public var description: String {
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var clock = padded(civil.hour) + ":" + padded(civil.minute)
        if civil.second != 0 || civil.nanosecond != 0 { clock += ":" + padded(civil.second) }
        if civil.nanosecond != 0 {
            var fraction = padded(civil.nanosecond, 9)
            while fraction.last == "0" { fraction.removeLast() }
            clock += "." + fraction
        }
        let month = padded(civil.year, 4) + "-" + padded(civil.month)
        let date = month + "-" + padded(civil.day)
        switch granularity {
        case .month: return month
        case .date: return date
        case .clock: return clock
        case .week:
            let thursday = CivilTime.date(ofDay: civil.dayNumber + 3)
            let first = CivilTime(year: thursday.year, month: 1, day: 4)
            let week = (civil.dayNumber - first.dayNumber + Int64(first.weekday) - 1) / 7 + 1
            return padded(thursday.year, 4) + "-W" + padded(Int(week))
        case .instant:
            guard let offsetSeconds else { return date + " " + clock }
            guard offsetSeconds != 0 else { return date + " " + clock + "Z" }
            let minutes = abs(offsetSeconds) / 60
            return date + " " + clock + (offsetSeconds < 0 ? "-" : "+") + padded(minutes / 60) + ":"
                + padded(minutes % 60)
        }
    }
}
