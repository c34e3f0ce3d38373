import PolluxModel

/// Reads a body of line protocol and sorts its points: those of known series go into the batch at
/// once, the others wait for the commit to look their names up.
struct LineResolver {
    let options: IngestOptions
    let precision: TimestampPrecision
    let receivedAt: Timestamp
    /// The instant that counts as now where times in the future are refused.
    let now: Timestamp
    /// How lines find their place.
    var places: LinePlaces
    private(set) var write = PendingWrite()
    /// What the key looked at last means: its lines often follow each other.
    private var lastKey: (bytes: [UInt8], meaning: Result<LineMapping.Key, IngestError>)?

    init(
        options: IngestOptions, precision: TimestampPrecision, receivedAt: Timestamp,
        now: Timestamp
    ) {
        self.options = options
        self.precision = precision
        self.receivedAt = receivedAt
        self.now = now
        places = LinePlaces(containment: options.containment)
    }

    /// Reads the whole body.
    mutating func resolve(_ bytes: Span<UInt8>, with cache: inout SeriesKeyCache) {
        write.batch.reserveCapacity(bytes.count / 24)
        let latest = now.advanced(by: options.futureTolerance)
        var scanner = LineScanner()
        var line = LineScan()
        while scanner.next(bytes, into: &line) {
            write.originCount += 1
            if let fault = line.fault {
                refuse(line, fault.description, isSyntax: true)
                continue
            }
            guard let instant = line.timestamp.map({ precision.instant($0) }) ?? receivedAt else {
                refuse(line, "timestamp out of range", isSyntax: true)
                continue
            }
            guard instant <= latest else {
                write.futureCount += line.fields.count
                refuse(line, "the time \(instant) lies in the future", .future)
                countRefused(line, bytes, &cache)
                continue
            }
            guard let entry = cache.find(bytes, line.start, line.keyEnd),
                cache.isCurrent(entry, while: write.hasFacts)
            else {
                for index in line.fields.indices { postpone(line, index, instant, bytes) }
                continue
            }
            for index in line.fields.indices {
                let field = line.fields[index]
                guard
                    let known = cache.series(
                        entry, hint: index, bytes, field.keyStart, field.keyEnd)
                else {
                    postpone(line, index, instant, bytes)
                    continue
                }
                append(field, line, known, instant, bytes)
            }
        }
    }

    private mutating func refuse(
        _ line: LineScan, _ reason: String, _ kind: RejectionKind = .unreadable,
        isSyntax: Bool = false
    ) {
        write.refuse(
            Refusal(origin: line.number, reason: reason, kind: kind, isSyntax: isSyntax),
            listed: options.listedRejectionCount, count: max(1, isSyntax ? 1 : line.fields.count))
    }

    /// Adds a point of a known series.
    @inline(__always)
    private mutating func append(
        _ field: LineScan.Field, _ line: LineScan, _ known: KnownSeries, _ instant: Timestamp,
        _ bytes: Span<UInt8>
    ) {
        switch (field.kind, known.kind) {
        case (.float, .float) where known.conversion == nil,
            (.integer, .integer) where known.conversion == nil, (.boolean, .boolean):
            write.batch.appendBits(known.id, at: instant, field.bits)
        default:
            appendConverted(field, line, known, instant, bytes)
        }
    }

    private mutating func appendConverted(
        _ field: LineScan.Field, _ line: LineScan, _ known: KnownSeries, _ instant: Timestamp,
        _ bytes: Span<UInt8>
    ) {
        guard var value = LineMapping.value(bytes, field) else {
            return refuseOne(line, "a text is not UTF-8", isSyntax: true)
        }
        if field.kind == .float, known.kind == .integer,
            case .success(let meaning) = meaning(
                of: LineResolver.copy(bytes, line.start, line.keyEnd)), meaning.isLoose
        {
            value = .number(Double(bitPattern: field.bits))
        }
        guard let converted = known.value(value) else {
            refuseOne(
                line,
                CommitBody.conflict(
                    of: name(bytes, field), type: measurement(bytes, line), is: value, known))
            write.refusedPoints[known.id, default: 0] += 1
            return
        }
        write.batch.append(known.id, at: instant, converted)
    }

    /// Counts a refused line where its series are known.
    private mutating func countRefused(
        _ line: LineScan, _ bytes: Span<UInt8>, _ cache: inout SeriesKeyCache
    ) {
        guard let entry = cache.find(bytes, line.start, line.keyEnd) else { return }
        for (index, field) in line.fields.enumerated() {
            let known = cache.series(entry, hint: index, bytes, field.keyStart, field.keyEnd)
            if let known { write.refusedPoints[known.id, default: 0] += 1 }
        }
    }

    private mutating func refuseOne(_ line: LineScan, _ reason: String, isSyntax: Bool = false) {
        refuseOne(line, .words(reason), isSyntax: isSyntax)
    }

    private mutating func refuseOne(
        _ line: LineScan, _ reason: RefusalReason, isSyntax: Bool = false
    ) {
        write.refuse(
            Refusal(
                origin: line.number, reason: reason, kind: isSyntax ? .unreadable : .conflict,
                isSyntax: isSyntax), listed: options.listedRejectionCount)
    }

    private func name(_ bytes: Span<UInt8>, _ field: LineScan.Field) -> String {
        LineMapping.name(LineResolver.copy(bytes, field.keyStart, field.keyEnd)) ?? ""
    }

    private func measurement(_ bytes: Span<UInt8>, _ line: LineScan) -> String {
        LineMapping.name(LineResolver.copy(bytes, line.start, line.measurementEnd)) ?? ""
    }

    private static func copy(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(end - start)
        for index in start..<end { content.append(bytes[index]) }
        return content
    }

    /// Keeps a field for the commit, which looks its names up.
    private mutating func postpone(
        _ line: LineScan, _ index: Int, _ instant: Timestamp, _ bytes: Span<UInt8>
    ) {
        let field = line.fields[index]
        let key = LineResolver.copy(bytes, line.start, line.keyEnd)
        let meaning: LineMapping.Key
        switch self.meaning(of: key) {
        case .success(let known): meaning = known
        case .failure(let error): return refuseOne(line, error.description, isSyntax: true)
        }
        let group = write.group(key) {
            PendingGroup(
                key: key, address: meaning.address, attributes: meaning.attributes,
                isRemembered: meaning.isPlain)
        }
        let fieldName = LineResolver.copy(bytes, field.keyStart, field.keyEnd)
        guard let group, let name = LineMapping.name(fieldName),
            let value = LineMapping.value(bytes, field, of: meaning)
        else { return refuseOne(line, "a text cannot be read", isSyntax: true) }
        guard name != "time" || meaning.isExact else {
            return refuseOne(line, "input field \"time\" is reserved", isSyntax: true)
        }
        var quality = meaning.quality
        // There is no NaN: it arrives as bad quality, and so does infinity.
        if case .typed(.float(let number)) = value, !number.isFinite, quality != .end {
            quality = .bad
        }
        write.groups[group].points.append(
            PendingPoint(
                origin: line.number, place: write.nextPlace(), name: fieldName, instant: instant,
                point: DecodedPoint(
                    measure: name, value: value, quality: quality, unit: meaning.unit)))
    }

    private mutating func meaning(of key: [UInt8]) -> Result<LineMapping.Key, IngestError> {
        if let lastKey, lastKey.bytes == key { return lastKey.meaning }
        let meaning = Result { () throws(IngestError) in try LineMapping.key(key, places) }
        lastKey = (key, meaning)
        return meaning
    }
}

/// Finds a line again by its number, for messages.
enum LineFinder {
    /// The line, cut after 256 bytes.
    static func text(ofLine number: Int, in bytes: [UInt8]) -> String {
        var line = 1
        var start = 0
        while line < number, start < bytes.count {
            if bytes[start] == 10 { line += 1 }
            start += 1
        }
        var end = start
        while end < bytes.count, bytes[end] != 10, end - start < 256 { end += 1 }
        if end > start, bytes[end - 1] == 13 { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
