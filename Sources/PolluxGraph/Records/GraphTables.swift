import PolluxKeyValue

/// The tables of the graph (storage-format/graph.md §2).
struct GraphTables: Sendable {
    let schema: Table
    let words: Table
    let assets: Table
    let assetTypes: Table
    let assetNames: Table
    let attributes: Table
    let links: Table
    let backlinks: Table
    let linkExtents: Table
    let events: Table
    let eventAssets: Table
    let eventOpen: Table
    let eventExtents: Table
    let eventLabels: Table
    let eventTimes: Table
    let log: Table
    let logAssets: Table

    init(_ environment: Environment) throws {
        func open(_ name: String) throws -> Table {
            guard let table = try environment.table("graph." + name) else {
                throw GraphError.refused(
                    reason: "the database in \(environment.directory) holds no twin graph yet")
            }
            return table
        }
        schema = try open("schema")
        words = try open("words")
        assets = try open("assets")
        assetTypes = try open("asset-types")
        assetNames = try open("asset-names")
        attributes = try open("attributes")
        links = try open("links")
        backlinks = try open("backlinks")
        linkExtents = try open("link-extents")
        events = try open("events")
        eventAssets = try open("event-assets")
        eventOpen = try open("event-open")
        eventExtents = try open("event-extents")
        eventLabels = try open("event-labels")
        eventTimes = try open("event-times")
        log = try open("log")
        logAssets = try open("log-assets")
    }

    /// All of them, for checks and counts.
    var all: [Table] {
        [
            schema, words, assets, assetTypes, assetNames, attributes, links, backlinks,
            linkExtents, events, eventAssets, eventOpen, eventExtents, eventLabels, eventTimes, log,
            logAssets,
        ]
    }
}
