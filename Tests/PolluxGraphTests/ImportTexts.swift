/// A small plant as models of DTDL and as twins of the bulk format.
enum ImportTexts {
    static let models = """
        [
          {
            "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1",
              "dtmi:dtdl:extension:historization;1"],
            "@id": "dtmi:com:example:Machine;1",
            "@type": "Interface",
            "displayName": {"en": "machine tool", "de": "Werkzeugmaschine"},
            "contents": [
              {"@type": ["Telemetry", "Power"], "name": "power", "schema": "double", "unit": "kilowatt"},
              {"@type": "Telemetry", "name": "feed", "schema": "double", "polluxUnit": "mm/min"},
              {"@type": "Telemetry", "name": "state", "schema": {"@type": "Enum",
                "valueSchema": "string", "enumValues": [
                  {"name": "idle", "enumValue": "idle"}, {"name": "cut", "enumValue": "cut"}]}},
              {"@type": "Telemetry", "name": "position", "schema": {"@type": "Object", "fields": [
                {"name": "x", "schema": "double"}, {"name": "y", "schema": "double"}]}},
              {"@type": "Telemetry", "name": "spectrum", "schema": {"@type": "Array",
                "elementSchema": "double"}},
              {"@type": "Property", "name": "serial", "schema": "string", "writable": true},
              {"@type": ["Property", "Historized"], "name": "override", "schema": "integer"},
              {"@type": "Relationship", "name": "contains"},
              {"@type": "Relationship", "name": "fedBy", "target": "dtmi:com:example:Pump;1",
                "maxMultiplicity": 1, "properties": [
                  {"@type": "Property", "name": "since", "schema": "dateTime"}]},
              {"@type": "Component", "name": "cooling", "schema": "dtmi:com:example:Cooling;1"},
              {"@type": "Command", "name": "start"}
            ]
          },
          {
            "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Lathe;1",
            "@type": "Interface",
            "extends": ["dtmi:com:example:Machine;1", "dtmi:com:example:Cooled;1"], "contents": []
          },
          {
            "@context": "dtmi:dtdl:context;2", "@id": "dtmi:com:example:Cooled;1",
            "@type": "Interface", "contents": [
              {"@type": ["Telemetry", "Temperature"], "name": "coolant", "schema": "double",
               "unit": "degreeCelsius"}]
          },
          {"@context": "dtmi:dtdl:context;4", "@id": "dtmi:com:example:Cooling;1",
           "@type": "Interface", "contents": [
             {"@type": "Property", "name": "flow", "schema": "decimal"}]},
          {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Pump;1", "@type": "Interface"},
          {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Spindle;1", "@type": "Interface",
           "contents": [{"@type": "Property", "name": "maker", "schema": "string"}]}
        ]
        """

    static let twins = """
        {"Section":"Header"}
        {"fileVersion":"1.0.0","author":"test"}
        {"Section":"Twins"}
        {"$dtId":"CNC-3","$metadata":{"$model":"dtmi:com:example:Lathe;1",\
        "serial":{"lastUpdateTime":"2026-03-01T00:00:00Z"}},"serial":"A7",\
        "cooling":{"$metadata":{},"flow":3.25}}
        {"$dtId":"SP-17","$metadata":{"$model":"dtmi:com:example:Spindle;1"},"maker":"K"}
        {"$dtId":"P-1","$metadata":{"$model":"dtmi:com:example:Pump;1"}}
        {"Section":"Relationships"}
        {"$dtId":"CNC-3","$relationshipId":"r1","$targetId":"SP-17","$relationshipName":"contains"}
        {"$dtId":"CNC-3","$relationshipId":"r2","$targetId":"P-1","$relationshipName":"fedBy",\
        "since":"2026-01-01T00:00:00Z","$pollux":{"from":"2026-01-01T00:00:00Z","to":null}}
        """
}
