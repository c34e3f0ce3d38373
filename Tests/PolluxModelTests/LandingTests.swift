import Testing

@testable import PolluxModel
