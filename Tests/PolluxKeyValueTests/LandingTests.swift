import Testing

@testable import PolluxKeyValue
