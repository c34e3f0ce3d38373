import PolluxKeyValue
import PolluxModel
import Synchronization

/// What one batch of a source adds to its delivery window; a value, so that a commit that fails
/// changes nothing.
struct DeliveryAccount: Sendable {
    private let source: String
    private let table: DeliveryTable
    private var window: DeliveryWindow
    private var recalledCount = 0
    private var added: [DeliveryWindow.Entry] = []
    private var removing: Range<UInt64> = 0..<0

    init(_ pipeline: IngestPipeline, source: String) {
        self.source = source
        table = pipeline.deliveries
        window = pipeline.state.withLock { $0.deliveries[source] } ?? DeliveryWindow()
    }

    /// The messages with the times at which repeated ones came first.
    mutating func recall(_ messages: [TopicMessage]) -> [TopicMessage] {
        var messages = messages
        if messages.contains(where: { $0.delivery?.beginsSession == true }) {
            removing = window.forget()
        }
        recalledCount = window.recall(&messages)
        return messages
    }

    /// Notes the messages that take their time from their arrival, and those that have a place in
    /// an order: all others store the same point however often they come.
    mutating func note(_ messages: [TopicMessage], _ decoded: [DecodedMessage]) {
        for index in messages.indices {
            let isOrdered = SparkplugTopic.owns(messages[index].topic)
            guard let delivery = messages[index].delivery,
                isOrdered || decoded[index].usesArrival
            else { continue }
            added.append(
                DeliveryWindow.Entry(
                    packet: delivery.packet, digest: DeliveryWindow.digest(messages[index]),
                    arrival: messages[index].receivedAt))
        }
        let numbered = messages.lazy.filter { $0.delivery != nil }
        guard let last = numbered.last, !added.isEmpty || !window.isIdle || !removing.isEmpty
        else { return }
        // Messages with a time use up numbers too.
        if numbered.count > added.count { added.append(.mark(numbered.count, at: last.receivedAt)) }
        let trimmed = window.trim()
        removing = removing.isEmpty ? trimmed : removing.lowerBound..<trimmed.upperBound
    }

    /// Writes the account into the commit of the batch.
    func put(in transaction: WriteTransaction) throws {
        guard !added.isEmpty else { return }
        try table.put(
            added, number: window.nextRecord, removing: removing, of: source, in: transaction)
    }

    /// Takes the account over once the commit is durable.
    mutating func close(_ pipeline: IngestPipeline, _ batch: PointBatch) {
        if !added.isEmpty { window.append(added) }
        pipeline.state.withLock { state in
            if !added.isEmpty { state.deliveries[source] = window }
            state.countOrder(source, batch, redelivered: recalledCount)
        }
    }
}

extension DecodedMessage {
    /// Whether anything in it gets the time of its arrival.
    var usesArrival: Bool {
        groups.contains { group in
            group.points.contains { $0.time == nil } || group.events.contains { $0.time == nil }
                || group.endsAt == .distantFuture
        }
    }
}
