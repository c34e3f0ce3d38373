import Testing

@testable import PolluxCodec
