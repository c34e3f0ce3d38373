import PolluxGraph
import PolluxModel

@testable import PolluxIngest

private let arrival = Timestamp(seconds: 1_700_000_100)

/// One input of libFuzzer: a byte for the kind of source, then what it sent.
///
/// Decoders may refuse or give any points; a trap, a hang, or a read that the address sanitizer sees
/// is a finding. Built and run by `tools/fuzz-decoders`.
@_cdecl("LLVMFuzzerTestOneInput")
public func readMessage(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let bytes = [UInt8](UnsafeRawBufferPointer(start: start + 1, count: count - 1))
    switch start.load(as: UInt8.self) {
    case 0: sparkplug(bytes)
    case 1: payload(bytes, on: "factory/L2/CNC-3/spindle")
    case 2: lines(bytes)
    case 3: opcua(bytes)
    case 4: agent(bytes)
    case 5: adapter(bytes)
    case 6: rules(bytes)
    case 7: file(bytes, .csv)
    case 8: file(bytes, .line)
    case 9: file(bytes, .ndjson)
    default: topic(bytes)
    }
    return 0
}

/// Parts of an input, each after its length in two bytes.
private func parts(_ bytes: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var place = 0
    while place + 2 <= bytes.count, parts.count < 32 {
        let length = Int(bytes[place]) | Int(bytes[place + 1]) << 8
        let end = min(bytes.count, place + 2 + length)
        parts.append(Array(bytes[(place + 2)..<end]))
        place = end
    }
    return parts
}

/// Messages of one edge node, each with a byte that chooses its topic.
private func sparkplug(_ bytes: [UInt8]) {
    let topics = [
        "spBv1.0/G/NBIRTH/N", "spBv1.0/G/NDATA/N", "spBv1.0/G/DBIRTH/N/D", "spBv1.0/G/DDATA/N/D",
        "spBv1.0/G/NDEATH/N", "spBv1.0/G/DDEATH/N/D", "spBv1.0/STATE/h",
    ]
    var state = IngestState(options: IngestOptions())
    state.sparkplug.setHost(.init(name: "h", since: arrival), of: "s")
    let around = SparkplugHost.Surroundings(
        rules: TopicRules(), generation: 0, source: "s", futureTolerance: 1_000_000_000,
        load: { _ in nil })
    let reader = PayloadReader(rules: TopicRules(), options: IngestOptions())
    var resolver = MessageResolver(options: IngestOptions(), storedTimes: [:])
    for part in parts(bytes) {
        guard let kind = part.first else { continue }
        let message = TopicMessage(
            topic: topics[Int(kind) % topics.count], payload: Array(part.dropFirst()),
            receivedAt: arrival)
        _ = try? resolver.read(sparkplug: message, around, reader, &state)
    }
    _ = state.sparkplug.settle(
        at: arrival.advanced(by: 60_000_000_000), rules: { _ in around },
        cache: &state.addresses, write: &resolver.write)
}

private func payload(_ bytes: [UInt8], on topic: String) {
    let reader = PayloadReader(rules: TopicRules(), options: IngestOptions())
    resolve(reader.read(topic: topic, payload: bytes, receivedAt: arrival))
}

private func resolve(_ decoded: DecodedMessage) {
    var cache = SeriesKeyCache(capacity: 64)
    var resolver = MessageResolver(options: IngestOptions(), storedTimes: [:])
    let message = TopicMessage(topic: "t", payload: [], receivedAt: arrival)
    resolver.resolve(decoded, of: message, number: 1, with: &cache)
}

private func lines(_ bytes: [UInt8]) {
    var resolver = LineResolver(
        options: IngestOptions(), precision: .automatic, receivedAt: arrival, now: arrival)
    var cache = SeriesKeyCache(capacity: 64)
    resolver.resolve(bytes.span, with: &cache)
    payload(bytes, on: "x")
}

/// Messages of one publisher: what metadata says counts for the data after it.
private func opcua(_ bytes: [UInt8]) {
    let topics = [
        "opcua/json/data/P/G/W", "opcua/json/metadata/P/G/W", "opcua/json/status/P",
        "opcua/json/data/P/G", "gateway/x",
    ]
    var reader = PayloadReader(rules: TopicRules(), options: IngestOptions())
    for part in parts(bytes) {
        guard let kind = part.first else { continue }
        let decoded = reader.read(
            topic: topics[Int(kind) % topics.count], payload: Array(part.dropFirst()),
            receivedAt: arrival)
        for note in decoded.opcua { reader.publishers.learn(note) }
        resolve(decoded)
    }
    bytes.withUnsafeBytes { _ = OPCUARecord.writer($0) }
}

/// Documents of an agent, the later ones read by what the first ones described.
private func agent(_ bytes: [UInt8]) {
    let topics = [
        "MTConnect/Probe/u", "MTConnect/Current/u", "MTConnect/Asset/u",
        "MTConnect/Devices/u/Observations/x", "MTConnect/Probe/u/Availability", "y",
    ]
    var devices = MTConnectDevices()
    for part in parts(bytes) {
        guard let kind = part.first else { continue }
        let message = TopicMessage(
            topic: topics[Int(kind) % topics.count], payload: Array(part.dropFirst()),
            receivedAt: arrival)
        if devices.owns(message) { resolve(devices.read(message)) }
    }
}

private func adapter(_ bytes: [UInt8]) {
    guard
        let adapter = try? SHDRAdapter(
            name: "mill", address: "127.0.0.1", asset: "machine:M")
    else { return }
    var state = SHDRState(adapter)
    var stream = SHDRLines()
    _ = stream.append(bytes + [10], receivedAt: arrival)
    for line in stream.take() {
        let message = TopicMessage(topic: "SHDR/mill", payload: line, receivedAt: arrival)
        resolve(SHDRReader.read(message, &state))
    }
}

/// Rules in the first part, payloads in the others.
private func rules(_ bytes: [UInt8]) {
    let parts = parts(bytes)
    guard let first = parts.first,
        let rules = try? IngestRules(String(decoding: first, as: UTF8.self))
    else { return }
    let reader = PayloadReader(rules: rules, options: IngestOptions())
    for part in parts.dropFirst() {
        resolve(reader.read(topic: "a/b/c", payload: part, receivedAt: arrival))
    }
}

private func file(_ bytes: [UInt8], _ format: PointFormat) {
    var reader = PointReader(format, precision: .automatic)
    let half = bytes.count / 2
    do throws(IngestError) {
        _ = try reader.take(Array(bytes[..<half]), isEnd: false)
        _ = try reader.take(Array(bytes[half...]), isEnd: true)
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}

private func topic(_ bytes: [UInt8]) {
    let topic = String(decoding: bytes, as: UTF8.self)
    _ = SparkplugTopic.read(topic)
    _ = OPCUATopic(topic)
    payload(Array("1.5".utf8), on: topic)
    payload(Array("{\"value\":1}".utf8), on: topic)
    if let rules = try? TopicRules([topic]) { _ = rules.match("a/b/c", namesMeasures: false) }
}
