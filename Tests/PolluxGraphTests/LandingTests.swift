import Testing

@testable import PolluxGraph
