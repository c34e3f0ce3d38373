import HTTPTypes
import Hummingbird
import PolluxModel
import PolluxQuery

/// A question as a client sent it, in any of the forms that are accepted.
struct QueryRequest: Sendable {
    /// The text.
    var text: String
    /// The form of the answer.
    var format = ResultFormat.json
    /// How the answer is written.
    var form = ResultFormatOptions()
    /// How it is run.
    var options = QueryOptions()

    /// The question of a `GET`: everything in the query string; nothing may be changed by it.
    init(query: FormFields, request: Request) throws(HTTPFailure) {
        guard let text = query["query"] ?? query["q"] else {
            throw QueryRequest.missing
        }
        self.text = text
        try read(query, accept: request.headers[.accept])
        options.changes = .none
    }

    /// The question of a `POST`: JSON, a form, or the bare text.
    init(body: [UInt8], query: FormFields, request: Request) throws(HTTPFailure) {
        text = ""
        try read(query, accept: request.headers[.accept])
        let type = BodyReader.mediaType(of: request)
        let isJSON =
            type == "application/json" || type.hasSuffix("+json")
            // curl's -d says "form" whatever it sends, and no sentence begins with a brace.
            || body.first { $0 > 32 } == UInt8(ascii: "{")
        if isJSON {
            try read(BodyReader.object(body))
        } else if ["", "text/plain", "application/twinql", "application/x-www-form-urlencoded"]
            .contains(type)
        {
            guard let content = String(validating: body, as: UTF8.self) else {
                throw .badRequest("the body is not valid UTF-8")
            }
            if type.hasPrefix("application/x-www"), let fields = FormFields(content),
                let text = fields["query"] ?? fields["q"]
            {
                self.text = text
                try read(fields, accept: nil)
            } else {
                text = content
            }
        } else {
            throw .unsupportedType(
                type, accepted: "application/json, a form with `query`, or text/plain")
        }
        if text.isEmpty, let given = query["query"] ?? query["q"] { text = given }
        guard text.contains(where: { !$0.isWhitespace }) else { throw QueryRequest.missing }
    }

    private static let missing = HTTPFailure.badRequest(
        "there is no query",
        help: #"send {"query":"vibration of spindle of machine CNC-3 last 1h"}"#)

    private mutating func read(_ object: JSONValue) throws(HTTPFailure) {
        for member in object.object?.members ?? [] {
            switch (member.name, member.value) {
            case ("query", .text(let text)): self.text = text
            case ("format", .text(let name)): try setFormat(name)
            case ("time", .text(let name)): try setTime(name)
            case ("timezone", .text(let name)): options.timezone = name
            case ("now", .text(let text)): try setNow(text)
            case ("now", .integer(let number)):
                options.now = Timestamp(nanoseconds: number)
            case ("parameters", .object(let parameters)):
                options.parameters = try QueryRequest.parameters(parameters)
            case ("width", .integer(let number)) where (20...10_000).contains(number):
                form.width = Int(number)
            case ("rowLimit", .integer(let number)) where (1...1_000_000).contains(number):
                form.rowLimit = Int(number)
            case ("parameters", .null), ("timezone", .null), ("now", .null), ("format", .null),
                ("time", .null):
                break
            case ("query", _), ("format", _), ("time", _), ("timezone", _), ("now", _):
                throw .badRequest("`\(member.name)` must be a text")
            case ("parameters", _):
                throw .badRequest("`parameters` must be an object")
            default:
                throw .badRequest(
                    "the request has an unknown member `\(member.name)`",
                    help: "known are query, parameters, timezone, now, format, time, width, "
                        + "rowLimit")
            }
        }
    }

    /// Parameters from their JSON object.
    static func parameters(
        _ object: JSONObject
    ) throws(HTTPFailure) -> [String: QueryOptions.Parameter] {
        var parameters: [String: QueryOptions.Parameter] = [:]
        for member in object.members {
            switch member.value {
            case .text(let text): parameters[member.name] = .text(text)
            case .integer(let number): parameters[member.name] = .integer(number)
            case .number(let number): parameters[member.name] = .number(number)
            case .boolean(let flag): parameters[member.name] = .boolean(flag)
            default:
                throw .badRequest("parameter `\(member.name)` must be a text, a number or a flag")
            }
        }
        return parameters
    }

    private mutating func read(_ fields: FormFields, accept: String?) throws(HTTPFailure) {
        if let name = fields["format"] {
            try setFormat(name)
        } else if let accept {
            let first = accept.prefix { $0 != "," && $0 != ";" }
            switch first {
            case "text/csv", "application/csv": format = .csv
            case "application/x-ndjson", "application/ndjson": format = .ndjson
            case "text/markdown": format = .md
            default: break
            }
        }
        if let name = fields["time"] { try setTime(name) }
        if let name = fields["timezone"] { options.timezone = name }
        if let text = fields["now"] { try setNow(text) }
        for field in fields.fields where field.name.hasPrefix("param.") {
            options.parameters[String(field.name.dropFirst(6))] = .text(field.value)
        }
    }

    private mutating func setFormat(_ name: String) throws(HTTPFailure) {
        guard let format = ResultFormat(rawValue: name) else {
            var failure = HTTPFailure.badRequest("there is no format `\(name)`")
            failure.suggestions = ResultFormat.allCases.map(\.rawValue)
            throw failure
        }
        self.format = format
    }

    private mutating func setTime(_ name: String) throws(HTTPFailure) {
        guard let time = ResultFormatOptions.TimeForm(rawValue: name) else {
            var failure = HTTPFailure.badRequest("`time` cannot be `\(name)`")
            failure.suggestions = ResultFormatOptions.TimeForm.allCases.map(\.rawValue)
            throw failure
        }
        form.time = time
    }

    private mutating func setNow(_ text: String) throws(HTTPFailure) {
        guard let (instant, _) = Timestamp.parseRFC3339(text.utf8) else {
            throw .badRequest("`now` is not a time", help: "write it as 2026-03-02T10:15:00Z")
        }
        options.now = instant
    }
}
