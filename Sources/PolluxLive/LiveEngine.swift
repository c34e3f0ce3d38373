public import PolluxGraph
import PolluxLanguage
import PolluxModel
public import PolluxQuery
public import PolluxStore
import Synchronization

/// Runs watched queries, continuous queries and alerts as data arrives.
///
///     let live = try LiveEngine(store: store, graph: graph, query: engine)
///     live.start()
///     let watched = try live.subscribe("avg vibration of every spindle last 10m every 10s")
///     for await frame in watched { … }
///
/// The observer of commits only notes what was touched; one thread does the work.
public final class LiveEngine: Sendable {
    let store: Store
    let graph: Graph
    let options: LiveOptions
    let ask: Ask
    let understand: Understand
    let tables: LiveTables
    private let shared = Mutex(Shared())
    /// Held by whoever takes a turn; definitions are changed under it too.
    let work = Mutex(Work())
    /// Whether there are alerts or continuous queries, for which late points are noted.
    let isStanding = SharedFlag()
    /// Whether late points are noted.
    let hasLate = SharedFlag()
    private let worker = Mutex<Worker?>(nil)
    private let observer = Mutex<ObserverID?>(nil)

    /// What other threads leave for the next turn.
    private struct Shared: Sendable {
        var dirt = Dirt()
        var newestSeries = SeriesID(rawValue: 0)
        var arriving: [WatchedQuery] = []
        var leaving: [UInt64] = []
        var subscriptions: [UInt64: LiveSubscription] = [:]
        var nextID: UInt64 = 1
        var isStopped = false
        /// What listings show, so that they wait for no turn.
        var entries: [DroppedKind: [LiveEntry]] = [:]
        /// What readers of stored measures and events must know, by name.
        var remarks: [String: String] = [:]
        /// The continuous queries, by the measure that each writes, in small letters.
        var writers: [String: String] = [:]
    }

    /// What turns work on.
    struct Work: Sendable {
        var watched: [UInt64: WatchedQuery] = [:]
        /// Alerts and continuous queries by the keys of their definitions.
        var standing: [[UInt8]: Standing] = [:]
        var damaged: [DamagedDefinition] = []
        /// The newest entry of the plant's log that was looked at, and the commit it was seen in.
        var logNumber: UInt64?
        var logCommit: UInt64 = 0
        /// The newest commit that turns have taken over.
        var takenCommit: UInt64 = 0
        /// Late points that an earlier process left.
        var foundLate: [SeriesID: LateWork.Span] = [:]
        /// The number of the log up to which everything is done, as it is stored.
        var settledLogNumber: UInt64?
        /// The newest series whose asset was looked up.
        var newestSeries = SeriesID(rawValue: 0)
    }

    /// An engine over a store, its graph and the engine that answers questions.
    ///
    /// Nothing runs before `start`.
    public convenience init(
        store: Store, graph: Graph, query: QueryEngine, options: LiveOptions = LiveOptions()
    ) throws {
        try self.init(
            store: store, graph: graph, options: options,
            understand: { try? query.meaning(of: $0, text: $1, options: $2) },
            ask: { try query.run(query: $0, text: $1, options: $2) })
    }

    init(
        store: Store, graph: Graph, options: LiveOptions, understand: @escaping Understand,
        ask: @escaping Ask
    ) throws {
        self.understand = understand
        tables = try LiveTables(store.environment)
        self.store = store
        self.graph = graph
        self.options = options
        self.ask = ask
    }

    /// Begins to observe commits and starts the thread.
    public func start() {
        attach()
        let worker = Worker { [weak self] in self?.turn() ?? 60_000_000_000 }
        self.worker.withLock { $0 = worker }
        worker.start()
    }

    /// Begins to observe commits without a thread; `turn` is then called by hand.
    func attach() {
        guard observer.withLock({ $0 == nil }) else { return }
        let left = loadDefinitions()
        shared.withLock { $0.dirt.add(left) }
        recordLatePoints()
        let id = store.observe { [weak self] notice in self?.take(notice) }
        observer.withLock { $0 = id }
    }

    /// Ends the thread after its turn, and every subscription.
    public func stop() {
        let id = observer.withLock { observer in
            defer { observer = nil }
            return observer
        }
        if let id {
            store.removeObserver(id)
            store.setLateRecorder(nil)
        }
        let worker = worker.withLock { worker in
            defer { worker = nil }
            return worker
        }
        worker?.stop()
        let all = shared.withLock { shared in
            shared.isStopped = true
            defer { shared.subscriptions = [:] }
            return Array(shared.subscriptions.values)
        }
        for subscription in all { subscription.finish() }
    }

    /// Subscriptions now.
    public var subscriptionCount: Int { shared.withLock { $0.subscriptions.count } }

    /// Notes what a commit touched; on the writer's thread, returns at once.
    private func take(_ notice: CommitNotice) {
        shared.withLock { shared in
            shared.dirt.add(notice)
            if let newest = shared.dirt.newestSeries {
                shared.newestSeries = max(shared.newestSeries, newest)
            }
        }
        ring()
    }

    func ring() { worker.withLock { $0 }?.ring() }

    // MARK: Watching

    /// Watches a question: `watch …`, or the question alone.
    ///
    /// Reads the text and runs it once on the calling thread, which may block for that long; the
    /// first frame is `subscribed` with the columns, then rows follow.
    /// - Throws: `LanguageError` or `QueryError` when the text is wrong, `LiveError` otherwise.
    public func subscribe(
        _ text: String, parameters: [String: QueryOptions.Parameter] = [:],
        timezone: String? = nil
    ) throws -> LiveSubscription {
        let statement = try TwinQL.parseStatement(text)
        switch statement.form {
        case .watch(let query), .query(let query):
            return try subscribe(query, text: text, parameters: parameters, timezone: timezone)
        default: throw LiveError.notOneQuery
        }
    }

    /// Watches a question with the parameters and the zone of query options; the rest is not used.
    public func subscribe(_ text: String, options: QueryOptions) throws -> LiveSubscription {
        try subscribe(text, parameters: options.parameters, timezone: options.timezone)
    }

    func subscribe(
        _ query: QuerySyntax, text: String, parameters: [String: QueryOptions.Parameter],
        timezone: String?
    ) throws -> LiveSubscription {
        var question = Question(
            query: query, text: text, parameters: parameters, timezone: timezone)
        let first = try ask(
            query, text,
            question.options(now: options.clock(), restriction: nil, limits: options))
        question.dependencies = first.dependencies
        let subscription = try shared.withLock { shared in
            guard !shared.isStopped else { throw LiveError.stopped }
            guard shared.subscriptions.count < options.subscriptionLimit else {
                throw LiveError.tooManySubscriptions(limit: options.subscriptionLimit)
            }
            let id = shared.nextID
            shared.nextID += 1
            let subscription = LiveSubscription(id: id, rowLimit: options.queuedRowLimit) {
                [weak self] id in self?.remove(id)
            }
            shared.subscriptions[id] = subscription
            shared.arriving.append(
                WatchedQuery(question: question, subscription: subscription))
            return subscription
        }
        subscription.send(.subscribed(first.selecting([])))
        ring()
        return subscription
    }

    private func remove(_ id: UInt64) {
        shared.withLock { shared in
            if shared.subscriptions.removeValue(forKey: id) != nil { shared.leaving.append(id) }
        }
        ring()
    }

    // MARK: Turns

    /// Does what is due and returns the nanoseconds until something else is.
    @discardableResult
    func turn() -> Int64 {
        let (dirt, newest, arriving, leaving) = shared.withLock { shared in
            defer {
                shared.dirt = Dirt()
                shared.arriving = []
                shared.leaving = []
            }
            return (shared.dirt, shared.newestSeries, shared.arriving, shared.leaving)
        }
        return work.withLock { work in
            let now = options.clock()
            work.takenCommit = max(work.takenCommit, dirt.commit)
            let dirt = explained(dirt, &work)
            for id in work.watched.keys where !dirt.isEmpty {
                work.watched[id]?.add(dirt, now: now, limits: options, understand)
            }
            for query in arriving {
                let id = query.subscription.id
                work.watched[id] = query
                work.watched[id]?.understood(now: now, limits: options, understand)
            }
            for id in leaving { work.watched[id] = nil }
            var pause = runStanding(&work, dirt: dirt, newest: newest, now: now)
            settle(&work)
            for id in work.watched.keys.sorted() {
                if let due = work.watched[id]?.due(options), due <= now {
                    work.watched[id]?.evaluate(
                        now: now, newest: newest, limits: options, ask: ask)
                }
                if let due = work.watched[id]?.due(options) {
                    pause = min(pause, max(0, due.nanoseconds(since: now)))
                }
            }
            return pause
        }
    }

    /// Looks at everything now, due or not; for driving the engine by hand.
    func turnNow() {
        work.withLock { work in
            for key in work.standing.keys { work.standing[key]?.hurry() }
        }
        turn()
    }

    // MARK: Listings

    /// Takes over for listings what alerts and continuous queries are doing.
    func noteStates() {
        work.withLock { noteEntries(of: $0) }
    }

    func noteEntries(of work: Work) {
        let entries = LiveEngine.entries(work)
        var remarks: [String: String] = [:]
        for one in work.standing.values { remarks.merge(one.remarks) { first, _ in first } }
        shared.withLock { shared in
            shared.entries = entries
            shared.remarks = remarks
            shared.writers = [:]
            for one in work.standing.values {
                guard let into = one.into else { continue }
                shared.writers[into.lowercased()] = one.definition.name
            }
        }
    }

    /// What a reader of a stored measure, or of the events of an alert, must know.
    public func remark(on name: String) -> String? {
        shared.withLock { $0.remarks[name] }
    }

    /// The continuous query that writes a measure.
    public func writer(ofMeasure name: String) -> String? {
        shared.withLock { $0.writers[name.lowercased()] }
    }

    func states(of kind: DroppedKind) -> [LiveEntry] {
        shared.withLock { $0.entries[kind] ?? [] }
    }

    static func entries(_ work: Work) -> [DroppedKind: [LiveEntry]] {
        var entries: [DroppedKind: [LiveEntry]] = [:]
        for (_, one) in work.standing {
            let definition = one.definition
            entries[definition.kind, default: []].append(
                LiveEntry(name: definition.name, text: definition.text, state: one.state))
        }
        for one in work.damaged {
            let state = LiveError.damagedDefinition(one.name).description
            entries[one.kind, default: []].append(
                LiveEntry(name: one.name, text: "", state: state))
        }
        return entries.mapValues { $0.sorted { $0.name < $1.name } }
    }
}
