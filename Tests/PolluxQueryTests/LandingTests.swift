import Testing

@testable import PolluxQuery
