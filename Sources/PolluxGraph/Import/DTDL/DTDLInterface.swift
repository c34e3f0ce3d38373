import PolluxModel

/// One Interface as it was read, checked by itself; what it refers to is checked in `DTDLModels`.
struct DTDLInterface {
    /// A Telemetry, or a field of one whose schema is an object.
    struct Measure {
        var name: String
        var valueKind: ValueKind
        var isState: Bool
        var unit: String
        /// Whether it was a Property kept as history.
        var isProperty: Bool
        var path: [JSONPlace.Step]
    }

    /// A Property.
    struct Property {
        var name: String
        /// `double in kW`, `string writable`: kept with the type.
        var meaning: String
    }

    /// A Relationship.
    struct Relationship {
        var name: String
        var target: DTMI?
        var isSingle: Bool
        var properties: [String]
        var path: [JSONPlace.Step]
    }

    /// A Component.
    struct Component {
        var name: String
        var schema: DTMI
        var path: [JSONPlace.Step]
    }

    var id: DTMI
    var version: Int
    var source: DTDLSource
    /// Where in the file it stands.
    var path: [JSONPlace.Step]
    var displayName = ""
    var description = ""
    var extends: [(id: DTMI, path: [JSONPlace.Step])] = []
    var measures: [Measure] = []
    var properties: [Property] = []
    var relationships: [Relationship] = []
    var components: [Component] = []
    /// The names of all contents, with where they stand.
    var names: [String: [JSONPlace.Step]] = [:]
}

/// A file of models, or a line of one: turns paths into places.
final class DTDLSource {
    let file: String
    let bytes: [UInt8]
    /// Lines of the file before the bytes.
    let lineOffset: Int

    init(file: String, bytes: [UInt8], lineOffset: Int = 0) {
        self.file = file
        self.bytes = bytes
        self.lineOffset = lineOffset
    }

    func place(_ path: [JSONPlace.Step]) -> ImportPlace {
        let place = JSONPlace.find(path, in: bytes)
        return ImportPlace(
            file: file, line: place.line + lineOffset, column: place.column,
            path: JSONPlace.text(path))
    }

    func failure(
        _ path: [JSONPlace.Step], _ reason: String, suggestions: [String] = []
    ) -> ImportFailure {
        ImportFailure(place(path), reason, suggestions: suggestions)
    }
}
