import Testing

@testable import PolluxLive
