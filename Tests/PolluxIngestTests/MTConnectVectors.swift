/// Documents of a small machining centre as agents publish them.
enum MTConnectVectors {
    static let uuid = "VMC.0042"
    static let prefix = "MTConnect"

    /// The description in version 2 of the JSON.
    static let probe = """
        {"MTConnectDevices":{"jsonVersion":2,"schemaVersion":"2.2",
         "Header":{"instanceId":1,"version":"2.2.0.1","creationTime":"2023-11-14T22:00:00Z"},
         "Devices":{"Device":[{"id":"d1","name":"CNC-3","uuid":"VMC.0042",
          "Description":{"manufacturer":"Kern","model":"Evo","serialNumber":"17"},
          "DataItems":{"DataItem":[
           {"category":"EVENT","id":"avail","type":"AVAILABILITY"},
           {"category":"EVENT","id":"exec","name":"execution","type":"EXECUTION"},
           {"category":"EVENT","id":"pc","name":"PartCount","type":"PART_COUNT"},
           {"category":"EVENT","id":"prog","name":"program","type":"PROGRAM"},
           {"category":"EVENT","id":"tid","type":"TOOL_ASSET_ID"},
           {"category":"EVENT","id":"msg","type":"MESSAGE"},
           {"category":"EVENT","id":"vars","type":"VARIABLE","representation":"DATA_SET"}]},
          "Components":{
           "Axes":[{"id":"ax","name":"base","Components":{
            "Linear":[
             {"id":"x","name":"X","DataItems":{"DataItem":[
              {"category":"SAMPLE","id":"xp","name":"Xact","type":"POSITION","subType":"ACTUAL",
               "units":"MILLIMETER","Constraints":{"Maximum":[{"value":500}]}},
              {"category":"SAMPLE","id":"xc","type":"POSITION","subType":"COMMANDED",
               "units":"MILLIMETER"},
              {"category":"CONDITION","id":"xt","type":"POSITION"}]}},
             {"id":"y","name":"Y","DataItems":{"DataItem":[
              {"category":"SAMPLE","id":"yp","type":"POSITION","units":"MILLIMETER"}]}}],
            "Rotary":[{"id":"c","name":"C","DataItems":{"DataItem":[
              {"category":"SAMPLE","id":"ss","name":"Sspeed","type":"ROTARY_VELOCITY",
               "units":"REVOLUTION/MINUTE"},
              {"category":"SAMPLE","id":"sl","type":"LOAD","units":"PERCENT"},
              {"category":"SAMPLE","id":"t1","name":"front","type":"TEMPERATURE",
               "units":"CELSIUS"},
              {"category":"SAMPLE","id":"t2","name":"rear","type":"TEMPERATURE",
               "units":"CELSIUS"},
              {"category":"SAMPLE","id":"vib","type":"VELOCITY","representation":"TIME_SERIES",
               "units":"MILLIMETER/SECOND"}]}}]}}],
           "Controller":[{"id":"cn","name":"controller","DataItems":{"DataItem":[
             {"category":"CONDITION","id":"sys","type":"SYSTEM"}]},
             "Components":{"Path":[{"id":"p1","name":"path","DataItems":{"DataItem":[
              {"category":"SAMPLE","id":"pp","type":"PATH_POSITION","units":"MILLIMETER_3D"}]}}]}}]
          }}]}}}
        """

    /// The same machine as an agent before 2.0 writes it in XML.
    static let xmlProbe = """
        <?xml version="1.0" encoding="UTF-8"?>
        <m:MTConnectDevices xmlns:m="urn:mtconnect.org:MTConnectDevices:1.3">
         <m:Header instanceId="1" version="1.3.0.1"/>
         <!-- one device -->
         <m:Devices><m:Device id="d1" name="CNC-3" uuid="VMC.0042">
          <m:Description manufacturer="Kern">5 axes &amp; probe</m:Description>
          <m:DataItems><m:DataItem category="EVENT" id="exec" type="EXECUTION"/></m:DataItems>
          <m:Components><m:Axes id="ax" name="base"><m:Components>
           <m:Rotary id="c" name="C"><m:DataItems>
            <m:DataItem category="SAMPLE" id="ss" name="Sspeed" type="SPINDLE_SPEED"
              units="REVOLUTION/MINUTE"><m:Source>S1</m:Source></m:DataItem>
           </m:DataItems></m:Rotary>
          </m:Components></m:Axes></m:Components>
         </m:Device></m:Devices>
        </m:MTConnectDevices>
        """

    /// The state of the machine, version 2.
    static func current(instance: Int = 1, rpm: String = "8000", sequence: Int = 10) -> String {
        """
        {"MTConnectStreams":{"jsonVersion":2,"Header":{"instanceId":\(instance),"nextSequence":99,
          "firstSequence":1,"lastSequence":98},
         "Streams":{"DeviceStream":[{"name":"CNC-3","uuid":"VMC.0042","ComponentStream":[
          {"component":"Rotary","componentId":"c","name":"C","Samples":{
           "RotaryVelocity":[{"dataItemId":"ss","name":"Sspeed","sequence":\(sequence),
             "timestamp":"2023-11-14T22:13:20.5Z","value":\(rpm)}],
           "Load":[{"dataItemId":"sl","sequence":11,"timestamp":"2023-11-14T22:13:20Z",
             "value":"UNAVAILABLE"}],
           "VelocityTimeSeries":[{"dataItemId":"vib","sequence":12,"sampleCount":4,"sampleRate":2,
             "timestamp":"2023-11-14T22:13:20Z","value":[1.0,1.5,2.0,2.5]}]}},
          {"component":"Path","componentId":"p1","name":"path","Samples":{
           "PathPosition":[{"dataItemId":"pp","sequence":13,
             "timestamp":"2023-11-14T22:13:20Z","value":[1.5,2.5,-3.0]}]}},
          {"component":"Controller","componentId":"cn","name":"controller","Condition":{
           "Fault":[{"dataItemId":"sys","sequence":14,"type":"SYSTEM","nativeCode":"E7",
             "timestamp":"2023-11-14T22:13:20Z","value":"oil low"}]}},
          {"component":"Device","componentId":"d1","name":"CNC-3","Events":{
           "Execution":[{"dataItemId":"exec","sequence":15,"timestamp":"2023-11-14T22:13:20Z",
             "value":"ACTIVE"}],
           "PartCount":[{"dataItemId":"pc","sequence":16,"timestamp":"2023-11-14T22:13:20Z",
             "value":17}],
           "VariableDataSet":[{"dataItemId":"vars","sequence":17,"count":2,
             "timestamp":"2023-11-14T22:13:20Z","value":{"a":1.5,"b":"on"}}]}}
         ]}]}}}
        """
    }

    /// Two observations as version 1 of the JSON wraps them.
    static let olderSample = """
        {"MTConnectStreams":{"Header":{"instanceId":1},"Streams":[{"DeviceStream":{"name":"CNC-3",
         "uuid":"VMC.0042","ComponentStreams":[{"ComponentStream":{"component":"Rotary","name":"C",
          "componentId":"c","Samples":[
           {"SpindleSpeed":{"dataItemId":"ss","sequence":20,"timestamp":"2023-11-14T22:13:21Z",
             "value":8100.0}},
           {"Load":{"dataItemId":"sl","sequence":21,"timestamp":"2023-11-14T22:13:21Z",
             "value":12.5}}]}}]}}]}}
        """

    /// A stream in XML.
    static let xmlSample = """
        <MTConnectStreams><Header instanceId="1"/><Streams><DeviceStream name="CNC-3"
         uuid="VMC.0042"><ComponentStream component="Rotary" name="C" componentId="c"><Samples>
         <SpindleSpeed dataItemId="ss" sequence="30" timestamp="2023-11-14T22:13:22Z">8200
         </SpindleSpeed></Samples><Condition><Warning dataItemId="sys" sequence="31"
         timestamp="2023-11-14T22:13:22Z" nativeCode="E7" type="SYSTEM">oil</Warning></Condition>
         </ComponentStream></DeviceStream></Streams></MTConnectStreams>
        """

    /// A cutting tool in a place, at a second after the base time, with minutes used.
    static func tool(
        _ id: String, in place: String, _ number: String, second: Int, minutes: String
    ) -> String {
        """
        <CuttingTool serialNumber="S-\(id)" toolId="EM8" assetId="\(id)" deviceUuid="VMC.0042"
          timestamp="2023-11-14T22:14:\(second < 10 ? "0" : "")\(second)Z">
         <CuttingToolLifeCycle>
          <CutterStatus><Status>USED</Status><Status>MEASURED</Status></CutterStatus>
          <ToolLife type="MINUTES" countDirection="UP" initial="0" warning="80" limit="100"
            >\(minutes)</ToolLife>
          <ToolLife type="PART_COUNT" countDirection="DOWN" initial="25" limit="1">7</ToolLife>
          <ProgramToolNumber>\(id.suffix(1))</ProgramToolNumber>
          <Location type="\(place)">\(number)</Location>
          <Measurements><FunctionalLength code="LF" nominal="120.5">121.25</FunctionalLength>
           <CuttingDiameterMax code="DC">8</CuttingDiameterMax></Measurements>
         </CuttingToolLifeCycle>
        </CuttingTool>
        """
    }

    static func entity(
        _ id: String, _ type: String, _ category: String, _ result: String, second: Int,
        sequence: Int = 100
    ) -> String {
        """
        {"dataItemId":"\(id)","type":"\(type)","category":"\(category)","result":"\(result)",
         "timestamp":"2023-11-14T22:14:\(second < 10 ? "0" : "")\(second).000000Z",
         "sequence":\(sequence)}
        """
    }

    static func condition(_ level: String, _ code: String, second: Int, sequence: Int) -> String {
        """
        {"dataItemId":"sys","type":"SYSTEM","category":"CONDITION","level":"\(level)",
         \(code.isEmpty ? "" : "\"nativeCode\":\"\(code)\",\"conditionId\":\"\(code)\",")
         "message":"text of \(code)","timestamp":"2023-11-14T22:14:0\(second).000000Z",
         "sequence":\(sequence)}
        """
    }
}
