import PolluxKeyValue
import PolluxModel

/// When the messages came that are committed but that their broker may not know to be: those
/// without a time of their own must get the same time again when they are sent again.
///
/// One per source; storage-format/deliveries.md.
struct DeliveryWindow: Sendable {
    /// A committed message.
    struct Entry: Hashable, Sendable {
        /// Its number; 0, which no message has, marks a count.
        var packet: UInt16
        /// Of topic and payload; of a mark, how many numbered messages its commit held.
        var digest: UInt64
        var arrival: Timestamp

        /// Says how many numbered messages a commit held, whatever their times.
        static func mark(_ count: Int, at arrival: Timestamp) -> Entry {
            Entry(packet: 0, digest: UInt64(clamping: count), arrival: arrival)
        }

        var isMark: Bool { packet == 0 }
    }

    /// Entries that are remembered: more than brokers leave without an acknowledgement.
    static let entryLimit = 20_000
    /// Messages after which an entry is forgotten: a number comes round again after 65,535, and
    /// what was committed under it before must not be taken for what has it now.
    static let messageLimit = 32_768

    /// In the order of their commits.
    private(set) var entries: [Entry] = []
    private struct Record: Sendable {
        var entryCount: Int
        var messageCount: Int
    }
    private var records: [Record] = []
    private var firstRecord: UInt64 = 1
    /// Whether the broker was seen to send a message again under its number.
    private var isNumbered = false
    private var messageCount = 0

    /// The number of the next record.
    var nextRecord: UInt64 { firstRecord + UInt64(records.count) }
    /// Whether it holds nothing that a repeated message could be.
    var isIdle: Bool { entries.allSatisfy(\.isMark) }

    /// Takes over what a commit wrote under `nextRecord`.
    mutating func append(_ added: [Entry]) {
        entries += added
        // Records from before there were marks count what they hold.
        let marked = added.lazy.filter(\.isMark).reduce(0) { $0 + Int(clamping: $1.digest) }
        let count = max(marked, added.lazy.filter { !$0.isMark }.count)
        records.append(Record(entryCount: added.count, messageCount: count))
        messageCount += count
    }

    /// Forgets the oldest records beyond the limits and returns their numbers; the newest stays.
    mutating func trim() -> Range<UInt64> {
        let first = firstRecord
        var count = entries.count
        var dropped = 0
        for record in records.dropLast() {
            guard
                count > DeliveryWindow.entryLimit
                    || messageCount - record.messageCount >= DeliveryWindow.messageLimit
            else { break }
            count -= record.entryCount
            messageCount -= record.messageCount
            dropped += 1
        }
        entries.removeFirst(entries.count - count)
        records.removeFirst(dropped)
        firstRecord += UInt64(dropped)
        return first..<firstRecord
    }

    /// Forgets everything, because the broker did, and returns the numbers of its records.
    mutating func forget() -> Range<UInt64> {
        let numbers = firstRecord..<nextRecord
        (entries, records, messageCount, isNumbered) = ([], [], 0, false)
        firstRecord = numbers.upperBound
        return numbers
    }

    /// Gives repeated messages the time at which they came first, where that is known.
    ///
    /// Number and content decide together where the broker keeps numbers, as MQTT demands: a
    /// message that was sent before but never committed may have the content of one that was.
    /// Where it does not, content decides, the oldest first, and each entry stands for one message;
    /// a broker that was seen to keep numbers does, since equal contents are then told apart.
    /// Returns how many were known.
    @discardableResult
    mutating func recall(_ messages: inout [TopicMessage]) -> Int {
        guard !entries.isEmpty, messages.contains(where: { $0.delivery?.isRepeated == true })
        else { return 0 }
        // Of two entries of one number the later one counts: the earlier was acknowledged.
        var numbered: [UInt16: Int] = [:]
        var byContent: [UInt64: [Int]] = [:]
        for index in entries.indices where !entries[index].isMark {
            numbered[entries[index].packet] = index
        }
        // The oldest stands at the end of its list, to be taken first.
        for index in entries.indices.reversed() where !entries[index].isMark {
            byContent[entries[index].digest, default: []].append(index)
        }
        var count = 0
        for index in messages.indices {
            guard let delivery = messages[index].delivery, delivery.isRepeated else { continue }
            let digest = DeliveryWindow.digest(messages[index])
            var place = numbered[delivery.packet]
            if let found = place, entries[found].digest != digest { place = nil }
            if place != nil { isNumbered = true }
            if place == nil, !delivery.keepsNumber, !isNumbered { place = byContent[digest]?.last }
            guard let place else { continue }
            byContent[digest]?.removeAll { $0 == place }
            messages[index].receivedAt = entries[place].arrival
            messages[index].delivery?.isStored = true
            count += 1
        }
        return count
    }

    /// A digest of topic and payload.
    static func digest(_ message: TopicMessage) -> UInt64 {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        var topic = message.topic
        topic.withUTF8 { bytes in
            for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        state = (state ^ 0xFF) &* 0x0000_0100_0000_01B3
        for byte in message.payload { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return state
    }
}

/// The records of delivery windows (storage-format/deliveries.md).
struct DeliveryTable: Sendable {
    let table: Table

    /// Opens the table `ingest.deliveries`.
    init(environment: Environment) throws {
        guard let table = try environment.table("ingest.deliveries") else {
            throw KeyValueError.failed(action: "open ingest.deliveries", reason: "read only")
        }
        self.table = table
    }

    /// All windows by source; records that cannot be read are left out.
    func windows(in transaction: ReadTransaction) throws -> [String: DeliveryWindow] {
        var windows: [String: DeliveryWindow] = [:]
        let cursor = try transaction.cursor(table)
        defer { cursor.close() }
        var entry = try cursor.seek(atOrAfter: [])
        while let (key, value) = entry {
            var reader = KeyReader(key)
            if let source = reader.text(), let number = reader.uint64() {
                windows[source, default: DeliveryWindow()].restore(
                    number, DeliveryTable.decode(value) ?? [])
            }
            entry = try cursor.next()
        }
        return windows
    }

    /// Writes the record of a commit and removes those before it that are no longer needed.
    func put(
        _ entries: [DeliveryWindow.Entry], number: UInt64, removing: Range<UInt64>,
        of source: String, in transaction: WriteTransaction
    ) throws {
        for old in removing {
            try transaction.remove(table, KeyBytes().with(source).with(old).bytes)
        }
        try transaction.put(
            table, KeyBytes().with(source).with(number).bytes, DeliveryTable.encode(entries))
    }

    static func encode(_ entries: [DeliveryWindow.Entry]) -> [UInt8] {
        var bytes: [UInt8] = [1]
        bytes.reserveCapacity(9 + entries.count * 18)
        func append(_ value: UInt64, _ byteCount: Int) {
            for index in 0..<byteCount {
                bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
            }
        }
        var sum: UInt64 = 0
        for entry in entries {
            append(UInt64(entry.packet), 2)
            append(entry.digest, 8)
            append(UInt64(bitPattern: entry.arrival.nanoseconds), 8)
            sum = DeliveryTable.mixed(sum, entry)
        }
        append(sum, 8)
        return bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) -> [DeliveryWindow.Entry]? {
        guard bytes.count >= 9, bytes[0] == 1, (bytes.count - 9) % 18 == 0 else { return nil }
        func number(_ start: Int, _ byteCount: Int) -> UInt64 {
            (0..<byteCount).reversed().reduce(0) { $0 << 8 | UInt64(bytes[start + $1]) }
        }
        var entries: [DeliveryWindow.Entry] = []
        var sum: UInt64 = 0
        for start in stride(from: 1, to: bytes.count - 8, by: 18) {
            let entry = DeliveryWindow.Entry(
                packet: UInt16(number(start, 2)), digest: number(start + 2, 8),
                arrival: Timestamp(nanoseconds: Int64(bitPattern: number(start + 10, 8))))
            sum = DeliveryTable.mixed(sum, entry)
            entries.append(entry)
        }
        return number(bytes.count - 8, 8) == sum ? entries : nil
    }

    /// The check of a record: a sum in which order and every bit count.
    private static func mixed(_ sum: UInt64, _ entry: DeliveryWindow.Entry) -> UInt64 {
        let time = UInt64(bitPattern: entry.arrival.nanoseconds)
        return ((sum ^ UInt64(entry.packet)) &* 0x9E37_79B9_7F4A_7C15 ^ entry.digest)
            &* 0xD1B5_4A32_D192_ED03 ^ time
    }
}

extension DeliveryWindow {
    /// Takes a stored record, in ascending order of numbers.
    mutating func restore(_ number: UInt64, _ stored: [Entry]) {
        if records.isEmpty { firstRecord = number }
        // A number that is missing is a record of nothing.
        while nextRecord < number, records.count < DeliveryWindow.messageLimit { append([]) }
        append(stored)
    }
}
