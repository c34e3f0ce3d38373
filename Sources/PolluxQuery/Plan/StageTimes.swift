/// How long the stages of a question took, in the order in which they ran.
struct StageTimes {
    private(set) var stages: [(name: String, nanoseconds: Int64)] = []
    private var mark: Int64

    init() { mark = SystemTime.monotonic() }

    /// Ends a stage: what passed since the last one was its time.
    mutating func end(_ name: String) {
        let now = SystemTime.monotonic()
        if let index = stages.firstIndex(where: { $0.name == name }) {
            stages[index].nanoseconds += now - mark
        } else {
            stages.append((name, now - mark))
        }
        mark = now
    }
}
