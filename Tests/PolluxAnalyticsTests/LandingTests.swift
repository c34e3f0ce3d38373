import Testing

@testable import PolluxAnalytics
