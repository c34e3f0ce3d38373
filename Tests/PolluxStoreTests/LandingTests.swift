import Testing

@testable import PolluxStore
