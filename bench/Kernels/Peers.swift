import Foundation

/// What `bench/peers.py` measured on the same columns: one line per figure, fields by tabs.
struct Peers {
    /// Bytes of a column, by peer and column.
    private(set) var sizes: [String: [String: Int]] = [:]
    /// Million values a second, in the order measured.
    private(set) var speeds: [(name: String, rate: Double)] = []
    /// Why a peer is absent, and other remarks.
    private(set) var remarks: [String] = []

    init(file: URL?) {
        guard let file, let text = try? String(contentsOf: file, encoding: .utf8) else {
            remarks.append("no peers from PyPI in this run: their file is absent")
            return
        }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t").map(String.init)
            switch (fields.first, fields.count) {
            case ("size", 4): sizes[fields[1], default: [:]][fields[2]] = Int(fields[3])
            case ("speed", 3): speeds.append((fields[1], Double(fields[2]) ?? .nan))
            default: remarks.append(fields.dropFirst().joined(separator: ": "))
            }
        }
    }
}
