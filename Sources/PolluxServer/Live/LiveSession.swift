import HTTPTypes
import Logging
import NIOCore
import NIOWebSocket
import PolluxLive
import PolluxModel
import PolluxQuery
import Synchronization

/// One WebSocket of `/api/v1/live`: reads what the client wants, sends rows as they come.
///
/// Each subscription waits for its own `write`, which waits for the peer: nothing is queued here
/// beyond the bounded queue of the subscription.
final class LiveSession: Sendable {
    typealias Outbound = NIOAsyncChannelOutboundWriter<WebSocketFrame>

    private let parts: ServerParts
    private let outbound: Outbound
    private let credentials: Credentials
    private let channel: any Channel
    private let allocator: ByteBufferAllocator
    private let subscriptions = Mutex<[String: any FrameSource]>([:])
    private let lastHeard = Mutex(ContinuousClock.now)

    private init(
        parts: ServerParts, credentials: Credentials, outbound: Outbound, channel: any Channel
    ) {
        self.parts = parts
        self.credentials = credentials
        self.outbound = outbound
        self.channel = channel
        allocator = channel.allocator
    }

    /// Serves a WebSocket until either side closes it.
    static func serve(
        _ channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, _ credentials: Credentials,
        parts: ServerParts, logger: Logger
    ) async {
        let limit = parts.configuration.limits.socketCount
        let isCounted = parts.counts.open(.socket, limit: limit)
        defer { if isCounted { parts.counts.close(.socket) } }
        do {
            try await channel.executeThenClose { inbound, outbound in
                let session = LiveSession(
                    parts: parts, credentials: credentials, outbound: outbound,
                    channel: channel.channel)
                guard isCounted else {
                    try await session.close(.unknown(1013))
                    return
                }
                await session.run(inbound)
            }
        } catch {
            logger.trace("WebSocket ended: \(error)")
        }
    }

    private func run(_ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.ping() }
            do {
                for try await frame in inbound {
                    lastHeard.withLock { $0 = .now }
                    guard try await take(frame, group: &group) else { break }
                }
            } catch {
                parts.logger.trace("WebSocket: \(error)")
            }
            endAll()
            group.cancelAll()
        }
    }

    /// Acts on one frame; false when the conversation is over.
    private func take(_ frame: WebSocketFrame, group: inout DiscardingTaskGroup) async throws
        -> Bool
    {
        switch frame.opcode {
        case .text, .binary:
            try await read(frame.unmaskedData, group: &group)
            return true
        case .ping:
            try await outbound.write(
                WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
            return true
        case .pong: return true
        case .connectionClose:
            var data = frame.unmaskedData
            let code = data.readSlice(length: 2) ?? allocator.buffer(capacity: 0)
            try await outbound.write(
                WebSocketFrame(fin: true, opcode: .connectionClose, data: code))
            return false
        default:
            try await close(.protocolError)
            return false
        }
    }

    private func read(_ data: ByteBuffer, group: inout DiscardingTaskGroup) async throws {
        var id: String?
        do {
            let message = try BodyReader.object(Array(data.readableBytesView))
            id = message["id"]?.text ?? message["id"]?.integer.map { String($0) }
            switch message["type"]?.text {
            case "subscribe": try await subscribe(message, id: id, group: &group)
            case "unsubscribe":
                guard let id, let rows = remove(id) else {
                    throw HTTPFailure.notFound("there is no subscription of that id")
                }
                rows.cancel()
            default:
                throw HTTPFailure.badRequest(
                    "`type` must be subscribe or unsubscribe",
                    help: #"send {"type":"subscribe","id":"1","query":"…"}"#)
            }
        } catch {
            let failure = LiveSession.failure(error, logger: parts.logger)
            try await send(LiveMessage.error(id: id, failure))
        }
    }

    private func subscribe(
        _ message: JSONValue, id: String?, group: inout DiscardingTaskGroup
    ) async throws {
        guard let id, !id.isEmpty, id.utf8.count <= 200 else {
            throw HTTPFailure.badRequest("a subscription needs an `id` of at most 200 characters")
        }
        guard let text = message["query"]?.text else {
            throw HTTPFailure.badRequest("a subscription needs a `query`")
        }
        let timezone = message["timezone"]?.text
        let parameters = try QueryRequest.parameters(
            message["parameters"]?.object ?? JSONObject())
        let limits = parts.configuration.limits
        let isTaken = subscriptions.withLock { $0[id] != nil }
        guard !isTaken else {
            throw HTTPFailure(
                status: .conflict, code: "exists", message: "the id `\(id)` is in use",
                help: "unsubscribe it first, or choose another")
        }
        guard subscriptions.withLock({ $0.count }) < limits.subscriptionsPerSocket,
            parts.counts.open(.subscription, limit: limits.subscriptionCount)
        else {
            throw HTTPFailure.tooMany(
                "no more subscriptions: at most \(limits.subscriptionsPerSocket) on one WebSocket, "
                    + "\(limits.subscriptionCount) on this server")
        }
        let rows: any FrameSource
        do {
            let feed = parts.live
            rows = try await parts.threads.run { _ in
                try feed.follow(text, parameters: parameters, timezone: timezone)
            }
        } catch {
            parts.counts.close(.subscription)
            throw error
        }
        subscriptions.withLock { $0[id] = rows }
        group.addTask { await self.deliver(rows, id: id) }
    }

    private func deliver(_ rows: any FrameSource, id: String) async {
        defer {
            rows.cancel()
            if remove(id, only: rows) { parts.logger.trace("subscription \(id) ended") }
            parts.counts.close(.subscription)
        }
        do {
            while !Task.isCancelled, let frame = await rows.nextFrame() {
                try await send(LiveMessage.frame(id: id, frame))
                if case .rows(let rows) = frame {
                    parts.requestCounts.countLiveRows(rows.result.rowCount)
                }
            }
        } catch {
            parts.logger.trace("subscription \(id): \(error)")
        }
    }

    private func ping() async {
        let interval = parts.configuration.limits.pingInterval
        var hasAsked = false
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: interval)
                guard (try? parts.access.admit(credentials, for: .read)) != nil else {
                    // The token was taken back.
                    try await saying { try await close(.policyViolation) }
                    return
                }
                let silence = lastHeard.withLock { $0.duration(to: .now) }
                // Nobody is dropped for silence before being asked for a sign of life.
                if hasAsked, silence > interval * 2 {
                    try await saying { try await close(.goingAway) }
                    return
                }
                let question = WebSocketFrame(
                    fin: true, opcode: .ping, data: allocator.buffer(capacity: 0))
                try await saying { try await outbound.write(question) }
                hasAsked = true
            } catch {
                // Cancelled, or the peer has gone; the reading side ends the session.
                return
            }
        }
    }

    /// Says something to a peer, and ends its connection when three intervals pass before it is
    /// taken: a peer that reads nothing holds back every write, also the one that ends it.
    private func saying(_ word: () async throws -> Void) async throws {
        let channel = channel
        let patience = TimeAmount(parts.configuration.limits.pingInterval * 3)
        let cut = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { cut.cancel() }
        try await word()
    }

    private func remove(_ id: String) -> (any FrameSource)? {
        subscriptions.withLock { $0.removeValue(forKey: id) }
    }

    private func remove(_ id: String, only rows: any FrameSource) -> Bool {
        subscriptions.withLock { subscriptions in
            guard let other = subscriptions[id], other === rows else {
                return false
            }
            subscriptions[id] = nil
            return true
        }
    }

    private func endAll() {
        let open = subscriptions.withLock { subscriptions in
            defer { subscriptions.removeAll() }
            return Array(subscriptions.values)
        }
        for rows in open { rows.cancel() }
    }

    private func send(_ bytes: [UInt8]) async throws {
        try await outbound.write(
            WebSocketFrame(fin: true, opcode: .text, data: allocator.buffer(bytes: bytes)))
    }

    /// How long a peer may take to answer the end of a conversation.
    private static let leaveTime = TimeAmount.seconds(2)

    private func close(_ code: WebSocketErrorCode) async throws {
        var data = allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: data))
        outbound.finish()
        // The peer answers and leaves; one that does not is left.
        let channel = channel
        channel.eventLoop.scheduleTask(in: LiveSession.leaveTime) { channel.close(promise: nil) }
    }

    private static func failure(_ error: any Error, logger: Logger) -> HTTPFailure {
        switch QueryRoutes.translate(error) {
        case let failure as HTTPFailure: return failure
        default:
            logger.error("live: \(error)")
            return .failed("the subscription failed inside the server; its log says more")
        }
    }
}
