import Testing

@testable import PolluxLanguage
