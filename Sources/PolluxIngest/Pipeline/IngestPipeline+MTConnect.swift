import PolluxKeyValue
import PolluxModel
import PolluxStore
import Synchronization

/// MTConnect's side of the pipeline: descriptions of devices, which later messages are read by.
extension IngestPipeline {
    /// The devices whose descriptions are stored.
    static func storedDevices(
        _ environment: Environment, _ table: Table
    ) throws -> MTConnectDevices {
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        return try MTConnectRecord.devices(in: table, transaction)
    }

    /// Writes descriptions in the commit of the points that came with them.
    func keepDevices(
        _ devices: MTConnectDevices, at now: Timestamp, _ transaction: WriteTransaction
    ) throws {
        for record in devices.records {
            try transaction.put(
                mtconnectTable, KeyBytes().with(record.uuid).bytes,
                MTConnectRecord.value(record.payload, receivedAt: now))
        }
    }

    /// Shows an adapter among `adapters`, and makes its lines known.
    func register(_ source: SHDRSource) {
        state.withLock { state in
            state.adapters.append(source)
            state.mtconnect.add(source.adapter)
        }
    }

    /// The sources that read adapters, in the order in which they were made.
    public var adapters: [SHDRSource] { state.withLock { $0.adapters } }

    /// Takes over what a batch said of devices and publishers, once it is durable.
    func learn(_ devices: MTConnectDevices, _ publishers: OPCUAPublishers) {
        let isQuiet = devices.changed.isEmpty && devices.changedAdapters.isEmpty
        guard !isQuiet || !publishers.changed.isEmpty else { return }
        state.withLock { state in
            if !isQuiet { state.mtconnect.merge(devices) }
            state.publishers.merge(publishers)
        }
    }

    /// The data set writers that are stored.
    static func storedPublishers(
        _ environment: Environment, _ settings: Table
    ) throws -> OPCUAPublishers {
        let transaction = try environment.beginRead()
        defer { transaction.close() }
        return try OPCUARecord.publishers(in: settings, transaction)
    }

    /// Writes data set writers in the commit of the metadata that told them.
    func keep(_ publishers: OPCUAPublishers, _ transaction: WriteTransaction) throws {
        for record in publishers.records {
            try transaction.put(
                settings, OPCUARecord.key(record.publisher, record.key),
                OPCUARecord.value(record.writer))
        }
    }
}
