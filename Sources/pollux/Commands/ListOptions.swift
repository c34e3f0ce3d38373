import ArgumentParser
import Foundation

/// What every list of a database's records takes: how many, and where from.
struct ListOptions: ParsableArguments {
    @Option(help: "How many, at most 1000.") var limit = 100
    @OptionGroup var target: TargetOptions

    /// Gets records, of the folder itself or from a server's answer in JSON, and shows each.
    ///
    /// - Parameters:
    ///   - path: where a server lists them, without the query.
    ///   - member: the member of its answer that holds the list.
    func show<Record: Decodable>(
        _ path: String, _ member: String, local: (Database, Int) throws -> [Record],
        show: (Record) -> Void
    ) throws {
        guard (1...1000).contains(limit) else {
            throw CommandFailure(ExitCode.badUse, "--limit takes a number from 1 to 1000")
        }
        let connection = try target.connect()
        defer { connection.close() }
        let records: [Record]
        switch connection {
        case .local(let database):
            records = try reporting { try local(database, limit) }
        case .server(let client):
            let (status, bytes) = try client.send("GET", "\(path)?limit=\(limit)")
            guard status == 200 else {
                throw ServerClient.failure(status: status, body: bytes)
            }
            let answer = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
            let list = try JSONSerialization.data(withJSONObject: answer?[member] ?? [Any]())
            records = try JSONDecoder().decode([Record].self, from: list)
        }
        for record in records { show(record) }
    }
}
