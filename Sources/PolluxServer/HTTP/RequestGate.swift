import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// The first handler behind the HTTP decoder: keeps what the upgrade handler and the HTTP side
/// cannot deal with away from them.
///
/// - A request whose upgrade is refused loses its head in the upgrade handler, so `Upgrade` headers
///   that will not be served (another protocol such as `h2c`, another path) are removed here.
/// - Bytes that are not HTTP are answered with a 400 in JSON.
/// - A connection that says nothing is closed after the idle time and when the server stops.
/// - `Expect: 100-continue` is answered, so that clients send large bodies at once.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The reason for which a WebSocket was refused travels to the route in this header.
    static let refusalHeader = "x-pollux-refusal"

    private let judge: @Sendable (HTTPRequestHead) -> UpgradeVerdict
    private let idleTime: TimeAmount
    private let isSecure: Bool
    private var silence: Scheduled<Void>?
    private var hasSeenRequest = false
    private var openRequestCount = 0

    init(
        idleTime: TimeAmount, isSecure: Bool,
        judge: @escaping @Sendable (HTTPRequestHead) -> UpgradeVerdict
    ) {
        self.idleTime = idleTime
        self.isSecure = isSecure
        self.judge = judge
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        silence = context.eventLoop.scheduleTask(in: idleTime) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        silence?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        silence?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        openRequestCount += 1
        head.headers.remove(name: RequestGate.refusalHeader)
        if head.headers.contains(name: "upgrade") {
            // Only the first request of a connection can be upgraded.
            let verdict = hasSeenRequest ? UpgradeVerdict.ignore : judge(head)
            if verdict != .accept {
                head.headers.remove(name: "upgrade")
                // The decoder stops parsing behind a request that had an Upgrade header.
                head.headers.replaceOrAdd(name: "connection", value: "close")
            }
            if case .refuse(let reason) = verdict {
                head.headers.add(name: RequestGate.refusalHeader, value: reason)
            }
        }
        if !hasSeenRequest {
            hasSeenRequest = true
            silence?.cancel()
        }
        let expectsContinue = head.headers[canonicalForm: "expect"].contains {
            $0.lowercased() == "100-continue"
        }
        if expectsContinue, head.version == .http1_1 {
            let answer = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { openRequestCount -= 1 }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !hasSeenRequest {
            context.close(promise: nil)
            return
        }
        if let event = event as? ChannelEvent, event == .inputClosed, !hasSeenRequest {
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard openRequestCount == 0 else {
            context.fireErrorCaught(error)
            return
        }
        guard error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        answerMalformed(context: context, error: error)
    }

    private func answerMalformed(context: ChannelHandlerContext, error: any Error) {
        let isTooLarge = (error as? HTTPParserError) == .headerOverflow
        let failure = HTTPFailure(
            status: isTooLarge ? .requestHeaderFieldsTooLarge : .badRequest,
            code: isTooLarge ? "headers_too_large" : "bad_http",
            message: isTooLarge
                ? "the headers of the request are too large"
                : "the request is not valid HTTP/1.1",
            help: isTooLarge || isSecure ? nil : "this port speaks plain HTTP, not TLS")
        let json = failure.json
        let head = HTTPResponseHead(
            version: .http1_1,
            status: isTooLarge ? .requestHeaderFieldsTooLarge : .badRequest,
            headers: [
                "content-type": ContentType.json, "content-length": String(json.count),
                "connection": "close",
            ])
        let body = context.channel.allocator.buffer(bytes: json)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}

/// What becomes of a request that asks for another protocol.
enum UpgradeVerdict: Equatable, Sendable {
    /// It becomes a WebSocket.
    case accept
    /// It is answered as the plain request that it also is.
    case ignore
    /// It is answered by the route, which gives this reason.
    case refuse(String)
}

/// Remembers whether the peer of a connection has gone, and tells who waits for that.
final class PeerWatch: ChannelInboundHandler, Sendable {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    /// The connection on which the current task serves a request; nil outside of one.
    @TaskLocal static var current: PeerWatch?

    let state = PeerState()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { state.leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.leave()
        context.fireChannelInactive()
    }
}
