import Testing

@testable import PolluxServer
