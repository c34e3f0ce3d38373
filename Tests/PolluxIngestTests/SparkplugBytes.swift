import Foundation
import PolluxModel

@testable import PolluxIngest

/// Builds protocol-buffer bytes for tests, field by field.
struct Proto {
    var bytes: [UInt8] = []

    static func varint(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    func number(_ field: UInt64, _ value: UInt64) -> Proto {
        Proto(bytes: bytes + Proto.varint(field << 3) + Proto.varint(value))
    }

    func blob(_ field: UInt64, _ value: [UInt8]) -> Proto {
        Proto(
            bytes: bytes + Proto.varint(field << 3 | 2) + Proto.varint(UInt64(value.count)) + value)
    }

    func text(_ field: UInt64, _ value: String) -> Proto { blob(field, Array(value.utf8)) }
    func message(_ field: UInt64, _ value: Proto) -> Proto { blob(field, value.bytes) }

    func double(_ field: UInt64, _ value: Double) -> Proto {
        let bits = value.bitPattern
        return Proto(
            bytes: bytes + Proto.varint(field << 3 | 1)
                + (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0 * 8)) })
    }

    func float(_ field: UInt64, _ value: Float) -> Proto {
        let bits = value.bitPattern
        return Proto(
            bytes: bytes + Proto.varint(field << 3 | 5)
                + (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32($0 * 8)) })
    }
}

/// Payloads and metrics of Sparkplug B.
enum Sparkplug {
    static let start: UInt64 = 1_700_000_000_000

    static func payload(_ sequence: UInt64?, at time: UInt64 = start, _ metrics: [Proto]) -> [UInt8]
    {
        var payload = Proto().number(1, time)
        for metric in metrics { payload = payload.message(2, metric) }
        if let sequence { payload = payload.number(3, sequence) }
        return payload.bytes
    }

    static func session(_ number: UInt64) -> Proto {
        Proto().text(1, "bdSeq").number(4, 8).number(11, number)
    }

    /// A double with name and alias, as births carry it.
    static func birth(
        _ name: String, alias: UInt64, _ value: Double, at time: UInt64 = start
    ) -> Proto {
        Proto().text(1, name).number(2, alias).number(3, time).number(4, 10).double(13, value)
    }

    /// A double by its alias, as data carries it.
    static func value(_ alias: UInt64, _ value: Double, at time: UInt64) -> Proto {
        Proto().number(2, alias).number(3, time).double(13, value)
    }

    static func hex(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) ?? 0
        }
    }

    static func message(
        _ topic: String, _ payload: [UInt8],
        at instant: Timestamp = Timestamp(seconds: 1_700_000_010)
    ) -> TopicMessage {
        TopicMessage(topic: topic, payload: payload, receivedAt: instant)
    }
}

/// Whether the long runs of tests are asked for.
enum LongTests {
    static let areOn = ProcessInfo.processInfo.environment["POLLUX_LONG_TESTS"] == "1"
}
