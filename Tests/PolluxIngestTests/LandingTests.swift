import Testing

@testable import PolluxIngest
