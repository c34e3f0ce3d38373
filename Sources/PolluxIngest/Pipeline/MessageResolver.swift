import PolluxGraph
import PolluxModel

/// Names the series of a retained message before anything is looked up.
struct RetainedKey: Hashable, Sendable {
    var address: AssetAddress
    var measure: String
}

/// Sorts what messages say: points of known series go into the batch at once, the rest waits for
/// the commit.
struct MessageResolver {
    let options: IngestOptions
    /// The newest stored instant of series that retained messages speak of.
    let storedTimes: [RetainedKey: Timestamp]
    var write = PendingWrite()

    init(options: IngestOptions, storedTimes: [RetainedKey: Timestamp]) {
        self.options = options
        self.storedTimes = storedTimes
    }

    /// Takes one message, number `number` of its batch.
    mutating func resolve(
        _ decoded: DecodedMessage, of message: TopicMessage, number: Int,
        with cache: inout SeriesKeyCache
    ) {
        write.originCount += 1
        write.replayedCount += decoded.repeatedCount
        for problem in decoded.problems {
            refuse(number, problem)
        }
        for group in decoded.groups {
            resolve(group, of: message, number: number, with: &cache)
        }
    }

    private mutating func refuse(
        _ number: Int, _ reason: String, _ kind: RejectionKind = .unreadable
    ) {
        write.refuse(
            Refusal(origin: number, reason: reason, kind: kind),
            listed: options.listedRejectionCount)
    }

    private mutating func resolve(
        _ group: DecodedGroup, of message: TopicMessage, number: Int,
        with cache: inout SeriesKeyCache
    ) {
        let key = group.address.key + MessageResolver.factBytes(group)
        let entry = cache.find(key.span, 0, key.count)
        let isKnown = entry.map { cache.isCurrent($0, while: write.hasFacts) } ?? false
        let latest = message.receivedAt.advanced(by: options.futureTolerance)
        resolveFacts(group, key, isKnown, of: message, number: number)
        for (index, point) in group.points.enumerated() {
            if isReplay(point, group, message) {
                write.replayedCount += 1
                continue
            }
            let instant = point.time ?? message.receivedAt
            let name = Array(point.seriesName.utf8)
            let known = entry.flatMap {
                cache.series($0, hint: index, name.span, 0, name.count)
            }
            guard instant <= latest else {
                write.futureCount += 1
                refuse(number, "the time \(instant) lies in the future", .future)
                if let known { write.refusedPoints[known.id, default: 0] += 1 }
                continue
            }
            if isKnown, let known, let value = known.value(point.value) {
                write.batch.append(known.id, at: instant, value, quality: point.quality)
                continue
            }
            guard let place = pending(group, key) else { continue }
            write.groups[place].points.append(
                PendingPoint(
                    origin: number, place: write.nextPlace(), name: name, instant: instant,
                    point: point))
        }
        for event in group.events where !message.isRetained {
            let instant = event.time ?? message.receivedAt
            guard instant <= latest else {
                write.futureCount += 1
                refuse(number, "the time \(instant) lies in the future", .future)
                continue
            }
            guard let place = pending(group, key) else { continue }
            write.groups[place].events.append(
                PendingEvent(origin: number, instant: instant, event: event))
        }
    }

    /// Takes what is no point and no event.
    private mutating func resolveFacts(
        _ group: DecodedGroup, _ key: [UInt8], _ isKnown: Bool, of message: TopicMessage,
        number: Int
    ) {
        let latest = message.receivedAt.advanced(by: options.futureTolerance)
        if group.hasFactsAlone,
            !isKnown || !group.declarations.isEmpty || !group.removedAttributes.isEmpty
                || group.time != nil,
            let place = pending(group, key)
        {
            write.groups[place].declarations += group.declarations.map {
                PendingDeclaration(origin: number, declaration: $0)
            }
            write.groups[place].removedAttributes += group.removedAttributes
            write.groups[place].declaredAt = min(group.time ?? message.receivedAt, latest)
        }
        for relation in group.relations where !message.isRetained || !isKnown {
            if let place = pending(group, key) {
                write.groups[place].relations.append(
                    PendingRelation(
                        origin: number, instant: min(relation.time ?? message.receivedAt, latest),
                        relation: relation))
            }
        }
        for episode in group.episodes {
            if let place = pending(group, key) {
                write.groups[place].episodes.append(
                    PendingEpisode(
                        origin: number, instant: min(episode.time, latest), episode: episode))
            }
        }
        for placement in group.placements {
            if let place = pending(group, key) {
                write.groups[place].placements.append(
                    PendingPlacement(
                        origin: number, instant: min(placement.time, latest), placement: placement)
                )
            }
        }
        if let end = group.endsAt, let place = pending(group, key) {
            write.groups[place].ends.append(
                PendingEnd(
                    origin: number, place: write.nextPlace(),
                    instant: end == .distantFuture ? message.receivedAt : min(end, latest),
                    below: group.endsBelow, includesParts: group.endsParts))
        }
    }

    private mutating func pending(_ group: DecodedGroup, _ key: [UInt8]) -> Int? {
        write.group(key) {
            PendingGroup(key: key, address: group.address, attributes: group.attributes)
        }
    }

    /// Attributes are part of the key, so that a changed one is noticed.
    private static func factBytes(_ group: DecodedGroup) -> [UInt8] {
        guard !group.attributes.isEmpty else { return [] }
        var bytes: [UInt8] = [2]
        for attribute in group.attributes {
            bytes.append(contentsOf: "\(attribute.name)\u{0}\(attribute.value)\u{0}".utf8)
        }
        return bytes
    }

    /// Whether a retained message repeats what is stored: without a time of its own as soon as the
    /// series has any point, else when it is not newer.
    private func isReplay(
        _ point: DecodedPoint, _ group: DecodedGroup, _ message: TopicMessage
    ) -> Bool {
        guard message.isRetained,
            let stored = storedTimes[
                RetainedKey(address: group.address, measure: point.measure)]
        else { return false }
        return point.time.map { $0 <= stored } ?? true
    }
}
