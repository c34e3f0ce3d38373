import PolluxModel

/// The newest time of each series that one source sent, in pages, because each point asks.
struct NewestTimes: Sendable {
    private static let pageShift: UInt32 = 9
    private static let pageCount = 1 << 9

    /// Empty pages hold series that the source never sent.
    private var pages: [[Int64]] = []

    /// Takes the points of a batch, and tells how many were older than the newest one of their
    /// series before them, and how many at the same time.
    ///
    /// - Parameter pageLimit: pages that may be made; series beyond it are not watched.
    mutating func take(
        _ batch: PointBatch, pageLimit: Int
    ) -> (late: Int, duplicates: Int, newPages: Int) {
        var (late, duplicates, newPages) = (0, 0, 0)
        for row in 0..<batch.count {
            let number = batch.series[row].rawValue
            let page = Int(number >> NewestTimes.pageShift)
            let place = Int(number) & (NewestTimes.pageCount - 1)
            if page >= pages.count || pages[page].isEmpty {
                guard newPages < pageLimit else { continue }
                newPages += 1
                while pages.count <= page { pages.append([]) }
                pages[page] = Array(repeating: .min, count: NewestTimes.pageCount)
            }
            let time = batch.times[row]
            let newest = pages[page][place]
            if time > newest {
                pages[page][place] = time
            } else if time < newest {
                late += 1
            } else {
                duplicates += 1
            }
        }
        return (late, duplicates, newPages)
    }
}
