import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// What a connection turned out to be after its first request.
enum Conversation: Sendable {
    /// Plain requests and responses.
    case requests(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, PeerWatch)
    /// A WebSocket, with what the request that opened it brought.
    case socket(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, Credentials)
}

/// One connection: HTTP/1.1 until the first request asks for the live WebSocket.
struct ServerChannel: ServerChildChannel, HTTPChannelHandler {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let conversation: EventLoopFuture<Conversation>
    }

    var responder: Responder
    let limits: ServerLimits
    let counts: ConnectionCounts
    /// What TLS clients are shown; nil speaks plain HTTP.
    let identity: ServerIdentity?
    let judge: @Sendable (HTTPRequestHead) -> UpgradeVerdict
    let serveSocket:
        @Sendable (NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, Credentials, Logger) async ->
            Void

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            counts.open(.connection)
            channel.closeFuture.whenComplete { [counts] _ in counts.close(.connection) }
            let pipeline = channel.pipeline.syncOperations
            let encoder = HTTPResponseEncoder()
            let decoder = ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
            let gate = RequestGate(
                idleTime: TimeAmount(limits.idleTime), isSecure: identity != nil, judge: judge)
            let upgrade = NIOTypedHTTPServerUpgradeHandler(
                httpEncoder: encoder, extraHTTPHandlers: [decoder, gate],
                upgradeConfiguration: upgradeConfiguration(logger: logger))
            if let identity {
                try pipeline.addHandlers([PlainTextRefusal(), identity.makeHandler()])
            }
            try pipeline.addHandlers([encoder, decoder, gate, upgrade])
            return Value(channel: channel, conversation: upgrade.upgradeResultFuture)
        }
    }

    func handle(value: Value, logger: Logger) async {
        let conversation: Conversation
        do {
            conversation = try await value.conversation.get()
        } catch {
            // The peer left, or sent something else, before its first request was complete.
            logger.trace("connection ended before its first request: \(error)")
            value.channel.close(promise: nil)
            return
        }
        switch conversation {
        case .requests(let channel, let watch):
            var serving = self
            if counts.count(of: .connection) > limits.connectionCount {
                serving.responder = refuseConnection
            }
            let handler = serving
            await withTaskExecutorPreference(LoopExecutor(channel.channel.eventLoop)) {
                await PeerWatch.$current.withValue(watch) {
                    await handler.handleHTTP(asyncChannel: channel, logger: logger)
                }
            }
        case .socket(let channel, let credentials):
            await serveSocket(channel, credentials, logger)
        }
    }

    @concurrent
    private func refuseConnection(
        request: Request, writer: consuming ResponseWriter, channel: any Channel
    ) async throws {
        var failure = HTTPFailure.unavailable(
            "this server already has \(limits.connectionCount) open connections", retryAfter: 5)
        failure.code = "too_many_connections"
        var response = failure.response
        response.headers[.connection] = "close"
        try await writer.write(response: response.head, body: response.body)
        channel.close(promise: nil)
    }

    private func upgradeConfiguration(
        logger: Logger
    ) -> NIOTypedHTTPServerUpgradeConfiguration<Conversation> {
        let (limits, identity) = (limits, identity)
        let socket = NIOTypedWebSocketServerUpgrader<Conversation>(
            maxFrameSize: limits.messageByteCount,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 256,
                            maxAccumulatedFrameSize: limits.messageByteCount),
                        CloseOnQuiesce(),
                    ])
                    return .socket(
                        try NIOAsyncChannel(wrappingChannelSynchronously: channel),
                        Credentials(head))
                }
            })
        return NIOTypedHTTPServerUpgradeConfiguration(upgraders: [socket]) { channel in
            channel.eventLoop.makeCompletedFuture {
                let watch = PeerWatch()
                try channel.pipeline.syncOperations.addHandlers([
                    HTTP1ToHTTPServerCodec(secure: identity != nil), watch,
                    HTTPConnectionStateHandler(idleTimeout: limits.idleTime, logger: logger),
                ])
                let wrapped = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
                return .requests(wrapped, watch)
            }
        }
    }
}

/// Ends a WebSocket with close code 1001 when the server stops; without this the server would wait
/// for the peer for ever.
final class CloseOnQuiesce: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        var content = context.channel.allocator.buffer(capacity: 2)
        content.write(webSocketErrorCode: .goingAway)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: content)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        context.close(promise: nil)
    }
}
