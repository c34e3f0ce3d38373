import Glibc
import PolluxIngest
import Testing

@testable import PolluxServer

/// What an operator reads in the log of a server that nobody asks anything.
@Suite struct StateLogTests {
    private static func status(_ isConnected: Bool, _ problem: String = "") -> ConnectionStatus {
        var status = ConnectionStatus()
        status.isConnected = isConnected
        status.lastProblem = problem
        return status
    }

    private static func texts(_ lines: [StateLog.Line]) -> [String] {
        lines.map { "\($0.level): \($0.text)" }
    }

    @Test func failingWritesAreToldOnceAndTheirEnd() {
        var log = StateLog()
        #expect(log.lines(writeFailure: nil, connections: []).isEmpty)
        let first = log.lines(writeFailure: "the disk is full", connections: [])
        #expect(Self.texts(first) == ["error: writes fail: the disk is full"])
        #expect(log.lines(writeFailure: "the disk is full", connections: []).isEmpty)
        let last = log.lines(writeFailure: nil, connections: [])
        #expect(Self.texts(last) == ["notice: writes succeed again"])
        #expect(log.lines(writeFailure: nil, connections: []).isEmpty)
    }

    @Test func connectionsAreToldWhenTheyChange() {
        var log = StateLog()
        func look(_ status: ConnectionStatus) -> [String] {
            Self.texts(log.lines(writeFailure: nil, connections: [("mqtt://plant:1883", status)]))
        }
        // Not yet tried: nothing is known.
        #expect(look(Self.status(false)).isEmpty)
        #expect(
            look(Self.status(false, "Connection refused"))
                == ["warning: mqtt://plant:1883 is not connected: Connection refused"])
        #expect(look(Self.status(false, "Connection refused")).isEmpty)
        #expect(look(Self.status(true)) == ["notice: mqtt://plant:1883 is connected"])
        #expect(look(Self.status(true)).isEmpty)
        #expect(look(Self.status(false)) == ["warning: mqtt://plant:1883 is not connected"])
    }

    @Test func queriesAreAskedToStop() async throws {
        let threads = QueryThreads(limits: ServerLimits())
        let (running, began) = AsyncStream<Void>.makeStream()
        async let reason = threads.run { flag -> StopFlag.Reason? in
            began.yield()
            while flag.reason == nil { usleep(1_000) }
            return flag.reason
        }
        for await _ in running { break }
        threads.stopQueries()
        #expect(try await reason == .serverStops)
        try await threads.shutDown()
    }
}
