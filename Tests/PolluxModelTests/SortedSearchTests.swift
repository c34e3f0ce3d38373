import PolluxModel
import Testing

@Suite struct SortedSearchTests {
    @Test("the end of a prefix is found wherever it lies, in any collection")
    func ends() {
        for count in 0...17 {
            for end in 0...count {
                #expect(Array(0..<count).endOfPrefix { $0 < end } == end)
                #expect((5..<(5 + count)).endOfPrefix { $0 < 5 + end } == 5 + end)
                #expect(Array(0..<20)[3..<(3 + count)].endOfPrefix { $0 < 3 + end } == 3 + end)
            }
        }
    }

    @Test("equal elements are all before or all behind")
    func equals() {
        let numbers = [1, 2, 2, 2, 5]
        #expect(numbers.endOfPrefix { $0 < 2 } == 1)
        #expect(numbers.endOfPrefix { $0 <= 2 } == 4)
    }
}
